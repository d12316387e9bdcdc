//! Plain text: the whole file is one document, named after the file.
//!
//! The only format whose document is as large as its file, so its size is bounded.

use std::path::Path;

use crate::compression::Input;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::lines::MAX_RECORD_BYTES;
use crate::text::read_text_from;

/// The one document of a plain text file.
pub(crate) fn read(path: &Path, input: Input) -> Result<Document> {
    let limit = MAX_RECORD_BYTES as u64;
    let file = read_text_from(&path.to_string_lossy(), input, limit)?;
    if !file.is_whole() {
        return Err(Error::DocumentTooLong { path: path.to_owned(), limit });
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Document { id: name.to_string_lossy().into_owned(), text: file.text, ..Document::default() })
}
