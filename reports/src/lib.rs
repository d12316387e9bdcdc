//! What a reader sees: numbers that were finished elsewhere, as files.

mod evaluation;
pub mod overlap;

pub use evaluation::{Error, write_leave_one_source_out};
