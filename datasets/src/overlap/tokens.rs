//! N-grams of a tokenizer's tokens instead of words: the other reading of the paper's "8-grams".
//!
//! The text is normalised as for words, and each word is encoded with a space before it, the first too: it is made of the same
//! tokens wherever it stands. A token is known by its number, so that hashes of different tokens are never equal.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::{Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64;

use super::hash;
use super::naive;
use super::options::{Letter, NgramOptions};

/// Words whose tokens are remembered; then it begins anew.
const REMEMBERED: usize = 1 << 18;

/// A tokenizer.
pub trait Tokens: Send + Sync {
    /// The tokens of a text: their numbers, and the bytes each came from.
    fn encode(&self, text: &str) -> Vec<(u32, Range<usize>)>;

    /// Bytes that are alike for tokenizers that encode alike, and only for them.
    fn definition(&self) -> Vec<u8>;
}

/// A tokenizer, or what is known of it by an index.
#[derive(Clone, Copy)]
pub struct Vocabulary {
    /// XXH3 of its definition, never 0.
    pub(crate) fingerprint: u64,
    /// Not known to an index that was only opened.
    pub(crate) tokens: Option<&'static dyn Tokens>,
}

/// What n-grams are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Words: the paper's rule for normalising speaks of them, and one index serves every model.
    #[default]
    Words,
    /// Tokens of this tokenizer.
    Tokens(Vocabulary),
}

impl Vocabulary {
    /// A tokenizer, which then lives as long as the program.
    #[must_use]
    pub fn new(tokens: impl Tokens + 'static) -> Self {
        let tokens: &'static dyn Tokens = Box::leak(Box::new(tokens));
        Self { fingerprint: xxh3_64(&tokens.definition()).max(1), tokens: Some(tokens) }
    }
}

impl Unit {
    /// Whether texts can be read: not where only the fingerprint of a tokenizer is known.
    pub(crate) fn can_read(self) -> bool {
        !matches!(self, Self::Tokens(Vocabulary { tokens: None, .. }))
    }
}

impl PartialEq for Vocabulary {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Vocabulary {}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.fingerprint)
    }
}

impl Serialize for Vocabulary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{self:?}"))
    }
}

/// Reads texts into tokens; remembers the tokens of words.
#[derive(Debug, Default)]
pub(crate) struct TokenReader {
    known: HashMap<String, Vec<(u64, Range<usize>)>>,
}

impl TokenReader {
    /// Appends the hash of each token and its bytes in the text.
    pub(crate) fn read(
        &mut self,
        text: &str,
        tokens: &dyn Tokens,
        options: &NgramOptions,
        hashes: &mut Vec<u64>,
        ranges: &mut Vec<(u32, u32)>,
    ) {
        for (word, range) in naive::words(text, options) {
            if self.known.len() >= REMEMBERED {
                self.known.clear();
            }
            let slice = &text[range.clone()];
            let of_word = self.known.entry(word).or_insert_with_key(|word| {
                let hashed = |(number, bytes): (u32, Range<usize>)| {
                    // Without the byte of the space.
                    let bytes = bytes.start.saturating_sub(1)..bytes.end.saturating_sub(1);
                    (hash::mix(options.seed ^ u64::from(number)), bytes)
                };
                tokens.encode(&format!(" {word}")).into_iter().map(hashed).collect()
            });
            for (hash, bytes) in of_word.iter() {
                let bytes = origin(slice, bytes, options);
                hashes.push(*hash);
                ranges.push(((range.start + bytes.start) as u32, (range.start + bytes.end) as u32));
            }
        }
    }
}

/// The bytes of a word as it was written that some bytes of the normalised word came from, whole chars.
fn origin(written: &str, normalised: &Range<usize>, options: &NgramOptions) -> Range<usize> {
    let mut at = 0;
    let mut found: Option<Range<usize>> = None;
    for (start, char) in written.char_indices() {
        if options.letter(char) != Letter::Kept {
            continue;
        }
        let before = at;
        at += char.to_lowercase().map(char::len_utf8).sum::<usize>();
        if at > normalised.start && before < normalised.end {
            let first = found.map_or(start, |found| found.start);
            found = Some(first..start + char.len_utf8());
        }
    }
    // A token that is the space alone.
    found.unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::{Apostrophe, Words};

    /// Tokens of two bytes, the space among them.
    struct Pairs;

    impl Tokens for Pairs {
        fn encode(&self, text: &str) -> Vec<(u32, Range<usize>)> {
            let token = |start| {
                let end = text.len().min(start + 2);
                let number = text.as_bytes()[start..end].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
                (number, start..end)
            };
            (0..text.len()).step_by(2).map(token).collect()
        }

        fn definition(&self) -> Vec<u8> {
            b"pairs".to_vec()
        }
    }

    fn read(text: &str, options: NgramOptions) -> (Vec<u64>, Vec<&str>) {
        let mut words = Words::new(options);
        words.read(text);
        let slices = (0..words.hashes().len()).map(|token| &text[words.range(token, token)]).collect();
        (words.hashes().to_vec(), slices)
    }

    #[test]
    fn tokens_say_where_they_stand() {
        let options = NgramOptions { unit: Unit::Tokens(Vocabulary::new(Pairs)), ..NgramOptions::default() };
        let (hashes, slices) = read("The RIVERS;the", options);
        assert_eq!(slices, ["T", "he", "R", "IV", "ER", "S", "t", "he"]);
        assert_eq!(hashes[..2], hashes[6..], "a word has the same tokens wherever it stands");
        let pair = |text: [u8; 2]| hash::mix(options.seed ^ u64::from(u16::from_be_bytes(text)));
        assert_eq!(hashes[..4], [*b" t", *b"he", *b" r", *b"iv"].map(pair));
    }

    /// `İ` has two bytes and three when lower-cased, `É` two; a token that begins within a char has all of it.
    #[test]
    fn ranges_are_of_the_text_as_written() {
        let options = NgramOptions {
            unit: Unit::Tokens(Vocabulary::new(Pairs)),
            apostrophe: Apostrophe::Drop,
            ..NgramOptions::default()
        };
        let (_, slices) = read("L’ÉTÉ İx", options);
        // The last letter of été is cut in two.
        assert_eq!(slices, ["L", "É", "TÉ", "É", "İ", "İ", "x"]);
    }
}
