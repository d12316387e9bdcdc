use std::io::{self, Read};

use datasets::{TextFile, read_text, read_text_from};

use crate::files::Files;

const ALL: u64 = 1 << 20;

fn text_file(text: &str, start: usize, read: u64, size: Option<u64>) -> TextFile {
    TextFile { text: text.into(), start, read, size }
}

/// From a file and from a stream; they must agree but for the size of what was cut.
fn read(content: &[u8], limit: u64) -> TextFile {
    let files = Files::new();
    let file = read_text(&files.write("a", content), limit).unwrap();
    let stream = read_text_from("<stdin>", content, limit).unwrap();
    let size = file.is_whole().then_some(content.len() as u64);
    assert_eq!(stream, TextFile { size, ..file.clone() });
    file
}

fn message(content: &[u8], limit: u64) -> String {
    read_text_from("<stdin>", content, limit).unwrap_err().to_string()
}

#[test]
fn a_whole_text_of_any_name() {
    let file = read("été".as_bytes(), ALL);
    assert_eq!(file, text_file("été", 0, 5, Some(5)));
    assert!(file.is_whole());
    assert_eq!(read(b"", ALL), text_file("", 0, 0, Some(0)));
    assert!(read(b"", 0).is_whole());
}

#[test]
fn a_byte_order_mark_is_stripped_and_remembered() {
    let content = "\u{FEFF}a\u{FEFF}b".as_bytes();
    let file = read(content, ALL);
    assert_eq!(file, text_file("a\u{FEFF}b", 3, 8, Some(8)));
    let offset = file.text.find('b').unwrap();
    assert_eq!(content[file.start + offset], b'b');
    assert_eq!(read(content, 4), text_file("a", 3, 4, Some(8)));
    assert_eq!(read(content, 3), text_file("", 3, 3, Some(8)));
    assert_eq!(read(content, 2), text_file("", 0, 0, Some(8)));
}

#[test]
fn the_limit_cuts_before_a_char_that_is_not_whole() {
    let content = "a€😀".as_bytes(); // 1 + 3 + 4 bytes
    let expected =
        [("", 0), ("a", 1), ("a", 1), ("a", 1), ("a€", 4), ("a€", 4), ("a€", 4), ("a€", 4), ("a€😀", 8), ("a€😀", 8)];
    for (limit, (text, read_bytes)) in expected.into_iter().enumerate() {
        let file = read(content, limit as u64);
        assert_eq!(file, text_file(text, 0, read_bytes, Some(8)), "limit {limit}");
        assert_eq!(file.is_whole(), limit >= 8, "limit {limit}");
    }
    assert_eq!(read(content, u64::MAX).read, 8);
}

#[test]
fn a_char_that_is_not_whole_at_the_end_of_the_file_is_an_error() {
    let message = |limit| message(b"ab\xE2\x82", limit);
    assert_eq!(message(ALL), "`<stdin>`: invalid UTF-8 at byte 2");
    assert_eq!(message(4), "`<stdin>`: invalid UTF-8 at byte 2");
    assert_eq!(read(b"ab\xE2\x82", 3).text, "ab");
}

#[test]
fn invalid_utf8_is_named_by_its_byte_in_the_file() {
    assert_eq!(message(b"\xEF\xBB\xBFabc\xFFd", ALL), "`<stdin>`: invalid UTF-8 at byte 6");
    assert_eq!(message(b"abc\xFFd", 4), "`<stdin>`: invalid UTF-8 at byte 3");
    assert_eq!(read(b"abc\xFFd", 3).text, "abc");
}

#[test]
fn no_more_than_the_limit_is_read_or_allocated() {
    /// An endless text that counts what is taken from it and sees the largest buffer offered.
    struct Endless {
        taken: u64,
    }
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b'x');
            self.taken += buffer.len() as u64;
            Ok(buffer.len())
        }
    }
    for limit in [0, 1, 65_535, 65_536, 65_537, 3_000_000] {
        let mut endless = Endless { taken: 0 };
        let file = read_text_from("<stdin>", &mut endless, limit).unwrap();
        assert_eq!((file.text.len() as u64, file.read, file.size), (limit, limit, None));
        assert_eq!(endless.taken, limit + 1);
        assert!(file.text.capacity() as u64 <= limit + 64);
    }
}

#[test]
fn a_device_has_no_size() {
    let file = read_text("/dev/null".as_ref(), ALL).unwrap();
    assert_eq!(file, text_file("", 0, 0, Some(0)));
}

#[test]
fn messages_and_hints() {
    let files = Files::new();
    let of = |path: std::path::PathBuf| {
        let error = read_text(&path, ALL).unwrap_err();
        (files.message(&error), error.hint().unwrap())
    };
    let pair = |message: &str, hint: &str| (message.to_owned(), hint.to_owned());
    assert_eq!(of(files.path("a.txt")), pair("`a.txt` does not exist", "check the spelling and the folder you are in"));
    files.write("d/a.txt", "");
    let (message, hint) = of(files.path("d"));
    assert_eq!(message, "`d` is a folder, not a text file");
    assert_eq!(hint, format!("name the files in it, e.g. `{}/*.txt`", files.path("d").display()));
    assert_eq!(
        of(files.write("b.txt", b"%PDF\0")),
        pair(
            "`b.txt` looks like a binary file: NUL at byte 4",
            "save it as plain text first; if it is text in UTF-16, convert it with \
             `iconv -f utf-16 -t utf-8`"
        )
    );
    assert_eq!(
        of(files.write("c.txt", b"caf\xE9")),
        pair("`c.txt`: invalid UTF-8 at byte 3", "convert it first, for example with `iconv -f latin1 -t utf-8`")
    );
}

#[test]
fn a_nul_is_looked_for_in_the_first_8_kib() {
    let mut content = vec![b'x'; 10_000];
    content[8191] = 0;
    assert_eq!(message(&content, ALL), "`<stdin>` looks like a binary file: NUL at byte 8191");
    content[8191] = b'x';
    content[8192] = 0;
    assert_eq!(read(&content, ALL).text.len(), 10_000);
}

#[test]
fn a_stream_that_breaks_says_how_far_it_came() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let error = read_text_from("<stdin>", b"abc".chain(Broken), ALL).unwrap_err();
    assert_eq!(Files::new().message(&error), "cannot read `<stdin>` beyond byte 3: gone");
}
