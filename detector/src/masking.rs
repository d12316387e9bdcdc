//! A text without some parts of it, and the way back to the bytes of the original.
//!
//! What is quoted from elsewhere says nothing about who wrote the rest: it is taken out before the text is judged, each part
//! for a single space.

use crate::explanation::Explanation;
use std::ops::Range;

/// A text with parts taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// What is left.
    pub text: String,
    /// The pieces that are left, with the parts between them.
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Its first byte in what is left, and in the original.
    start: usize,
    original: usize,
    bytes: usize,
}

impl Masked {
    /// Takes `parts` out of a text; they lie on character boundaries, in order, and do not overlap.
    #[must_use]
    pub fn new(text: &str, parts: &[Range<usize>]) -> Self {
        let mut masked = Self { text: String::with_capacity(text.len()), pieces: Vec::new() };
        let ends = parts.iter().map(|part| part.end);
        let starts = parts.iter().map(|part| part.start).chain([text.len()]);
        for (from, to) in std::iter::once(0).chain(ends).zip(starts) {
            if from > 0 {
                masked.text.push(' ');
            }
            masked.pieces.push(Piece { start: masked.text.len(), original: from, bytes: to - from });
            masked.text.push_str(&text[from..to]);
        }
        masked
    }

    /// The bytes of the original that a range of what is left came from; one across a part that was taken out holds it, one
    /// that only begins or ends with the space in its place does not.
    #[must_use]
    pub fn original_range(&self, range: Range<usize>) -> Range<usize> {
        let last = self.pieces.len() - 1;
        let piece = |byte: usize| self.pieces.partition_point(|piece| piece.start <= byte).saturating_sub(1);
        let first = piece(range.start);
        let Piece { start, original, bytes } = self.pieces[first];
        let within = range.start - start;
        if range.is_empty() {
            return original + within.min(bytes)..original + within.min(bytes);
        }
        let is_space = within >= bytes && first < last;
        let from = if is_space { self.pieces[first + 1].original } else { original + within };
        let Piece { start, original, bytes } = self.pieces[piece(range.end - 1)];
        let to = original + (range.end - start).min(bytes);
        // The space alone stands for all of the part.
        from.min(to)..to.max(from)
    }

    /// What was found about what is left, at the places of the original.
    #[must_use]
    pub fn original_explanation(&self, mut explanation: Explanation) -> Explanation {
        let put = |start: &mut usize, end: &mut usize| {
            let range = self.original_range(*start..*end);
            (*start, *end) = (range.start, range.end);
        };
        explanation.words.iter_mut().for_each(|word| put(&mut word.start, &mut word.end));
        explanation.sentences.iter_mut().for_each(|sentence| put(&mut sentence.start, &mut sentence.end));
        let values = explanation.detection.token_values.iter_mut().flatten();
        values.for_each(|value| put(&mut value.start, &mut value.end));
        for quotation in &mut explanation.quotations {
            *quotation = self.original_range(quotation.clone());
        }
        explanation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_out_and_found_again() {
        let text = "He said: “we the people”, and läughed.";
        let quoted = text.find("we the people").expect("it is there");
        let masked = Masked::new(text, std::slice::from_ref(&(quoted..quoted + 13)));
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
        assert_eq!(
            (masked.original_range(1..5), masked.original_range(2..6)),
            (3..7, 4..8),
            "spaces of its own are kept"
        );
        assert_eq!(
            (masked.original_range(0..5), masked.original_range(2..7)),
            (3..7, 4..8),
            "those in place of a part are not"
        );
        assert_eq!(masked.original_range(6..7), 8..13, "alone, it stands for the part");
        let nothing = Masked::new(text, std::slice::from_ref(&(0..text.len())));
        assert_eq!(nothing.text.trim(), "");
        assert_eq!(nothing.original_range(0..0), 0..0);
    }
}
