//! Comma-separated values (RFC 4180) with a header; the columns are the fields of JSONL, in any order.
//!
//! An empty cell is an absent field, except for `text`.

use ::csv::StringRecord;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::field::{Field, Fields};
use crate::lines::Lines;
use crate::records::Records;

/// The documents of a CSV stream.
pub(crate) struct Csv {
    records: Records,
    /// For each column the field it holds, `None` for a column that is not read. Empty before the header.
    columns: Vec<Option<&'static str>>,
    done: bool,
}

impl Iterator for Csv {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if self.columns.is_empty()
            && let Err(error) = self.read_header()
        {
            self.done = true;
            return Some(Err(error));
        }
        self.next_document().transpose()
    }
}

impl Csv {
    pub(crate) fn new(lines: Lines) -> Self {
        Self { records: Records::new(lines), columns: Vec::new(), done: false }
    }

    fn read_header(&mut self) -> Result<()> {
        let (line, cells) = self.records.next_record()?.unwrap_or((1, StringRecord::new()));
        let names: Vec<&str> = cells.iter().map(str::trim).collect();
        for column in Fields::NAMES {
            let count = names.iter().filter(|name| **name == column).count();
            if count > 1 || (count == 0 && column == "text") {
                return Err(Error::Header { path: self.records.path().to_owned(), line, column, count });
            }
        }
        self.columns = names.iter().map(|name| Fields::NAMES.into_iter().find(|field| field == name)).collect();
        Ok(())
    }

    fn next_document(&mut self) -> Result<Option<Document>> {
        let Some((line, cells)) = self.records.next_record()? else {
            return Ok(None);
        };
        if cells.len() != self.columns.len() {
            return Err(Error::WrongWidth {
                path: self.records.path().to_owned(),
                line,
                expected: self.columns.len(),
                found: cells.len(),
            });
        }
        let mut fields = Fields::default();
        for (column, cell) in self.columns.iter().zip(&cells) {
            let Some(name) = column else { continue };
            if let Some(field) = fields.get_mut(name)
                && (*name == "text" || !cell.is_empty())
            {
                *field = Field::String(cell.to_owned());
            }
        }
        fields.into_document(self.records.path(), line).map(Some)
    }
}
