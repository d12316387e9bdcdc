//! What to do about an error: one sentence each.

use std::io;
use std::path::Path;

use crate::error::Error;
use crate::rows;
use crate::text::TextKind;

impl Error {
    /// One sentence that tells the user what to do, if there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::NotFound { .. } => "check the spelling and the folder you are in".into(),
            Error::Folder { path } => format!("name the files in it, e.g. `{}`", path.join("*.txt").display()),
            Error::NotOneText { path, kind: TextKind::Table } => {
                format!("judge its texts one by one with `detect --jsonl {}`", path.display())
            }
            Error::NotOneText { path, kind: TextKind::Markup } => {
                format!(
                    "save it as plain text first; `detect - < {}` judges it as it is, markup and all",
                    path.display()
                )
            }
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
            Error::DocumentTooLong { .. } => "name it `.txt`, then it is read in pieces".into(),
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
            Error::NoTable { path } if path.is_dir() => "it is a folder: name the tables in it".into(),
            Error::NoTable { .. } => "export a spreadsheet as CSV first".into(),
            Error::Parquet { reason, .. } => return reason.hint(),
            Error::NoField { column, .. } => {
                format!(
                    "in Python, rename the column that holds it: `pandas.read_parquet(A).rename(columns={{NAME: \"{column}\"}}).to_parquet(B)`"
                )
            }
            Error::ColumnType { column, .. } => {
                format!(
                    "in Python, turn it into strings or leave it out: `pandas.read_parquet(A).drop(columns=\"{column}\").to_parquet(B)`"
                )
            }
            Error::WrongWidth { .. } => {
                "a cell with a comma, a quote or a line break in it must be in double quotes".into()
            }
            Error::UnclosedQuote { .. } => {
                "close the quote; a quote inside a quoted cell is written twice: `\"\"`".into()
            }
        };
        Some(hint)
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
        io::ErrorKind::IsADirectory => "it is a folder: name a file",
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
    fn the_hint_fits_the_extension() {
        assert!(extension_hint(".json").contains("jq"));
        assert!(extension_hint(".docx").contains("plain text first"));
        assert!(extension_hint("").contains("rename"));
    }
}
