//! The words of a text as hashes, eight bytes at a time: the fast twin of `naive.rs`.
//!
//! First a pass without branches that the compiler makes vector code of: ASCII letters lower-cased, separators to 0, all
//! other bytes kept above 127. Then one load of 8 bytes a word: the first zero byte is its end (Mycroft's test). A word
//! with a byte above 127 in it is read again char by char. Text goes through in pieces that fit the first cache, cut
//! where a word ends.

use std::ops::Range;

use super::hash;
use super::options::{Alphabet, Apostrophe, Letter, NgramOptions};
use super::tokens::{TokenReader, Unit, Vocabulary};

/// Bytes folded at a time; doubled where no word ends in so many.
const PIECE_BYTES: usize = 8 << 10;
/// Zeros behind a piece, so that 8 bytes can be loaded anywhere in it.
const PADDING: usize = 8;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Reads texts into words, or tokens in their place; keeps its buffers from one to the next.
#[derive(Debug)]
pub struct Words {
    options: NgramOptions,
    hashes: Vec<u64>,
    ranges: Vec<(u32, u32)>,
    folded: Vec<u8>,
    lowered: Vec<u8>,
    tokens: TokenReader,
}

impl Words {
    /// Reads texts by these options.
    #[must_use]
    pub fn new(options: NgramOptions) -> Self {
        Self {
            options,
            hashes: Vec::new(),
            ranges: Vec::new(),
            folded: Vec::new(),
            lowered: Vec::new(),
            tokens: TokenReader::default(),
        }
    }

    /// Reads a text; what was there before is gone.
    ///
    /// # Panics
    ///
    /// If the text has more than 4 GiB; [`crate::MAX_RECORD_BYTES`] is far below. If the options name a tokenizer that is not at
    /// hand: [`NgramOptions::check`] says so.
    pub fn read(&mut self, text: &str) {
        assert!(u32::try_from(text.len()).is_ok(), "a document has at most {} bytes", crate::MAX_RECORD_BYTES);
        self.hashes.clear();
        self.ranges.clear();
        if let Unit::Tokens(Vocabulary { tokens, .. }) = self.options.unit {
            let tokens = tokens.expect("options were checked");
            self.tokens.read(text, tokens, &self.options, &mut self.hashes, &mut self.ranges);
            return;
        }
        let mut start = 0;
        let mut size = PIECE_BYTES;
        while start < text.len() {
            let end = (start + size).min(text.len());
            self.fold(&text.as_bytes()[start..end]);
            let whole = if end == text.len() { Some(end - start) } else { last_separator(&self.folded) };
            let Some(length) = whole else {
                size *= 2;
                continue;
            };
            self.split(text, start, length);
            start += length;
            size = PIECE_BYTES;
        }
    }

    /// The hashes of the words, in order.
    #[must_use]
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The bytes of the text from the first letter of word `first` to the last of word `last`.
    #[must_use]
    pub fn range(&self, first: usize, last: usize) -> Range<usize> {
        self.ranges[first].0 as usize..self.ranges[last].1 as usize
    }

    /// The hashes of all n-grams, appended to `ngrams`.
    pub fn ngrams(&self, ngrams: &mut Vec<u64>) {
        hash::ngrams(&self.hashes, self.options.n, ngrams);
    }

    /// How many n-grams the words make.
    #[must_use]
    pub fn ngram_count(&self) -> usize {
        (self.hashes.len() + 1).saturating_sub(self.options.n)
    }

    fn fold(&mut self, bytes: &[u8]) {
        let keep_high = self.options.alphabet == Alphabet::Unicode || self.options.apostrophe == Apostrophe::Drop;
        let high = if keep_high { 0x80 } else { 0 };
        let apostrophe = if self.options.apostrophe == Apostrophe::Drop { 0xFF } else { 0 };
        self.folded.clear();
        fold(bytes, high, apostrophe, &mut self.folded);
        self.folded.resize(bytes.len() + PADDING, 0);
    }

    /// Takes the words of the first `length` bytes of the folded piece, which begins at byte `start` of the text.
    fn split(&mut self, text: &str, start: usize, length: usize) {
        let seed = self.options.seed;
        let mut at = 0;
        while at < length {
            let first = at;
            let mut piece = load(&self.folded, at);
            if piece & 0xFF == 0 {
                // Separators: as many bytes as there are zeros in front.
                at += (piece.trailing_zeros() / 8) as usize;
                continue;
            }
            let mut hash = seed;
            let mut above = 0;
            loop {
                let zeros = piece.wrapping_sub(LOW_BITS) & !piece & HIGH_BITS;
                if zeros != 0 {
                    let bits = zeros.trailing_zeros() - 7;
                    piece &= (1 << bits) - 1;
                    at += (bits / 8) as usize;
                    break;
                }
                above |= piece;
                hash = hash::mix(hash ^ piece);
                at += 8;
                piece = load(&self.folded, at);
            }
            if (above | piece) & HIGH_BITS != 0 {
                self.split_by_chars(&text[start + first..start + at], start + first);
                continue;
            }
            if piece != 0 {
                hash = hash::mix(hash ^ piece);
            }
            self.hashes.push(hash);
            self.ranges.push(((start + first) as u32, (start + at) as u32));
        }
    }

    /// A stretch without ASCII separators, but with chars that need a closer look.
    #[cold]
    #[inline(never)]
    fn split_by_chars(&mut self, stretch: &str, offset: usize) {
        let mut range = 0..0;
        self.lowered.clear();
        for (start, char) in stretch.char_indices() {
            match self.options.letter(char) {
                Letter::Dropped => {}
                Letter::Kept => {
                    if self.lowered.is_empty() {
                        range.start = offset + start;
                    }
                    for lower in char.to_lowercase() {
                        self.lowered.extend(lower.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    range.end = offset + start + char.len_utf8();
                }
                Letter::Separates => self.end_word(&range),
            }
        }
        self.end_word(&range);
    }

    fn end_word(&mut self, range: &Range<usize>) {
        if !self.lowered.is_empty() {
            self.hashes.push(hash::word(self.options.seed, &self.lowered));
            self.ranges.push((range.start as u32, range.end as u32));
            self.lowered.clear();
        }
    }
}

/// Appends the bytes lower-cased, separators as 0; of those above 127 the ones that `high` says, `apostrophe` for an apostrophe.
fn fold(bytes: &[u8], high: u8, apostrophe: u8, folded: &mut Vec<u8>) {
    #[inline(always)]
    fn work(bytes: &[u8], high: u8, apostrophe: u8, folded: &mut Vec<u8>) {
        folded.extend(bytes.iter().map(|&byte| {
            let lower = byte | 0x20;
            let is_letter = lower.wrapping_sub(b'a') < 26;
            let is_digit = byte.wrapping_sub(b'0') < 10;
            let kept = if is_letter { lower } else { byte };
            let known = if is_letter | is_digit { kept } else { 0 };
            let other = if byte == b'\'' { apostrophe } else { 0 };
            let above = if byte & high != 0 { byte } else { 0 };
            known | other | above
        }));
    }
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(bytes: &[u8], high: u8, apostrophe: u8, folded: &mut Vec<u8>) {
            work(bytes, high, apostrophe, folded);
        }
        if std::is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "a function for processors with AVX2, which this one has")]
            // SAFETY: AVX2 was detected.
            return unsafe { with_avx2(bytes, high, apostrophe, folded) };
        }
    }
    work(bytes, high, apostrophe, folded);
}

#[inline]
fn load(folded: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*folded[at..].first_chunk().expect("a piece is padded with as many bytes"))
}

/// The length of the part of a folded piece that ends with its last separator.
fn last_separator(folded: &[u8]) -> Option<usize> {
    let piece = &folded[..folded.len() - PADDING];
    piece.iter().rposition(|byte| *byte == 0).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::naive;
    use crate::overlap::testing::{Random, random_text};

    fn all_options() -> Vec<NgramOptions> {
        let mut all = Vec::new();
        for apostrophe in [Apostrophe::Split, Apostrophe::Drop] {
            for alphabet in [Alphabet::Unicode, Alphabet::Ascii] {
                all.push(NgramOptions { apostrophe, alphabet, ..NgramOptions::default() });
            }
        }
        all
    }

    #[track_caller]
    fn assert_same(text: &str) {
        for options in all_options() {
            let mut fast = Words::new(options);
            fast.read("what was there before");
            fast.read(text);
            let naive = naive::words(text, &options);
            let hashes: Vec<u64> = naive.iter().map(|(word, _)| hash::word(options.seed, word.as_bytes())).collect();
            let ranges: Vec<_> = (0..fast.hashes().len()).map(|word| fast.range(word, word)).collect();
            let expected: Vec<_> = naive.into_iter().map(|(_, range)| range).collect();
            assert_eq!(ranges, expected, "{options:?} {text:?}");
            assert_eq!(fast.hashes(), hashes, "{options:?} {text:?}");
        }
    }

    #[test]
    fn by_hand() {
        for text in [
            "",
            " ",
            "a",
            "exactly8",
            "exactly8 sixteen+letters0 seventeenletters0 ",
            "'",
            "''''''''''''",
            "Don't, don’t; rock 'n' roll’",
            "É",
            "ÉCOLE\u{301}İstanbul\u{200B}ΣΑΣ",
            "_under_score\0nul\u{FEFF}bom",
            "中文字符没有空格，可是有标点。",
        ] {
            assert_same(text);
        }
    }

    #[test]
    fn on_generated_unicode() {
        let mut random = Random::new(7);
        for length in 0..3_000 {
            assert_same(&random_text(&mut random, length % 150));
        }
    }

    /// The texts of the files and folders that `OVERLAP_CORPUS` names, separated as in `PATH`.
    #[test]
    #[expect(clippy::print_stderr, reason = "says what was compared, or why nothing was")]
    fn on_corpora() {
        let Some(paths) = std::env::var_os("OVERLAP_CORPUS") else {
            eprintln!("skipped: OVERLAP_CORPUS names no corpus");
            return;
        };
        let paths: Vec<_> = std::env::split_paths(&paths).collect();
        let (mut texts, mut bytes) = (0, 0);
        for source in crate::overlap::Corpus::open(&paths).unwrap().sources() {
            let text = source.unwrap().text;
            texts += 1;
            bytes += text.len();
            assert_same(&text);
        }
        assert!(bytes > 0, "no text in {paths:?}");
        eprintln!("the same words in {texts} texts of {bytes} bytes, each with four choices of options");
    }

    /// Words that lie across the places where the text is cut into pieces, and ones longer than a piece.
    #[test]
    fn across_pieces() {
        let mut random = Random::new(8);
        assert_same(&random_text(&mut random, 3 * PIECE_BYTES));
        for size in [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES] {
            assert_same(&"x".repeat(size));
            assert_same(&("é".repeat(size / 2) + " end"));
            assert_same(&format!("{} Zoë’s{}", "a ".repeat(size / 2 - 3), " b".repeat(20)));
        }
    }
}
