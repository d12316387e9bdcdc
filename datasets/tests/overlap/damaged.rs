use datasets::overlap::{BuildOptions, Index, Verify};
use xxhash_rust::xxh3::xxh3_64;

use crate::folder::{Folder, read};

fn with_index() -> (Folder, Vec<u8>) {
    let folder = Folder::new();
    folder.write("a.txt", "a b c d e f g h i j k l");
    folder.build(&["a.txt"], &BuildOptions::default(), "index").unwrap();
    let bytes = read(&folder.path("index"));
    assert_eq!(bytes.len(), 4096 + 64 * 64);
    (folder, bytes)
}

/// What is said about a file of these bytes. Opening it must not ask for memory, whatever it says about its size.
fn said(folder: &Folder, bytes: &[u8]) -> String {
    folder.write("index", bytes);
    let said = |verify| match Index::open(&folder.path("index"), verify, 1) {
        Ok(_) => "fine".to_owned(),
        Err(error) => {
            assert!(error.hint().is_some(), "{error}");
            folder.message(&error).strip_prefix("cannot use `index`: ").unwrap().to_owned()
        }
    };
    let all = said(Verify::All);
    if !all.contains("filter") {
        assert_eq!(said(Verify::Header), all);
    }
    all
}

/// Puts a value at a byte of the header, with a checksum that fits.
fn forged(bytes: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + value.len()].copy_from_slice(value);
    let sum = xxh3_64(&bytes[..4088]);
    bytes[4088..4096].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn every_byte_of_the_header_counts() {
    let (folder, bytes) = with_index();
    assert_eq!(said(&folder, &bytes), "fine");
    for at in 0..4096 {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let expected = match at {
            0..8 => "it does not begin as an overlap index does".to_owned(),
            8..12 => format!("its version is {}, this program knows 1", 1 ^ (1_u32 << (8 * (at - 8) + at % 8))),
            _ => "the checksum of its header is wrong".to_owned(),
        };
        assert_eq!(said(&folder, &damaged), expected, "byte {at}");
    }
}

#[test]
fn fields_that_lie() {
    let (folder, bytes) = with_index();
    let u64 = |number: u64| number.to_le_bytes().to_vec();
    let f64 = |number: f64| number.to_le_bytes().to_vec();
    for (at, value, expected) in [
        (8, vec![2], "its version is 2, this program knows 1"),
        (12, vec![0], "its header says n = 0, expected 1 to 64"),
        (12, vec![65], "its header says n = 65, expected 1 to 64"),
        (12, vec![0xFF; 4], "its header says n = 4294967295, expected 1 to 64"),
        (16, vec![2], "its header says apostrophes = 2, expected 0 or 1"),
        (17, vec![255], "its header says alphabet = 255, expected 0 or 1"),
        (18, vec![2], "its header says boundaries = 2, expected 0 or 1"),
        (19, vec![1], "its header says tokenizer = 0, expected one for tokens, 0 for words"),
        (19, vec![2], "its header says unit = 2, expected 0 or 1"),
        (20, vec![1], "its header says reserved bytes = something else, expected zeros"),
        (88, u64(7), "its header says tokenizer = 7, expected one for tokens, 0 for words"),
        (32, u64(0), "its header says lines = 0, expected 2 to 2^40"),
        (32, u64(u64::MAX), "its header says lines = 18446744073709551615, expected 2 to 2^40"),
        (32, u64(1 << 40), "it has 8192 bytes, expected 70368744181760"),
        (32, u64(63), "it has 8192 bytes, expected 8128"),
        (40, u64(0), "its header says expected n-grams = 0, expected 1 or more"),
        (48, f64(0.0), "its header says rate = 0, expected 1e-12 to 0.01"),
        (48, f64(f64::NAN), "its header says rate = NaN, expected 1e-12 to 0.01"),
        (48, f64(1.0), "its header says rate = 1, expected 1e-12 to 0.01"),
        (56, u64(0), "its header says n-grams = 0, expected 1 to the bytes of text"),
        (56, u64(1 << 50), "its header says n-grams = 1125899906842624, expected 1 to the bytes of text"),
        (64, u64(0), "its header says documents = 0, expected 1 or more"),
        (72, u64(1), "its header says n-grams = 5, expected 1 to the bytes of text"),
        (80, u64(7), "the checksum of its filter is wrong"),
        (2_000, vec![1], "its header says reserved bytes = something else, expected zeros"),
    ] {
        assert_eq!(said(&folder, &forged(&bytes, at, &value)), expected, "{value:?} at byte {at}");
    }
}

#[test]
fn any_length_but_its_own() {
    let (folder, bytes) = with_index();
    for length in [0, 1, 7] {
        assert_eq!(said(&folder, &bytes[..length]), "it does not begin as an overlap index does");
    }
    for length in [8, 100, 4_095] {
        assert_eq!(said(&folder, &bytes[..length]), format!("it has {length} bytes, expected 4096"));
    }
    for length in [4_096, 4_097, 8_191] {
        assert_eq!(said(&folder, &bytes[..length]), format!("it has {length} bytes, expected 8192"));
    }
    assert_eq!(said(&folder, &[&bytes[..], b"x"].concat()), "it has 8193 bytes, expected 8192");
}

#[test]
fn every_bit_of_the_filter_counts() {
    let (folder, bytes) = with_index();
    for at in (4_096..8_192).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert_eq!(said(&folder, &damaged), "the checksum of its filter is wrong", "byte {at}");
    }
}

#[test]
fn other_files() {
    let (folder, _) = with_index();
    for foreign in [&b"a text"[..], &[0; 10_000], b"\x28\xB5\x2F\xFD"] {
        assert_eq!(said(&folder, foreign), "it does not begin as an overlap index does");
    }
    let error = Index::open(&folder.path(""), Verify::All, 1).unwrap_err();
    assert!(error.to_string().starts_with("cannot use"), "{error}");
    let error = folder.open("missing").unwrap_err();
    assert_eq!(folder.message(&error), "`missing` does not exist");
}
