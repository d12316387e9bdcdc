//! Training tokens on disk: one stream of u16, each document after an end-of-text token.
//!
//! The file, all numbers little-endian: `DTOK`, version u32 = 1, SHA-256 of the tokenizer (32 bytes),
//! tokens u64, bytes of text u64, then the tokens as u16.

use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 4] = b"DTOK";
const VERSION: u32 = 1;
const HEADER: usize = 56;

/// The tokens of a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenShard {
    /// Documents one after another, each begun by end-of-text.
    pub tokens: Vec<u16>,
    /// Bytes of the text they encode.
    pub text_bytes: u64,
}

/// Writes a shard under a temporary name; [`ShardWriter::finish`] puts it in place.
#[derive(Debug)]
pub struct ShardWriter {
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    end_of_text: u16,
    tokens: u64,
    text_bytes: u64,
    digest: [u8; 32],
}

/// What a tokenizer is known by.
///
/// # Errors
/// When the tokenizer cannot be written as JSON.
pub fn tokenizer_digest(tokenizer: &Tokenizer) -> Result<[u8; 32]> {
    Ok(Sha256::digest(tokenizer.to_json()?.as_bytes()).into())
}

impl ShardWriter {
    /// Starts a shard at `path`.
    ///
    /// # Errors
    /// When the file cannot be made, or the vocabulary has more than 65,536 tokens.
    pub fn create(path: &Path, tokenizer: &Tokenizer) -> Result<Self> {
        let end_of_text = u16::try_from(tokenizer.end_of_text()).ok().filter(|_| tokenizer.vocabulary() <= 1 << 16);
        let end_of_text = end_of_text.ok_or_else(|| Error::Shard {
            path: path.into(),
            reason: format!("a vocabulary of {} tokens does not fit two bytes a token", tokenizer.vocabulary()),
        })?;
        let temporary = path.with_extension("tokens.tmp");
        let file = File::create(&temporary).map_err(|source| Error::Io {
            action: "create",
            path: temporary.clone(),
            source,
        })?;
        let mut writer = Self {
            path: path.into(),
            temporary,
            file: BufWriter::with_capacity(1 << 20, file),
            end_of_text,
            tokens: 0,
            text_bytes: 0,
            digest: tokenizer_digest(tokenizer)?,
        };
        writer.write(&[0; HEADER])?;
        Ok(writer)
    }

    /// Adds one document.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn push(&mut self, ids: &[u32], text_bytes: usize) -> Result<()> {
        let mut bytes = Vec::with_capacity(2 * ids.len() + 2);
        bytes.extend_from_slice(&self.end_of_text.to_le_bytes());
        for &id in ids {
            let id = u16::try_from(id).map_err(|_| Error::TokenRange { id, vocabulary: 1 << 16 })?;
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        self.tokens += ids.len() as u64 + 1;
        self.text_bytes += text_bytes as u64;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|source| Error::Io { action: "write", path: self.temporary.clone(), source })
    }

    /// Completes the header and gives the file its name.
    ///
    /// # Errors
    /// When the disk is full or the file cannot be renamed.
    pub fn finish(mut self) -> Result<()> {
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&self.digest);
        header.extend_from_slice(&self.tokens.to_le_bytes());
        header.extend_from_slice(&self.text_bytes.to_le_bytes());
        let complete = |file: &mut BufWriter<File>| {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header)?;
            file.flush()?;
            file.get_ref().sync_all()
        };
        complete(&mut self.file)
            .and_then(|()| std::fs::rename(&self.temporary, &self.path))
            .map_err(|source| Error::Io { action: "write", path: self.path, source })
    }
}

impl TokenShard {
    /// Reads a shard made with this tokenizer.
    ///
    /// # Errors
    /// When the file cannot be read, is foreign, cut off, or was made with another tokenizer.
    pub fn read(path: &Path, tokenizer: &Tokenizer) -> Result<Self> {
        let io = |source| Error::Io { action: "read", path: path.into(), source };
        let bad = |reason: String| Error::Shard { path: path.into(), reason };
        let mut bytes = Vec::new();
        File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(io)?;
        if bytes.len() < HEADER || &bytes[..4] != MAGIC {
            return Err(bad("it does not begin with `DTOK`".to_owned()));
        }
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
        let version = number(4) as u32;
        if version != VERSION {
            return Err(bad(format!("version {version}, expected {VERSION}")));
        }
        if bytes[8..40] != tokenizer_digest(tokenizer)? {
            return Err(bad("it was made with another tokenizer".to_owned()));
        }
        let (tokens, text_bytes) = (number(40), number(48));
        let found = (bytes.len() - HEADER) as u64;
        if tokens.checked_mul(2) != Some(found) {
            return Err(bad(format!("{tokens} tokens announced, {} bytes follow", found)));
        }
        let tokens = bytes[HEADER..].as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        Ok(Self { tokens, text_bytes })
    }
}
