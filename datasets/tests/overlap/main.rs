//! What stands in a corpus: small corpora written for these tests, with overlaps counted by hand, and laws on generated ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Building and merging: the same bytes for any threads, memory and shards; nothing is forgotten; what is refused.
mod building;
/// Overlaps counted by hand, for both engines.
mod by_hand;
/// Index files that are damaged, foreign, cut off, or lie.
mod damaged;
mod folder;
/// The join against a slow one that compares every word with every word.
mod matching;
