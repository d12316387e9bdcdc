//! An index file comes to be: under another name until it is whole.
//!
//! The temporary file lies beside the index, is called after it and is used again by the next try, so that runs that were
//! killed leave one file at most. It is locked while it is written.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::checksum::{Checksum, PIECE_BYTES};
use super::error::IndexError;
use super::filter::{Fill, LINE_BYTES};
use super::header::{HEADER_BYTES, Header, MAGIC};
use super::pipeline::map_all;
use crate::error::{Error, Result};

/// Whether a file begins as an index does, of whatever version; an empty file may become one.
fn is_index(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut begin));
    read.is_ok() && (begin.is_empty() || begin == MAGIC)
}

pub(crate) struct IndexWriter {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    checksum: Checksum,
    fill: Fill,
    finished: bool,
}

impl IndexWriter {
    /// Starts an index that will be at `path`.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.part"));
        let write_error = |source| Error::Write { path: path.to_owned(), source };
        if path.is_dir() {
            return Err(write_error(io::ErrorKind::IsADirectory.into()));
        }
        if path.is_file() && !is_index(path) {
            return Err(Error::Index { path: path.to_owned(), reason: IndexError::NotReplaced });
        }
        let mut file =
            File::options().write(true).create(true).truncate(false).open(&temporary).map_err(write_error)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Index { path: path.to_owned(), reason: IndexError::Busy });
            }
            // A file system without locks is used without.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        if !is_still_named(&file, &temporary) {
            return Err(Error::Index { path: path.to_owned(), reason: IndexError::Busy });
        }
        file.set_len(0).and_then(|()| file.write_all(&[0; HEADER_BYTES])).map_err(write_error)?;
        let (checksum, fill) = (Checksum::default(), Fill::default());
        Ok(Self { path: path.to_owned(), temporary, file, checksum, fill, finished: false })
    }

    /// Adds lines; all but the last call with whole pieces of the checksum.
    pub(crate) fn write(&mut self, bytes: &[u8], threads: usize) -> Result<()> {
        let (checksum, fill) = examine(bytes, threads);
        self.checksum.append(&checksum);
        self.fill = self.fill.and(fill);
        self.file.write_all(bytes).map_err(|source| self.write_error(source))
    }

    /// Writes the header and gives the file its name.
    pub(crate) fn finish(mut self, header: Header) -> Result<Header> {
        let header = Header { checksum: self.checksum.finish(), ..header };
        let rate = self.fill.false_positive_rate();
        if header.tally.ngrams > header.expected && rate > header.rate {
            let reason = IndexError::Overfull {
                ngrams: header.tally.ngrams,
                expected: header.expected,
                rate,
                promised: header.rate,
            };
            return Err(Error::Index { path: self.path.clone(), reason });
        }
        let complete = |file: &mut File| {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header.to_bytes())?;
            file.sync_all()
        };
        complete(&mut self.file)
            .and_then(|()| fs::rename(&self.temporary, &self.path))
            .map_err(|source| self.write_error(source))?;
        self.finished = true;
        Ok(header)
    }

    fn write_error(&self, source: io::Error) -> Error {
        Error::Write { path: self.path.clone(), source }
    }
}

impl Drop for IndexWriter {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing can be done about a temporary file that cannot be removed; the next run uses it again.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Whether a file is what its name stands for: the run that had the lock before may have given it its final name.
#[cfg(unix)]
fn is_still_named(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().ok().map(identity) == fs::metadata(path).ok().map(identity)
}

#[cfg(not(unix))]
fn is_still_named(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// The checksum of whole pieces and how full their lines are.
pub(crate) fn examine(bytes: &[u8], threads: usize) -> (Checksum, Fill) {
    let pieces: Vec<&[u8]> = bytes.chunks(PIECE_BYTES).collect();
    let examined = map_all(
        &pieces,
        threads,
        || (),
        |(), piece| {
            let (mut checksum, mut fill) = (Checksum::default(), Fill::default());
            checksum.add(piece);
            piece.as_chunks::<LINE_BYTES>().0.iter().for_each(|line| fill.add(line));
            (checksum, fill)
        },
    );
    let mut all = (Checksum::default(), Fill::default());
    for (checksum, fill) in examined {
        all.0.append(&checksum);
        all.1 = all.1.and(fill);
    }
    all
}
