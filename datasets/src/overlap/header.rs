//! The first 4096 bytes of an index: everything that is needed to use it, little-endian.
//!
//! | byte | type | what |
//! |---|---|---|
//! | 0 | 8 bytes | `DOVERLAP` |
//! | 8 | u32 | version, 1 |
//! | 12 | u32 | n, words in an n-gram |
//! | 16 | u8 | apostrophes: 0 split, 1 drop |
//! | 17 | u8 | alphabet: 0 Unicode, 1 ASCII |
//! | 18 | u8 | boundaries: 0 documents, 1 corpus |
//! | 19 | u8 | unit: 0 words, 1 tokens |
//! | 24 | u64 | seed of all hashes |
//! | 32 | u64 | lines of 64 bytes that follow the header |
//! | 40 | u64 | n-grams the size was chosen for |
//! | 48 | f64 | rate of false positives promised for so many |
//! | 56 | u64 | n-grams put in, each as often as it stands in the corpus |
//! | 64 | u64 | documents |
//! | 72 | u64 | bytes of their texts |
//! | 80 | u64 | checksum of the lines, see `checksum.rs` |
//! | 88 | u64 | XXH3 of the tokenizer's definition, 0 for words |
//! | 4088 | u64 | XXH3 of the 4088 bytes before |
//!
//! All other bytes are 0. The filter's hashes are those of `hash.rs` and `filter.rs`; they change only with the version.

use xxhash_rust::xxh3::xxh3_64;

use super::error::IndexError;
use super::filter::{LINE_BYTES, MOST_LINES, RATES};
use super::options::{Alphabet, Apostrophe, Boundaries, MAX_N, NgramOptions};
use super::tokens::{Unit, Vocabulary};

/// Bytes of the header: a page, so that lines of the filter never lie across pages or cache lines.
pub(crate) const HEADER_BYTES: usize = 4096;

pub(crate) const MAGIC: &[u8; 8] = b"DOVERLAP";
const VERSION: u32 = 1;
const SUM_AT: usize = HEADER_BYTES - 8;

/// What an index says about itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// What an n-gram is.
    pub ngrams: NgramOptions,
    /// Lines of 64 bytes.
    pub lines: u64,
    /// N-grams the size was chosen for.
    pub expected: u64,
    /// The rate of false positives promised for so many.
    pub rate: f64,
    /// What was put in.
    pub tally: Tally,
    /// Checksum of the lines.
    pub(crate) checksum: u64,
}

/// Sums over documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// N-grams, each as often as it stands there.
    pub ngrams: u64,
    /// Documents.
    pub documents: u64,
    /// Bytes of their texts.
    pub bytes: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            ngrams: self.ngrams.saturating_add(other.ngrams),
            documents: self.documents.saturating_add(other.documents),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl Header {
    /// Bytes of the whole file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + self.lines * LINE_BYTES as u64
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let NgramOptions { n, unit, apostrophe, alphabet, boundaries, seed } = self.ngrams;
        let fingerprint = match unit {
            Unit::Words => 0,
            Unit::Tokens(vocabulary) => vocabulary.fingerprint,
        };
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((n as u32).to_le_bytes());
        bytes.push(u8::from(apostrophe == Apostrophe::Drop));
        bytes.push(u8::from(alphabet == Alphabet::Ascii));
        bytes.push(u8::from(boundaries == Boundaries::Corpus));
        bytes.push(u8::from(unit != Unit::Words));
        bytes.resize(24, 0);
        for number in [seed, self.lines, self.expected, self.rate.to_bits()] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [self.tally.ngrams, self.tally.documents, self.tally.bytes, self.checksum, fingerprint] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.resize(SUM_AT, 0);
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the header of a file of `file_bytes` bytes, of which `bytes` are the beginning. Nothing in it is believed before it
    /// was compared with what can be; nothing is allocated.
    pub(crate) fn from_bytes(bytes: &[u8], file_bytes: u64) -> Result<Self, IndexError> {
        if !bytes.starts_with(MAGIC) {
            return Err(IndexError::Foreign);
        }
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(IndexError::Size { expected: HEADER_BYTES as u64, found: file_bytes });
        };
        let version = number(bytes, 8) as u32;
        if version != VERSION {
            return Err(IndexError::Version { found: version, known: VERSION });
        }
        if number(bytes, SUM_AT) != xxh3_64(&bytes[..SUM_AT]) {
            return Err(IndexError::Checksum { part: "header" });
        }
        let vocabulary = Vocabulary { fingerprint: number(bytes, 88), tokens: None };
        let header = Self {
            ngrams: NgramOptions {
                n: (number(bytes, 8) >> 32) as usize,
                unit: choice(bytes, 19, "unit", [Unit::Words, Unit::Tokens(vocabulary)])?,
                apostrophe: choice(bytes, 16, "apostrophes", [Apostrophe::Split, Apostrophe::Drop])?,
                alphabet: choice(bytes, 17, "alphabet", [Alphabet::Unicode, Alphabet::Ascii])?,
                boundaries: choice(bytes, 18, "boundaries", [Boundaries::Documents, Boundaries::Corpus])?,
                seed: number(bytes, 24),
            },
            lines: number(bytes, 32),
            expected: number(bytes, 40),
            rate: f64::from_bits(number(bytes, 48)),
            tally: Tally { ngrams: number(bytes, 56), documents: number(bytes, 64), bytes: number(bytes, 72) },
            checksum: number(bytes, 80),
        };
        header.check()?;
        if (header.ngrams.unit == Unit::Words) != (vocabulary.fingerprint == 0) {
            return Err(field("tokenizer", vocabulary.fingerprint, "one for tokens, 0 for words"));
        }
        if bytes[20..24].iter().chain(&bytes[96..SUM_AT]).any(|byte| *byte != 0) {
            return Err(field("reserved bytes", "something else", "zeros"));
        }
        let expected = header.file_bytes();
        if expected != file_bytes {
            return Err(IndexError::Size { expected, found: file_bytes });
        }
        Ok(header)
    }

    fn check(&self) -> Result<(), IndexError> {
        let Tally { ngrams, documents, bytes } = self.tally;
        if !(1..=MAX_N).contains(&self.ngrams.n) {
            return Err(field("n", self.ngrams.n, "1 to 64"));
        }
        if !(2..=MOST_LINES).contains(&self.lines) {
            return Err(field("lines", self.lines, "2 to 2^40"));
        }
        if self.expected == 0 {
            return Err(field("expected n-grams", 0, "1 or more"));
        }
        if !RATES.contains(&self.rate) {
            return Err(field("rate", self.rate, "1e-12 to 0.01"));
        }
        // An n-gram takes at least a byte of text.
        if ngrams == 0 || ngrams > bytes {
            return Err(field("n-grams", ngrams, "1 to the bytes of text"));
        }
        if documents == 0 {
            return Err(field("documents", 0, "1 or more"));
        }
        Ok(())
    }
}

fn number(bytes: &[u8; HEADER_BYTES], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("fields lie within the header"))
}

fn choice<T: Copy>(bytes: &[u8], at: usize, name: &'static str, choices: [T; 2]) -> Result<T, IndexError> {
    choices.get(usize::from(bytes[at])).copied().ok_or_else(|| field(name, bytes[at], "0 or 1"))
}

fn field(field: &'static str, found: impl ToString, expected: &'static str) -> IndexError {
    IndexError::Field { field, found: found.to_string(), expected }
}
