//! A corpus to an index file.
//!
//! The filter is filled in memory, as much of it at a time as `memory` allows, each time with a pass over the corpus, and
//! written to a temporary file that gets its name when it is whole. Bits are only ever set, so that the bytes do not
//! depend on the order in which threads set them.
//!
//! Threads do not set bits one by one: each sorts them by region of the filter and puts a hundred into a region at a
//! time, under its lock.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use memmap2::MmapMut;

use super::checksum::PIECE_BYTES;
use super::corpus::Corpus;
use super::error::IndexError;
use super::filter::{self, LINE_BYTES, Line, MOST_LINES, Place, RATES};
use super::header::{HEADER_BYTES, Header, Tally};
use super::options::{Boundaries, NgramOptions};
use super::pipeline::{Batch, Observer, for_each_batch};
use super::words::Words;
use super::write::IndexWriter;
use crate::error::{Error, Result};

/// Regions of the filter, each with its lock; a power of two.
const REGIONS: u64 = 64;
/// Places gathered for a region before they are set: so many that those of two threads fit the second cache together.
const GATHERED: usize = 128;

/// How to build an index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuildOptions {
    /// What an n-gram is.
    pub ngrams: NgramOptions,
    /// The rate of false positives that is promised.
    pub rate: f64,
    /// How many n-grams there will be, counted as often as they occur. Without it they are counted first.
    pub expect: Option<u64>,
    /// Bytes of the filter in memory at a time.
    pub memory: u64,
    /// Threads that work beside the one that reads.
    pub threads: usize,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { ngrams: NgramOptions::default(), rate: 1e-8, expect: None, memory: 4 << 30, threads: 2 }
    }
}

/// What is going to be built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// N-grams the size is chosen for.
    pub expected: u64,
    /// Lines of the filter.
    pub lines: u64,
    /// Bits for each n-gram expected.
    pub bits_per_ngram: u64,
    /// Bytes of the index file.
    pub file_bytes: u64,
    /// How often the corpus is read to fill it.
    pub passes: u64,
}

/// Decides on the size: reads the corpus to count its n-grams, if it is not said how many to expect.
///
/// # Errors
///
/// If an option is out of range, or the corpus cannot be read or has no n-gram.
pub fn plan(corpus: &Corpus, options: &BuildOptions, observer: &dyn Observer) -> Result<Plan> {
    let fail = |reason| Error::Index { path: corpus.name(), reason };
    options.ngrams.check().map_err(fail)?;
    if !RATES.contains(&options.rate) {
        return Err(fail(IndexError::Rate { found: options.rate }));
    }
    let expected = match options.expect {
        Some(expected) => expected.max(1),
        None => count(corpus, options, observer)?.ngrams,
    };
    let bits = filter::bits_per_ngram(options.rate);
    let lines = filter::lines_for(expected, bits);
    if lines > MOST_LINES {
        let bytes = u128::from(lines) * LINE_BYTES as u128;
        return Err(fail(IndexError::TooLarge { ngrams: expected, bytes }));
    }
    Ok(Plan {
        expected,
        lines,
        bits_per_ngram: bits,
        file_bytes: HEADER_BYTES as u64 + lines * LINE_BYTES as u64,
        passes: lines.div_ceil(lines_at_a_time(options.memory)),
    })
}

/// Counts what a corpus holds.
///
/// # Errors
///
/// If it cannot be read or has no n-gram.
pub fn count(corpus: &Corpus, options: &BuildOptions, observer: &dyn Observer) -> Result<Tally> {
    let start = || (Words::new(options.ngrams), Tally::default());
    let states = for_each_text(corpus, options, observer, start, |(words, tally), text| {
        words.read(text);
        tally.ngrams += words.ngram_count() as u64;
    })?;
    total(states.into_iter().map(|((_, tally), read)| tally.and(read)), corpus, options)
}

/// Builds an index as planned and puts it at `output`; gives its header.
///
/// # Errors
///
/// If the corpus cannot be read, holds no n-gram or many more than planned for, or the file cannot be written.
pub fn build(
    corpus: &Corpus,
    plan: &Plan,
    options: &BuildOptions,
    output: &Path,
    observer: &dyn Observer,
) -> Result<Header> {
    let mut writer = IndexWriter::create(output)?;
    let at_a_time = lines_at_a_time(options.memory).min(plan.lines);
    let bytes = (at_a_time as usize).saturating_mul(LINE_BYTES);
    let out_of_memory = |source| Error::Open { path: output.to_owned(), source };
    let mut tally = Tally::default();
    let mut from = 0;
    while from < plan.lines {
        let to = (from + at_a_time).min(plan.lines);
        let mut memory = MmapMut::map_anon(bytes).map_err(out_of_memory)?;
        // Huge pages make random access twice as fast; without them it works all the same.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        let lines = &mut memory.as_chunks_mut::<LINE_BYTES>().0[..(to - from) as usize];
        tally = fill(corpus, plan.lines, from, lines, options, observer)?;
        writer.write(lines.as_flattened(), options.threads)?;
        from = to;
    }
    writer.finish(Header {
        ngrams: options.ngrams,
        lines: plan.lines,
        expected: plan.expected,
        rate: options.rate,
        tally,
        checksum: 0,
    })
}

/// Sets the bits of the whole corpus that lie in `lines`, which are those of the filter from line `from` on.
pub(crate) fn fill(
    corpus: &Corpus,
    all_lines: u64,
    from: u64,
    lines: &mut [Line],
    options: &BuildOptions,
    observer: &dyn Observer,
) -> Result<Tally> {
    let regions = Regions::new(lines, from);
    let start = || (Words::new(options.ngrams), Vec::new(), Setter::new(&regions, all_lines));
    let states = for_each_text(corpus, options, observer, start, |(words, ngrams, setter), text| {
        words.read(text);
        ngrams.clear();
        words.ngrams(ngrams);
        setter.set(ngrams);
    })?;
    let finished = states.into_iter().map(|((_, _, setter), read)| {
        let ngrams = setter.finish();
        Tally { ngrams, ..read }
    });
    total(finished, corpus, options)
}

fn total(tallies: impl Iterator<Item = Tally>, corpus: &Corpus, options: &BuildOptions) -> Result<Tally> {
    let tally = tallies.fold(Tally::default(), Tally::and);
    if tally.ngrams == 0 {
        let reason = IndexError::Empty { n: options.ngrams.n, documents: tally.documents };
        return Err(Error::Index { path: corpus.name(), reason });
    }
    Ok(tally)
}

/// Whole pieces of the checksum, at least one.
fn lines_at_a_time(memory: u64) -> u64 {
    let pieces = (memory / PIECE_BYTES as u64).max(1);
    (pieces * PIECE_BYTES as u64 / LINE_BYTES as u64).min(MOST_LINES)
}

/// Works on every text of a corpus, each with the words before it that an n-gram could begin with, where n-grams may lie
/// across documents. Gives the threads' states with the documents and bytes they saw.
fn for_each_text<State: Send>(
    corpus: &Corpus,
    options: &BuildOptions,
    observer: &dyn Observer,
    start: impl Fn() -> State + Sync,
    work: impl Fn(&mut State, &str) + Sync,
) -> Result<Vec<(State, Tally)>> {
    let across = options.ngrams.boundaries == Boundaries::Corpus;
    // One text after the other: what stands before each is known only then.
    let threads = if across { 1 } else { options.threads };
    let start = || (start(), Tally::default(), Carry::new(options.ngrams));
    let states = for_each_batch(corpus, threads, observer, start, |(state, tally, carry), batch: Batch| {
        for source in &batch.sources {
            tally.documents += 1;
            tally.bytes += source.text.len() as u64;
            if across { work(state, carry.join(&source.text)) } else { work(state, &source.text) }
        }
    })?;
    Ok(states.into_iter().map(|(state, tally, _)| (state, tally)).collect())
}

/// The end of what was read, as much of it as an n-gram across the boundary begins with.
struct Carry {
    words: Words,
    n: usize,
    text: String,
    kept: usize,
}

impl Carry {
    fn new(options: NgramOptions) -> Self {
        Self { words: Words::new(options), n: options.n, text: String::new(), kept: 0 }
    }

    /// The last n - 1 words before a text, and the text.
    fn join(&mut self, text: &str) -> &str {
        self.text.drain(..self.kept);
        self.text.push(' ');
        self.text.push_str(text);
        self.words.read(&self.text);
        let words = self.words.hashes().len();
        self.kept = match words.saturating_sub(self.n - 1) {
            0 => 0,
            first if first == words => self.text.len(),
            first => self.words.range(first, first).start,
        };
        &self.text
    }
}

/// A part of the filter in regions that are locked one by one.
struct Regions<'a> {
    regions: Vec<Mutex<&'a mut [Line]>>,
    /// The first line of the part, and how many there are.
    from: u64,
    lines: u64,
    /// Lines of a region, as a power of two.
    shift: u32,
}

impl<'a> Regions<'a> {
    fn new(lines: &'a mut [Line], from: u64) -> Self {
        let count = lines.len() as u64;
        let shift = count.div_ceil(REGIONS).next_power_of_two().trailing_zeros();
        Self { regions: lines.chunks_mut(1 << shift).map(Mutex::new).collect(), from, lines: count, shift }
    }
}

/// One thread's way to set bits.
struct Setter<'a> {
    regions: &'a Regions<'a>,
    all_lines: u64,
    gathered: Vec<Vec<(u32, u64)>>,
    ngrams: u64,
}

impl<'a> Setter<'a> {
    fn new(regions: &'a Regions<'a>, all_lines: u64) -> Self {
        let gathered = regions.regions.iter().map(|_| Vec::with_capacity(GATHERED)).collect();
        Self { regions, all_lines, gathered, ngrams: 0 }
    }

    fn set(&mut self, ngrams: &[u64]) {
        self.ngrams += ngrams.len() as u64;
        for &ngram in ngrams {
            self.gather(filter::first(ngram, self.all_lines));
            self.gather(filter::second(ngram, self.all_lines));
        }
    }

    #[inline]
    fn gather(&mut self, place: Place) {
        let line = place.line.wrapping_sub(self.regions.from);
        if line >= self.regions.lines {
            return;
        }
        let region = (line >> self.regions.shift) as usize;
        let within = line & ((1 << self.regions.shift) - 1);
        let gathered = &mut self.gathered[region];
        gathered.push((within as u32, place.bits));
        if gathered.len() == GATHERED {
            set_all(&self.regions.regions[region], gathered);
        }
    }

    /// Sets what is still gathered; gives the number of n-grams.
    fn finish(mut self) -> u64 {
        for (region, gathered) in self.regions.regions.iter().zip(&mut self.gathered) {
            set_all(region, gathered);
        }
        self.ngrams
    }
}

fn set_all(region: &Mutex<&mut [Line]>, gathered: &mut Vec<(u32, u64)>) {
    let mut lines = region.lock().unwrap_or_else(PoisonError::into_inner);
    filter::set_all(&mut lines, gathered);
    gathered.clear();
}
