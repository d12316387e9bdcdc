//! A tokenizer for n-grams of tokens.

use anyhow::Result;
use datasets::overlap::{Index, Tokens, Unit, Verify, Vocabulary};
use generator::{Tokenizer, embedded};
use std::ops::Range;
use std::path::Path;

struct Encoder {
    tokenizer: Tokenizer,
    definition: Vec<u8>,
}

impl Tokens for Encoder {
    fn encode(&self, text: &str) -> Vec<(u32, Range<usize>)> {
        let encoding = self.tokenizer.encode(text).expect("a byte-level tokenizer encodes any text");
        encoding.ids.into_iter().zip(encoding.ranges).collect()
    }

    fn definition(&self) -> Vec<u8> {
        self.definition.clone()
    }
}

/// The tokenizer in a folder, or the embedded one.
pub(crate) fn vocabulary(folder: Option<&Path>) -> Result<Vocabulary> {
    let tokenizer = match folder {
        Some(folder) => Tokenizer::from_folder(folder)?,
        None => Tokenizer::from_bytes(embedded::TOKENIZER, "the embedded tokenizer")?,
    };
    // What cannot encode a word is found out here rather than among a million of them.
    tokenizer.encode(" word")?;
    Ok(Vocabulary::new(Encoder { definition: tokenizer.to_json()?.into_bytes(), tokenizer }))
}

/// Opens an index; one of tokens with its tokenizer.
pub(crate) fn open(path: &Path, verify: Verify, threads: usize, tokenizer: Option<&Path>) -> Result<Index> {
    let index = Index::open(path, verify, threads)?;
    match index.header().ngrams.unit {
        Unit::Words => Ok(index),
        Unit::Tokens(_) => Ok(index.with_tokenizer(vocabulary(tokenizer)?)?),
    }
}

/// What n-grams are made of, in words.
pub(crate) fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Words => "words",
        Unit::Tokens(_) => "tokens",
    }
}
