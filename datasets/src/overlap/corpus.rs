//! The documents of a corpus with the place each comes from, in an order that does not depend on the machine.
//!
//! Files, folders and patterns such as `books/*.txt`. One document is in memory at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compression;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::folder;
use crate::format::{self, Format};
use crate::hold_out::is_held_out;
use crate::lines::MAX_RECORD_BYTES;
use crate::plain::{Piece, Plain};
use crate::reader::{Documents, open_all};

/// The files of a corpus, or its texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corpus {
    files: Vec<PathBuf>,
    left_out: Vec<PathBuf>,
    texts: Arc<[String]>,
    part: Part,
}

/// Which documents of a corpus are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    #[default]
    Whole,
    /// Those a model was trained on, where so many documents in 1000 were held out ([`crate::is_held_out`]).
    Training(u32),
    /// Those that were held out.
    HeldOut(u32),
}

impl Part {
    fn has(self, id: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Training(permille) => !is_held_out(id, permille),
            Self::HeldOut(permille) => is_held_out(id, permille),
        }
    }
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
    /// What to add to a byte of `text` to have the byte of a plain text's file: 3 after a byte order mark, more in a piece of a
    /// long file, else 0. Of a document in a JSONL, CSV or Parquet file bytes are those of its text.
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
        let mut corpus = Self::default();
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

    /// Texts that are at hand, as documents `0`, `1`, ... of the file `<memory>`.
    #[must_use]
    pub fn of_texts(texts: Vec<String>) -> Self {
        Self { texts: texts.into(), ..Self::default() }
    }

    /// The same files, but only some of their documents.
    #[must_use]
    pub fn part(self, part: Part) -> Self {
        Self { part, ..self }
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

    /// What an error calls it: its first file.
    pub(crate) fn name(&self) -> PathBuf {
        self.files.first().cloned().unwrap_or_else(|| "<memory>".into())
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
        Sources { files: self.files.iter(), current: None, texts: self.texts.iter().enumerate(), part: self.part }
    }
}

/// The documents of a corpus.
pub struct Sources<'a> {
    files: std::slice::Iter<'a, PathBuf>,
    current: Option<(Arc<Path>, Current)>,
    texts: std::iter::Enumerate<std::slice::Iter<'a, String>>,
    part: Part,
}

/// The file that is being read.
enum Current {
    Plain(Plain),
    Records(Documents),
}

impl Iterator for Current {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Plain(pieces) => pieces.next(),
            Self::Records(documents) => Some(documents.next()?.map(|document| Piece { document, start: 0 })),
        }
    }
}

impl std::fmt::Debug for Sources<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sources").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Iterator for Sources<'_> {
    type Item = Result<Source>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let item = self.next_of_all()?;
            if item.as_ref().map_or(true, |source| self.part.has(&source.id)) {
                return Some(item);
            }
        }
    }
}

impl Sources<'_> {
    fn next_of_all(&mut self) -> Option<Result<Source>> {
        loop {
            if let Some((path, pieces)) = &mut self.current {
                match pieces.next() {
                    Some(Ok(Piece { document: Document { id, text, .. }, start })) => {
                        let start = usize::try_from(start).unwrap_or(usize::MAX);
                        return Some(Ok(Source { path: Arc::clone(path), id, text, start }));
                    }
                    Some(Err(error)) => return Some(Err(error)),
                    None => self.current = None,
                }
            }
            let Some(path) = self.files.next() else {
                let (number, text) = self.texts.next()?;
                let path = Path::new("<memory>").into();
                return Some(Ok(Source { path, id: number.to_string(), text: text.clone(), start: 0 }));
            };
            match open(path) {
                Ok(current) => self.current = Some((path.as_path().into(), current)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn open(path: &Path) -> Result<Current> {
    Ok(match format::of(path)? {
        (Format::Plain, compression) => {
            Current::Plain(Plain::new(path, compression::open(path, compression)?, MAX_RECORD_BYTES))
        }
        _ => Current::Records(open_all(&[path.to_owned()])?),
    })
}
