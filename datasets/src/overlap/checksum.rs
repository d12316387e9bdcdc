//! The checksum of a filter: XXH3 of the XXH3s of its pieces of 1 MiB, so that many threads can make it.

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a piece.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// The hashes of pieces, in order.
#[derive(Debug, Default)]
pub(crate) struct Checksum(Vec<u8>);

impl Checksum {
    /// Adds pieces; all but the last of the filter must be whole.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        bytes.chunks(PIECE_BYTES).for_each(|piece| self.0.extend(xxh3_64(piece).to_le_bytes()));
    }

    /// Adds the pieces of another, which follow.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    pub(crate) fn finish(&self) -> u64 {
        xxh3_64(&self.0)
    }
}
