//! Files as memory.

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Maps a file for reading.
#[expect(unsafe_code, reason = "mapping a file is unsafe: others may change it")]
pub(crate) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes are only ever read as numbers, for which every value is valid, so a change by another program can make
    // answers wrong, but nothing undefined that matters to this one. Indexes are replaced by rename, never written in
    // place; one that is cut short while it is mapped ends the program with SIGBUS.
    unsafe { Mmap::map(file) }
}
