//! One step of the normalisation as a rewriting from left to right that remembers where its output came from.
//!
//! Knows bytes and ranges, nothing of what is replaced by what.

use std::ops::Range;

/// A stretch of output and the input it came from: byte for byte when copied, as a whole when not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    output: usize,
    input: Range<usize>,
    copied: bool,
}

/// One step: reads its input from left to right, and writes output and segments.
pub(super) struct Rewriter<'a> {
    input: &'a str,
    pub(super) read: usize,
    output: String,
    segments: Vec<Segment>,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(input: &'a str) -> Self {
        Self { input, read: 0, output: String::with_capacity(input.len()), segments: Vec::new() }
    }

    /// Copies the input up to `end`.
    pub(super) fn copy(&mut self, end: usize) {
        if end == self.read {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if last.copied && last.input.end == self.read => last.input.end = end,
            _ => self.push(end, true),
        }
        self.output.push_str(&self.input[self.read..end]);
        self.read = end;
    }

    /// Writes `with` in place of the input up to `end`.
    pub(super) fn replace(&mut self, with: &str, end: usize) {
        if &self.input[self.read..end] == with {
            return self.copy(end);
        }
        if !with.is_empty() {
            self.push(end, false);
            self.output.push_str(with);
        }
        self.read = end;
    }

    fn push(&mut self, end: usize, copied: bool) {
        self.segments.push(Segment { output: self.output.len(), input: self.read..end, copied });
    }

    pub(super) fn finish(self, steps: &mut Vec<Vec<Segment>>) -> String {
        steps.push(self.segments);
        self.output
    }
}

/// The range of a step's input that a range of its output came from.
pub(super) fn input_range(segments: &[Segment], range: Range<usize>) -> Range<usize> {
    // The segment that holds the output byte at `position`, or the last one when there is none.
    let segment = |position: usize| {
        let after = segments.partition_point(|segment| segment.output <= position);
        segments.get(after.saturating_sub(1))
    };
    let Some(first) = segment(range.start) else { return 0..0 };
    let inside = range.start - first.output;
    let start = if first.copied { (first.input.start + inside).min(first.input.end) } else { first.input.start };
    if range.is_empty() {
        return start..start;
    }
    let Some(last) = segment(range.end - 1) else {
        return start..start;
    };
    let end = if last.copied { last.input.start + range.end - last.output } else { last.input.end };
    start..end.min(last.input.end)
}

#[cfg(test)]
mod tests {
    use crate::normalize::normalize;

    #[test]
    fn ranges_lead_back_to_the_original() {
        let normalized = normalize("“caf\u{200B}e\u{301}”…");
        assert_eq!(normalized.text, "\"café\"...");
        assert_eq!(normalized.original_range(1..6), 3..12);
        assert_eq!(normalized.original_range(8..9), 15..18);
        assert_eq!(normalized.original_range(0..99), 0..18);
    }
}
