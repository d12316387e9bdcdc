//! What of a text was found in a corpus.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::options::Counting;
use super::words::Words;

/// What of one text was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// N-grams of the text that were found.
    pub found: u64,
    /// N-grams of the text.
    pub total: u64,
    /// Words of the longest span.
    pub longest: usize,
    /// Where, in order. The index gives stretches in which every n-gram is found, which do not touch one another; the join
    /// gives maximal matches with one document each, which may overlap but never lie in one another.
    pub spans: Vec<Span>,
}

/// A part of a text that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its bytes in the text, from the first letter to the last.
    pub bytes: Range<usize>,
    /// Its words.
    pub words: usize,
    /// Where it was found, if that is known.
    pub place: Option<Place>,
}

/// A place in a corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: Arc<Path>,
    /// The document in it.
    pub document: String,
    /// The byte at which the match begins: of the file where it is a plain text, else of the document's text.
    pub offset: u64,
}

impl Overlap {
    /// Found of total, 0 to 1; `None` for a text too short for one n-gram.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.total > 0).then(|| self.found as f64 / self.total as f64)
    }

    /// The bytes of all spans as ranges that do not touch, in order.
    #[must_use]
    pub fn covered(&self) -> Vec<Range<usize>> {
        let mut covered: Vec<Range<usize>> = Vec::new();
        for span in &self.spans {
            match covered.last_mut() {
                Some(last) if span.bytes.start <= last.end => last.end = last.end.max(span.bytes.end),
                _ => covered.push(span.bytes.clone()),
            }
        }
        covered
    }

    /// From one answer for each n-gram of a text.
    pub(crate) fn from_hits(words: &Words, n: usize, ngrams: &[u64], hits: &[bool], counting: Counting) -> Self {
        let (found, total) = counts(ngrams, hits, counting);
        let mut spans = Vec::new();
        let mut at = 0;
        while let Some(first) = hits[at..].iter().position(|hit| *hit).map(|distance| at + distance) {
            // n-grams that share a word are one stretch; for n = 1, words that follow one another.
            let mut last = first;
            at = first + 1;
            while at < hits.len() && at <= last + (n - 1).max(1) {
                if hits[at] {
                    last = at;
                }
                at += 1;
            }
            at = last + 1;
            spans.push(Span { bytes: words.range(first, last + n - 1), words: last + n - first, place: None });
        }
        Self { found, total, longest: longest_run(hits, n), spans }
    }
}

/// Words of the longest stretch in which every n-gram is found.
fn longest_run(hits: &[bool], n: usize) -> usize {
    let longest = hits.split(|hit| !hit).map(<[bool]>::len).max().unwrap_or(0);
    if longest == 0 { 0 } else { longest + n - 1 }
}

/// Found and total, each n-gram as often as it stands there or once.
pub(crate) fn counts(ngrams: &[u64], hits: &[bool], counting: Counting) -> (u64, u64) {
    match counting {
        Counting::Occurrences => (hits.iter().filter(|hit| **hit).count() as u64, hits.len() as u64),
        Counting::Distinct => {
            let mut distinct: Vec<(u64, bool)> = ngrams.iter().copied().zip(hits.iter().copied()).collect();
            distinct.sort_unstable();
            distinct.dedup_by_key(|(ngram, _)| *ngram);
            (distinct.iter().filter(|(_, hit)| *hit).count() as u64, distinct.len() as u64)
        }
    }
}
