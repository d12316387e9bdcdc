//! Which format a file name stands for.
//!
//! Only the name is looked at, never the content; `.gz` or `.zst` may follow the extension, but for `.parquet`, which is
//! compressed inside. Letter case does not matter.

use std::path::Path;

use crate::error::{Error, Result};

/// The extensions that are read, as messages name them.
pub(crate) const READ_EXTENSIONS: &str =
    "`.txt`, `.md`, `.jsonl`, `.ndjson`, `.csv`, each also with `.gz` or `.zst`, and `.parquet`";

/// How documents lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Plain,
    Jsonl,
    Csv,
    Parquet,
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// The format and compression that the name of `path` stands for.
pub(crate) fn of(path: &Path) -> Result<(Format, Compression)> {
    let (stem, compression) = match extension(path).as_str() {
        "gz" => (path.with_extension(""), Compression::Gzip),
        "zst" => (path.with_extension(""), Compression::Zstd),
        _ => (path.to_owned(), Compression::None),
    };
    let inner = extension(&stem);
    let format = match inner.as_str() {
        "txt" | "md" => Format::Plain,
        "jsonl" | "ndjson" => Format::Jsonl,
        "csv" => Format::Csv,
        "parquet" if compression == Compression::None => Format::Parquet,
        _ => {
            return Err(Error::UnknownExtension {
                path: path.to_owned(),
                extension: [inner, suffix(compression).into()]
                    .iter()
                    .filter(|part| !part.is_empty())
                    .map(|part| format!(".{part}"))
                    .collect(),
            });
        }
    };
    Ok((format, compression))
}

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

fn suffix(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "",
        Compression::Gzip => "gz",
        Compression::Zstd => "zst",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_with_every_compression() {
        let formats = [
            ("txt", Format::Plain),
            ("md", Format::Plain),
            ("jsonl", Format::Jsonl),
            ("ndjson", Format::Jsonl),
            ("csv", Format::Csv),
        ];
        let compressions = [("", Compression::None), (".gz", Compression::Gzip), (".zst", Compression::Zstd)];
        for (extension, format) in formats {
            assert!(READ_EXTENSIONS.contains(&format!("`.{extension}`")));
            for (suffix, compression) in compressions {
                let name = format!("a.b.{extension}{suffix}");
                assert_eq!(of(Path::new(&name)).unwrap(), (format, compression));
                let name = name.to_uppercase();
                assert_eq!(of(Path::new(&name)).unwrap(), (format, compression));
            }
        }
    }

    #[test]
    fn parquet_is_not_compressed_from_outside() {
        assert!(READ_EXTENSIONS.contains("`.parquet`"));
        assert_eq!(of(Path::new("a.b.PARQUET")).unwrap(), (Format::Parquet, Compression::None));
    }

    #[test]
    fn unknown_extensions_are_named() {
        let message = |name| of(Path::new(name)).unwrap_err().to_string();
        let list = format!("; read are {READ_EXTENSIONS}");
        assert_eq!(message("d/a.PDF"), format!("`d/a.PDF` has the unknown extension `.pdf`{list}"));
        assert_eq!(message("a.pdf.gz"), format!("`a.pdf.gz` has the unknown extension `.pdf.gz`{list}"));
        assert_eq!(message("a.parquet.gz"), format!("`a.parquet.gz` has the unknown extension `.parquet.gz`{list}"));
        assert_eq!(message("a.zst"), format!("`a.zst` has the unknown extension `.zst`{list}"));
        assert_eq!(message("txt"), format!("`txt` has no extension{list}"));
        assert_eq!(message(".txt"), format!("`.txt` has no extension{list}"));
    }
}
