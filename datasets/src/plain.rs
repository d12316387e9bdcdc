//! Plain text: the whole file is one document, named after the file.
//!
//! A file above 64 MiB is several documents of up to 8 MiB, named `file.txt#1`, `file.txt#2`, ..., cut where a paragraph ends,
//! else a line, else a word, so that memory does not grow with the file. No byte is lost between them; n-grams of words that
//! lie across a cut are.

use std::path::{Path, PathBuf};

use crate::compression::Input;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::text::{BINARY_CHECK_BYTES, BOM, read_at_most};

/// The most bytes of a piece of a file that is too long for one document.
const PIECE_BYTES: usize = 8 << 20;

/// A document and the byte of its file at which its text begins.
pub(crate) struct Piece {
    pub(crate) document: Document,
    pub(crate) start: u64,
}

/// The documents of a plain text file.
pub(crate) struct Plain {
    path: PathBuf,
    input: Input,
    /// The longest file that is one document, and the longest piece of a longer one, in bytes.
    limit: usize,
    piece: usize,
    /// What was read and is not given away, from byte `at` on, and the byte of the file at which it begins.
    buffer: Vec<u8>,
    at: usize,
    start: u64,
    /// Pieces given away.
    pieces: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Begin,
    /// There is more in the file than in the buffer.
    Within,
    /// The buffer holds the end of the file.
    Last,
    Done,
}

impl Plain {
    pub(crate) fn new(path: &Path, input: Input, limit: usize) -> Self {
        let path = path.to_owned();
        let piece = PIECE_BYTES.min(limit);
        Self { path, input, limit, piece, buffer: Vec::new(), at: 0, start: 0, pieces: 0, state: State::Begin }
    }

    fn next_piece(&mut self) -> Result<Option<Piece>> {
        match self.state {
            State::Begin => {
                self.fill(self.limit)?;
                let head = &self.buffer[..self.buffer.len().min(BINARY_CHECK_BYTES)];
                if let Some(offset) = head.iter().position(|byte| *byte == 0) {
                    return Err(Error::Binary { path: self.path.clone(), offset: offset as u64 });
                }
                if self.buffer.starts_with(BOM.as_bytes()) {
                    self.at = BOM.len();
                }
                if self.state == State::Last {
                    let whole = self.take(self.buffer.len())?;
                    self.state = State::Done;
                    return Ok(Some(self.piece(whole)));
                }
            }
            State::Within | State::Last => {}
            State::Done => return Ok(None),
        }
        if self.state == State::Within && self.buffer.len() - self.at <= self.piece {
            self.fill(self.piece)?;
        }
        let rest = self.buffer.len() - self.at;
        if rest == 0 {
            self.state = State::Done;
            return Ok(None);
        }
        let end = self.at + if rest <= self.piece { rest } else { cut(&self.buffer[self.at..], self.piece) };
        let taken = self.take(end)?;
        self.pieces += 1;
        Ok(Some(self.piece(taken)))
    }

    /// Reads on until there is more than `most` bytes in the buffer, or the file ends.
    fn fill(&mut self, most: usize) -> Result<()> {
        self.buffer.drain(..self.at);
        self.start += self.at as u64;
        self.at = 0;
        let ended = read_at_most(&mut self.input, most as u64 + 1, &mut self.buffer).map_err(|source| Error::Read {
            path: self.path.clone(),
            offset: self.start + self.buffer.len() as u64,
            source,
        })?;
        self.state = if ended { State::Last } else { State::Within };
        Ok(())
    }

    /// The text up to byte `end` of the buffer, and where in the file it begins.
    fn take(&mut self, end: usize) -> Result<(String, u64)> {
        let start = self.start + self.at as u64;
        let text = str::from_utf8(&self.buffer[self.at..end]).map_err(|error| Error::InvalidUtf8 {
            path: self.path.clone(),
            line: None,
            offset: start + error.valid_up_to() as u64,
        })?;
        let text = text.to_owned();
        self.at = end;
        Ok((text, start))
    }

    fn piece(&self, (text, start): (String, u64)) -> Piece {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        let id = if self.pieces == 0 { name.into_owned() } else { format!("{name}#{}", self.pieces) };
        Piece { document: Document { id, text, ..Document::default() }, start }
    }
}

impl Iterator for Plain {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.next_piece();
        if piece.is_err() {
            self.state = State::Done;
        }
        piece.transpose()
    }
}

/// Where to cut more than `most` bytes: at the last end of a paragraph in the second half of as many, else of a line, else
/// behind a space, else where a char ends.
fn cut(bytes: &[u8], most: usize) -> usize {
    let half = most / 2;
    let last = |is_end: &dyn Fn(usize) -> bool| (half + 1..=most).rev().find(|end| is_end(*end));
    let ends_line = |end: usize| bytes[end - 1] == b'\n';
    let ends_paragraph = |end: usize| {
        let line = bytes[..end - 1].strip_suffix(b"\r").unwrap_or(&bytes[..end - 1]);
        ends_line(end) && line.ends_with(b"\n")
    };
    let found = last(&ends_paragraph)
        .or_else(|| last(&ends_line))
        .or_else(|| last(&|end| bytes[end - 1].is_ascii_whitespace()))
        // A byte that goes on a char is 10xxxxxx.
        .or_else(|| last(&|end| bytes[end] & 0xC0 != 0x80));
    found.unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn pieces(content: impl Into<Vec<u8>>, limit: usize, piece: usize) -> Vec<Result<(String, u64, String)>> {
        let input = Box::new(Cursor::new(content.into()));
        let plain = Plain { piece, ..Plain::new(Path::new("d/a.txt"), input, limit) };
        let show = |piece: Piece| (piece.document.id, piece.start, piece.document.text);
        plain.map(|piece| piece.map(show)).collect()
    }

    fn all(content: &str, limit: usize, piece: usize) -> Vec<(String, u64, String)> {
        pieces(content, limit, piece).into_iter().collect::<Result<_>>().unwrap()
    }

    #[test]
    fn a_file_of_the_limit_is_one_document_and_one_byte_more_is_pieces() {
        assert_eq!(all("0123456789", 10, 4), [("a.txt".to_owned(), 0, "0123456789".to_owned())]);
        assert_eq!(all("", 10, 4), [("a.txt".to_owned(), 0, String::new())]);
        let show = |(id, start, text): (String, u64, String)| format!("{id} {start} {text}");
        let longer: Vec<String> = all("0123456789x", 10, 4).into_iter().map(show).collect();
        assert_eq!(longer, ["a.txt#1 0 0123", "a.txt#2 4 4567", "a.txt#3 8 89x"]);
    }

    #[test]
    fn cuts_are_at_the_end_of_a_paragraph_a_line_a_word_a_char() {
        let texts = |content: &str| all(content, 12, 12).into_iter().map(|(.., text)| text).collect::<Vec<_>>();
        assert_eq!(texts("a b c d\n\ne\nf g h"), ["a b c d\n\n", "e\nf g h"]);
        assert_eq!(texts("a b c d\r\n\r\ne f g h"), ["a b c d\r\n\r\n", "e f g h"]);
        assert_eq!(texts("a\n\nb c d e\nf g h"), ["a\n\nb c d e\n", "f g h"]);
        assert_eq!(texts("abc defg hijkl"), ["abc defg ", "hijkl"]);
        assert_eq!(texts("éééééxéééé"), ["éééééx", "éééé"]);
    }

    /// Whatever the sizes, the pieces one after the other are the file, each where it says.
    #[test]
    fn no_byte_is_lost() {
        let content = "\u{FEFF}Zoë s’en va.\n\nÇa va? 東京 \r\n\r\nnon\n".repeat(20);
        for limit in 8..60 {
            for piece in 8..=limit {
                let pieces = all(&content, limit, piece);
                for (_, start, text) in &pieces {
                    assert!(text.len() <= piece);
                    assert_eq!(&content[*start as usize..*start as usize + text.len()], text);
                }
                let together: String = pieces.into_iter().map(|(.., text)| text).collect();
                assert_eq!(together, content[3..], "limit {limit}, piece {piece}");
            }
        }
    }

    #[test]
    fn what_is_wrong_ends_the_file_and_says_where() {
        let message = |content: &[u8]| pieces(content, 8, 8).pop().unwrap().unwrap_err().to_string();
        assert_eq!(message(b"abcdefg\nabc\xFFdef"), "`d/a.txt`: invalid UTF-8 at byte 11");
        assert_eq!(message(b"abc\0"), "`d/a.txt` looks like a binary file: NUL at byte 3");
        // A char cut off at the end of the file.
        assert_eq!(message("abcdefg\nab é".as_bytes().split_last().unwrap().1), "`d/a.txt`: invalid UTF-8 at byte 11");
    }
}
