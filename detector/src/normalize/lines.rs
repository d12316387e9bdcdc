//! Step 5: lines. Joins those of hard-wrapped paragraphs and those broken within a sentence, and keeps those that structure a text.
//!
//! Goes by the length of lines and by what they begin and end with; it parses no Markdown.

use super::offsets::Rewriter;
use std::ops::RangeInclusive;

/// Median line lengths, in characters, at which a paragraph looks hard-wrapped.
const WRAPPED: RangeInclusive<usize> = 40..=100;

/// A line at least this long, in characters, that ends within a sentence was broken, by a copy or by someone who hides; shorter
/// ones may be verse.
const BROKEN: usize = 25;

/// Joins lines that are broken within a sentence. The input's white space is folded.
pub(super) fn mend_lines(input: &str) -> Rewriter<'_> {
    let mut out = Rewriter::new(input);
    let mut length = 0; // characters of the line so far, what was joined to it included
    let mut at = 0;
    let mut lines = input.split('\n').peekable();
    while let (Some(line), Some(next)) = (lines.next(), lines.peek()) {
        at += line.len() + 1;
        length += line.trim_start().chars().count();
        if length >= BROKEN && goes_on(line, next) {
            join(&mut out, at, next);
            length += 1;
        } else {
            length = 0;
        }
    }
    out.copy(input.len());
    out
}

/// Whether a sentence goes on in the next line: that begins with a small letter, after a letter, digit or comma.
fn goes_on(line: &str, next: &str) -> bool {
    line.ends_with(|last: char| last.is_alphanumeric() || matches!(last, ',' | ';'))
        && next.trim_start().starts_with(char::is_lowercase)
        && !line.trim_start().starts_with('#')
        && !begins_block(next)
}

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
            join(out, at, next);
        }
    }
}

/// Replaces the line break before byte `at`, where `next` begins, by a space.
fn join(out: &mut Rewriter<'_>, at: usize, next: &str) {
    out.copy(at - 1);
    out.replace(" ", at + usize::from(next.starts_with(' ')));
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

    #[test]
    fn lines_broken_within_a_sentence_are_joined() {
        let long = "word ".repeat(30);
        let broken = format!("{long}and\nso on, {long}in the garden of the house,\nas it was.\nNext");
        assert_eq!(text(&broken), format!("{long}and so on, {long}in the garden of the house, as it was.\nNext"));
        let kept = format!("{long}end.\nand {long}more\n- {long}x\nOther {long}y");
        assert_eq!(text(&kept), kept.replace(" \n", "\n"));
    }
}
