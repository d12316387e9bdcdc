use std::path::{Path, PathBuf};

use datasets::{Document, Error, open, open_rows};

use crate::files::{Files, hint};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The documents of a fixture, or the message and hint of the first error, without the folder.
fn documents(name: &str) -> Result<Vec<Document>, (String, Option<String>)> {
    open(&fixture(name)).unwrap().collect::<Result<_, _>>().map_err(|error| told(&error))
}

fn told(error: &Error) -> (String, Option<String>) {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let message = format!("{error}{cause}").replace(&format!("{}/", fixture("").display()), "");
    (message.replace(&fixture("").display().to_string(), ""), error.hint())
}

/// Dictionaries, plain values and all kinds of differences; pages of both versions; with lists and structures beside them.
#[test]
fn the_same_documents_as_jsonl() {
    let expected = documents("documents.jsonl").unwrap();
    assert_eq!((expected.len(), expected[39].id.as_str(), expected[35].text.len()), (40, "49", 3005));
    for name in ["snappy.parquet", "plain.parquet", "zstd.parquet", "gzip.parquet"] {
        assert_eq!(documents(name).unwrap(), expected, "{name}");
    }
}

#[test]
fn rows_of_numbers_and_flags() {
    for name in ["table.parquet", "table-plain.parquet"] {
        let rows = open_rows(&fixture(name), &["score"]).unwrap();
        assert_eq!(rows.columns(), ["score", "count", "good", "note"]);
        let rows: Vec<_> = rows.collect::<Result<_, _>>().unwrap();
        let cells = |column| rows.iter().map(|row| row.get(column)).collect::<Vec<_>>();
        assert_eq!(cells("score"), [Some("0.5"), None, Some("-2")], "{name}");
        assert_eq!(cells("count"), [Some("1"), Some("4000000000"), Some("3")]);
        assert_eq!(cells("good"), [Some("true"), Some("false"), Some("true")]);
        assert_eq!(cells("note"), [Some("a"), None, None]);
        assert_eq!(rows[2].line, 3);
        let error = open_rows(&fixture(name), &["when"]).unwrap_err();
        assert!(error.to_string().ends_with("has no column `when`, its columns are: score, count, good, note"));
    }
}

#[test]
fn messages_and_hints() {
    let message = |name| documents(name).unwrap_err().0;
    assert_eq!(message("no-text.parquet"), "`no-text.parquet` has no column `text`, its columns are: title, body");
    assert_eq!(
        message("numbers.parquet"),
        "`numbers.parquet`: the column `text` must hold strings, found whole numbers"
    );
    assert_eq!(
        message("lists.parquet"),
        "`lists.parquet`: the column `text` must hold strings, found lists or structures"
    );
    assert_eq!(
        message("labels.parquet"),
        "`labels.parquet`: the column `label` must hold strings, found whole numbers"
    );
    assert_eq!(message("null.parquet"), "`null.parquet`, row 2: no field `text`");
    assert_eq!(message("latin.parquet"), "`latin.parquet`, row 2: invalid UTF-8 at byte 3");
    assert_eq!(message("lz4.parquet"), "cannot read `lz4.parquet`: it uses LZ4 compression, which is not read");
    for name in ["no-text.parquet", "numbers.parquet", "lz4.parquet"] {
        let hint = documents(name).unwrap_err().1.unwrap();
        assert!(hint.contains("pandas.read_parquet"), "{hint}");
    }
}

/// After a row without a text comes the next one.
#[test]
fn a_broken_row_is_one_error() {
    let found: Vec<_> = open(&fixture("null.parquet")).unwrap().collect();
    assert!(found[1].as_ref().unwrap_err().is_of_record());
    let ids: Vec<_> = found.into_iter().filter_map(Result::ok).map(|document| document.id).collect();
    assert_eq!(ids, ["one", "three"]);
}

#[test]
fn foreign_and_cut_off_files() {
    let files = Files::new();
    let whole = std::fs::read(fixture("snappy.parquet")).unwrap();
    let message = |content: &[u8]| {
        files.write("a.parquet", content);
        files.show(open(&files.path("a.parquet")).unwrap()).remove(0)
    };
    let foreign = "cannot read `a.parquet`: it is no Parquet file, it does not begin with `PAR1`";
    assert_eq!(message(b""), foreign);
    assert_eq!(message(b"id,text\n1,x\n"), foreign);
    let encrypted = [&whole[..whole.len() - 4], b"PARE"].concat();
    assert_eq!(message(&encrypted), "cannot read `a.parquet`: it is encrypted");
    for length in (4..whole.len()).step_by(11) {
        let cut = message(&whole[..length]);
        assert_eq!(cut, "cannot read `a.parquet`: it does not end with a footer, it was cut off", "{length}");
    }
    files.write("a.parquet", &whole[..100]);
    let hint = hint(open(&files.path("a.parquet")).unwrap()).unwrap();
    assert_eq!(hint, "copy or download it again; it may be incomplete");
}

/// Every third byte changed, one after the other: an error, or other documents, but an end.
#[test]
fn damage_is_told_or_survived() {
    let files = Files::new();
    let mut told = 0;
    for name in ["snappy.parquet", "plain.parquet", "zstd.parquet", "gzip.parquet", "table-plain.parquet"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        for at in (0..whole.len()).step_by(3) {
            let mut damaged = whole.clone();
            damaged[at] ^= [0xFF, 0x10][at % 2];
            let path = files.write("a.parquet", &damaged);
            told += usize::from(open(&path).unwrap().any(|document| document.is_err()));
            if let Ok(rows) = open_rows(&path, &[]) {
                // Every row is at most one error, and nothing comes after one that ends the file.
                assert!(rows.take(1_000_000).count() < 1_000_000, "{name}, byte {at}");
            }
        }
    }
    assert!(told > 2_000, "{told}");
}
