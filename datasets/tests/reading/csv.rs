use datasets::{Document, Label, MAX_RECORD_BYTES};

use crate::files::{Files, hint};

fn read(content: impl AsRef<[u8]>) -> Vec<String> {
    Files::new().read("a.csv", content)
}

#[test]
fn columns_are_found_by_name_and_empty_cells_are_absent() {
    let files = Files::new();
    let path = files.write(
        "a.csv",
        "\u{FEFF}label, text ,title,id,generator,domain,source,attack\r\n\
         machine,\"a, \"\"b\"\"\r\nc\",x,i,g,d,s,t\r\n\
         ,,,,,,,\r\n",
    );
    let documents: Vec<Document> = datasets::open(&path).unwrap().map(Result::unwrap).collect();
    let first = Document {
        id: "i".into(),
        text: "a, \"b\"\r\nc".into(),
        label: Some(Label::Machine),
        generator: Some("g".into()),
        domain: Some("d".into()),
        source: Some("s".into()),
        attack: Some("t".into()),
    };
    let second = Document { id: "4".into(), ..Document::default() };
    assert_eq!(documents, [first, second]);
}

#[test]
fn line_numbers_are_right_after_blank_lines_and_line_breaks_in_cells() {
    assert_eq!(read("\n\ntext\n\na\r\n\r\n\"b\n\n\"\n\nc"), ["5 a", "7 b\n\n", "11 c"]);
}

#[test]
fn a_quote_within_an_unquoted_cell_is_a_char() {
    assert_eq!(read("id,text\n1,5\" pipe\n2,x\n"), ["1 5\" pipe", "2 x"]);
    assert_eq!(read("id,text\n1,\"a\"b\n2,\"\"\"\"\n"), ["1 ab", "2 \""]);
}

#[test]
fn the_stream_goes_on_after_every_kind_of_broken_record() {
    let files = Files::new();
    let content: &[u8] = b"id,text,label\n\
        1,one,human\n\
        2,two\n\
        3,\"th\nr\xE9e\",human\n\
        4,four,Robot\n\
        5,five,,\n\
        6,six,\n";
    assert_eq!(
        files.read("a.csv", content),
        [
            "1 one",
            "`a.csv`, line 3: expected 3 cells as in the header, found 2",
            "`a.csv`, line 4: invalid UTF-8 at byte 39",
            "`a.csv`, line 6: unknown label `Robot`",
            "`a.csv`, line 7: expected 3 cells as in the header, found 4",
            "6 six",
        ]
    );
    assert_eq!(content[39], 0xE9, "the offset in the message is one into the file");
}

#[test]
fn the_header_must_name_the_columns_once() {
    let none = "`a.csv`, line 1: the header has 0 columns `text`, expected one";
    assert_eq!(read("id,body\n1,a\n2,b\n"), [none]);
    assert_eq!(read(""), [none]);
    assert_eq!(read("\nid,text,id\n1,a,1\n"), ["`a.csv`, line 2: the header has 2 columns `id`, expected one"]);
    assert_eq!(read(b"te\xFFxt\na\n"), ["`a.csv`, line 1: invalid UTF-8 at byte 2"]);
    assert_eq!(read("text\n"), [""; 0]);
}

#[test]
fn a_quote_that_is_never_closed_is_an_error() {
    assert_eq!(
        read("text\na\n\"b\nc\n"),
        ["2 a", "`a.csv`, line 3: the file ends inside a quoted cell of this record"]
    );
}

#[test]
fn a_quote_that_is_never_closed_costs_bounded_memory() {
    let line = format!("{}\n", "x".repeat((1 << 20) - 1));
    let content = format!("text\n\"{}", line.repeat((MAX_RECORD_BYTES >> 20) + 2));
    assert_eq!(read(content), ["`a.csv`, line 2: longer than 67108864 bytes, too long for one record"]);
}

/// The `csv` crate, reading the file as a whole, is the reference for where records end.
#[test]
fn records_are_those_of_the_csv_crate() {
    let alphabet = ["a", "\"", ",", "\n", "\r\n", "é", "\"\""];
    let mut state: u64 = 1;
    let mut compared = 0;
    for _ in 0..2000 {
        let mut content = String::from("id,text\n");
        for _ in 0..30 {
            // A linear congruential generator (Knuth, MMIX): the same inputs in every run.
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            content += alphabet[(state >> 33) as usize % alphabet.len()];
        }
        let mut reference = csv::ReaderBuilder::new().flexible(true).from_reader(content.as_bytes());
        let expected: Vec<String> = reference
            .records()
            .map(Result::unwrap)
            .filter(|record| record.len() == 2 && !record[0].is_empty())
            .map(|record| format!("{} {}", &record[0], &record[1]))
            .collect();
        let mut found = read(&content);
        let closed = !found.iter().any(|item| item.contains("ends inside a quoted"));
        found.retain(|item| !item.starts_with("`a.csv`"));
        if closed {
            // Without an id the line number is the id, which the reference does not know.
            found.retain(|item| !item.starts_with(|char: char| char.is_ascii_digit()));
            assert_eq!(found, expected, "{content:?}");
            compared += expected.len();
        }
    }
    assert!(compared > 500, "only {compared} records compared");
}

#[test]
fn hints() {
    let files = Files::new();
    let hint = |content| hint(datasets::open(&files.write("a.csv", content)).unwrap()).unwrap();
    assert_eq!(hint("a\n"), "the first record must name the columns, separated by commas, e.g. `id,text,label`");
    assert_eq!(hint("text\na,b\n"), "a cell with a comma, a quote or a line break in it must be in double quotes");
    assert_eq!(hint("text\n\"a\n"), "close the quote; a quote inside a quoted cell is written twice: `\"\"`");
}
