//! Opening files, folders and standard input as one stream of documents.
//!
//! Which bytes make a document is decided in `jsonl.rs`, `csv.rs`, `parquet/` and `plain.rs`; here a format is chosen and
//! one file is put after the other. One document is in memory at a time.

use std::fmt;
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::vec;

use crate::compression;
use crate::csv::Csv;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::folder;
use crate::format::{self, Format};
use crate::jsonl::Jsonl;
use crate::lines::{Lines, MAX_RECORD_BYTES};
use crate::parquet::Parquet;
use crate::plain::Plain;

/// The documents of one file, or of all readable files under a folder.
///
/// A folder is read in sorted order, at any depth; files whose extension is unknown are left out there and
/// listed by [`Documents::left_out`].
///
/// # Errors
///
/// If the path does not exist, a folder cannot be listed or holds nothing to read, or the extension of the
/// file is unknown. The file itself is opened by the iterator, whose first item may be an error.
pub fn open(path: &Path) -> Result<Documents> {
    open_all(&[path.to_owned()])
}

/// The documents of several files and folders, in the order given.
///
/// # Errors
///
/// As for [`open`], with the first path that is wrong.
pub fn open_all(paths: &[PathBuf]) -> Result<Documents> {
    let mut files = Vec::new();
    let mut left_out = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|source| Error::open(path, source))?;
        if !metadata.is_dir() {
            format::of(path)?;
            files.push(path.clone());
            continue;
        }
        let (readable, unknown): (Vec<_>, Vec<_>) =
            folder::files(path)?.into_iter().partition(|file| format::of(file).is_ok());
        if readable.is_empty() {
            return Err(Error::NothingToRead { path: path.clone() });
        }
        files.extend(readable);
        left_out.extend(unknown);
    }
    Ok(Documents { files: files.into_iter(), current: None, left_out })
}

/// The documents of a JSONL stream such as standard input, `BufReader::new(std::io::stdin())`.
///
/// `name` stands for the path in messages.
pub fn open_reader(name: &str, input: impl BufRead + Send + 'static) -> Documents {
    let lines = Lines::new(name.into(), Box::new(input), MAX_RECORD_BYTES);
    Documents { files: Vec::new().into_iter(), current: Some(Box::new(Jsonl { lines })), left_out: Vec::new() }
}

/// A stream of documents, see [`open`].
///
/// An item is an error where a file, a line or a record is wrong; the stream goes on after it with the next
/// line or record, or with the next file where the rest of a file cannot be read.
pub struct Documents {
    files: vec::IntoIter<PathBuf>,
    current: Option<FileDocuments>,
    left_out: Vec<PathBuf>,
}

type FileDocuments = Box<dyn Iterator<Item = Result<Document>> + Send>;

impl Documents {
    /// The files under the given folders that are not read because their extension is unknown.
    #[must_use]
    pub fn left_out(&self) -> &[PathBuf] {
        &self.left_out
    }
}

impl Iterator for Documents {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.current.as_mut().and_then(Iterator::next) {
                return Some(item);
            }
            self.current = None;
            match open_file(&self.files.next()?) {
                Ok(documents) => self.current = Some(documents),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents")
            .field("files", &self.files.as_slice())
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}

fn open_file(path: &Path) -> Result<FileDocuments> {
    let (format, compression) = format::of(path)?;
    let input = || compression::open(path, compression);
    let lines = || -> Result<Lines> { Ok(Lines::new(path.to_owned(), input()?, MAX_RECORD_BYTES)) };
    Ok(match format {
        Format::Plain => {
            Box::new(Plain::new(path, input()?, MAX_RECORD_BYTES).map(|piece| piece.map(|piece| piece.document)))
        }
        Format::Jsonl => Box::new(Jsonl { lines: lines()? }),
        Format::Csv => Box::new(Csv::new(lines()?)),
        Format::Parquet => Box::new(Parquet::open(path)?),
    })
}
