use std::fs::File;
use std::io::Write;
use std::path::Path;

use datasets::{open, open_all};
use flate2::write::GzEncoder;

use crate::files::{Files, hint};

const READ: &str =
    "read are `.txt`, `.md`, `.jsonl`, `.ndjson`, `.csv`, each also with `.gz` or `.zst`, and `.parquet`";

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// As with `zstd --long=27`.
fn zstd_long(content: &str) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_format_plain_and_compressed() {
    let files = Files::new();
    let contents = [
        ("a.txt", "one\ntwo\n", "one\ntwo\n"),
        ("a.md", "# one", "# one"),
        ("a.jsonl", "{\"id\": \"i\", \"text\": \"t\"}\n", "t"),
        ("a.ndjson", "{\"id\": \"i\", \"text\": \"t\"}\n", "t"),
        ("a.csv", "id,text\ni,t\n", "t"),
    ];
    for (name, content, text) in contents {
        let variants = [
            (name.to_owned(), content.as_bytes().to_vec()),
            (format!("{name}.gz"), gzip(content)),
            (format!("{name}.zst"), zstd_long(content)),
        ];
        for (file, bytes) in variants {
            let id = if text == "t" { "i" } else { &file };
            assert_eq!(files.read(&file, bytes), [format!("{id} {text}")]);
        }
    }
}

#[test]
fn many_gzip_members_are_one_file() {
    let files = Files::new();
    let members = [gzip("{\"text\": \"a\"}\n{\"te"), gzip("xt\": \"b\"}\n")].concat();
    assert_eq!(files.read("a.jsonl.gz", members), ["1 a", "2 b"]);
}

#[test]
fn a_compressed_file_that_is_cut_off_is_an_error_after_what_could_be_read() {
    let files = Files::new();
    let content = "{\"text\": \"a\"}\n".repeat(1000);
    for (name, mut bytes) in [("a.jsonl.gz", gzip(&content)), ("a.jsonl.zst", zstd_long(&content))] {
        bytes.truncate(bytes.len() - 3);
        let mut items = files.read(name, bytes);
        let last = items.pop().unwrap();
        assert!(last.starts_with(&format!("cannot read `{name}` beyond byte ")), "{last}");
        assert!(items.iter().all(|item| item.ends_with(" a")));
        let hint = hint(open(&files.path(name)).unwrap()).unwrap();
        assert!(hint.starts_with("test the file with `"), "{hint}");
    }
}

#[test]
fn a_file_that_is_not_compressed_as_it_says_is_an_error() {
    let files = Files::new();
    assert_eq!(
        files.read("a.jsonl.gz", "{\"text\": \"a\"}"),
        ["cannot read `a.jsonl.gz` beyond byte 0: invalid gzip header"]
    );
    assert_eq!(
        files.read("a.jsonl.zst", "{\"text\": \"a\"}"),
        ["cannot read `a.jsonl.zst` beyond byte 0: Unknown frame descriptor"]
    );
}

#[test]
fn a_folder_is_read_in_sorted_order_at_any_depth() {
    let files = Files::new();
    for name in ["d/b.txt", "d/a/z.txt", "d/a/b/c.md", "d/a.txt", "d/B.txt", "d/empty.jsonl"] {
        files.write(name, "");
    }
    files.write("d/skip.pdf", "");
    files.write("d/a/LICENSE", "");
    let documents = open(&files.path("d")).unwrap();
    let left_out = [files.path("d/a/LICENSE"), files.path("d/skip.pdf")];
    assert_eq!(documents.left_out(), left_out);
    assert_eq!(files.show(documents), ["B.txt ", "c.md ", "z.txt ", "a.txt ", "b.txt "]);
}

#[cfg(unix)]
#[test]
fn links_to_folders_do_not_make_the_walk_endless() {
    use std::os::unix::fs::symlink;
    let files = Files::new();
    let target = files.write("d/a.txt", "a");
    symlink(files.path("d"), files.path("d/loop.txt")).unwrap();
    symlink(target, files.path("d/link.txt")).unwrap();
    symlink(files.path("nowhere"), files.path("d/dangling.txt")).unwrap();
    assert_eq!(files.show(open(&files.path("d")).unwrap()), ["a.txt a", "link.txt a"]);
}

#[test]
fn several_paths_are_read_in_the_order_given() {
    let files = Files::new();
    let paths = [files.write("b.txt", "2"), files.write("d/c.txt", "3"), files.write("a.txt", "1")];
    let given = [paths[0].clone(), files.path("d"), paths[2].clone()];
    assert_eq!(files.show(open_all(&given).unwrap()), ["b.txt 2", "c.txt 3", "a.txt 1"]);
    assert!(open_all(&[]).unwrap().next().is_none());
}

#[test]
fn the_stream_goes_on_after_a_file_that_cannot_be_read() {
    let files = Files::new();
    files.write("d/a.txt", "a\0");
    files.write("d/b.csv", "x\n");
    files.write("d/c.jsonl.zst", "x");
    files.write("d/d.txt", "d");
    assert_eq!(
        files.show(open(&files.path("d")).unwrap()),
        [
            "`d/a.txt` looks like a binary file: NUL at byte 1",
            "`d/b.csv`, line 1: the header has 0 columns `text`, expected one",
            "cannot read `d/c.jsonl.zst` beyond byte 0: Unknown frame descriptor",
            "d.txt d",
        ]
    );
}

#[test]
fn a_file_that_is_gone_when_its_turn_comes_is_an_error() {
    let files = Files::new();
    let path = files.write("a.txt", "a");
    let documents = open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(files.show(documents), ["`a.txt` does not exist"]);
}

#[test]
fn a_plain_text_beyond_64_mib_is_read_in_pieces() {
    let files = Files::new();
    let file = File::create(files.path("a.txt")).unwrap();
    let line = "it rained all day in Łódź\n".repeat(40_000);
    let lines = (64 << 20) / line.len();
    (0..lines).for_each(|_| (&file).write_all(line.as_bytes()).unwrap());
    let whole = (64 << 20) - lines * line.len();
    (&file).write_all(&vec![b' '; whole]).unwrap();
    let open = || open(&files.path("a.txt")).unwrap();
    let one = open().next().unwrap().unwrap();
    assert_eq!((one.id.as_str(), one.text.len()), ("a.txt", 64 << 20));
    (&file).write_all(b" ").unwrap();
    let pieces: Vec<_> = open().map(Result::unwrap).collect();
    assert!(pieces.iter().all(|piece| piece.text.len() <= 8 << 20));
    assert_eq!((pieces.len(), pieces[1].id.as_str()), (9, "a.txt#2"));
    assert!(pieces[1].text.starts_with("it rained"));
    let together: String = pieces.into_iter().map(|piece| piece.text).collect();
    assert!(together == one.text + " ");
}

#[test]
fn messages_and_hints_for_wrong_paths() {
    let files = Files::new();
    let of = |path: &Path| {
        let error = open(path).unwrap_err();
        (files.message(&error), error.hint().unwrap())
    };
    assert_eq!(
        of(&files.path("a.txt")),
        ("`a.txt` does not exist".to_owned(), "check the spelling and the folder you are in".to_owned()),
    );
    assert_eq!(
        of(&files.write("a.json", "")),
        (
            format!("`a.json` has the unknown extension `.json`; {READ}"),
            "write one object per line, e.g. with `jq -c '.[]'`, and name it `.jsonl`".to_owned()
        ),
    );
    assert_eq!(
        of(&files.write("README", "")),
        (
            format!("`README` has no extension; {READ}"),
            "rename it to the format it is in, e.g. `.txt` for plain text".to_owned()
        ),
    );
    files.write("d/e/a.pdf", "");
    assert_eq!(
        of(&files.path("d")),
        (
            format!("nothing to read in the folder `d`; {READ}"),
            "rename the files to the format they are in, e.g. `.txt` for plain text".to_owned()
        ),
    );
}

#[test]
fn documents_can_be_read_on_another_thread() {
    let files = Files::new();
    let documents = open(&files.write("a.jsonl", "{\"text\": \"a\"}")).unwrap();
    assert_eq!(std::thread::spawn(|| documents.count()).join().unwrap(), 1);
}
