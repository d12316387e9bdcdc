//! Apache Parquet, as far as texts are stored in it: columns of strings and numbers, a row a document.
//!
//! Read are Parquet's flat columns in all encodings that writers use for them, uncompressed or in Snappy, gzip or Zstandard;
//! lists and structures are passed over. One page of each column that is asked for is in memory at a time. The `parquet`
//! crate does much more, and without Arrow still brings ten crates, among them a second `zstd`. The format:
//! <https://github.com/apache/parquet-format>.

mod column;
mod decode;
mod metadata;
mod thrift;
mod values;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use self::column::ColumnReader;
use self::metadata::{Column, Kind, Metadata};
use self::thrift::Read;
use self::values::Value;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::field::{Field, Fields};
use crate::lines::MAX_RECORD_BYTES;
use crate::rows::Row;

/// Why a Parquet file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// Something else.
    #[error("it is no Parquet file, it does not begin with `PAR1`")]
    Foreign,
    /// The footer is not there.
    #[error("it does not end with a footer, it was cut off")]
    CutOff,
    /// It needs a key.
    #[error("it is encrypted")]
    Encrypted,
    /// The metadata end too early.
    #[error("it is damaged, its metadata end too early")]
    End,
    /// Something in it cannot be.
    #[error("it is damaged, {what}")]
    Damaged {
        /// What.
        what: &'static str,
    },
    /// Something in it is not read here.
    #[error("it uses {what}, which is not read")]
    Unsupported {
        /// What.
        what: String,
    },
    /// What the system said.
    #[error("reading failed")]
    Io(#[source] io::Error),
}

impl ParquetError {
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Foreign => "rename it to the format it is in, e.g. `.csv`",
            Self::CutOff | Self::End | Self::Damaged { .. } => "copy or download it again; it may be incomplete",
            Self::Unsupported { .. } => {
                "write it again, e.g. in Python with `pandas.read_parquet(A).to_parquet(B, compression=\"zstd\")`"
            }
            Self::Encrypted | Self::Io(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// The rows of some columns of a file.
#[derive(Debug)]
pub(crate) struct ParquetRows {
    path: PathBuf,
    file: File,
    metadata: Metadata,
    /// The columns that are read, as places among all.
    selected: Vec<usize>,
    /// The next group, and the readers of the current one.
    group: usize,
    readers: Vec<ColumnReader>,
    left: u64,
    row: u64,
    failed: bool,
}

impl ParquetRows {
    /// Opens a file and selects the columns that are wanted; those of lists and the like never are.
    pub(crate) fn open(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let mut file = File::open(path).map_err(|source| Error::open(path, source))?;
        let fail = |reason| Error::Parquet { path: path.to_owned(), reason };
        let metadata = metadata::read(&mut file).map_err(fail)?;
        let is_wanted = |column: &Column| !matches!(column.kind, Kind::Other(_)) && wanted(&column.name);
        let selected = (0..metadata.columns.len()).filter(|at| is_wanted(&metadata.columns[*at])).collect();
        let path = path.to_owned();
        Ok(Self { path, file, metadata, selected, group: 0, readers: Vec::new(), left: 0, row: 0, failed: false })
    }

    /// The names of the columns that are read.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.selected.iter().map(|at| self.metadata.columns[*at].name.as_str())
    }

    /// The next row: its number from 1 and its values in the order of [`Self::names`]. After an error comes nothing.
    fn next_row(&mut self) -> Result<Option<(u64, Vec<Value>)>> {
        if self.failed {
            return Ok(None);
        }
        self.read_row().map_err(|reason| {
            self.failed = true;
            Error::Parquet { path: self.path.clone(), reason }
        })
    }

    fn read_row(&mut self) -> Read<Option<(u64, Vec<Value>)>> {
        while self.left == 0 {
            let Some(group) = self.metadata.groups.get(self.group) else { return Ok(None) };
            let reader = |at: &usize| {
                let column = &self.metadata.columns[*at];
                ColumnReader::new(column.kind, column.optional, group.chunks[column.chunk])
            };
            self.readers = self.selected.iter().map(reader).collect();
            self.left = group.rows;
            self.group += 1;
        }
        self.left -= 1;
        self.row += 1;
        let values = self.readers.iter_mut().map(|reader| reader.next(&mut self.file)).collect::<Read<_>>()?;
        Ok(Some((self.row, values)))
    }

    /// The next row as cells; nulls and empty texts are none.
    pub(crate) fn next_cells(&mut self) -> Result<Option<Row>> {
        let Some((line, values)) = self.next_row()? else { return Ok(None) };
        let mut row = Row { line, ..Row::default() };
        for (at, value) in self.selected.iter().zip(values) {
            let cell = match value {
                Value::Null => continue,
                Value::Text(bytes) => self.utf8(line, bytes)?,
                Value::Number(number) => number,
                Value::Flag(flag) => flag.to_string(),
                Value::TooLong => return Err(self.too_long(line)),
            };
            if !cell.is_empty() {
                row.cells.insert(self.metadata.columns[*at].name.clone(), cell);
            }
        }
        Ok(Some(row))
    }

    fn utf8(&self, row: u64, bytes: Vec<u8>) -> Result<String> {
        String::from_utf8(bytes).map_err(|error| Error::InvalidUtf8 {
            path: self.path.clone(),
            line: Some(row),
            offset: error.utf8_error().valid_up_to() as u64,
        })
    }

    fn too_long(&self, row: u64) -> Error {
        Error::RecordTooLong { path: self.path.clone(), line: row, limit: MAX_RECORD_BYTES as u64 }
    }
}

/// The documents of a Parquet file: the columns are the fields of JSONL, in any order.
#[derive(Debug)]
pub(crate) struct Parquet {
    rows: ParquetRows,
    names: Vec<&'static str>,
}

impl Parquet {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let rows = ParquetRows::open(path, |name| Fields::NAMES.contains(&name))?;
        let columns = &rows.metadata.columns;
        for column in Fields::NAMES {
            let kinds: Vec<Kind> =
                columns.iter().filter(|found| found.name == column).map(|found| found.kind).collect();
            if kinds.len() > 1 || (kinds.is_empty() && column == "text") {
                let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                let (path, column) = (path.to_owned(), column.to_owned());
                let found = names.join(", ").chars().take(200).collect();
                return Err(Error::NoField { path, column, count: kinds.len(), found });
            }
            for kind in kinds {
                let is_id = column == "id" && kind.name() == Kind::Int64.name();
                if kind != Kind::Bytes && !is_id {
                    return Err(Error::ColumnType { path: path.to_owned(), column, found: kind.name() });
                }
            }
        }
        let name = |name: &str| Fields::NAMES.into_iter().find(|field| *field == name);
        let names = rows.names().filter_map(name).collect();
        Ok(Self { rows, names })
    }

    fn next_document(&mut self) -> Result<Option<Document>> {
        let Some((row, values)) = self.rows.next_row()? else { return Ok(None) };
        let mut fields = Fields::default();
        for (name, value) in self.names.iter().zip(values) {
            let Some(field) = fields.get_mut(name) else { continue };
            *field = match value {
                Value::Null => Field::Null,
                Value::Text(bytes) => Field::String(self.rows.utf8(row, bytes)?),
                Value::Number(number) => Field::Number(number),
                Value::Flag(_) => Field::Other("a boolean"),
                Value::TooLong => return Err(self.rows.too_long(row)),
            };
        }
        fields.into_document(&self.rows.path, row).map(Some)
    }
}

impl Iterator for Parquet {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_document().transpose()
    }
}
