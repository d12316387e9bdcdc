//! Step 4: lines. Joins those of hard-wrapped paragraphs and keeps those that structure a text.
//!
//! Goes by the length of lines and the marks they begin with; it parses no Markdown.

use super::offsets::Rewriter;
use std::ops::RangeInclusive;

/// Median line lengths, in characters, at which a paragraph looks hard-wrapped.
const WRAPPED: RangeInclusive<usize> = 40..=100;

/// Joins the lines of paragraphs that look hard-wrapped. The input's white space is folded.
pub(super) fn unwrap_lines(input: &str) -> Rewriter<'_> {
    let mut out = Rewriter::new(input);
    let mut start = 0;
    let mut lengths = Vec::new();
    for paragraph in input.split("\n\n") {
        lengths.clear();
        lengths.extend(paragraph.split('\n').map(|line| line.chars().count()));
        lengths.pop();
        let middle = lengths.len() / 2;
        if !lengths.is_empty() && WRAPPED.contains(lengths.select_nth_unstable(middle).1) {
            join_lines(paragraph, start, &mut out);
        }
        start += paragraph.len() + 2;
    }
    out.copy(input.len());
    out
}

/// Replaces the line breaks of the paragraph at byte `start` by spaces, apart from those that structure it.
fn join_lines(paragraph: &str, start: usize, out: &mut Rewriter<'_>) {
    let mut at = start;
    let mut lines = paragraph.split('\n').peekable();
    while let (Some(line), Some(next)) = (lines.next(), lines.peek()) {
        at += line.len() + 1;
        if !begins_block(next) && !line.trim_start().starts_with('#') {
            out.copy(at - 1);
            out.replace(" ", at + usize::from(next.starts_with(' ')));
        }
    }
}

/// Whether a line begins with the mark of a list item, heading, quote or table row.
fn begins_block(line: &str) -> bool {
    let line = line.trim_start();
    let marker = line.split(' ').next().unwrap_or_default();
    let number = marker.strip_suffix(['.', ')']).unwrap_or_default();
    line.starts_with(['#', '>', '|', '•', '◦', '▪', '‣', '·'])
        || matches!(marker, "-" | "*" | "+" | "–" | "—")
        || (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        || number.len() == 1 && marker.ends_with(')') && number.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use crate::normalize::normalize;

    fn text(original: &str) -> String {
        normalize(original).text
    }

    #[test]
    fn hard_wraps_are_undone_and_structure_is_kept() {
        let line = "This line has some fifty characters, as mails do.";
        assert_eq!(text(&format!("{line}\n  {line}\nEnd.")), format!("{line} {line} End."));
        let kept = format!("# Heading\n{line}\n- {line}\n* {line}\n12. {line}\n> {line}");
        assert_eq!(text(&kept), kept);
        assert_eq!(text(&format!("{line}\n{line}\n- {line}\n{line}")), format!("{line} {line}\n- {line} {line}"));
        let verse = "Short lines\nare for poems\nand addresses";
        assert_eq!(text(verse), verse);
    }
}
