//! Step 2: words whose letters are those of another script in disguise become the Latin words that they look like.
//!
//! Decides by word and by the script of the whole text; which letter looks like which is in `lookalikes`.

use super::lookalikes::{is_latin, lookalike};
use super::offsets::Rewriter;
use super::traits::{Traits, base, traits};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Share of Latin letters above which a word made of nothing but look-alikes is taken for a Latin one.
const MOSTLY_LATIN: f64 = 0.8;

/// What decides whether a word's look-alikes are Latin letters in disguise.
#[derive(Default)]
struct Word {
    letters: usize,
    latin: usize,
    /// Letters that are Latin or look it.
    latin_revealed: usize,
    ascii_letters: usize,
    lookalikes: usize,
    /// Letters and digits that are neither ASCII nor look like it.
    strangers: usize,
    small_greek: usize,
}

impl Word {
    fn of(word: &str) -> Self {
        let mut counts = Self::default();
        for Traits { base, alphabetic, .. } in word.chars().map(traits).filter(|traits| traits.alphanumeric) {
            let disguised = lookalike(base).is_some();
            counts.letters += usize::from(alphabetic);
            counts.latin += usize::from(alphabetic && is_latin(base));
            counts.latin_revealed += usize::from(alphabetic && (disguised || is_latin(base)));
            counts.ascii_letters += usize::from(base.is_ascii_alphabetic());
            counts.lookalikes += usize::from(disguised);
            counts.strangers += usize::from(!disguised && !base.is_ascii_alphanumeric());
            counts.small_greek += usize::from(matches!(base, 'α'..='ω'));
        }
        counts
    }

    fn is_mixed(&self) -> bool {
        self.ascii_letters > 0 && self.lookalikes > 0
    }

    fn is_disguised(&self) -> bool {
        self.lookalikes > 0 && self.strangers == 0 && (self.letters, self.small_greek) != (1, 1)
    }
}

/// Replaces look-alike letters, counting them; `None` when the text has none. The input is in NFC.
pub(super) fn reveal_letters<'a>(input: &'a str, homoglyphs: &mut usize) -> Option<Rewriter<'a>> {
    if !input.chars().any(|character| character >= '\u{250}' && lookalike(base(character)).is_some()) {
        return None;
    }
    let (mut latin, mut letters) = (0, 0);
    for word in words(input).map(|range| Word::of(&input[range])) {
        latin += if word.is_mixed() { word.latin_revealed } else { word.latin };
        letters += word.letters;
    }
    let mostly_latin = latin as f64 >= MOSTLY_LATIN * letters as f64;

    let mut out = Rewriter::new(input);
    for range in words(input) {
        let word = Word::of(&input[range.clone()]);
        if !(word.is_mixed() || mostly_latin && word.is_disguised()) {
            continue;
        }
        let mut characters = input[range.clone()].char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let Some(letter) = lookalike(base(character)) else { continue };
            out.copy(range.start + at);
            let mut sequence: String =
                std::iter::once(letter).chain(std::iter::once(character).nfd().skip(1)).collect();
            let mut end = range.start + at + character.len_utf8();
            while let Some((_, mark)) = characters.next_if(|(_, mark)| canonical_combining_class(*mark) != 0) {
                sequence.push(mark);
                end += mark.len_utf8();
            }
            out.replace(&sequence.nfc().collect::<String>(), end);
            *homoglyphs += 1;
        }
    }
    out.copy(input.len());
    Some(out)
}

/// The byte ranges of maximal runs of letters, digits and their marks.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_mark = |character: char| !character.is_ascii() && canonical_combining_class(character) != 0;
    let in_word = move |character: char| traits(character).alphanumeric || is_mark(character);
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(in_word)?;
        at = text[start..].find(|character| !in_word(character)).map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use crate::normalize::normalize;

    #[test]
    fn other_scripts_stay_as_they_are() {
        for original in [
            "Она сказала: ему это не надо, и он ушёл.",
            "Το ποτάμι είναι βαθύ.",
            "He wrote Привет on the wall and left",
            "where α is the level and ν the degrees of freedom",
            "日本語のＡＢＣ",
        ] {
            let normalized = normalize(original);
            assert_eq!(normalized.text, original);
            assert_eq!(normalized.homoglyphs, 0);
        }
    }
}
