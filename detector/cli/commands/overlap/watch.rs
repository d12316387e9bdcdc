//! What is seen while a corpus is read: a counter of megabytes, and each record that is left out.

use crate::output::{note, progress_bar};
use datasets::overlap::Observer;
use indicatif::ProgressBar;
use std::cell::Cell;
use std::time::Instant;

/// Errors about records that are printed; the others are only counted.
const PRINTED: u64 = 10;

pub(crate) struct Watch {
    bar: ProgressBar,
    bytes: Cell<u64>,
    skipped: Cell<u64>,
    start: Instant,
}

impl Watch {
    /// `total` bytes of text are expected; 0 where that is not known.
    pub(crate) fn new(total: u64, what: &'static str) -> Self {
        let bar = progress_bar(total >> 20, what);
        Self { bar, bytes: Cell::new(0), skipped: Cell::new(0), start: Instant::now() }
    }

    /// Ends the bar; gives the seconds since the beginning.
    pub(crate) fn finish(&self) -> f64 {
        self.bar.finish_and_clear();
        self.start.elapsed().as_secs_f64()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.get()
    }

    /// Says how many records were left out; whether there were any.
    pub(crate) fn tell_skipped(&self) -> bool {
        let skipped = self.skipped.get();
        if skipped > 0 {
            note(&format!("{skipped} broken {} left out", if skipped == 1 { "record" } else { "records" }));
        }
        skipped > 0
    }
}

impl Observer for Watch {
    fn read(&self, bytes: u64) {
        self.bytes.set(self.bytes.get() + bytes);
        self.bar.set_position(self.bytes.get() >> 20);
    }

    fn skipped(&self, error: &datasets::Error) {
        self.skipped.set(self.skipped.get() + 1);
        if self.skipped.get() <= PRINTED {
            self.bar.suspend(|| report_record(error));
        }
    }
}

fn report_record(error: &datasets::Error) {
    note(&format!("error: {error}"));
    if let Some(hint) = error.hint() {
        note(&format!("  hint: {hint}"));
    }
}

/// The threads asked for, or those of the machine.
pub(crate) fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from)).max(1)
}
