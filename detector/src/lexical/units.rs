//! The units of a text (words and punctuation marks, characters) and the n-grams that they make up.
//!
//! Lower-casing and hashing happen here, counting does not: that is `features`. What is a word here is no token of the
//! language model and no word of the overlap.

use std::ops::Range;
use unicode_normalization::char::is_combining_mark;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Seeds of the n-gram hashes, with n added. Part of the file format.
const SEEDS: [u64; 2] = [0x776F_7264_7300, 0x6368_6172_7300];

/// A text's words and characters, lower-cased, ready to be cut into n-grams that are contiguous slices.
#[derive(Default)]
pub(super) struct Units {
    /// Byte range of each word or punctuation mark in the text.
    pub(super) ranges: Vec<Range<usize>>,
    /// The words, separated by spaces, and where each lies.
    words: String,
    word_spans: Vec<Range<usize>>,
    /// The characters with white space as single spaces and one at each end, where each begins, and in which word.
    characters: String,
    character_starts: Vec<usize>,
    pub(super) owners: Vec<usize>,
}

impl Units {
    pub(super) fn of(text: &str) -> Self {
        let mut units = Self::default();
        units.words.reserve(text.len() + text.len() / 8);
        units.characters.reserve(text.len() + 2);
        units.character_starts.reserve(text.len() + 2);
        units.owners.reserve(text.len() + 2);
        units.push_character(' ');
        let mut word_open = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if character.is_whitespace() {
                word_open = false;
                units.push_space();
                continue;
            }
            let in_word = is_word(character)
                || (word_open && character == '\'' && characters.peek().is_some_and(|(_, next)| is_word(*next)));
            if !(in_word && word_open) {
                units.open_word(at);
            }
            word_open = in_word;
            if character.is_ascii() {
                units.push(character.to_ascii_lowercase());
            } else {
                character.to_lowercase().for_each(|lower| units.push(lower));
            }
            units.close_at(at + character.len_utf8());
        }
        units.push_space();
        if units.ranges.is_empty() { Self::default() } else { units }
    }

    fn open_word(&mut self, at: usize) {
        if !self.words.is_empty() {
            self.words.push(' ');
        }
        self.ranges.push(at..at);
        self.word_spans.push(self.words.len()..self.words.len());
    }

    fn close_at(&mut self, end: usize) {
        if let (Some(range), Some(span)) = (self.ranges.last_mut(), self.word_spans.last_mut()) {
            range.end = end;
            span.end = self.words.len();
        }
    }

    fn push(&mut self, character: char) {
        self.words.push(character);
        self.push_character(character);
    }

    fn push_space(&mut self) {
        if !self.characters.ends_with(' ') {
            self.push_character(' ');
        }
    }

    fn push_character(&mut self, character: char) {
        self.character_starts.push(self.characters.len());
        self.owners.push(self.ranges.len().saturating_sub(1));
        self.characters.push(character);
    }

    /// Calls `found` with the index of each n-gram and the range of words or characters that it covers.
    #[inline]
    pub(super) fn each_gram(&self, bits: u32, mut found: impl FnMut(u32, Range<usize>)) {
        let bucket = |slice: &str, family: usize, n: usize| {
            let hash = xxh3_64_with_seed(slice.as_bytes(), SEEDS[family] + n as u64);
            (family as u32) << bits | (hash >> (64 - bits)) as u32
        };
        for n in 1..=3 {
            for (first, spans) in self.word_spans.windows(n).enumerate() {
                let gram = &self.words[spans[0].start..spans[n - 1].end];
                found(bucket(gram, 0, n), first..first + n);
            }
        }
        let starts = &self.character_starts;
        for n in 2..=5 {
            for first in 0..(starts.len() + 1).saturating_sub(n) {
                let end = starts.get(first + n).copied().unwrap_or(self.characters.len());
                found(bucket(&self.characters[starts[first]..end], 1, n), first..first + n);
            }
        }
    }
}

/// Characters of words: letters, digits, marks.
fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    character.is_alphanumeric() || is_combining_mark(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::features::family;

    #[test]
    fn words_and_punctuation_are_units() {
        let text = "Don't stop, 'now' — café!";
        let units = Units::of(text);
        let words: Vec<&str> = units.ranges.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(words, ["Don't", "stop", ",", "'", "now", "'", "—", "café", "!"]);
        assert_eq!(units.words, "don't stop , ' now ' — café !");
        assert_eq!(units.characters, " don't stop, 'now' — café! ");
        let mut grams = Vec::new();
        units.each_gram(19, |index, covered| grams.push((family(index, 19), covered.len())));
        let count = |wanted: (usize, usize)| grams.iter().filter(|gram| **gram == wanted).count();
        assert_eq!([1, 2, 3].map(|n| count((0, n))), [9, 8, 7]);
        assert_eq!([2, 3, 4, 5].map(|n| count((1, n))), [26, 25, 24, 23]);
    }
}
