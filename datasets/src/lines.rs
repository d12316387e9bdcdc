//! The lines of a byte stream, with number and byte offset, in bounded memory.
//!
//! Bytes, not text: whether a line is UTF-8 is asked afterwards, so that one bad line does not end the file.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use crate::compression::Input;
use crate::error::{Error, Result};

/// The longest record that is read, 64 MiB: a line, a CSV record, a cell of a Parquet file. A longer plain text is cut into pieces.
pub const MAX_RECORD_BYTES: usize = 64 << 20;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Reads one line after the other into the same buffer.
pub(crate) struct Lines {
    path: PathBuf,
    input: Input,
    limit: usize,
    buffer: Vec<u8>,
    /// Bytes taken from `input` so far.
    offset: u64,
    /// Lines taken from `input` so far.
    number: u64,
    failed: bool,
}

/// One line without its `\n`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    /// Where `bytes` begins in the stream.
    pub(crate) offset: u64,
    pub(crate) bytes: &'a [u8],
}

impl Lines {
    /// `limit` is the longest line in bytes, without its `\n`.
    pub(crate) fn new(path: PathBuf, input: Input, limit: usize) -> Self {
        Self { path, input, limit, buffer: Vec::new(), offset: 0, number: 0, failed: false }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The longest line, and so the longest record, in bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The next line, `None` at the end. After a line that is too long comes the line after it; after an I/O
    /// error comes nothing.
    pub(crate) fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        if self.failed {
            return Ok(None);
        }
        let start = self.offset;
        if let Err(source) = self.fill() {
            self.failed = true;
            return Err(Error::Read { path: self.path.clone(), offset: self.offset, source });
        }
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let bytes = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        if bytes.len() > self.limit {
            return Err(Error::RecordTooLong { path: self.path.clone(), line: self.number, limit: self.limit as u64 });
        }
        let bom = if start == 0 && bytes.starts_with(BOM) { BOM.len() } else { 0 };
        Ok(Some(Line { number: self.number, offset: start + bom as u64, bytes: &bytes[bom..] }))
    }

    /// Fills the buffer with one line and its `\n`, or with `limit + 1` bytes of a longer one, whose rest is
    /// thrown away. Leaves it empty at the end of the stream.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.clear();
        let read = self.input.by_ref().take(self.limit as u64 + 1).read_until(b'\n', &mut self.buffer);
        self.offset += self.buffer.len() as u64;
        read?;
        self.number += u64::from(!self.buffer.is_empty());
        if self.buffer.len() > self.limit && !self.buffer.ends_with(b"\n") {
            self.offset += self.input.skip_until(b'\n')? as u64;
        }
        Ok(())
    }
}

/// The line as text, or where in the file it stops being UTF-8.
pub(crate) fn utf8<'a>(path: &Path, line: &Line<'a>) -> Result<&'a str> {
    std::str::from_utf8(line.bytes).map_err(|error| Error::InvalidUtf8 {
        path: path.to_owned(),
        line: Some(line.number),
        offset: line.offset + error.valid_up_to() as u64,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn lines(bytes: &'static [u8], limit: usize) -> Lines {
        Lines::new("a".into(), Box::new(Cursor::new(bytes)), limit)
    }

    fn collect(mut lines: Lines) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match lines.next_line() {
                Ok(None) => return seen,
                Ok(Some(Line { number, offset, bytes })) => {
                    seen.push(format!("{number} @{offset} {}", bytes.escape_ascii()));
                }
                Err(error) => seen.push(error.to_string()),
            }
        }
    }

    #[test]
    fn numbers_and_offsets() {
        assert_eq!(collect(lines(b"ab\n\nc\r\nd", 10)), ["1 @0 ab", "2 @3 ", r"3 @4 c\r", "4 @7 d"]);
        assert_eq!(collect(lines(b"", 10)), [""; 0]);
    }

    #[test]
    fn a_byte_order_mark_is_stripped_and_counted_at_the_start_only() {
        assert_eq!(collect(lines(b"\xEF\xBB\xBFa\n\xEF\xBB\xBFb\n", 10)), ["1 @3 a", r"2 @5 \xef\xbb\xbfb"]);
    }

    #[test]
    fn a_line_of_the_limit_fits_and_one_byte_more_does_not() {
        assert_eq!(
            collect(lines(b"abc\nabcd\nabcdefgh\nx\nabcd", 3)),
            [
                "1 @0 abc",
                "`a`, line 2: longer than 3 bytes, too long for one record",
                "`a`, line 3: longer than 3 bytes, too long for one record",
                "4 @18 x",
                "`a`, line 5: longer than 3 bytes, too long for one record",
            ]
        );
    }

    #[test]
    fn the_buffer_does_not_grow_with_the_line() {
        let endless = io::BufReader::new(io::repeat(b'x').take(10 << 20));
        let mut lines = Lines::new("a".into(), Box::new(endless), 1000);
        assert!(lines.next_line().is_err());
        assert!(lines.buffer.capacity() < 10_000);
        assert_eq!(lines.next_line().unwrap(), None);
        assert_eq!(lines.offset, 10 << 20);
    }

    #[test]
    fn after_an_input_error_comes_the_end() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let input = io::BufReader::new(b"ab\ncd".chain(Broken));
        let lines = Lines::new("a".into(), Box::new(input), 10);
        assert_eq!(collect(lines), ["1 @0 ab", "cannot read `a` beyond byte 5"]);
    }
}
