//! What can be wrong with a file, where, and what to do about it.
//!
//! Messages are lower-case, without a full stop, values in backticks. An underlying I/O error is the `source`
//! and is not repeated in the message. Byte offsets count from 0 in the *uncompressed* file, lines from 1.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::READ_EXTENSIONS;
use crate::overlap::IndexError;
use crate::rows;

/// The result of reading.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file, a line or a record could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at this path.
    #[error("`{}` does not exist", path.display())]
    NotFound {
        /// The path asked for.
        path: PathBuf,
    },

    /// A single text was asked for and the path is a folder.
    #[error("`{}` is a folder, not a text file", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },

    /// The file is there and cannot be opened.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Reading failed on the way: a disk error, or broken compressed data.
    #[error("cannot read `{}` beyond byte {offset}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// How many uncompressed bytes had been read.
        offset: u64,
        /// What the system or the decompressor said.
        source: io::Error,
    },

    /// A file cannot be written: the disk is full, the folder read-only or missing.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// An overlap index cannot be made or used.
    #[error("cannot use `{}`", path.display())]
    Index {
        /// The index, or the first file of the corpus.
        path: PathBuf,
        /// Why.
        #[source]
        reason: IndexError,
    },

    /// The extension does not name a format that is read.
    #[error(
        "`{}` has {}; read are {READ_EXTENSIONS}", path.display(), extension_found(extension)
    )]
    UnknownExtension {
        /// The file.
        path: PathBuf,
        /// The extension with its dot, such as `.pdf` or `.pdf.gz`; empty if there is none.
        extension: String,
    },

    /// A folder holds no file of a format that is read.
    #[error("nothing to read in the folder `{}`; read are {READ_EXTENSIONS}", path.display())]
    NothingToRead {
        /// The folder.
        path: PathBuf,
    },

    /// The file is not text.
    #[error("`{}` looks like a binary file: NUL at byte {offset}", path.display())]
    Binary {
        /// The file.
        path: PathBuf,
        /// Where the first NUL is.
        offset: u64,
    },

    /// The bytes are not UTF-8.
    #[error("{}: invalid UTF-8 at byte {offset}", place(path, *line))]
    InvalidUtf8 {
        /// The file.
        path: PathBuf,
        /// The line on which the record begins; `None` in a plain text.
        line: Option<u64>,
        /// Where in the file the first wrong byte is.
        offset: u64,
    },

    /// A plain text is larger than a document may be.
    #[error("`{}` is longer than {limit} bytes, too long for one document", path.display())]
    DocumentTooLong {
        /// The file.
        path: PathBuf,
        /// The largest size in bytes.
        limit: u64,
    },

    /// A line or a CSV record is larger than a record may be.
    #[error("{}: longer than {limit} bytes, too long for one record", place(path, Some(*line)))]
    RecordTooLong {
        /// The file.
        path: PathBuf,
        /// The line on which the record begins.
        line: u64,
        /// The largest size in bytes.
        limit: u64,
    },

    /// A line is not JSON.
    #[error("{}: broken JSON at column {column}: {reason}", place(path, Some(*line)))]
    BrokenJson {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The byte of the line, from 1.
        column: u64,
        /// What the parser said.
        reason: String,
    },

    /// A line is JSON of another kind.
    #[error("{}: expected a JSON object, found {found}", place(path, Some(*line)))]
    NotAnObject {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// What is there, such as `an array`.
        found: &'static str,
    },

    /// A record has no text.
    #[error("{}: no field `{field}`", place(path, Some(*line)))]
    MissingField {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The field that is missing or null.
        field: &'static str,
    },

    /// A field holds a value of another type.
    #[error("{}: `{field}` must be {expected}, found {found}", place(path, Some(*line)))]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The field.
        field: &'static str,
        /// What belongs there, such as `a string`.
        expected: &'static str,
        /// What is there, such as `an array`.
        found: &'static str,
    },

    /// A label is neither `human` nor `machine`.
    #[error("{}: unknown label `{found}`", place(path, Some(*line)))]
    UnknownLabel {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The label found, shortened.
        found: String,
    },

    /// A CSV header lacks a column, or has it twice.
    #[error("{}: the header has {count} columns `{column}`, expected one", place(path, Some(*line)))]
    Header {
        /// The file.
        path: PathBuf,
        /// The line of the header.
        line: u64,
        /// The column.
        column: &'static str,
        /// How often it is there.
        count: usize,
    },

    /// A table of scores or labels lacks a column, or has it twice.
    #[error("`{}`: the table has {} column `{column}`, its columns are: {found}", path.display(), how_many(*count))]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// How often it is there.
        count: usize,
        /// The columns that are there.
        found: String,
    },

    /// A table was asked for and the file is plain text.
    #[error("`{}` is no table; tables are .csv and .jsonl, each also .gz or .zst", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
    },

    /// A CSV record is not as wide as the header.
    #[error("{}: expected {expected} cells as in the header, found {found}", place(path, Some(*line)))]
    WrongWidth {
        /// The file.
        path: PathBuf,
        /// The line on which the record begins.
        line: u64,
        /// The number of columns in the header.
        expected: usize,
        /// The number of cells in the record.
        found: usize,
    },

    /// A CSV file ends inside a quoted cell.
    #[error("{}: the file ends inside a quoted cell of this record", place(path, Some(*line)))]
    UnclosedQuote {
        /// The file.
        path: PathBuf,
        /// The line on which the record begins.
        line: u64,
    },
}

impl Error {
    /// One sentence that tells the user what to do, if there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::NotFound { .. } => "check the spelling and the folder you are in".into(),
            Error::Folder { path } => format!("name the files in it, e.g. `{}`", path.join("*.txt").display()),
            Error::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "check the permissions, e.g. with `ls -l`".into()
            }
            Error::Open { .. } => return None,
            Error::Read { path, .. } => return read_hint(path),
            Error::Write { source, .. } => return write_hint(source),
            Error::Index { reason, .. } => return reason.hint(),
            Error::UnknownExtension { extension, .. } => extension_hint(extension),
            Error::NothingToRead { .. } => {
                "rename the files to the format they are in, e.g. `.txt` for plain text".into()
            }
            Error::Binary { .. } => "save it as plain text first; if it is text in UTF-16, convert it with \
                 `iconv -f utf-16 -t utf-8`"
                .into(),
            Error::InvalidUtf8 { offset: 0, .. } => {
                "convert it first; text that is wrong from its first byte on is mostly UTF-16: \
                 `iconv -f utf-16 -t utf-8`"
                    .into()
            }
            Error::InvalidUtf8 { .. } => "convert it first, for example with `iconv -f latin1 -t utf-8`".into(),
            Error::DocumentTooLong { .. } => {
                "split it, e.g. with `split --line-bytes=1M --additional-suffix=.txt`".into()
            }
            Error::RecordTooLong { .. } => {
                "check that every document is on a line of its own and that quotes are closed".into()
            }
            Error::BrokenJson { .. } | Error::NotAnObject { .. } => {
                "every line must be one whole JSON object, e.g. `{\"text\": \"…\"}`".into()
            }
            Error::MissingField { .. } => "only `text` is needed; `id`, `label`, `generator`, `domain`, `source` and \
                 `attack` are optional"
                .into(),
            Error::WrongType { .. } => return None,
            Error::UnknownLabel { .. } => "labels are `human` and `machine`".into(),
            Error::Header { .. } => {
                "the first record must name the columns, separated by commas, e.g. `id,text,label`".into()
            }
            Error::Column { column, count, found, .. } => rows::column_hint(column, *count, found),
            Error::NoTable { .. } => "Parquet and spreadsheets: export them as CSV first".into(),
            Error::WrongWidth { .. } => {
                "a cell with a comma, a quote or a line break in it must be in double quotes".into()
            }
            Error::UnclosedQuote { .. } => {
                "close the quote; a quote inside a quoted cell is written twice: `\"\"`".into()
            }
        };
        Some(hint)
    }

    /// Whether only one record is wrong, so that the next one can be read as if nothing had happened.
    #[must_use]
    pub fn is_of_record(&self) -> bool {
        match self {
            Error::InvalidUtf8 { line, .. } => line.is_some(),
            Error::RecordTooLong { .. }
            | Error::BrokenJson { .. }
            | Error::NotAnObject { .. }
            | Error::MissingField { .. }
            | Error::WrongType { .. }
            | Error::UnknownLabel { .. }
            | Error::WrongWidth { .. } => true,
            _ => false,
        }
    }

    /// The variant that tells a missing file from one that cannot be opened.
    pub(crate) fn open(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Error::NotFound { path },
            _ => Error::Open { path, source },
        }
    }
}

fn place(path: &Path, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("`{}`, line {line}", path.display()),
        None => format!("`{}`", path.display()),
    }
}

fn how_many(count: usize) -> String {
    if count == 0 { "no".to_owned() } else { format!("{count} times the") }
}

fn extension_found(extension: &str) -> String {
    match extension {
        "" => "no extension".into(),
        _ => format!("the unknown extension `{extension}`"),
    }
}

fn extension_hint(extension: &str) -> String {
    match extension {
        ".json" => "write one object per line, e.g. with `jq -c '.[]'`, and name it `.jsonl`",
        ".pdf" | ".doc" | ".docx" | ".odt" | ".rtf" | ".html" | ".htm" | ".epub" => "save it as plain text first",
        _ => "rename it to the format it is in, e.g. `.txt` for plain text",
    }
    .into()
}

fn write_hint(source: &io::Error) -> Option<String> {
    let hint = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk, or write to another",
        io::ErrorKind::FileTooLarge => "the file system or `ulimit -f` allows no larger files",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "write to a folder that is yours",
        io::ErrorKind::NotFound => "make the folder first, e.g. with `mkdir -p`",
        _ => return None,
    };
    Some(hint.into())
}

fn read_hint(path: &Path) -> Option<String> {
    let tool = match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "gz" => "gzip -t",
        "zst" => "zstd --long=31 -t",
        _ => return None,
    };
    Some(format!("test the file with `{tool}`; it may be incomplete"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_told_from_one_that_cannot_be_opened() {
        let open = |kind| Error::open(Path::new("a"), io::Error::from(kind));
        let missing = open(io::ErrorKind::NotFound);
        assert_eq!(missing.to_string(), "`a` does not exist");
        let denied = open(io::ErrorKind::PermissionDenied);
        assert_eq!(denied.to_string(), "cannot open `a`");
        assert_eq!(denied.hint().as_deref(), Some("check the permissions, e.g. with `ls -l`"));
    }

    #[test]
    fn the_hint_fits_the_extension() {
        assert!(extension_hint(".json").contains("jq"));
        assert!(extension_hint(".docx").contains("plain text first"));
        assert!(extension_hint("").contains("rename"));
    }
}
