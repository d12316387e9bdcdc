//! What can be wrong with an index, a merge or a build, and what to do about it.
//!
//! The cause inside [`crate::Error::Index`], which names the file.

use super::options::MAX_N;

/// Why an index cannot be used or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// An n-gram of no words, or of too many.
    #[error("n-grams have 1 to {MAX_N} words, found {found}")]
    N {
        /// The number of words.
        found: u64,
    },

    /// A rate that is none, or out of reach.
    #[error("a rate of false positives is 1e-12 to 0.01, found {found:e}")]
    Rate {
        /// The rate.
        found: f64,
    },

    /// The file is no index.
    #[error("it does not begin as an overlap index does")]
    Foreign,

    /// The file is shorter than its header says, or longer.
    #[error("it has {found} bytes, expected {expected}")]
    Size {
        /// Bytes expected: of the header alone, where not even that is whole.
        expected: u64,
        /// Bytes found.
        found: u64,
    },

    /// The file was written by a later version of this program.
    #[error("its version is {found}, this program knows {known}")]
    Version {
        /// The version of the file.
        found: u32,
        /// The version that is read.
        known: u32,
    },

    /// The header or the body is not what was written.
    #[error("the checksum of its {part} is wrong")]
    Checksum {
        /// `header` or `filter`.
        part: &'static str,
    },

    /// A field of the header has a value that cannot be.
    #[error("its header says {field} = {found}, expected {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// What can be there.
        expected: &'static str,
    },

    /// Nothing to put into an index.
    #[error("the corpus has no {n}-gram: {documents} documents, none of them with {n} words")]
    Empty {
        /// Words in an n-gram.
        n: usize,
        /// Documents read.
        documents: u64,
    },

    /// More n-grams than expected: the promise would be broken.
    #[error(
        "{ngrams} n-grams where {expected} were expected: one absent n-gram in {:.0} would be found, {:.0} were promised",
        1.0 / rate, 1.0 / promised
    )]
    Overfull {
        /// N-grams put in.
        ngrams: u64,
        /// N-grams expected.
        expected: u64,
        /// The rate of false positives by the bits set.
        rate: f64,
        /// The rate promised.
        promised: f64,
    },

    /// An index too large for any machine.
    #[error("{ngrams} n-grams need an index of {bytes} bytes, more than can be addressed")]
    TooLarge {
        /// N-grams expected.
        ngrams: u64,
        /// Bytes needed.
        bytes: u128,
    },

    /// Indexes that were not made alike.
    #[error("its {field} is {found}, that of the first is {expected}")]
    Unlike {
        /// What differs.
        field: &'static str,
        /// Here.
        found: String,
        /// In the first index.
        expected: String,
    },

    /// Shards of a corpus that is read as one text.
    #[error("it holds n-grams across documents, and those across shards are in neither of two shards")]
    AcrossShards,

    /// An index of tokens whose tokenizer is not at hand.
    #[error("it counts tokens, and the tokenizer is not given")]
    NoTokenizer,

    /// An index of tokens, asked with another tokenizer.
    #[error("it counts tokens of another tokenizer: {expected}, not {found}")]
    OtherTokenizer {
        /// The fingerprint of the tokenizer given.
        found: String,
        /// The fingerprint of the index's.
        expected: String,
    },

    /// N-grams of tokens that would lie across documents.
    #[error("n-grams of tokens cannot lie across documents")]
    TokensAcross,

    /// Something that is no index lies where the index should be.
    #[error("something else is there, which is not replaced by an index")]
    NotReplaced,

    /// Another program is writing the same index.
    #[error("another run is writing it")]
    Busy,
}

impl IndexError {
    /// One sentence that tells the user what to do, if there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotReplaced => "name another file for the index".into(),
            Self::N { .. } => "the GPT-2 paper counts 8-grams: `--n 8`".into(),
            Self::Rate { .. } => "the GPT-2 paper promises 1e-8: `--false-positives 1e-8`".into(),
            Self::Foreign => "an index is what `detect overlap build` writes".into(),
            Self::Size { .. } | Self::Checksum { .. } | Self::Field { .. } => {
                "it was cut off or damaged: copy it again, or build it again".into()
            }
            Self::Version { .. } => "update this program, or build the index again with it".into(),
            Self::Empty { .. } => "check that the files hold the texts, or take a smaller `--n`".into(),
            Self::Overfull { ngrams, .. } => format!("build it with `--expect {ngrams}` or more"),
            Self::TooLarge { .. } => "check `--expect`".into(),
            Self::Unlike { field: "size", .. } => {
                "give all shards the same `--expect`: the number of n-grams of the whole corpus".into()
            }
            Self::Unlike { .. } => "build all shards with the same options".into(),
            Self::AcrossShards => "build the shards without `--across-documents`".into(),
            Self::NoTokenizer | Self::OtherTokenizer { .. } => {
                "name with `--tokenizer` the one that it was built with".into()
            }
            Self::TokensAcross => "leave out `--across-documents`, or count words".into(),
            Self::Busy => "wait for it, or name another file".into(),
        })
    }
}
