//! Texts with known authors: reading them, one document at a time.
//!
//! This crate turns files into [`Document`]s and single files into a [`TextFile`] that can be judged. It says
//! where a file is wrong (path, line or byte) and goes on after a broken line. It does not judge, tokenize
//! or train, and it knows no language model. [`overlap`] says how much of a text stands in a corpus.
//!
//! ```
//! use std::io::Cursor;
//!
//! let lines = r#"{"id": "a", "text": "It rained all day.", "label": "human"}
//! {"id": "b", "text": 7}
//! {"id": "c", "text": "As a large language model,", "label": "machine", "generator": "gpt2"}
//! "#;
//!
//! let mut ids = Vec::new();
//! let mut errors = Vec::new();
//! for document in datasets::open_reader("<stdin>", Cursor::new(lines)) {
//!     match document {
//!         Ok(document) => ids.push(document.id),
//!         Err(error) => errors.push(error.to_string()),
//!     }
//! }
//! assert_eq!(ids, ["a", "c"]);
//! assert_eq!(errors, ["`<stdin>`, line 2: `text` must be a string, found a number"]);
//! ```
//!
//! Files and folders are opened with [`open`] or [`open_all`]. The formats, by extension:
//!
//! | extension | documents | compressed |
//! |---|---|---|
//! | `.txt`, `.md` | one: the whole file; of a file above 64 MiB, pieces | `.gz`, `.zst` |
//! | `.jsonl`, `.ndjson` | one per line | `.gz`, `.zst` |
//! | `.csv` | one per record, after a header | `.gz`, `.zst` |
//! | `.parquet` | one per row | inside: Snappy, gzip, Zstandard |

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod compression;
mod csv;
mod document;
mod error;
mod field;
mod folder;
mod format;
mod hint;
mod hold_out;
mod jsonl;
mod lines;
pub mod overlap;
mod parquet;
mod plain;
mod reader;
mod records;
mod rows;
mod text;

pub use document::{Document, Label};
pub use error::{Error, Result};
pub use hold_out::is_held_out;
pub use lines::MAX_RECORD_BYTES;
pub use parquet::ParquetError;
pub use reader::{Documents, open, open_all, open_reader};
pub use rows::{FIELDS, Row, Rows, open_rows};
pub use text::{TextFile, TextKind, read_text, read_text_from};
