//! How much of a text stands in a corpus, and where: the overlap analysis of the GPT-2 paper (Radford et al. 2019, section 4
//! and appendix 8.2).
//!
//! - [`NgramOptions`]: what an n-gram is; [`Words`] finds them fast, [`naive`] does the same char by char.
//! - [`build()`] makes an index file of a corpus, [`Index`] opens it, [`merge()`] unites those of shards.
//! - [`OverlapEngine`]: [`FilterEngine`] asks an index how much, [`JoinEngine`] reads the corpus and says where.
//!
//! ```
//! use datasets::overlap::{Corpus, Counting, JoinEngine, NgramOptions, Observer, OverlapEngine};
//!
//! struct Silent;
//! impl Observer for Silent {
//!     fn read(&self, _bytes: u64) {}
//!     fn skipped(&self, _error: &datasets::Error) {}
//! }
//!
//! let folder = tempfile::tempdir()?;
//! let corpus = folder.path().join("corpus.jsonl");
//! std::fs::write(&corpus, r#"{"id": "a", "text": "We set out at dawn, and by noon the river was in sight."}"#)?;
//! let engine = JoinEngine {
//!     corpus: Corpus::open(&[corpus])?,
//!     ngrams: NgramOptions { n: 3, ..NgramOptions::default() },
//!     threads: 2,
//!     observer: &Silent,
//! };
//! let text = "He wrote: «By noon the river» and no more";
//! let overlap = engine.overlaps(&[text], Counting::Occurrences)?.remove(0);
//! assert_eq!((overlap.found, overlap.total, overlap.longest), (2, 7, 4));
//! assert_eq!(&text[overlap.spans[0].bytes.clone()], "By noon the river");
//! assert_eq!(overlap.spans[0].place.as_ref().map(|place| place.offset), Some(24));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod by_length;
mod checksum;
mod corpus;
mod engine;
mod error;
mod filter;
mod found;
mod hash;
mod header;
mod huge;
mod index;
mod inverted;
mod join;
mod map;
mod merge;
pub mod naive;
mod options;
mod pipeline;
mod prefetch;
#[cfg(test)]
mod testing;
mod tokens;
mod trial;
mod words;
mod write;

pub use build::{BuildOptions, Plan, build, count, plan};
pub use by_length::{Count, count_by_length};
pub use corpus::{Corpus, Part, Source, Sources};
pub use engine::{FilterEngine, JoinEngine, OverlapEngine};
pub use error::IndexError;
pub use found::{Overlap, Place, Span};
pub use header::{Header, Tally};
pub use index::{Condition, Index, Verify};
pub use join::join;
pub use merge::merge;
pub use options::{Alphabet, Apostrophe, Boundaries, Counting, DEFAULT_SEED, MAX_N, NgramOptions};
pub use pipeline::Observer;
pub use prefetch::prefetch;
pub use tokens::{Tokens, Unit, Vocabulary};
pub use trial::{Trial, trial};
pub use words::Words;
