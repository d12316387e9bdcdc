//! The indexes of shards to the index of the whole: bits are united, counts are added.
//!
//! The result is byte for byte the index that a build of all shards with the same `expect` gives; so the size must have been
//! chosen for the whole when the shards were built.

use std::path::Path;

use super::checksum::PIECE_BYTES;
use super::error::IndexError;
use super::header::Header;
use super::index::Index;
use super::options::Boundaries;
use super::write::IndexWriter;
use crate::error::{Error, Result};

/// Bytes united at a time.
const STRIPE_BYTES: usize = 16 * PIECE_BYTES;

/// Merges indexes into one at `output`; gives its header.
///
/// # Errors
///
/// If they were not made alike, or together hold many more n-grams than expected, or the file cannot be written.
pub fn merge(indexes: &[Index], output: &Path, threads: usize) -> Result<Option<Header>> {
    let Some((first, others)) = indexes.split_first() else { return Ok(None) };
    for index in indexes {
        check(first, index).map_err(|reason| Error::Index { path: index.path().to_owned(), reason })?;
    }
    let mut writer = IndexWriter::create(output)?;
    for (number, stripe) in first.bytes().chunks(STRIPE_BYTES).enumerate() {
        let mut united = stripe.to_vec();
        for other in others {
            let other = &other.bytes()[number * STRIPE_BYTES..];
            united.iter_mut().zip(other).for_each(|(byte, other)| *byte |= other);
        }
        writer.write(&united, threads)?;
    }
    let tally = others.iter().fold(first.header().tally, |tally, other| tally.and(other.header().tally));
    writer.finish(Header { tally, ..*first.header() }).map(Some)
}

fn check(first: &Index, index: &Index) -> Result<(), IndexError> {
    let (expected, found) = (first.header(), index.header());
    if found.ngrams.boundaries == Boundaries::Corpus {
        return Err(IndexError::AcrossShards);
    }
    let fields = [
        ("n", found.ngrams.n.to_string(), expected.ngrams.n.to_string()),
        ("unit", name(&found.ngrams.unit), name(&expected.ngrams.unit)),
        ("treatment of apostrophes", name(&found.ngrams.apostrophe), name(&expected.ngrams.apostrophe)),
        ("alphabet", name(&found.ngrams.alphabet), name(&expected.ngrams.alphabet)),
        ("boundaries", name(&found.ngrams.boundaries), name(&expected.ngrams.boundaries)),
        ("seed", found.ngrams.seed.to_string(), expected.ngrams.seed.to_string()),
        ("rate of false positives", found.rate.to_string(), expected.rate.to_string()),
        ("size", size(found), size(expected)),
    ];
    match fields.into_iter().find(|(_, found, expected)| found != expected) {
        Some((field, found, expected)) => Err(IndexError::Unlike { field, found, expected }),
        None => Ok(()),
    }
}

fn name(option: &impl std::fmt::Debug) -> String {
    format!("{option:?}").to_lowercase()
}

fn size(header: &Header) -> String {
    format!("that of {} n-grams", header.expected)
}
