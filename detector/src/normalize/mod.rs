//! A text as its reader sees it: one form for what looks the same, with the way back to the bytes of the original.
//!
//! Undoes what copying and hiding do to a text: invisible characters, look-alike letters of other scripts,
//! typographic quotes, scattered capitals, exotic spaces, hard line wraps. It keeps what an author chose: case, dashes, paragraphs.
//! It is not the form that overlap is looked up in (`datasets`), which keeps only lower-cased words.
//! Sources: UAX #15 (NFC), DerivedCoreProperties `Default_Ignorable_Code_Point`, UTS #39 (confusables, the subset that
//! a reader takes for a Latin letter).
//!
//! Here is the order of the steps; each has a file: `characters`, `letters`, `case`, `spaces`, `lines`.

mod case;
mod characters;
mod letters;
mod lines;
mod lookalikes;
mod offsets;
mod spaces;
mod traits;

use case::settle_case;
use characters::fold_characters;
use letters::reveal_letters;
use lines::{mend_lines, unwrap_lines};
use offsets::{Segment, input_range};
use spaces::fold_spaces;
use std::ops::Range;

/// A normalised text, what was found on the way, and where each piece came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    /// The normalised text.
    pub text: String,
    /// Invisible characters removed, apart from those that belong where they stood (a byte order mark in front,
    /// selectors and joiners of emoji, joiners and direction marks of the scripts that use them).
    pub invisible: usize,
    /// Letters and digits of other scripts that stood for a Latin one.
    pub homoglyphs: usize,
    /// One list of segments for each step, in the order of the steps.
    steps: Vec<Vec<Segment>>,
}

impl Normalized {
    /// The bytes of the original that a range of bytes of [`Normalized::text`] came from, in O(log n).
    ///
    /// The result always falls on character boundaries and grows with both ends. A range that cuts a character is
    /// widened to hold it, one beyond the text is cut at its end; an empty range gives an empty one.
    #[must_use]
    pub fn original_range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(range.start.min(range.end));
        let end = self.text.ceil_char_boundary(range.end);
        self.steps.iter().rev().fold(start..end, |range, segments| input_range(segments, range))
    }
}

/// Normalises a text. Doing it twice is doing it once.
///
/// - The result is in NFC; default-ignorable characters are dropped.
/// - Cyrillic, Greek, fullwidth, mathematical and a few other letters become the Latin letters they look like: in
///   words that also hold ASCII letters, and, where at least 80 % of the letters are Latin, in words made of such
///   letters alone. A single small Greek letter is a symbol and stays; Russian in an English text stays.
/// - Where one word in twenty has a capital within, capitals stand where prose has them: at the beginning of sentences, in
///   `I`, and where a word that is no function word began with one.
/// - Typographic quotes become `"` and `'`, `…` becomes `...`, U+2010 and U+2011 become `-`; the dashes stay.
/// - White space is spaces and `\n`: no runs of spaces, none at line ends, one empty line at most, none around the
///   text.
/// - In paragraphs that look hard-wrapped (median line of 40 to 100 characters, the last not counted), line breaks
///   become spaces, except before list items, headings, quotes and tables, and after headings. Elsewhere those become
///   spaces that break a line of at least 25 characters within a sentence: a letter, digit or comma before, a small letter after.
#[must_use]
pub fn normalize(original: &str) -> Normalized {
    let (mut invisible, mut homoglyphs) = (0, 0);
    let mut steps = Vec::with_capacity(6);
    let mut text = None;
    if !original.is_ascii() {
        let folded = fold_characters(original, &mut invisible);
        text = Some(folded.finish(&mut steps));
        if let Some(revealed) = text.as_deref().and_then(|text| reveal_letters(text, &mut homoglyphs)) {
            text = Some(revealed.finish(&mut steps));
        }
    }
    if let Some(settled) = settle_case(text.as_deref().unwrap_or(original)) {
        text = Some(settled.finish(&mut steps));
    }
    let spaced = fold_spaces(text.as_deref().unwrap_or(original)).finish(&mut steps);
    let mended = mend_lines(&spaced).finish(&mut steps);
    let text = unwrap_lines(&mended).finish(&mut steps);
    Normalized { text, invisible, homoglyphs, steps }
}

#[cfg(test)]
mod tests {
    use super::characters::is_invisible;
    use super::*;
    use rand::{Rng, SeedableRng, seq::IndexedRandom};
    use rand_chacha::ChaCha8Rng;
    use unicode_normalization::is_nfc;

    const ENGLISH: &str = "Once a copy editor, I see each comma twice; \"no excess\", he'd say. A pox on it!\n\n\
        Several people disagreed - politely, of course - and I said so: 3 of 7 would rather have kept it.";

    fn text(original: &str) -> String {
        normalize(original).text
    }

    /// A hostile text: pieces of every kind that a step acts on, and characters of all planes.
    fn hostile(random: &mut ChaCha8Rng) -> String {
        const PIECES: [&str; 48] = [
            "a",
            "e",
            "word",
            "Paypal",
            "the ",
            " ",
            "  ",
            "\t",
            "\n",
            "\r\n",
            "\r",
            "\n\n\n",
            "\u{A0}",
            "\u{200B}",
            "\u{200D}",
            "\u{FE0F}",
            "\u{FEFF}",
            "\u{AD}",
            "а",
            "е",
            "ё",
            "Привет",
            "α",
            "ά",
            "Ａ",
            "𝐚",
            "𝟏",
            "ℎ",
            "\u{301}",
            "\u{308}",
            "\u{323}",
            "\u{1100}",
            "\u{1161}",
            "\u{11A8}",
            "가",
            "…",
            "’",
            "“",
            "—",
            "- ",
            "# ",
            "1. ",
            "> ",
            "1",
            ".",
            "\u{2029}",
            "\u{9C7}\u{9BE}",
            "a line that is long enough to count as a wrapped one",
        ];
        let mut text = String::new();
        for _ in 0..random.random_range(0..40) {
            if random.random_bool(0.8) {
                text.push_str(PIECES.choose(random).copied().unwrap_or_default());
            } else {
                let plane = random.random_range(0..17_u32);
                text.extend(char::from_u32(plane << 16 | random.random_range(0..1_u32 << 16)));
            }
        }
        text
    }

    #[test]
    fn twice_is_once_and_offsets_hold_on_hostile_texts() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..10_000 {
            let original = hostile(&mut random);
            let once = normalize(&original);
            assert_eq!(once.text, text(&once.text), "{original:?}");
            assert!(is_nfc(&once.text), "{original:?}");
            assert!(!once.text.contains(is_invisible));
            let (mut start, mut end) = (0, 0);
            for (at, character) in once.text.char_indices() {
                let range = once.original_range(at..at + character.len_utf8());
                assert!(!original[range.clone()].is_empty(), "{original:?} {at}");
                assert!(range.start >= start && range.end >= end, "{original:?} {at}");
                assert_eq!(once.original_range(at..at), range.start..range.start);
                (start, end) = (range.start, range.end);
                let until = once.original_range(0..at);
                assert!(until.end <= range.end);
            }
            // Any range at all, not only on boundaries and inside.
            let (first, last) = (random.random_range(0..90), random.random_range(0..90));
            assert!(original.get(once.original_range(first..last)).is_some());
        }
    }

    #[test]
    fn every_character_alone_is_stable() {
        for character in '\0'..=char::MAX {
            for context in [format!("{character}"), format!("e{character}\u{301}o"), format!("ab {character}")] {
                let once = text(&context);
                assert_eq!(once, text(&once), "{context:?}");
                assert!(is_nfc(&once), "{context:?}");
            }
        }
    }

    #[test]
    fn attacked_texts_are_as_the_clean_one() {
        let clean = text(ENGLISH);
        assert_eq!(clean, ENGLISH);
        let spread: String = ENGLISH.chars().flat_map(|character| [character, '\u{200B}']).collect();
        let attacked = normalize(&spread);
        assert_eq!((attacked.text.as_str(), attacked.invisible), (ENGLISH, ENGLISH.len()));
        assert_eq!(text(&ENGLISH.replace(' ', "\u{A0}")), clean);
        assert_eq!(text(&ENGLISH.replace('\n', "\r\n")), clean);
        assert_eq!(text(&ENGLISH.replace('e', "e\u{AD}")), clean);
        let letters = [
            ("a", "а"),
            ("c", "с"),
            ("e", "е"),
            ("o", "о"),
            ("p", "р"),
            ("x", "х"),
            ("y", "у"),
            ("I", "І"),
            ("A", "Α"),
        ];
        let disguised = letters.iter().fold(ENGLISH.to_owned(), |text, (from, to)| text.replace(from, to));
        let revealed = normalize(&disguised);
        assert_eq!(revealed.text, clean);
        assert!(revealed.homoglyphs > 50);
        let bold: String = ENGLISH
            .chars()
            .map(|c| if c.is_ascii_lowercase() { char::from_u32(0x1D41A + u32::from(c) - 97).unwrap_or(c) } else { c })
            .collect();
        assert_eq!(text(&bold), clean);
    }

    #[test]
    fn punctuation_and_spaces_fold() {
        assert_eq!(
            text("  “It’s” … «so»\u{2011}so — or\tnot  \r\n\r\n \r\n\r\nNext  \n"),
            "\"It's\" ... \"so\"-so — or not\n\nNext"
        );
        assert_eq!(text(" \n\t "), "");
    }

    #[test]
    #[ignore = "measures speed"]
    fn speed() {
        let paragraph = "Plain ASCII prose with a few words a line,\nas most texts are; it is read many times.\n\n";
        for (name, text) in [
            ("ascii", paragraph.to_owned()),
            ("quotes", paragraph.replace("few", "“few”")),
            ("russian", "Она сказала: ему это не надо, и он ушёл. ".to_owned()),
        ] {
            let text = text.repeat(20_000_000 / text.len());
            let start = std::time::Instant::now();
            let length = normalize(&text).text.len();
            let rate = text.len() as f64 / start.elapsed().as_secs_f64() / 1e6;
            assert!(length > 0 && rate > if name == "ascii" { 30.0 } else { 3.0 }, "{name}: {rate:.0} MB/s");
        }
    }
}
