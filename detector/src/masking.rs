//! A text without some parts of it, and the way back to the bytes of the original.
//!
//! What is quoted from elsewhere says nothing about who wrote the rest: it is taken out before the text is judged, each part
//! for a single space.

use std::ops::Range;

/// A text with parts taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// What is left.
    pub text: String,
    /// The first byte of each piece that is left, in `text` and in the original.
    pieces: Vec<(usize, usize)>,
    /// Bytes of the original.
    original: usize,
}

impl Masked {
    /// Takes `parts` out of a text; they lie on character boundaries, in order, and do not overlap.
    #[must_use]
    pub fn new(text: &str, parts: &[Range<usize>]) -> Self {
        let mut masked = Self { text: String::with_capacity(text.len()), pieces: Vec::new(), original: text.len() };
        let ends = parts.iter().map(|part| part.end);
        let starts = parts.iter().map(|part| part.start).chain([text.len()]);
        for (from, to) in std::iter::once(0).chain(ends).zip(starts) {
            if from > 0 {
                masked.text.push(' ');
            }
            masked.pieces.push((masked.text.len(), from));
            masked.text.push_str(&text[from..to]);
        }
        masked
    }

    /// The bytes of the original that a range of what is left came from; one across a part that was taken out holds it.
    #[must_use]
    pub fn original_range(&self, range: Range<usize>) -> Range<usize> {
        let at = |byte: usize| {
            let piece = self.pieces.partition_point(|(start, _)| *start <= byte).saturating_sub(1);
            let (start, original) = self.pieces[piece];
            let next = self.pieces.get(piece + 1).map_or(self.original, |(_, original)| *original);
            (original + byte.saturating_sub(start)).min(next)
        };
        if range.is_empty() { at(range.start)..at(range.start) } else { at(range.start)..at(range.end - 1) + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_out_and_found_again() {
        let text = "He said: “we the people”, and läughed.";
        let quoted = text.find("we the people").expect("it is there");
        let masked = Masked::new(text, &[quoted..quoted + 13]);
        assert_eq!(masked.text, "He said: “ ”, and läughed.");
        for word in ["He", "said", "and", "läughed", "“", "”"] {
            let at = masked.text.find(word).expect("it is left");
            assert_eq!(&text[masked.original_range(at..at + word.len())], word);
        }
        let around = masked.text.find("“ ”").expect("it is left");
        assert_eq!(&text[masked.original_range(around..around + "“ ”".len())], "“we the people”");
    }

    #[test]
    fn at_the_edges() {
        let text = "one two three";
        assert_eq!(Masked::new(text, &[]).text, text);
        let masked = Masked::new(text, &[0..3, 8..13]);
        assert_eq!(masked.text, "  two  ");
        assert_eq!(masked.original_range(2..5), 4..7);
        let nothing = Masked::new(text, &[0..13]);
        assert_eq!(nothing.text.trim(), "");
        assert_eq!(nothing.original_range(0..0), 0..0);
    }
}
