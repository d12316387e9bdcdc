//! The records of a CSV stream (RFC 4180), whatever their columns mean.
//!
//! Where a record ends is found here, line by line, so that line numbers and byte offsets are exact and a
//! quote that is never closed costs bounded memory. Cutting a record into cells is left to the `csv` crate.

use std::path::{Path, PathBuf};

use ::csv::{ReaderBuilder, StringRecord, Terminator};

use crate::error::{Error, Result};
use crate::lines::{Line, Lines, utf8};

/// Reads one record after the other.
pub(crate) struct Records {
    lines: Lines,
    path: PathBuf,
    /// The bytes of the current record.
    record: Vec<u8>,
    done: bool,
}

impl Records {
    pub(crate) fn new(lines: Lines) -> Self {
        Self { path: lines.path().to_owned(), lines, record: Vec::new(), done: false }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The cells of the next record and the line on which it begins.
    pub(crate) fn next_record(&mut self) -> Result<Option<(u64, StringRecord)>> {
        if self.done {
            return Ok(None);
        }
        let Some((number, offset)) = self.gather()? else {
            return Ok(None);
        };
        let record = Line { number, offset, bytes: &self.record };
        let text = utf8(&self.path, &record)?;
        let mut cells = StringRecord::new();
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(text.len().max(1))
            .from_reader(text.as_bytes())
            .read_record(&mut cells)
            .expect("bytes in memory, valid UTF-8, any number of cells: nothing is left to fail");
        Ok(Some((number, cells)))
    }

    /// Gathers the lines of one record and returns the number and byte offset of the first.
    fn gather(&mut self) -> Result<Option<(u64, u64)>> {
        self.record.clear();
        let mut start = None;
        let mut state = State::CellStart;
        while let Some(line) = self.lines.next_line()? {
            let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes);
            if start.is_none() && bytes.is_empty() {
                continue;
            }
            let first = *start.get_or_insert((line.number, line.offset));
            state = line.bytes.iter().fold(state, |state, byte| state.after(*byte));
            let bytes = if state == State::Quoted { line.bytes } else { bytes };
            self.record.extend(bytes);
            if self.record.len() > self.lines.limit() {
                self.done = true;
                return Err(Error::RecordTooLong {
                    path: self.path.clone(),
                    line: first.0,
                    limit: self.lines.limit() as u64,
                });
            }
            if state != State::Quoted {
                return Ok(Some(first));
            }
            self.record.push(b'\n');
        }
        match start {
            None => Ok(None),
            Some((line, _)) => Err(Error::UnclosedQuote { path: self.path.clone(), line }),
        }
    }
}

/// Where in a record the reader stands, as far as it matters for finding its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Unquoted,
    Quoted,
    /// After a quote inside a quoted cell: its end, or the first half of a doubled quote.
    QuoteInQuoted,
}

impl State {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (State::CellStart, b'"') | (State::QuoteInQuoted, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) => State::Quoted,
            (_, b',') => State::CellStart,
            _ => State::Unquoted,
        }
    }
}
