//! The public interface, on real files: what is read, and the exact message for everything that is wrong.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// CSV: quoting, line numbers, byte offsets, and the messages.
mod csv;
mod files;
/// JSON Lines: fields, ids, and the messages.
mod jsonl;
/// Folders, several paths, extensions and compression.
mod opening;
/// Parquet: encodings, types, damage, and the messages.
mod parquet;
/// Plain texts: limits, byte order marks, and the messages.
mod text;
