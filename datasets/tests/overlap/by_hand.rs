use std::path::Path;

use datasets::overlap::{
    Alphabet, Apostrophe, Boundaries, Corpus, Counting, FilterEngine, JoinEngine, NgramOptions, Overlap, OverlapEngine,
    Part, Span, Tokens, Unit, Vocabulary, count_by_length,
};

use crate::folder::{Folder, Skipped, n};

const CORPUS: &str = r#"{"id": "mill", "text": "The old mill stood by the river, and nobody had ground corn there for years."}
{"id": "ferry", "text": "We took the ferry. The old mill stood by the road; it was raining."}
"#;

/// found, total, longest, and the spans as slices of the text.
fn shown<'a>(overlap: &Overlap, text: &'a str) -> (u64, u64, usize, Vec<&'a str>) {
    let slices = overlap.spans.iter().map(|span| &text[span.bytes.clone()]).collect();
    (overlap.found, overlap.total, overlap.longest, slices)
}

/// Both engines say the same; gives what.
#[track_caller]
fn both(corpus: &str, options: NgramOptions, text: &str) -> Overlap {
    let folder = Folder::new();
    folder.write("corpus.jsonl", corpus);
    let filter = folder.filter(&["corpus.jsonl"], options, text, Counting::Occurrences);
    let join = folder.join(&["corpus.jsonl"], options, text, Counting::Occurrences);
    assert_eq!(shown(&filter, text).0, shown(&join, text).0, "found, of {text:?}");
    assert_eq!((filter.total, filter.covered()), (join.total, join.covered()), "{text:?}");
    join
}

/// 12 words, so 10 trigrams: "the old mill", "old mill stood", "mill stood by" of the first match, "it was raining" of the second.
#[test]
fn trigrams_of_a_text() {
    let text = "Is THE OLD MILL stood—by— a lake? “It was raining.”";
    let overlap = both(CORPUS, n(3), text);
    assert_eq!(shown(&overlap, text), (4, 9, 5, vec!["THE OLD MILL stood—by", "It was raining"]));
    let places: Vec<(String, u64)> = overlap
        .spans
        .iter()
        .map(|span| span.place.as_ref().unwrap())
        .map(|place| (place.document.clone(), place.offset))
        .collect();
    // "the old mill stood by" stands in both documents; the first one is named.
    assert_eq!(places, [("mill".to_owned(), 0), ("ferry".to_owned(), 51)]);
    assert_eq!(overlap.share(), Some(4.0 / 9.0));
}

/// The longest match decides: with "the road" it is the second document, and the first match ends where no longer one begins.
#[test]
fn the_longest_match_names_the_document() {
    let text = "the old mill stood by the road";
    let overlap = both(CORPUS, n(3), text);
    assert_eq!(shown(&overlap, text), (5, 5, 7, vec![text]));
    let place = overlap.spans[0].place.as_ref().unwrap();
    assert_eq!((place.document.as_str(), place.offset), ("ferry", 19));
}

/// Matches with different documents overlap: "a b c d" of one, "c d e f" of the other, and no trigram is missing.
#[test]
fn matches_of_two_documents() {
    let corpus = "{\"id\": \"1\", \"text\": \"a b c d x\"}\n{\"id\": \"2\", \"text\": \"y b c d e f\"}\n";
    let text = "a b c d e f";
    let overlap = both(corpus, n(3), text);
    assert_eq!(shown(&overlap, text), (4, 4, 5, vec!["a b c d", "b c d e f"]));
    assert_eq!(overlap.covered(), vec![0..text.len()]);
}

#[test]
fn short_texts() {
    for (text, total) in [("", 0), ("the old", 0), ("the old mill", 1), ("...", 0)] {
        let overlap = both(CORPUS, n(3), text);
        assert_eq!((overlap.total, overlap.found), (total, total), "{text:?}");
        assert_eq!(overlap.share(), (total > 0).then_some(1.0));
    }
}

/// "a b c d" has 4, 3, 2 and 1 n-grams; "b c d" stands in one document, "a" in the other.
#[test]
fn all_lengths_at_once() {
    let folder = Folder::new();
    folder.write("corpus.jsonl", "{\"id\": \"1\", \"text\": \"x b c d\"}\n{\"id\": \"2\", \"text\": \"a y\"}\n");
    let corpus = folder.corpus(&["corpus.jsonl"]);
    let counts = |corpus: &Corpus| {
        let counts =
            count_by_length(&["a b c d", "z"], corpus, n(8), &[1, 2, 3, 4, 5], 2, &Skipped::default()).unwrap();
        counts
            .iter()
            .map(|counts| counts.iter().map(|count| (count.found, count.total)).collect())
            .collect::<Vec<Vec<_>>>()
    };
    assert_eq!(
        counts(&corpus),
        [vec![(4, 4), (2, 3), (1, 2), (0, 1), (0, 0)], vec![(0, 1), (0, 0), (0, 0), (0, 0), (0, 0)]]
    );
    // All are held out of 1000 in 1000, none is trained on.
    assert_eq!(counts(&corpus.clone().part(Part::HeldOut(1000))), counts(&corpus));
    assert_eq!(counts(&corpus.part(Part::Training(1000)))[0], [(0, 4), (0, 3), (0, 2), (0, 1), (0, 0)]);
}

/// Words that follow one another are one stretch to the index; to the join they are matches with places of their own.
#[test]
fn single_words() {
    let folder = Folder::new();
    folder.write("corpus.jsonl", CORPUS);
    let text = "the corn, the ferry, the bread";
    let filter = folder.filter(&["corpus.jsonl"], n(1), text, Counting::Occurrences);
    assert_eq!(shown(&filter, text), (5, 6, 5, vec!["the corn, the ferry, the"]));
    let join = folder.join(&["corpus.jsonl"], n(1), text, Counting::Occurrences);
    assert_eq!(shown(&join, text), (5, 6, 3, vec!["the", "corn", "the ferry, the"]));
}

/// "a b a b a b": bigrams ab ba ab ba ab, two different ones; only "a b" stands in the corpus.
#[test]
fn occurrences_and_distinct() {
    let folder = Folder::new();
    folder.write("corpus.txt", "a b c");
    let count = |counting| {
        let filter = folder.filter(&["corpus.txt"], n(2), "a b a b a b", counting);
        let join = folder.join(&["corpus.txt"], n(2), "a b a b a b", counting);
        assert_eq!((filter.found, filter.total), (join.found, join.total));
        (join.found, join.total)
    };
    assert_eq!(count(Counting::Occurrences), (3, 5));
    assert_eq!(count(Counting::Distinct), (1, 2));
}

#[test]
fn apostrophes_and_letters_of_other_alphabets() {
    let corpus = "{\"text\": \"Don't leave the café, said Zoë\"}\n";
    let found = |apostrophe, alphabet, text| both(corpus, NgramOptions { apostrophe, alphabet, ..n(3) }, text).found;
    let (split, drop) = (Apostrophe::Split, Apostrophe::Drop);
    let (unicode, ascii) = (Alphabet::Unicode, Alphabet::Ascii);
    assert_eq!(found(split, unicode, "don’t leave"), 1, "don t leave");
    assert_eq!(found(drop, unicode, "dont leave the"), 1);
    assert_eq!(found(split, unicode, "dont leave the"), 0);
    assert_eq!(found(split, unicode, "CAFÉ SAID ZOË"), 1);
    assert_eq!(found(split, unicode, "caf said zo"), 0);
    assert_eq!(found(split, ascii, "caf said zo"), 1);
    assert_eq!(found(split, unicode, "cafe\u{301} said zoë"), 0, "a combining accent is not composed");
}

/// "d e f" lies across the two documents.
#[test]
fn across_documents() {
    let folder = Folder::new();
    folder
        .write("corpus.jsonl", "{\"text\": \"a b c d\"}\n{\"text\": \"\"}\n{\"text\": \"e\"}\n{\"text\": \"f g h\"}\n");
    let found = |boundaries, text| {
        folder.filter(&["corpus.jsonl"], NgramOptions { boundaries, ..n(3) }, text, Counting::Occurrences).found
    };
    assert_eq!(found(Boundaries::Documents, "a b c d e f g h"), 3);
    assert_eq!(found(Boundaries::Corpus, "a b c d e f g h"), 6);
    assert_eq!(found(Boundaries::Corpus, "a b c"), 1);
    assert_eq!(found(Boundaries::Corpus, "h a b"), 0);
}

/// Byte order marks, and chars of two to four bytes before the match, in the text and in the document.
#[test]
fn offsets_are_bytes_of_the_file() {
    let folder = Folder::new();
    let corpus = "\u{FEFF}𝄞 Ω — früh am Morgen fuhr der Zug ab";
    folder.write("corpus.txt", corpus);
    let text = "«Früh am Morgen», 東京, fuhr der Zug ab!";
    let overlap = folder.join(&["corpus.txt"], n(3), text, Counting::Occurrences);
    assert_eq!(shown(&overlap, text), (3, 6, 4, vec!["Früh am Morgen", "fuhr der Zug ab"]));
    let places: Vec<&str> =
        overlap.spans.iter().map(|span| &corpus[span.place.as_ref().unwrap().offset as usize..]).collect();
    assert_eq!(places, ["früh am Morgen fuhr der Zug ab", "fuhr der Zug ab"]);
}

/// A phrase that stands 2000 times in the text, more than is followed, and 200 times in the corpus: all of it is found.
#[test]
fn a_refrain() {
    let folder = Folder::new();
    folder.write("corpus.txt", "la la la land ".repeat(200));
    let text = "x la la la land y ".repeat(2_000);
    let overlap = folder.join(&["corpus.txt"], n(3), &text, Counting::Occurrences);
    // Of each 6 words, "la la la" and "la la land"; total is 12,000 - 2.
    assert_eq!((overlap.found, overlap.total, overlap.longest), (4_000, 11_998, 4));
    assert_eq!(overlap.covered().len(), 2_000);
    let same = folder.filter(&["corpus.txt"], n(3), &text, Counting::Occurrences);
    assert_eq!((same.found, same.covered()), (4_000, overlap.covered()));
}

/// A plain text above 64 MiB is read in pieces; the byte is that of the file.
#[test]
fn a_passage_deep_in_a_long_file() {
    let passage = "Zoë counted seven grey geese above the frozen mill";
    let line = "It rained in Łódź, and the ferry did not come.\n";
    let before = line.repeat((66 << 20) / line.len());
    let folder = Folder::new();
    folder.write("long.txt", format!("{before}{passage}.\n{line}"));
    let text = format!("She said: {passage}!");
    let overlap = folder.join(&["long.txt"], n(8), &text, Counting::Occurrences);
    assert_eq!(shown(&overlap, &text), (2, 4, 9, vec![passage]));
    let place = overlap.spans[0].place.as_ref().unwrap();
    assert_eq!((place.document.as_str(), place.offset), ("long.txt#9", before.len() as u64));
    let filter = folder.filter(&["long.txt"], n(8), &text, Counting::Occurrences);
    assert_eq!((filter.found, filter.covered()), (2, overlap.covered()));
}

/// The same documents in a Parquet file and in JSONL: the same matches, and the byte is that of the document's text.
#[test]
fn a_parquet_file_as_corpus() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let text = "It rained all day, it rained all night.";
    let join = |name: &str| {
        let engine = JoinEngine {
            corpus: Corpus::open(&[fixtures.join(name)]).unwrap(),
            ngrams: n(3),
            threads: 2,
            observer: &Skipped::default(),
        };
        engine.overlaps(&[text], Counting::Occurrences).unwrap().remove(0)
    };
    let (parquet, jsonl) = (join("snappy.parquet"), join("documents.jsonl"));
    assert_eq!(shown(&parquet, text), (4, 6, 4, vec!["It rained all day", "it rained all night"]));
    let places = |overlap: &Overlap| {
        let place = |span: &Span| span.place.as_ref().map(|place| (place.document.clone(), place.offset));
        overlap.spans.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(places(&parquet), [Some(("10".to_owned(), 0)), Some(("13".to_owned(), 0))]);
    assert_eq!((places(&jsonl), jsonl.found), (places(&parquet), parquet.found));
}

/// Each byte is a token, all numbers raised by so much.
struct Bytes(u32);

impl Tokens for Bytes {
    fn encode(&self, text: &str) -> Vec<(u32, std::ops::Range<usize>)> {
        text.bytes().enumerate().map(|(at, byte)| (self.0 + u32::from(byte), at..at + 1)).collect()
    }

    fn definition(&self) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }
}

/// Tokens of the corpus: a space, a, b, c, a space, d, e, f. Of the text's ten, eight trigrams, four stand there: "bc ", "c d", " de", "def".
#[test]
fn trigrams_of_tokens() {
    let corpus = "{\"text\": \"Abc, def\"}\n";
    let text = "xBC... DEF y";
    let tokens = |raised| NgramOptions { unit: Unit::Tokens(Vocabulary::new(Bytes(raised))), ..n(3) };
    let overlap = both(corpus, tokens(0), text);
    assert_eq!(shown(&overlap, text), (4, 8, 6, vec!["BC... DEF"]));

    let folder = Folder::new();
    folder.write("corpus.jsonl", corpus);
    folder.filter(&["corpus.jsonl"], tokens(0), text, Counting::Occurrences);
    let engine = FilterEngine { index: folder.open("some.overlap").unwrap(), threads: 1 };
    let error = engine.overlaps(&[text], Counting::Occurrences).unwrap_err();
    assert!(folder.message(&error).ends_with("it counts tokens, and the tokenizer is not given"), "{error}");
    let Unit::Tokens(other) = tokens(1).unit else { unreachable!() };
    let error = folder.open("some.overlap").unwrap().with_tokenizer(other).unwrap_err();
    assert!(folder.message(&error).contains("it counts tokens of another tokenizer: "), "{error}");
    let across = NgramOptions { boundaries: Boundaries::Corpus, ..tokens(0) };
    let engine = JoinEngine {
        corpus: folder.corpus(&["corpus.jsonl"]),
        ngrams: across,
        threads: 1,
        observer: &Skipped::default(),
    };
    let error = engine.overlaps(&[text], Counting::Occurrences).unwrap_err();
    assert!(folder.message(&error).ends_with("n-grams of tokens cannot lie across documents"), "{error}");
}
