//! The documents of a corpus with the place each comes from, in an order that does not depend on the machine.
//!
//! Files, folders and patterns such as `books/*.txt`. One document is in memory at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compression;
use crate::error::{Error, Result};
use crate::folder;
use crate::format::{self, Format};
use crate::lines::MAX_RECORD_BYTES;
use crate::reader::{Documents, open_all};
use crate::text::read_text_from;

/// The files of a corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    files: Vec<PathBuf>,
    left_out: Vec<PathBuf>,
}

/// A text and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub path: Arc<Path>,
    /// The document in it.
    pub id: String,
    /// Its text.
    pub text: String,
    /// What to add to a byte of `text` to have the byte of a plain text's file: 3 after a byte order mark, else 0. Of a document
    /// in a JSONL or CSV file bytes are those of its text.
    pub start: usize,
}

impl Corpus {
    /// Finds the files: those named, all readable ones under the folders named, and those that match a pattern with `*`, `?`
    /// or `[…]` where there is no file of that name; each of the three in sorted order.
    ///
    /// # Errors
    ///
    /// If a path does not exist or matches nothing, a folder holds nothing to read, or an extension is unknown.
    pub fn open(paths: &[PathBuf]) -> Result<Self> {
        let mut corpus = Self { files: Vec::new(), left_out: Vec::new() };
        for path in paths {
            if path.exists() {
                corpus.add(path)?;
                continue;
            }
            let missing = || Error::NotFound { path: path.clone() };
            let found = path.to_str().and_then(|pattern| glob::glob(pattern).ok()).ok_or_else(missing)?;
            let mut matches: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
            matches.sort();
            if matches.is_empty() {
                return Err(missing());
            }
            matches.iter().try_for_each(|path| corpus.add(path))?;
        }
        Ok(corpus)
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        if !path.is_dir() {
            format::of(path)?;
            self.files.push(path.to_owned());
            return Ok(());
        }
        let (readable, unknown): (Vec<_>, Vec<_>) =
            folder::files(path)?.into_iter().partition(|file| format::of(file).is_ok());
        if readable.is_empty() {
            return Err(Error::NothingToRead { path: path.to_owned() });
        }
        self.files.extend(readable);
        self.left_out.extend(unknown);
        Ok(())
    }

    /// The files, in the order they are read.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The files under the given folders that are not read because their extension is unknown.
    #[must_use]
    pub fn left_out(&self) -> &[PathBuf] {
        &self.left_out
    }

    /// Bytes of the files on disk, compressed or not.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().filter_map(|file| fs::metadata(file).ok()).map(|metadata| metadata.len()).sum()
    }

    /// All documents. An item is an error where a file or a record is wrong; see [`Error::is_of_record`].
    #[must_use]
    pub fn sources(&self) -> Sources<'_> {
        Sources { files: self.files.iter(), current: None }
    }
}

/// The documents of a corpus.
#[derive(Debug)]
pub struct Sources<'a> {
    files: std::slice::Iter<'a, PathBuf>,
    current: Option<(Arc<Path>, Documents)>,
}

impl Iterator for Sources<'_> {
    type Item = Result<Source>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((path, documents)) = &mut self.current {
                match documents.next() {
                    Some(Ok(document)) => {
                        let path = Arc::clone(path);
                        return Some(Ok(Source { path, id: document.id, text: document.text, start: 0 }));
                    }
                    Some(Err(error)) => return Some(Err(error)),
                    None => self.current = None,
                }
            }
            let path = self.files.next()?;
            match format::of(path) {
                Ok((Format::Plain, _)) => return Some(read_plain(path)),
                Ok(_) => match open_all(std::slice::from_ref(path)) {
                    Ok(documents) => self.current = Some((path.as_path().into(), documents)),
                    Err(error) => return Some(Err(error)),
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A plain text, which is one document, named after its file.
fn read_plain(path: &Path) -> Result<Source> {
    let limit = MAX_RECORD_BYTES as u64;
    let (_, compression) = format::of(path)?;
    let input = compression::open(path, compression)?;
    let file = read_text_from(&path.to_string_lossy(), input, limit)?;
    if !file.is_whole() {
        return Err(Error::DocumentTooLong { path: path.to_owned(), limit });
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Source { path: path.into(), id: name.to_string_lossy().into_owned(), text: file.text, start: file.start })
}
