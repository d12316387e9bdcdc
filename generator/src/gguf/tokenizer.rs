//! The tokenizer inside a GGUF file: byte-level BPE, as `tokenizers` reads it.

use super::Gguf;
use crate::error::{Error, Result};
use crate::tokenizer::{END_OF_TEXT, Tokenizer};
use serde_json::json;
use std::collections::BTreeMap;

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
        let byte_level =
            json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
        let pre_tokenizer = if AS_GPT2.contains(&pre) {
            byte_level.clone()
        } else if SINGLE_DIGITS.contains(&pre) {
            json!({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, byte_level]})
        } else {
            let known = [&AS_GPT2[..], &SINGLE_DIGITS[..]].concat().join("`, `");
            return Err(unusable(format!("it splits text like `{pre}`, expected `{known}`")));
        };
        let tokens = self.texts("tokenizer.ggml.tokens")?;
        let vocabulary: BTreeMap<&str, usize> = tokens.iter().map(String::as_str).zip(0..).collect();
        if vocabulary.len() != tokens.len() {
            let twice = tokens.len() - vocabulary.len();
            return Err(unusable(format!("{twice} of its {} tokens are there twice", tokens.len())));
        }
        let end = self.end_of_text(tokens)?;
        let description = json!({
            "version": "1.0",
            "added_tokens": [{"id": vocabulary[end], "content": end, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true}],
            "pre_tokenizer": pre_tokenizer,
            "decoder": byte_level,
            "model": {"type": "BPE", "vocab": vocabulary, "merges": self.texts("tokenizer.ggml.merges")?},
        });
        Tokenizer::with_end_of_text(description.to_string().as_bytes(), &self.origin, end)
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
