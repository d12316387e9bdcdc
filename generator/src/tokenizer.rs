//! GPT-2's byte-level byte-pair encoding (section 2.2), by the `tokenizers` library.
//!
//! Text is first split by GPT-2's regular expression
//! `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`:
//! contractions; a run of letters, of digits or of other signs, each with the one space before it; white
//! space, whose last character is left to the word that follows. Each piece is then bytes, and pairs of
//! neighbouring bytes are merged in the order learned. All 256 bytes are in the vocabulary, so that every text
//! can be encoded and `decode(encode(text)) == text`.

use crate::error::{Error, Result};
use std::ops::Range;
use std::path::Path;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, TokenizerImpl};

/// The id of a token.
pub type TokenId = u32;

/// The end of a document, and what stands before its first token.
pub const END_OF_TEXT: &str = "<|endoftext|>";

/// Text to tokens and back.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    end_of_text: TokenId,
}

/// The tokens of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// Ids, in order.
    pub ids: Vec<TokenId>,
    /// The bytes of the text each token came from. Tokens that share a character share its range.
    pub ranges: Vec<Range<usize>>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json` held in memory. `origin` names it in errors.
    ///
    /// # Errors
    /// When it is no tokenizer or has no `<|endoftext|>`.
    pub fn from_bytes(bytes: &[u8], origin: &str) -> Result<Self> {
        Self::with_end_of_text(bytes, origin, END_OF_TEXT)
    }

    /// The same with another token in the place of `<|endoftext|>`.
    pub(crate) fn with_end_of_text(bytes: &[u8], origin: &str, end: &str) -> Result<Self> {
        let unusable = |reason: String| Error::Tokenizer { origin: origin.to_owned(), reason };
        let inner = tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| unusable(error.to_string()))?;
        Self::of_library(inner, origin, end)
    }

    /// A tokenizer of the library whose documents end with the token `end`.
    pub(crate) fn of_library(inner: tokenizers::Tokenizer, origin: &str, end: &str) -> Result<Self> {
        let missing = || Error::Tokenizer { origin: origin.to_owned(), reason: format!("it has no token `{end}`") };
        let end_of_text = inner.token_to_id(end).ok_or_else(missing)?;
        Ok(Self { inner, end_of_text })
    }

    /// Reads `tokenizer.json` of a folder.
    ///
    /// # Errors
    /// When the file cannot be read or is no tokenizer.
    pub fn from_folder(folder: &Path) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        let bytes = std::fs::read(&path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
        Self::from_bytes(&bytes, &path.display().to_string())
    }

    /// Reads `tokenizer.json`, or `vocab.json` and `merges.txt`, of somebody's model. Where it has no `<|endoftext|>`, the token
    /// `begin` takes its place.
    ///
    /// # Errors
    /// When the files cannot be read or make no tokenizer.
    pub fn from_model_folder(folder: &Path, begin: Option<TokenId>) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        let origin = path.display().to_string();
        let unusable = |reason: String| Error::Tokenizer { origin: origin.clone(), reason };
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|source| Error::Io { action: "read", path, source })
        };
        if !path.exists() && folder.join("vocab.json").exists() {
            let vocabulary: serde_json::Value = serde_json::from_str(&read("vocab.json")?)
                .map_err(|error| unusable(format!("vocab.json is no JSON: {error}")))?;
            let merges = read("merges.txt")?;
            let merges: Vec<&str> =
                merges.lines().filter(|line| !line.starts_with("#version") && !line.is_empty()).collect();
            let byte_level = serde_json::json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
            let end =
                vocabulary.get(END_OF_TEXT).ok_or_else(|| unusable(format!("it has no token `{END_OF_TEXT}`")))?;
            let added = serde_json::json!([{"id": end, "content": END_OF_TEXT, "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": true}]);
            let description = serde_json::json!({"version": "1.0", "added_tokens": added, "pre_tokenizer": byte_level,
                "decoder": byte_level, "model": {"type": "BPE", "vocab": vocabulary, "merges": merges}});
            return Self::from_bytes(description.to_string().as_bytes(), &origin);
        }
        let text = read("tokenizer.json")?;
        let inner: tokenizers::Tokenizer =
            text.parse().map_err(|error: tokenizers::Error| unusable(error.to_string()))?;
        let begin = begin.filter(|_| inner.token_to_id(END_OF_TEXT).is_none()).and_then(|id| inner.id_to_token(id));
        Self::with_end_of_text(text.as_bytes(), &origin, begin.as_deref().unwrap_or(END_OF_TEXT))
    }

    /// Learns a vocabulary of `size` tokens from texts; the same texts give the same vocabulary.
    ///
    /// # Errors
    /// When the library cannot train, for example on an empty corpus.
    pub fn train(texts: impl Iterator<Item = String> + Send, size: usize) -> Result<Self> {
        let unusable =
            |error: tokenizers::Error| Error::Tokenizer { origin: "training".to_owned(), reason: error.to_string() };
        let byte_level = ByteLevel::new(false, true, true);
        let mut trainer = BpeTrainerBuilder::new()
            .vocab_size(size)
            .min_frequency(2)
            .show_progress(false)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(vec![AddedToken::from(END_OF_TEXT.to_owned(), true)])
            .build();
        let mut tokenizer: TokenizerImpl<BPE, tokenizers::NormalizerWrapper, ByteLevel, ByteLevel, ByteLevel> =
            TokenizerImpl::new(BPE::default());
        tokenizer.with_pre_tokenizer(Some(byte_level));
        tokenizer.with_decoder(Some(byte_level));
        tokenizer.with_post_processor(Some(ByteLevel::new(false, false, true)));
        tokenizer.train(&mut trainer, texts).map_err(unusable)?;
        let json = tokenizer.to_string(false).map_err(unusable)?;
        Self::from_bytes(json.as_bytes(), "training")
    }

    /// The tokenizer as the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// When the library cannot write it.
    pub fn to_json(&self) -> Result<String> {
        self.inner
            .to_string(false)
            .map_err(|error| Error::Tokenizer { origin: "tokenizer".to_owned(), reason: error.to_string() })
    }

    /// The tokens of a text. A `<|endoftext|>` written in the text is text, not the special token.
    ///
    /// # Errors
    /// When the library refuses the text.
    pub fn encode(&self, text: &str) -> Result<Encoding> {
        let failed =
            |error: tokenizers::Error| Error::Tokenizer { origin: "text".to_owned(), reason: error.to_string() };
        let mut encoding = Encoding { ids: Vec::new(), ranges: Vec::new() };
        let mut start = 0;
        // The library always takes the special token's letters for the token: they are cut in two here.
        for part in text.split_inclusive("<|endof") {
            let encoded = self.inner.encode(part, false).map_err(failed)?;
            encoding.ids.extend_from_slice(encoded.get_ids());
            encoding.ranges.extend(encoded.get_offsets().iter().map(|&(from, to)| start + from..start + to));
            start += part.len();
        }
        Ok(encoding)
    }

    /// The bytes of tokens, exactly; they may begin or end within a character.
    #[must_use]
    pub fn decode_bytes(&self, ids: &[TokenId]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 * ids.len());
        for &id in ids {
            if let Some(token) = self.inner.id_to_token(id) {
                if id == self.end_of_text {
                    bytes.extend_from_slice(token.as_bytes());
                } else {
                    bytes.extend(token.chars().filter_map(byte_of_char));
                }
            }
        }
        bytes
    }

    /// The text of tokens, with U+FFFD where they do not make whole characters.
    #[must_use]
    pub fn decode(&self, ids: &[TokenId]) -> String {
        String::from_utf8_lossy(&self.decode_bytes(ids)).into_owned()
    }

    /// The id of `<|endoftext|>`.
    #[must_use]
    pub fn end_of_text(&self) -> TokenId {
        self.end_of_text
    }

    /// Whether every token has the same id in another tokenizer.
    #[must_use]
    pub fn has_tokens_of(&self, other: &Self) -> bool {
        self.end_of_text == other.end_of_text && self.inner.get_vocab(true) == other.inner.get_vocab(true)
    }

    /// Tokens in the vocabulary.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }
}

/// The byte that GPT-2 writes as this printable character: `!`-`~`, `¡`-`¬` and `®`-`ÿ` stand for themselves, the
/// other 68 bytes for U+0100 on, in order (so that `Ġ`, U+0120, is the space).
fn byte_of_char(letter: char) -> Option<u8> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    match u32::from(letter) {
        code @ 0..=0xFF => u8::try_from(code).ok().filter(|byte| printable(*byte)),
        code => (0..=u8::MAX).filter(|byte| !printable(*byte)).nth(code.checked_sub(0x100)? as usize),
    }
}
