//! What an n-gram is: the choices that the GPT-2 paper leaves open, each with a default and the reason for it.

use serde::{Deserialize, Serialize};

use super::error::IndexError;
use super::tokens::Unit;

/// The longest n-gram, in words.
pub const MAX_N: usize = 64;

/// The seed of all hashes where none is given: the first 64 bits of the fractional part of π.
pub const DEFAULT_SEED: u64 = 0x243f_6a88_85a3_08d3;

/// What becomes of an apostrophe; `'`, `’` and `＇` are ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Apostrophe {
    /// It separates words like all that is not alphanumeric, `don't` is `don t`: the paper's sentence to the letter.
    #[default]
    Split,
    /// It vanishes, `don't` is `dont`: what many tools for cleaning text do.
    Drop,
}

/// Which characters words are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// Alphabetic and numeric as Unicode has it (`char::is_alphanumeric`), lower-cased char by char: `Café` stays one
    /// word, and text that is not English can be looked up at all. Nothing is composed: `e` and a combining accent are
    /// not `é`.
    #[default]
    Unicode,
    /// `A-Z`, `a-z`, `0-9`; everything else separates, `Café` is `caf`: what a regular expression `[^a-z0-9]+` does.
    Ascii,
}

/// Where an n-gram may lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundaries {
    /// Within one document: what stands across two of them was written by nobody. Does not depend on the order of the
    /// documents, so that the indexes of shards can be merged.
    #[default]
    Documents,
    /// Anywhere in the corpus, read as one long text in the order given.
    Corpus,
}

/// What is counted in a text that is looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counting {
    /// Each n-gram as often as it stands there: the share is a share of the text.
    #[default]
    Occurrences,
    /// Each different n-gram once: a refrain counts no more than a line.
    Distinct,
}

/// What an n-gram is.
///
/// After the paper (section 4): lower-cased alphanumeric words with a single space between them, eight of them. Words and
/// not tokens by default, although the paper says "8-grams of tokens", because its rule for normalising speaks of words, and
/// because an index of words serves every model whatever its vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NgramOptions {
    /// Words or tokens in an n-gram, 1 to [`MAX_N`]; the paper has 8.
    pub n: usize,
    /// Words or tokens.
    pub unit: Unit,
    /// What becomes of an apostrophe.
    pub apostrophe: Apostrophe,
    /// Which characters words are made of.
    pub alphabet: Alphabet,
    /// Where an n-gram may lie.
    pub boundaries: Boundaries,
    /// Seed of all hashes.
    pub seed: u64,
}

impl Default for NgramOptions {
    fn default() -> Self {
        Self {
            n: 8,
            unit: Unit::default(),
            apostrophe: Apostrophe::default(),
            alphabet: Alphabet::default(),
            boundaries: Boundaries::default(),
            seed: DEFAULT_SEED,
        }
    }
}

impl NgramOptions {
    /// Checks that n-grams can be made.
    ///
    /// # Errors
    ///
    /// If `n` is not 1 to [`MAX_N`], a tokenizer is missing, or tokens are to lie across documents.
    pub fn check(&self) -> Result<(), IndexError> {
        if !(1..=MAX_N).contains(&self.n) {
            return Err(IndexError::N { found: self.n as u64 });
        }
        if !self.unit.can_read() {
            return Err(IndexError::NoTokenizer);
        }
        // A document's end is kept as text, which may begin within a word.
        match (self.unit, self.boundaries) {
            (Unit::Tokens(_), Boundaries::Corpus) => Err(IndexError::TokensAcross),
            _ => Ok(()),
        }
    }

    /// What is said about a char: see [`Letter`].
    pub(crate) fn letter(&self, char: char) -> Letter {
        let is_letter = match self.alphabet {
            Alphabet::Unicode => char.is_alphanumeric(),
            Alphabet::Ascii => char.is_ascii_alphanumeric(),
        };
        match char {
            '\'' | '\u{2019}' | '\u{FF07}' if self.apostrophe == Apostrophe::Drop => Letter::Dropped,
            _ if is_letter => Letter::Kept,
            _ => Letter::Separates,
        }
    }
}

/// The part of a char in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// It belongs to a word, lower-cased.
    Kept,
    /// It is passed over, the word goes on.
    Dropped,
    /// It ends a word.
    Separates,
}
