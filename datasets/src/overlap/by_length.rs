//! How much is found for each length of n-gram at once: the n-novelty curve (Merrill, Smith and Elazar 2024).
//!
//! One pass over the corpus for all lengths. Exact up to a collision of 64-bit hashes, which is not looked into: with 10¹⁰
//! n-grams of corpus and text each there is one in a run of 10⁹.

use std::sync::atomic::{AtomicU64, Ordering};

use super::corpus::Corpus;
use super::hash;
use super::inverted::{Inverted, Known, QueryWords, TOGETHER};
use super::options::NgramOptions;
use super::pipeline::{Observer, for_each_batch};
use super::words::Words;
use crate::error::{Error, Result};

/// N-grams of a text, as often as they stand there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that stand in the corpus.
    pub found: u64,
    /// All of them.
    pub total: u64,
}

impl Count {
    /// Found of total, 0 to 1; `None` where there is none.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.total > 0).then(|| self.found as f64 / self.total as f64)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { found: self.found + other.found, total: self.total + other.total }
    }
}

/// For each text, one count for each of the `lengths`; the n of the options is not used.
///
/// # Errors
///
/// If the corpus cannot be read.
pub fn count_by_length(
    texts: &[&str],
    corpus: &Corpus,
    options: NgramOptions,
    lengths: &[usize],
    threads: usize,
    observer: &dyn Observer,
) -> Result<Vec<Vec<Count>>> {
    let words = QueryWords::new(texts.iter().copied(), options);
    let out_of_memory = |source| Error::Open { path: corpus.name(), source };
    let inverted = lengths.iter().map(|n| Inverted::new(&words, *n)).collect::<std::io::Result<Vec<Inverted>>>();
    let inverted = inverted.map_err(out_of_memory)?;
    let bits = |inverted: &Inverted| (0..inverted.len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
    let found: Vec<Vec<AtomicU64>> = inverted.iter().map(bits).collect();
    let start = || (Words::new(options), Vec::new(), Box::new([Known::default(); TOGETHER]));
    for_each_batch(corpus, threads, observer, start, |(words, ngrams, known), batch| {
        for source in &batch.sources {
            words.read(&source.text);
            for (inverted, found) in inverted.iter().zip(&found) {
                ngrams.clear();
                hash::ngrams(words.hashes(), inverted.n, ngrams);
                for chunk in ngrams.chunks(TOGETHER) {
                    let count = inverted.known(chunk, known);
                    for Known { number, .. } in &known[..count] {
                        let (word, bit) = (&found[*number as usize / 64], 1 << (number % 64));
                        if word.load(Ordering::Relaxed) & bit == 0 {
                            word.fetch_or(bit, Ordering::Relaxed);
                        }
                    }
                }
            }
        }
    })?;
    let mut ngrams = Vec::new();
    let mut count = |text: usize, inverted: &Inverted, found: &[AtomicU64]| {
        ngrams.clear();
        hash::ngrams(&words.hashes[words.of(text)], inverted.n, &mut ngrams);
        let is_found = |ngram: &&u64| {
            let number = inverted.number(**ngram);
            number.is_some_and(|number| found[number / 64].load(Ordering::Relaxed) >> (number % 64) & 1 != 0)
        };
        Count { found: ngrams.iter().filter(is_found).count() as u64, total: ngrams.len() as u64 }
    };
    let of_text = |text| inverted.iter().zip(&found).map(|(inverted, found)| count(text, inverted, found)).collect();
    Ok((0..texts.len()).map(of_text).collect())
}
