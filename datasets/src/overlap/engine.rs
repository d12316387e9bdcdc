//! The two ways to answer, behind one trait.

use super::corpus::Corpus;
use super::found::Overlap;
use super::index::Index;
use super::join::join;
use super::options::{Counting, NgramOptions};
use super::pipeline::{Observer, map_all};
use super::words::Words;
use crate::error::{Error, Result};

/// Says what of a text stands in a corpus.
pub trait OverlapEngine {
    /// What an n-gram is to it.
    fn ngrams(&self) -> NgramOptions;

    /// What of each text was found, in their order.
    ///
    /// # Errors
    ///
    /// If the corpus cannot be read, or the tokenizer of an index of tokens is not at hand.
    fn overlaps(&self, texts: &[&str], counting: Counting) -> Result<Vec<Overlap>>;
}

/// How much, by an index: fast for any number of texts, without documents, wrong at the rate that was promised.
#[derive(Debug)]
pub struct FilterEngine {
    /// The index.
    pub index: Index,
    /// Threads that share the texts.
    pub threads: usize,
}

/// Where, by reading the corpus: exact, with documents.
pub struct JoinEngine<'a> {
    /// The corpus.
    pub corpus: Corpus,
    /// What an n-gram is.
    pub ngrams: NgramOptions,
    /// Threads beside the one that reads.
    pub threads: usize,
    /// Is told of the reading.
    pub observer: &'a dyn Observer,
}

impl OverlapEngine for FilterEngine {
    fn ngrams(&self) -> NgramOptions {
        self.index.header().ngrams
    }

    fn overlaps(&self, texts: &[&str], counting: Counting) -> Result<Vec<Overlap>> {
        let options = self.ngrams();
        options.check().map_err(|reason| Error::Index { path: self.index.path().to_owned(), reason })?;
        let start = || (Words::new(options), Vec::new(), Vec::new());
        Ok(map_all(texts, self.threads, start, |(words, ngrams, hits), text| {
            words.read(text);
            ngrams.clear();
            words.ngrams(ngrams);
            self.index.contains(ngrams, hits);
            Overlap::from_hits(words, options.n, ngrams, hits, counting)
        }))
    }
}

impl OverlapEngine for JoinEngine<'_> {
    fn ngrams(&self) -> NgramOptions {
        self.ngrams
    }

    fn overlaps(&self, texts: &[&str], counting: Counting) -> Result<Vec<Overlap>> {
        join(texts, &self.corpus, self.ngrams, counting, self.threads, self.observer)
    }
}

impl std::fmt::Debug for JoinEngine<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("JoinEngine").field("corpus", &self.corpus).finish_non_exhaustive()
    }
}
