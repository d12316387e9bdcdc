//! Passages of a corpus and how often each stands in it.
//!
//! A passage is 64 words. Of all, one in [`SAMPLED`] is looked at, chosen by its hash, so that every copy of it is.

use anyhow::Result;
use datasets::overlap::{Corpus, NgramOptions, Words};
use std::collections::{BTreeMap, BTreeSet};

/// Words of a passage.
const WORDS: usize = 64;
/// One passage in so many is looked at.
const SAMPLED: u64 = 256;
/// How often passages of a class stand in the corpus: from, to.
pub(crate) const CLASSES: [(u32, u32); 7] = [(1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63), (64, u32::MAX)];

/// A passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(crate) text: String,
    /// How often it stands in the corpus.
    pub(crate) occurrences: u32,
}

/// At most `most` passages of each class. Reads the corpus twice: to count, and for the texts.
pub(crate) fn passages(corpus: &Corpus, most: usize) -> Result<Vec<Vec<Passage>>> {
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    for_each_passage(corpus, &mut |hash, _| {
        *counts.entry(hash).or_insert(0) += 1;
        true
    })?;
    let mut chosen = BTreeSet::new();
    for (from, to) in CLASSES {
        let of_class = counts.iter().filter(|(_, count)| (from..=to).contains(*count));
        chosen.extend(of_class.map(|(hash, _)| *hash).take(most));
    }
    let mut classes = vec![Vec::new(); CLASSES.len()];
    for_each_passage(corpus, &mut |hash, text| {
        if chosen.remove(&hash) {
            let occurrences = counts[&hash];
            let class = CLASSES.iter().position(|(from, to)| (*from..=*to).contains(&occurrences));
            classes[class.expect("a count is in one class")].push(Passage { text: text.to_owned(), occurrences });
        }
        !chosen.is_empty()
    })?;
    Ok(classes)
}

/// Calls for each passage looked at, until the answer is false.
fn for_each_passage(corpus: &Corpus, take: &mut dyn FnMut(u64, &str) -> bool) -> Result<()> {
    let mut words = Words::new(NgramOptions { n: WORDS, ..NgramOptions::default() });
    let mut hashes = Vec::new();
    for source in corpus.sources() {
        let source = source?;
        words.read(&source.text);
        hashes.clear();
        words.ngrams(&mut hashes);
        for (first, &hash) in hashes.iter().enumerate() {
            let is_looked_at = hash.is_multiple_of(SAMPLED);
            if is_looked_at && !take(hash, &source.text[words.range(first, first + WORDS - 1)]) {
                return Ok(());
            }
        }
    }
    Ok(())
}
