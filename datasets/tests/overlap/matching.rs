use datasets::overlap::{Apostrophe, Counting, JoinEngine, NgramOptions, Overlap, OverlapEngine, naive};

use crate::folder::{Folder, Random, Skipped, jsonl, n};

/// Every match of a text with a document that cannot be made longer: first word, words, document, byte.
fn matches(text: &[String], documents: &[String], options: &NgramOptions) -> Vec<(usize, usize, usize, u64)> {
    let mut all = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let words = naive::words(document, options);
        for at in 0..text.len() {
            for from in 0..words.len() {
                if at > 0 && from > 0 && text[at - 1] == words[from - 1].0 {
                    continue;
                }
                let length =
                    text[at..].iter().zip(&words[from..]).take_while(|(left, right)| **left == right.0).count();
                if length >= options.n {
                    all.push((at, length, number, words[from].1.start as u64));
                }
            }
        }
    }
    all
}

/// The answer by comparing every word with every word: at each first word the longest match, then the first in the corpus; none
/// that lies in another.
fn slow(text: &str, documents: &[String], options: &NgramOptions) -> (u64, Vec<(usize, usize, String, u64)>) {
    let words: Vec<String> = naive::words(text, options).into_iter().map(|(word, _)| word).collect();
    let mut all = matches(&words, documents, options);
    all.sort_by_key(|&(at, length, number, offset)| (at, std::cmp::Reverse(length), number, offset));
    let found = (0..words.len())
        .filter(|at| all.iter().any(|(first, length, ..)| first <= at && at + options.n <= first + length))
        .count();
    let mut spans: Vec<(usize, usize, String, u64)> = Vec::new();
    for (at, length, number, offset) in all {
        if spans.last().is_none_or(|(first, words, ..)| first + words < at + length) {
            spans.push((at, length, (number + 1).to_string(), offset));
        }
    }
    (found as u64, spans)
}

#[track_caller]
fn compare(text: &str, overlap: &Overlap, documents: &[String], options: &NgramOptions) {
    let words = naive::words(text, options);
    let (found, expected) = slow(text, documents, options);
    let spans: Vec<_> = overlap
        .spans
        .iter()
        .map(|span| {
            let first = words.iter().position(|(_, range)| range.start == span.bytes.start).unwrap();
            assert_eq!(words[first + span.words - 1].1.end, span.bytes.end);
            let place = span.place.as_ref().unwrap();
            (first, span.words, place.document.clone(), place.offset)
        })
        .collect();
    assert_eq!((overlap.found, spans), (found, expected), "{text:?} in {documents:?}");
    let longest = overlap.spans.iter().map(|span| span.words).max().unwrap_or(0);
    assert_eq!(overlap.longest, longest);
}

/// Small vocabularies, so that matches are many, long and ambiguous.
#[test]
fn the_join_is_the_slow_join() {
    let mut random = Random(5);
    let folder = Folder::new();
    let mut found = 0;
    for round in 0..60 {
        let size = [3, 8, 20, 60][round % 4];
        let documents: Vec<String> = (0..12).map(|_| random.text(40, size)).collect();
        let texts: Vec<String> = (0..6).map(|_| random.text(30, size)).collect();
        folder.write("corpus.jsonl", jsonl(&documents));
        let apostrophe = if round % 2 == 0 { Apostrophe::Split } else { Apostrophe::Drop };
        let ngrams = NgramOptions { apostrophe, ..n(1 + round % 5) };
        let engine = JoinEngine {
            corpus: folder.corpus(&["corpus.jsonl"]),
            ngrams,
            threads: 1 + round % 3,
            observer: &Skipped::default(),
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for (text, overlap) in texts.iter().zip(engine.overlaps(&texts, Counting::Occurrences).unwrap()) {
            compare(text, &overlap, &documents, &ngrams);
            found += overlap.found;
        }
    }
    assert!(found > 5_000, "{found}");
}
