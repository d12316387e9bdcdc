//! JSON Lines: one object, one document per line. Blank lines are skipped.
//!
//! A broken line is one error; the next line is read as if nothing had happened.

use serde::de::DeserializeOwned;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::field::{Field, Fields};
use crate::lines::{Lines, utf8};

/// The documents of a JSONL stream.
pub(crate) struct Jsonl {
    pub(crate) lines: Lines,
}

impl Iterator for Jsonl {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_document().transpose()
    }
}

impl Jsonl {
    fn next_document(&mut self) -> Result<Option<Document>> {
        let path = self.lines.path().to_owned();
        while let Some(line) = self.lines.next_line()? {
            let number = line.number;
            let json = utf8(&path, &line)?;
            let parse_error = |error| broken_json(&path, number, error);
            let start = json.trim_ascii_start();
            if start.is_empty() {
                continue;
            }
            // A derived struct would also accept an array of the fields in order.
            if !start.starts_with('{') {
                let value: Field = parse(json).map_err(parse_error)?;
                return Err(Error::NotAnObject { path, line: number, found: value.kind() });
            }
            let fields: Fields = parse(json).map_err(parse_error)?;
            return fields.into_document(&path, number).map(Some);
        }
        Ok(None)
    }
}

fn parse<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json)
}

fn broken_json(path: &std::path::Path, line: u64, error: serde_json::Error) -> Error {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    Error::BrokenJson {
        path: path.to_owned(),
        line,
        column: error.column() as u64,
        reason: message.strip_suffix(&position).unwrap_or(&message).to_owned(),
    }
}
