//! Rows of named cells, for tables whose columns only the caller knows: stored scores, labels under another name, groups.
//!
//! `.csv` with a header, or `.jsonl` with one flat object a line, each also `.gz` or `.zst`, or `.parquet`. Everything is a string
//! here; an empty or null cell is no cell. One row is in memory at a time, an error names the line, and the next row is read after
//! it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compression;
use crate::error::{Error, Result};
use crate::format::{self, Format};
use crate::lines::{Lines, MAX_RECORD_BYTES, utf8};
use crate::parquet::ParquetRows;
use crate::records::Records;

/// One row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, from 1; the row of a Parquet file.
    pub line: u64,
    /// What is in it, by name of column.
    pub cells: BTreeMap<String, String>,
}

impl Row {
    /// The cell of a column; `None` where it is empty.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }
}

/// The rows of a file, see [`open_rows`].
pub struct Rows {
    path: PathBuf,
    lines: Reader,
    columns: Vec<String>,
}

enum Reader {
    Csv(Records),
    Jsonl(Lines),
    Parquet(ParquetRows),
}

/// Chars of a name of a column in messages: without a header, the first text takes its place.
const SHOWN: usize = 40;

/// Fields of a text, which are looked for in columns of these names where nobody says which column holds them.
pub const FIELDS: [&str; 15] = [
    "id",
    "text",
    "label",
    "score",
    "source",
    "domain",
    "generator",
    "attack",
    "group",
    "split",
    "unit",
    "tokens",
    "verdict",
    "probability",
    "p_value",
];

/// What is said of the columns of a file that has none.
const EMPTY: &str = "none, it is empty";

/// Opens a table and checks that it has the columns that are needed: of a CSV by its header, of a JSONL by its first object, of a Parquet
/// file by its footer.
///
/// # Errors
/// If the file is a folder or cannot be opened, is none of `.csv`, `.jsonl` and `.parquet`, has no header, or lacks a column.
pub fn open_rows(path: &Path, needed: &[&str]) -> Result<Rows> {
    if path.is_dir() {
        return Err(Error::NoTable { path: path.to_owned() });
    }
    if let Err(source) = std::fs::metadata(path) {
        return Err(Error::open(path, source));
    }
    let (format, compression) = format::of(path)?;
    let lines = || -> Result<Lines> {
        Ok(Lines::new(path.to_owned(), compression::open(path, compression)?, MAX_RECORD_BYTES))
    };
    let (lines, columns) = match format {
        Format::Csv => {
            let mut records = Records::new(lines()?);
            let (_, cells) = records.next_record()?.unwrap_or_default();
            let columns = cells.iter().map(|name| name.trim().to_owned()).collect();
            (Reader::Csv(records), columns)
        }
        Format::Jsonl => {
            let first = next_object(&mut lines()?, path)?;
            let columns = first.map(|(_, object)| object.into_keys().collect()).unwrap_or_default();
            (Reader::Jsonl(lines()?), columns)
        }
        Format::Parquet => {
            let rows = ParquetRows::open(path, |_| true)?;
            let columns = rows.names().map(str::to_owned).collect();
            (Reader::Parquet(rows), columns)
        }
        Format::Plain => return Err(Error::NoTable { path: path.to_owned() }),
    };
    let rows = Rows { path: path.to_owned(), lines, columns };
    for column in needed {
        let count = rows.columns.iter().filter(|name| name == column).count();
        if count != 1 {
            let found = rows.columns.iter().map(|name| shortened(name)).collect::<Vec<_>>().join(", ");
            let found = if rows.columns.is_empty() { EMPTY.to_owned() } else { found };
            return Err(Error::Column { path: path.to_owned(), column: (*column).to_owned(), count, found });
        }
    }
    Ok(rows)
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// What to do about a column that a table lacks, or has more than once, by the names that were found.
pub(crate) fn column_hint(column: &str, count: usize, found: &str) -> String {
    let other = |name: &&str| name.eq_ignore_ascii_case(column);
    let is_field = FIELDS.contains(&column);
    match (count, found.split(", ").find(other)) {
        (0, _) if found == EMPTY => "it is empty: was it written to its end?".into(),
        (0, Some(name)) if is_field => format!("names are told apart by case too: `--column {column}={name}`"),
        (0, Some(name)) => format!("names are told apart by case too: say `{name}`"),
        (0, None) if found.contains(';') => "it is separated by semicolons; save it as CSV separated by commas".into(),
        (0, None) if found.contains('\t') => "it is separated by tabs; save it as CSV separated by commas".into(),
        (0, None) if found.contains('…') => {
            "is the header missing? The first line must name the columns, e.g. `id,text,label`".into()
        }
        _ if is_field => format!("name the column that holds it, e.g. `--column {column}=NAME`"),
        (0, None) => "name one of them".into(),
        _ => "rename all but one of them".into(),
    }
}

impl Rows {
    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next_row(&mut self) -> Result<Option<Row>> {
        match &mut self.lines {
            Reader::Csv(records) => {
                let Some((line, cells)) = records.next_record()? else { return Ok(None) };
                if cells.len() != self.columns.len() {
                    let (expected, found) = (self.columns.len(), cells.len());
                    return Err(Error::WrongWidth { path: self.path.clone(), line, expected, found });
                }
                let filled = self.columns.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
                let cells = filled.map(|(name, cell)| (name.clone(), cell.to_owned())).collect();
                Ok(Some(Row { line, cells }))
            }
            Reader::Jsonl(lines) => {
                let Some((line, object)) = next_object(lines, &self.path)? else { return Ok(None) };
                let cell = |(name, value): (String, Value)| match value {
                    Value::String(text) if !text.is_empty() => Some((name, text)),
                    Value::Number(number) => Some((name, number.to_string())),
                    Value::Bool(flag) => Some((name, flag.to_string())),
                    _ => None,
                };
                Ok(Some(Row { line, cells: object.into_iter().filter_map(cell).collect() }))
            }
            Reader::Parquet(rows) => rows.next_cells(),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("path", &self.path).field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// The next object and the line it stands on.
fn next_object(lines: &mut Lines, path: &Path) -> Result<Option<(u64, BTreeMap<String, Value>)>> {
    while let Some(line) = lines.next_line()? {
        let number = line.number;
        let json = utf8(path, &line)?;
        if json.trim_ascii().is_empty() {
            continue;
        }
        let object: BTreeMap<String, Value> = serde_json::from_str(json).map_err(|error| Error::BrokenJson {
            path: path.to_owned(),
            line: number,
            column: error.column() as u64,
            reason: "expected an object of cells".to_owned(),
        })?;
        return Ok(Some((number, object)));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(name: &str, content: &str) -> Result<Vec<Row>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        open_rows(&path, &["score"])?.collect()
    }

    #[test]
    fn a_csv_and_a_jsonl_of_the_same_rows_are_the_same() {
        let csv = rows("a.csv", "\u{FEFF}score,note\r\n0.5,\"a \"\"b\"\",\r\nc\"\r\n,x\r\n").unwrap();
        let jsonl =
            rows("a.jsonl", "{\"score\":0.5,\"note\":\"a \\\"b\\\",\\r\\nc\"}\n\n{\"note\":\"x\",\"score\":null}\n");
        let cells = |rows: &[Row]| rows.iter().map(|row| row.cells.clone()).collect::<Vec<_>>();
        assert_eq!(cells(&csv), cells(&jsonl.unwrap()));
        assert_eq!((csv[0].get("note"), csv[1].get("score")), (Some("a \"b\",\r\nc"), None));
        assert_eq!(csv.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let message = rows("a.csv", "id;score\n1;2\n").unwrap_err();
        assert!(message.to_string().ends_with("the table has no column `score`, its columns are: id;score"));
        assert!(message.hint().unwrap().contains("semicolons"));
        let hint = |content: &str| rows("a.csv", content).unwrap_err().hint().unwrap();
        assert!(hint("id\tscore\n1\t2\n").contains("tabs"));
        assert!(hint("id,Score\n1,2\n").ends_with("`--column score=Score`"));
        assert!(hint("One two three four five six seven eight nine,0.5\n").starts_with("is the header missing?"));
        assert_eq!(hint("score,score\n"), "name the column that holds it, e.g. `--column score=NAME`");
        assert_eq!(column_hint("team", 0, "club, essay"), "name one of them");
        assert!(column_hint("team", 0, "Team, essay").ends_with("say `Team`"));
        let empty = rows("a.csv", "").unwrap_err();
        assert!(empty.hint().unwrap().starts_with("it is empty"));
        assert!(empty.to_string().ends_with("its columns are: none, it is empty"), "{empty}");
        let folder = open_rows(Path::new("."), &["score"]).err().and_then(|error| error.hint());
        assert_eq!(folder.as_deref(), Some("it is a folder: name the tables in it"));
        assert!(matches!(rows("a.csv", "score,score\n"), Err(Error::Column { count: 2, .. })));
        assert!(matches!(rows("a.txt", "score\n"), Err(Error::NoTable { .. })));
        assert!(matches!(rows("a.csv", "score,id\n1\n"), Err(Error::WrongWidth { line: 2, .. })));
    }
}
