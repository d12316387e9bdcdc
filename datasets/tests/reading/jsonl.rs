use std::io::{BufReader, Cursor, Read};

use datasets::{Document, Label, MAX_RECORD_BYTES, open_reader};

use crate::files::{Files, hint};

fn open(content: &str) -> datasets::Documents {
    open_reader("<stdin>", Cursor::new(content.to_owned()))
}

fn message(line: &str) -> String {
    open(line).next().unwrap().unwrap_err().to_string()
}

#[test]
fn every_field_is_read_and_others_are_ignored() {
    let line = r#"{"source": "s", "attack": "a", "domain": "d", "generator": "g", "label": "machine",
        "text": "t \u00e9", "id": "i", "title": {"deep": [1, 2]}}"#
        .replace('\n', " ");
    let expected = Document {
        id: "i".into(),
        text: "t é".into(),
        label: Some(Label::Machine),
        generator: Some("g".into()),
        domain: Some("d".into()),
        source: Some("s".into()),
        attack: Some("a".into()),
    };
    assert_eq!(open(&line).next().unwrap().unwrap(), expected);
}

#[test]
fn what_is_written_is_read_back() {
    let document = Document {
        id: "7".into(),
        text: "\"quoted\"\n\u{2028}\u{0}".into(),
        label: Some(Label::Human),
        ..Document::default()
    };
    let line = serde_json::to_string(&document).unwrap();
    assert_eq!(open(&line).next().unwrap().unwrap(), document);
}

#[test]
fn an_id_is_a_string_a_number_or_the_line_number() {
    let files = Files::new();
    let content = "\n{\"text\": \"a\"}\r\n  \n{\"id\": 12, \"text\": \"b\"}\n{\"id\": \"x\", \"text\": \"c\"}\n\
                   {\"id\": null, \"text\": \"\", \"label\": null}";
    assert_eq!(files.read("a.jsonl", content), ["2 a", "12 b", "x c", "6 "]);
}

#[test]
fn the_stream_goes_on_after_every_kind_of_broken_line() {
    let files = Files::new();
    let content: &[&[u8]] = &[
        b"\xEF\xBB\xBF{\"text\": \"one\"}",
        b"{\"text\": \"two\"",
        b"{\"text\": 3}",
        b"{\"id\": 4}",
        b"{\"text\": \"f\xFFve\"}",
        b"[\"six\"]",
        b"{\"text\": \"seven\", \"label\": \"robot\"}",
        b"{\"text\": \"eight\"}",
    ];
    assert_eq!(
        files.read("a.jsonl", content.join(&b"\n"[..])),
        [
            "1 one",
            "`a.jsonl`, line 2: broken JSON at column 14: EOF while parsing an object",
            "`a.jsonl`, line 3: `text` must be a string, found a number",
            "`a.jsonl`, line 4: no field `text`",
            "`a.jsonl`, line 5: invalid UTF-8 at byte 67",
            "`a.jsonl`, line 6: expected a JSON object, found an array",
            "`a.jsonl`, line 7: unknown label `robot`",
            "8 eight",
        ]
    );
    let all = std::fs::read(files.path("a.jsonl")).unwrap();
    assert_eq!(all[67], 0xFF, "the offset in the message is one into the file");
}

#[test]
fn messages_for_wrong_lines() {
    assert_eq!(message("nonsense"), "`<stdin>`, line 1: broken JSON at column 2: expected ident");
    assert_eq!(
        message(r#"{"text": "a"} {"text": "b"}"#),
        "`<stdin>`, line 1: broken JSON at column 15: trailing characters"
    );
    assert_eq!(
        message(r#"{"text": "a", "text": "b"}"#),
        "`<stdin>`, line 1: broken JSON at column 20: duplicate field `text`"
    );
    assert_eq!(
        message(r#"{"text": "\ud800"}"#),
        "`<stdin>`, line 1: broken JSON at column 17: unexpected end of hex escape"
    );
    assert_eq!(message(r#"{"text": null}"#), "`<stdin>`, line 1: no field `text`");
    assert_eq!(message("\"a\""), "`<stdin>`, line 1: expected a JSON object, found a string");
    assert_eq!(
        message(r#"{"text": "a", "id": [1]}"#),
        "`<stdin>`, line 1: `id` must be a string or a number, found an array"
    );
    assert_eq!(message(r#"{"text": "a", "label": 1}"#), "`<stdin>`, line 1: `label` must be a string, found a number");
    assert_eq!(
        message(r#"{"text": "a", "attack": {}}"#),
        "`<stdin>`, line 1: `attack` must be a string, found an object"
    );
    assert_eq!(message(r#"{"text": "a", "label": "Human"}"#), "`<stdin>`, line 1: unknown label `Human`");
}

#[test]
fn hostile_lines_are_errors_and_not_crashes() {
    let open = "[".repeat(100_000);
    let close = "]".repeat(100_000);
    let array = "`<stdin>`, line 1: `text` must be a string, found an array";
    assert_eq!(message(&format!("{{\"text\": {open}{close}}}")), array);
    let broken = message(&format!("{{\"text\": {open}"));
    assert!(broken.ends_with("EOF while parsing a list"), "{broken}");
    let label = format!("{{\"text\": \"\", \"label\": \"{}\"}}", "x".repeat(100_000));
    assert!(message(&label).len() < 100);
}

#[test]
fn a_line_longer_than_64_mib_is_skipped() {
    let text = |bytes: usize| {
        let frame = r#"{"text":""}"#.len();
        br#"{"text":""#.chain(std::io::repeat(b'x').take((bytes - frame) as u64)).chain(&b"\"}\n"[..])
    };
    let input = text(MAX_RECORD_BYTES).chain(text(MAX_RECORD_BYTES + 1)).chain(text(20));
    let mut documents = open_reader("<stdin>", BufReader::new(input));
    assert_eq!(documents.next().unwrap().unwrap().text.len(), (64 << 20) - 11);
    assert_eq!(
        documents.next().unwrap().unwrap_err().to_string(),
        "`<stdin>`, line 2: longer than 67108864 bytes, too long for one record"
    );
    assert_eq!(documents.next().unwrap().unwrap().id, "3");
    assert!(documents.next().is_none());
}

#[test]
fn hints() {
    let whole = Some("every line must be one whole JSON object, e.g. `{\"text\": \"…\"}`".to_owned());
    assert_eq!(hint(open("{")), whole);
    assert_eq!(hint(open("[]")), whole);
    assert_eq!(hint(open(r#"{"text": 1}"#)), None);
    assert_eq!(
        hint(open("{}")).unwrap(),
        "only `text` is needed; `id`, `label`, `generator`, `domain`, `source` and `attack` are optional"
    );
    assert_eq!(hint(open(r#"{"text": "a", "label": "ai"}"#)).unwrap(), "labels are `human` and `machine`");
}
