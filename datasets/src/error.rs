//! What can be wrong with a file, where, and what to do about it.
//!
//! Messages are lower-case, without a full stop, values in backticks. An underlying I/O error is the `source`
//! and is not repeated in the message. Byte offsets count from 0 in the *uncompressed* file (in a cell of a Parquet file), lines
//! from 1 (rows of a Parquet file, which has no lines).

use crate::text::TextKind;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::READ_EXTENSIONS;
use crate::overlap::IndexError;
use crate::parquet::ParquetError;

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

    /// A single text was asked for and the file is of another kind, by its name.
    #[error("`{}` is {kind}, not one plain text", path.display())]
    NotOneText {
        /// The file.
        path: PathBuf,
        /// What it is.
        kind: TextKind,
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

    /// A text that is read whole is larger than a document may be.
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

    /// A Parquet file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        reason: ParquetError,
    },

    /// A Parquet file lacks a column that texts need, or has it twice.
    #[error("`{}` has {} column `{column}`, its columns are: {found}", path.display(), how_many(*count))]
    NoField {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// How often it is there.
        count: usize,
        /// The columns that are there.
        found: String,
    },

    /// A column of a Parquet file holds values of another type.
    #[error("`{}`: the column `{column}` must hold strings, found {found}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What it holds, such as `lists or structures`.
        found: &'static str,
    },

    /// A table was asked for and the file is plain text.
    #[error("`{}` is no table; tables are .csv and .jsonl, each also .gz or .zst, and .parquet", path.display())]
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
        Some(line) => {
            let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
            format!("`{}`, {} {line}", path.display(), if is_parquet { "row" } else { "line" })
        }
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
}
