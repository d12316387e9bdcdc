//! The tokenizer inside a GGUF file: byte-level BPE, as `tokenizers` reads it.

use super::Gguf;
use crate::error::{Error, Result};
use crate::tokenizer::{END_OF_TEXT, Tokenizer};
use tokenizers::AddedToken;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

/// Pre-tokenizers that split like GPT-2's, and those that make each digit a piece of its own first.
const AS_GPT2: [&str; 2] = ["gpt-2", "default"];
const SINGLE_DIGITS: [&str; 1] = ["smollm"];

impl Gguf {
    /// The tokenizer of the file.
    ///
    /// # Errors
    /// When it is of another kind than byte-level BPE, splits text in an unknown way, or does not hold together.
    pub fn tokenizer(&self) -> Result<Tokenizer> {
        let unusable = |reason: String| Error::Tokenizer { origin: self.origin.clone(), reason };
        let model = self.text("tokenizer.ggml.model")?;
        if model != "gpt2" {
            return Err(unusable(format!("its kind is `{model}`, expected `gpt2` (byte-level BPE)")));
        }
        let pre = if self.has("tokenizer.ggml.pre") { self.text("tokenizer.ggml.pre")? } else { "default" };
        let byte_level = ByteLevel::new(false, true, true);
        let pre_tokenizer: PreTokenizerWrapper = if AS_GPT2.contains(&pre) {
            byte_level.into()
        } else if SINGLE_DIGITS.contains(&pre) {
            Sequence::new(vec![Digits::new(true).into(), byte_level.into()]).into()
        } else {
            let known = [&AS_GPT2[..], &SINGLE_DIGITS[..]].concat().join("`, `");
            return Err(unusable(format!("it splits text like `{pre}`, expected `{known}`")));
        };
        let tokens = self.texts("tokenizer.ggml.tokens")?;
        let vocabulary: Vocab = tokens.iter().cloned().zip(0..).collect();
        if vocabulary.len() != tokens.len() {
            let twice = tokens.len() - vocabulary.len();
            return Err(unusable(format!("{twice} of its {} tokens are there twice", tokens.len())));
        }
        let end = self.end_of_text(tokens)?;
        let merge = |line: &String| {
            let pair = line.split_once(' ').map(|(left, right)| (left.to_owned(), right.to_owned()));
            pair.ok_or_else(|| unusable(format!("`{line}` in its merges is no pair")))
        };
        let merges = self.texts("tokenizer.ggml.merges")?.iter().map(merge).collect::<Result<Vec<_>>>()?;
        let failed = |error: tokenizers::Error| unusable(error.to_string());
        let bpe = BPE::builder().vocab_and_merges(vocabulary, merges).build().map_err(failed)?;
        let mut inner = tokenizers::Tokenizer::new(bpe);
        inner.with_pre_tokenizer(Some(pre_tokenizer)).with_decoder(Some(byte_level));
        inner.add_special_tokens([AddedToken::from(end.to_owned(), true)]).map_err(failed)?;
        Tokenizer::of_library(inner, &self.origin, end)
    }

    /// `<|endoftext|>`, or else the token that begins a text.
    fn end_of_text<'a>(&self, tokens: &'a [String]) -> Result<&'a str> {
        if let Some(end) = tokens.iter().find(|token| *token == END_OF_TEXT) {
            return Ok(end);
        }
        let key = "tokenizer.ggml.bos_token_id";
        let id = self.count(key)?;
        let expected = format!("below {}", tokens.len());
        tokens.get(id).map(String::as_str).ok_or_else(|| self.unusable(format!("`{key}`"), &id.to_string(), &expected))
    }
}
