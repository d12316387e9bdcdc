use std::fs::File;
use std::io::Write;

use datasets::overlap::{
    BuildOptions, Counting, FilterEngine, Index, JoinEngine, NgramOptions, OverlapEngine, Words, build, merge, plan,
};

use crate::folder::{Folder, Random, Skipped, jsonl, n, read};

fn texts(seed: u64, count: usize) -> Vec<String> {
    let mut random = Random(seed);
    (0..count)
        .map(|_| {
            let words = random.below(300);
            random.text(words, 5_000)
        })
        .collect()
}

#[track_caller]
fn assert_holds(index: &Index, texts: &[String], ngrams: NgramOptions) {
    let (mut words, mut all, mut hits) = (Words::new(ngrams), Vec::new(), Vec::new());
    for text in texts {
        words.read(text);
        words.ngrams(&mut all);
    }
    index.contains(&all, &mut hits);
    assert_eq!(hits.len(), all.len());
    let missing = hits.iter().filter(|hit| !**hit).count();
    assert_eq!(missing, 0, "of {}", all.len());
}

/// Over threads, memory and shards: the same bytes, and everything that was put in is found.
#[test]
fn the_bytes_depend_on_nothing_but_the_corpus() {
    let folder = Folder::new();
    let all = texts(1, 3_000);
    folder.write("all.jsonl", jsonl(&all));
    for (number, shard) in all.chunks(1_100).enumerate() {
        folder.write(&format!("shard-{number}.jsonl"), jsonl(shard));
    }
    for ngrams in [n(8), NgramOptions { seed: 5, ..n(2) }] {
        let options = BuildOptions { ngrams, threads: 1, expect: Some(500_000), ..BuildOptions::default() };
        let header = folder.build(&["all.jsonl"], &options, "whole").unwrap();
        let whole = read(&folder.path("whole"));
        assert_holds(&folder.open("whole").unwrap(), &all, ngrams);
        assert!(header.tally.ngrams > 400_000 && header.tally.documents == 3_000, "{header:?}");

        for (threads, memory) in [(2, 4 << 30), (7, 4 << 30), (3, 1 << 20), (1, 0)] {
            let options = BuildOptions { threads, memory, ..options };
            folder.build(&["all.jsonl"], &options, "other").unwrap();
            assert_eq!(read(&folder.path("other")), whole, "{threads} threads, {memory} bytes");
        }

        let shards: Vec<Index> = (0..3)
            .map(|number| {
                let name = format!("shard-{number}");
                folder.build(&[&format!("{name}.jsonl")], &options, &name).unwrap();
                folder.open(&name).unwrap()
            })
            .collect();
        let merged = merge(&shards, &folder.path("merged"), 2).unwrap().unwrap();
        assert_eq!(merged, header);
        assert_eq!(read(&folder.path("merged")), whole);
    }
}

#[test]
fn passes_are_planned() {
    let folder = Folder::new();
    folder.write("a.txt", "a b c d e f g h i");
    let corpus = folder.corpus(&["a.txt"]);
    let with = |expect, memory| {
        let options = BuildOptions { expect, memory, ..BuildOptions::default() };
        plan(&corpus, &options, &Skipped::default()).unwrap()
    };
    let small = with(None, 1 << 30);
    assert_eq!((small.expected, small.lines, small.passes), (2, 64, 1));
    let large = with(Some(1_000_000), 2 << 20);
    // 48 bits each are 6,000,000 bytes, 93,750 lines, in pieces of 2 MiB.
    assert_eq!((large.bits_per_ngram, large.lines, large.file_bytes, large.passes), (48, 93_750, 6_004_096, 3));
}

#[test]
fn the_engines_agree_on_generated_texts() {
    let folder = Folder::new();
    let mut random = Random(9);
    let corpus: Vec<String> = (0..200).map(|_| random.text(200, 60)).collect();
    folder.write("corpus.jsonl", jsonl(&corpus));
    let asked: Vec<String> = (0..50).map(|_| random.text(300, 60)).collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    folder.build(&["corpus.jsonl"], &BuildOptions { ngrams: n(3), ..BuildOptions::default() }, "index").unwrap();
    let filter = FilterEngine { index: folder.open("index").unwrap(), threads: 3 };
    let observer = Skipped::default();
    let join = JoinEngine { corpus: folder.corpus(&["corpus.jsonl"]), ngrams: n(3), threads: 2, observer: &observer };
    for counting in [Counting::Occurrences, Counting::Distinct] {
        let [filter, join] =
            [&filter as &dyn OverlapEngine, &join].map(|engine| engine.overlaps(&asked, counting).unwrap());
        for (filter, join) in filter.iter().zip(&join) {
            assert_eq!((filter.found, filter.total, filter.covered()), (join.found, join.total, join.covered()));
            assert!(filter.longest >= join.longest && join.found > 0 && join.found < join.total);
        }
    }
}

#[test]
fn files_folders_and_patterns() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("books")).unwrap();
    for name in ["b.txt", "books/a.txt", "books/c.md", "books/cover.png", "books/ignored.txt.bak"] {
        folder.write(name, "a b c");
    }
    let names = |paths: &[&str]| -> Vec<String> {
        let files = folder.corpus(paths);
        let root = folder.path("");
        files.files().iter().map(|file| file.strip_prefix(&root).unwrap().display().to_string()).collect()
    };
    assert_eq!(names(&["books", "b.txt"]), ["books/a.txt", "books/c.md", "b.txt"]);
    assert_eq!(names(&["*/*.txt"]), ["books/a.txt"]);
    assert_eq!(folder.corpus(&["books"]).left_out().len(), 2);
    let error = datasets::overlap::Corpus::open(&[folder.path("*.jsonl")]).unwrap_err();
    assert_eq!(folder.message(&error), "`*.jsonl` does not exist");
}

// ---- What is refused ------------------------------------------------------------------------------------------------

#[test]
fn an_empty_corpus() {
    let folder = Folder::new();
    folder.write("a.txt", "seven words are not enough for this");
    folder.write("b.jsonl", "");
    for expect in [None, Some(10)] {
        let options = BuildOptions { expect, ..BuildOptions::default() };
        let error = folder.build(&["a.txt", "b.jsonl"], &options, "index").unwrap_err();
        let expected = "cannot use `a.txt`: the corpus has no 8-gram: 1 documents, none of them with 8 words";
        assert_eq!(folder.message(&error), expected);
        assert!(error.hint().is_some());
    }
    assert_eq!(folder.names(), ["a.txt", "b.jsonl"]);
}

#[test]
fn options_out_of_range() {
    let folder = Folder::new();
    folder.write("a.txt", "a b c d e f g h i j");
    let refused = |options: BuildOptions| {
        let error = folder.build(&["a.txt"], &options, "index").unwrap_err();
        folder.message(&error)
    };
    let standard = BuildOptions::default();
    for size in [0, 65] {
        let message = refused(BuildOptions { ngrams: n(size), ..standard });
        assert_eq!(message, format!("cannot use `a.txt`: n-grams have 1 to 64 words, found {size}"));
    }
    for rate in [0.0, 0.5, f64::NAN, -1.0] {
        let message = refused(BuildOptions { rate, ..standard });
        assert!(
            message.starts_with("cannot use `a.txt`: a rate of false positives is 1e-12 to 0.01, found"),
            "{message}"
        );
    }
    let message = refused(BuildOptions { expect: Some(u64::MAX), ..standard });
    assert!(message.contains("more than can be addressed"), "{message}");
}

/// Ten times as many as expected: the bits say that the promise is broken.
#[test]
fn more_than_expected() {
    let folder = Folder::new();
    folder.write("a.jsonl", jsonl(&texts(4, 200)));
    let options = BuildOptions { expect: Some(3_000), ..BuildOptions::default() };
    let error = folder.build(&["a.jsonl"], &options, "index").unwrap_err();
    let message = folder.message(&error);
    assert!(message.contains("n-grams where 3000 were expected"), "{message}");
    assert!(error.hint().unwrap().starts_with("build it with `--expect 3"), "{:?}", error.hint());
    assert_eq!(folder.names(), ["a.jsonl"]);
}

#[test]
fn a_broken_record_is_told_and_left_out() {
    let folder = Folder::new();
    folder.write("a.jsonl", "{\"text\": \"a b c\"}\n{\"text\": 7}\n{\"te\n{\"text\": \"d e f\"}\n");
    let corpus = folder.corpus(&["a.jsonl"]);
    let observer = Skipped::default();
    let options = BuildOptions { ngrams: n(3), expect: Some(2), ..BuildOptions::default() };
    let planned = plan(&corpus, &options, &observer).unwrap();
    let header = build(&corpus, &planned, &options, &folder.path("index"), &observer).unwrap();
    assert_eq!((header.tally.documents, header.tally.ngrams), (2, 2));
    let skipped = observer.0.borrow();
    assert_eq!(skipped.len(), 2);
    assert!(skipped[0].contains("line 2") && skipped[1].contains("line 3"), "{skipped:?}");
}

#[test]
fn a_compressed_file_that_is_cut_off_gives_no_index() {
    let folder = Folder::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(jsonl(&texts(3, 500)).as_bytes()).unwrap();
    let mut bytes = encoder.finish().unwrap();
    bytes.truncate(bytes.len() / 2);
    folder.write("a.jsonl.gz", bytes);
    let options = BuildOptions { expect: Some(100_000), ..BuildOptions::default() };
    let error = folder.build(&["a.jsonl.gz"], &options, "index").unwrap_err();
    assert!(folder.message(&error).starts_with("cannot read `a.jsonl.gz` beyond byte "), "{error}");
    assert_eq!(folder.names(), ["a.jsonl.gz"]);
}

#[test]
fn indexes_that_were_not_made_alike() {
    let folder = Folder::new();
    folder.write("a.txt", "a b c d e f g h i j");
    let standard = BuildOptions { expect: Some(100_000), ..BuildOptions::default() };
    folder.build(&["a.txt"], &standard, "first").unwrap();
    let refused = |options: BuildOptions| {
        folder.build(&["a.txt"], &options, "second").unwrap();
        let indexes = ["first", "second"].map(|name| folder.open(name).unwrap());
        let error = merge(&indexes, &folder.path("merged"), 1).unwrap_err();
        assert!(error.hint().is_some());
        folder.message(&error)
    };
    let with = |ngrams| BuildOptions { ngrams, ..standard };
    assert_eq!(refused(with(n(7))), "cannot use `second`: its n is 7, that of the first is 8");
    assert_eq!(
        refused(BuildOptions { expect: None, ..standard }),
        "cannot use `second`: its size is that of 3 n-grams, that of the first is that of 100000 n-grams"
    );
    assert_eq!(
        refused(BuildOptions { rate: 1e-6, ..standard }),
        "cannot use `second`: its rate of false positives is 0.000001, that of the first is 0.00000001"
    );
    let ascii = NgramOptions { alphabet: datasets::overlap::Alphabet::Ascii, ..n(8) };
    assert_eq!(refused(with(ascii)), "cannot use `second`: its alphabet is ascii, that of the first is unicode");
    let across = NgramOptions { boundaries: datasets::overlap::Boundaries::Corpus, ..n(8) };
    assert!(refused(with(across)).contains("it holds n-grams across documents"));
    assert_eq!(folder.names(), ["a.txt", "first", "second"]);
}

/// What a run that was killed left behind is used again; what another run writes is not touched.
#[test]
fn the_temporary_file() {
    let folder = Folder::new();
    folder.write("a.txt", "a b c d e f g h i j");
    folder.write(".index.part", "left behind by a run that was killed".repeat(1_000));
    folder.build(&["a.txt"], &BuildOptions::default(), "index").unwrap();
    assert_eq!(folder.names(), ["a.txt", "index"]);

    let other = File::create(folder.path(".index.part")).unwrap();
    other.lock().unwrap();
    let error = folder.build(&["a.txt"], &BuildOptions::default(), "index").unwrap_err();
    assert_eq!(folder.message(&error), "cannot use `index`: another run is writing it");
    assert_eq!(folder.names(), [".index.part", "a.txt", "index"]);
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = Folder::new();
    folder.write("a.txt", "a b c d e f g h i j");
    let error = folder.build(&["a.txt"], &BuildOptions::default(), "none/index").unwrap_err();
    assert_eq!(folder.message(&error), "cannot write `none/index`: No such file or directory (os error 2)");
    assert_eq!(error.hint().as_deref(), Some("make the folder first, e.g. with `mkdir -p`"));
}
