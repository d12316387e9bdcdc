//! How fast a corpus goes into an index on this machine, tried with its beginning.

use std::time::Instant;

use super::build::BuildOptions;
use super::corpus::Corpus;
use super::filter::{self, LINE_BYTES};
use super::words::Words;
use crate::error::Result;

/// Bytes of text that are tried.
const TRIED_BYTES: usize = 8 << 20;
/// Lines of the filter that is filled for it: 64 MiB, more than the caches hold.
const TRIED_LINES: usize = 1 << 20;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// N-grams of one thread a second, with reading.
    pub ngrams_per_second: f64,
}

/// Reads the beginning of a corpus and puts it into a filter that is then thrown away. Broken records are passed over.
///
/// # Errors
///
/// If the corpus cannot be read.
pub fn trial(corpus: &Corpus, options: &BuildOptions) -> Result<Trial> {
    let mut lines = vec![[0; LINE_BYTES]; TRIED_LINES];
    let (mut words, mut ngrams) = (Words::new(options.ngrams), Vec::new());
    let (mut bytes, mut count) = (0, 0);
    let start = Instant::now();
    for source in corpus.sources() {
        let text = match source {
            Ok(source) => source.text,
            Err(error) if error.is_of_record() => continue,
            Err(error) => return Err(error),
        };
        bytes += text.len();
        words.read(&text);
        ngrams.clear();
        words.ngrams(&mut ngrams);
        count += ngrams.len();
        for &ngram in &ngrams {
            let places = [filter::first(ngram, TRIED_LINES as u64), filter::second(ngram, TRIED_LINES as u64)];
            places.iter().for_each(|place| filter::set(&mut lines[place.line as usize], place.bits));
        }
        if bytes >= TRIED_BYTES {
            break;
        }
    }
    Ok(Trial { ngrams_per_second: count.max(1) as f64 / start.elapsed().as_secs_f64().max(1e-6) })
}
