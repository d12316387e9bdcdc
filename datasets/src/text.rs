//! One text to be judged, from a file of any name or from standard input.
//!
//! Not a corpus: no format is read by its extension, but what is a table or a document of a word processor by its name is refused
//! rather than judged with its markup; a stream is taken as it is. Offsets into [`TextFile::text`] become offsets into
//! the file by adding [`TextFile::start`].

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// How far a NUL is looked for, in bytes.
pub(crate) const BINARY_CHECK_BYTES: usize = 8 << 10;

/// How much is read at first, in bytes; doubled until the limit is reached.
const FIRST_STEP: usize = 64 << 10;

pub(crate) const BOM: &str = "\u{FEFF}";

/// A text and which part of its file it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// The text, without a byte order mark.
    pub text: String,
    /// The byte of the file at which `text` begins: 3 after a byte order mark, else 0.
    pub start: usize,
    /// The bytes of the file up to the end of `text`, byte order mark included.
    pub read: u64,
    /// The size of the file in bytes; `None` for a stream that goes on beyond the limit.
    pub size: Option<u64>,
}

impl TextFile {
    /// Whether the text is the whole file; false if it was cut at the limit.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.size == Some(self.read)
    }
}

/// Reads the text file at `path`, at most its first `limit` bytes, cut where a char ends.
///
/// # Errors
///
/// If the file is missing, a folder, a table or a document with markup by its name, cannot be read, holds a NUL in its first 8192 bytes, or is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<TextFile> {
    let open_error = |source| Error::open(path, source);
    let metadata = fs::metadata(path).map_err(open_error)?;
    if metadata.is_dir() {
        return Err(Error::Folder { path: path.to_owned() });
    }
    if let Some(kind) = other_kind(path) {
        return Err(Error::NotOneText { path: path.to_owned(), kind });
    }
    let mut file = File::open(path).map_err(open_error)?;
    let size = metadata.is_file().then_some(metadata.len());
    read(path, &mut file, limit, size)
}

/// What a file is by its extension, where that is no text that could be judged as one: a table of texts, or a document with markup.
fn other_kind(path: &Path) -> Option<TextKind> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "csv" | "tsv" | "jsonl" | "ndjson" | "json" | "parquet" | "xlsx" | "ods" => Some(TextKind::Table),
        "html" | "htm" | "xhtml" | "rtf" | "doc" | "docx" | "odt" | "pdf" | "epub" => Some(TextKind::Markup),
        _ => None,
    }
}

/// What a file may hold that is not one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// Many texts.
    Table,
    /// A text in a format of its own.
    Markup,
}

impl std::fmt::Display for TextKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Table => "a table",
            Self::Markup => "a document with markup",
        })
    }
}

/// Reads a text from a stream such as standard input, at most its first `limit` bytes, cut where a char ends.
///
/// `name` stands for the path in messages.
///
/// # Errors
///
/// If the stream cannot be read, holds a NUL in its first 8192 bytes, or is not UTF-8.
pub fn read_text_from(name: &str, mut input: impl Read, limit: u64) -> Result<TextFile> {
    read(Path::new(name), &mut input, limit, None)
}

fn read(path: &Path, input: &mut dyn Read, limit: u64, size: Option<u64>) -> Result<TextFile> {
    let mut bytes = Vec::new();
    // One byte beyond the limit tells whether there is more.
    let ended = read_at_most(input, limit.saturating_add(1), &mut bytes).map_err(|source| Error::Read {
        path: path.to_owned(),
        offset: bytes.len() as u64,
        source,
    })?;
    let size = match ended {
        true => Some(bytes.len() as u64),
        false => size.filter(|size| *size > limit),
    };
    if !ended {
        bytes.pop();
    }
    let head = &bytes[..bytes.len().min(BINARY_CHECK_BYTES)];
    if let Some(offset) = head.iter().position(|byte| *byte == 0) {
        return Err(Error::Binary { path: path.to_owned(), offset: offset as u64 });
    }
    let mut text = to_text(path, bytes, ended)?;
    let read = text.len() as u64;
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    text.drain(..start);
    Ok(TextFile { text, start, read, size })
}

/// Appends at most `count` bytes and says whether the input ended before. What is allocated never exceeds
/// `count`, which is why the buffer is not left to grow by itself.
pub(crate) fn read_at_most(input: &mut dyn Read, count: u64, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    while bytes.len() < count {
        let step = bytes.len().max(FIRST_STEP).min(count - bytes.len());
        bytes.reserve_exact(step);
        let read = (&mut *input).take(step as u64).read_to_end(bytes)?;
        if read < step {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The bytes as text. A char that is incomplete at the end is dropped if the file was cut there.
fn to_text(path: &Path, bytes: Vec<u8>, ended: bool) -> Result<String> {
    String::from_utf8(bytes).or_else(|error| {
        let reason = error.utf8_error();
        let valid = reason.valid_up_to();
        if ended || reason.error_len().is_some() {
            return Err(Error::InvalidUtf8 { path: path.to_owned(), line: None, offset: valid as u64 });
        }
        let mut bytes = error.into_bytes();
        bytes.truncate(valid);
        Ok(String::from_utf8(bytes).expect("valid up to here, as the error says"))
    })
}
