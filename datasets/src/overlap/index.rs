//! An index file, open for questions: is this n-gram in the corpus?

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::error::IndexError;
use super::filter::{self, Fill, LINE_BYTES, Line};
use super::header::{HEADER_BYTES, Header};
use super::map::map;
use super::prefetch::prefetch;
use super::tokens::{Unit, Vocabulary};
use super::write::examine;
use crate::error::{Error, Result};

/// N-grams that are asked for at a time, so that memory answers many at once.
const TOGETHER: usize = 64;

/// An index.
pub struct Index {
    path: PathBuf,
    header: Header,
    memory: Mmap,
}

/// How much of an index is read before it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// All of it, once, at the speed of the disk: its checksum must be right.
    All,
    /// The header and the size: for an index larger than memory that was verified before.
    Header,
}

impl Index {
    /// Opens the index at `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, is no index, is of a later version, cut off or damaged.
    pub fn open(path: &Path, verify: Verify, threads: usize) -> Result<Self> {
        let open_error = |source| Error::open(path, source);
        let fail = |reason| Error::Index { path: path.to_owned(), reason };
        if path.is_dir() {
            return Err(fail(IndexError::Foreign));
        }
        let mut file = File::open(path).map_err(open_error)?;
        let file_bytes = file.metadata().map_err(open_error)?.len();
        let mut begin = Vec::with_capacity(HEADER_BYTES);
        file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut begin).map_err(open_error)?;
        let header = Header::from_bytes(&begin, file_bytes).map_err(fail)?;
        let memory = map(&file).map_err(open_error)?;
        let index = Self { path: path.to_owned(), header, memory };
        if verify == Verify::All && examine(index.bytes(), threads).0.finish() != header.checksum {
            return Err(fail(IndexError::Checksum { part: "filter" }));
        }
        Ok(index)
    }

    /// Gives an index of tokens its tokenizer; one of words needs none.
    ///
    /// # Errors
    ///
    /// If it was built with another.
    pub fn with_tokenizer(mut self, vocabulary: Vocabulary) -> Result<Self> {
        if let Unit::Tokens(known) = &mut self.header.ngrams.unit {
            if *known != vocabulary {
                let (found, expected) = (format!("{vocabulary:?}"), format!("{known:?}"));
                return Err(Error::Index { path: self.path, reason: IndexError::OtherTokenizer { found, expected } });
            }
            *known = vocabulary;
        }
        Ok(self)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says about itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads all of it to see how full it is.
    #[must_use]
    pub fn condition(&self, threads: usize) -> Condition {
        let fill: Fill = examine(self.bytes(), threads).1;
        Condition { distinct: fill.distinct().round() as u64, false_positive_rate: fill.false_positive_rate() }
    }

    /// Whether each of these n-grams is in the corpus, into `hits`. Never wrong where it is; where it is not, wrong at the
    /// rate that was promised.
    pub fn contains(&self, ngrams: &[u64], hits: &mut Vec<bool>) {
        hits.clear();
        hits.reserve(ngrams.len());
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2")]
            fn with_avx2(lines: &[Line], ngrams: &[u64], hits: &mut Vec<bool>) {
                look_up(lines, ngrams, hits);
            }
            if std::is_x86_feature_detected!("avx2") {
                #[expect(unsafe_code, reason = "a function for processors with AVX2, which this one has")]
                // SAFETY: AVX2 was detected.
                return unsafe { with_avx2(self.lines(), ngrams, hits) };
            }
        }
        look_up(self.lines(), ngrams, hits);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[HEADER_BYTES..]
    }

    fn lines(&self) -> &[Line] {
        self.bytes().as_chunks::<LINE_BYTES>().0
    }
}

#[inline(always)]
fn look_up(lines: &[Line], ngrams: &[u64], hits: &mut Vec<bool>) {
    let count = lines.len() as u64;
    let mut maybe = Vec::with_capacity(TOGETHER);
    for together in ngrams.chunks(TOGETHER) {
        for &ngram in together {
            prefetch(lines, filter::first(ngram, count).line as usize);
        }
        maybe.clear();
        for &ngram in together {
            let place = filter::first(ngram, count);
            let hit = filter::is_set(&lines[place.line as usize], place.bits);
            if hit {
                let second = filter::second(ngram, count);
                prefetch(lines, second.line as usize);
                maybe.push((hits.len(), second));
            }
            hits.push(hit);
        }
        for (at, place) in &maybe {
            hits[*at] = filter::is_set(&lines[place.line as usize], place.bits);
        }
    }
}

/// How full an index is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// How many different n-grams were put in, by the bits that are set.
    pub distinct: u64,
    /// The rate of false positives, by the bits that are set.
    pub false_positive_rate: f64,
}

impl fmt::Debug for Index {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Index").field("path", &self.path).field("header", &self.header).finish_non_exhaustive()
    }
}
