//! Where sentences and quotations are, in bytes of the text.
//!
//! A rule of thumb, not a parser: a sentence ends at `.`, `!`, `?` or `…` before white space and a capital, digit or opening
//! quote, and at the end of a line; not after a single capital letter or an abbreviation of the list.

use std::ops::Range;

/// Abbreviations after which a capital letter does not begin a sentence.
const ABBREVIATIONS: [&str; 24] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "cf", "fig", "no", "vol", "pp", "inc", "ltd",
    "co", "jr", "sr", "gen", "sen", "rep", "al",
];

/// Words from which on a quotation is worth naming.
const LONG_QUOTATION: usize = 5;

/// The sentences of a text, without the white space around them, in order.
#[must_use]
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    cut_at_marks(text, true)
}

/// The sentences of a text whose capitals say nothing: one ends at its mark before any white space, but after an abbreviation.
pub(crate) fn sentences_in_any_case(text: &str) -> Vec<Range<usize>> {
    cut_at_marks(text, false)
}

fn cut_at_marks(text: &str, capitals: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        let ends = match character {
            '\n' => true,
            '.' | '!' | '?' | '…' => {
                let rest = text[end..].trim_start_matches(['"', '\'', '”', '’', ')', ']', '.', '!', '?', '…']);
                let closed = text.len() - rest.len();
                while characters.peek().is_some_and(|(next, _)| *next < closed) {
                    characters.next();
                }
                let begins = rest.trim_start().chars().next();
                let is_start = !capitals
                    || begins.is_none_or(|next| next.is_uppercase() || next.is_numeric() || "\"'“‘([—-".contains(next));
                let is_abbreviated = || is_abbreviated(&text[start..at], character, capitals);
                if rest.starts_with(char::is_whitespace) && is_start && !is_abbreviated() {
                    push(text, start..closed, &mut found);
                    start = closed;
                }
                false
            }
            _ => false,
        };
        if ends {
            push(text, start..end, &mut found);
            start = end;
        }
    }
    push(text, start..text.len(), &mut found);
    found
}

fn push(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let slice = &text[range.clone()];
    let start = range.start + slice.len() - slice.trim_start().len();
    let end = range.start + slice.trim_end().len();
    if start < end {
        found.push(start..end);
    }
}

/// Whether the word before a point is an abbreviation or an initial. Where capitals say nothing, so is a word with a point
/// within (`a.m.`, `U.S.`), since no capital tells whether a sentence follows.
fn is_abbreviated(before: &str, mark: char, capitals: bool) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().trim_start_matches(['(', '"', '“']);
    let is_capital = |letter: char| if capitals { letter.is_uppercase() } else { letter.is_alphabetic() };
    let is_initial = word.chars().count() == 1 && word.chars().all(is_capital) && !word.eq_ignore_ascii_case("i");
    let has_point = !capitals && word.contains('.') && word.split('.').all(|part| part.chars().count() <= 2);
    mark == '.' && (is_initial || has_point || ABBREVIATIONS.contains(&word.to_lowercase().as_str()))
}

/// Quotations of some words: between double quotation marks within a paragraph, and lines that begin with `>`.
#[must_use]
pub fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start_of_line = 0;
    for line in text.split_inclusive('\n') {
        let line_start = start_of_line;
        start_of_line += line.len();
        if line.trim_start().starts_with('>') {
            push(text, line_start..start_of_line, &mut found);
            continue;
        }
        let mut open: Option<usize> = None;
        for (at, character) in line.char_indices() {
            let at = line_start + at;
            open = match (character, open) {
                ('“', None) | ('"', None) => Some(at),
                ('”' | '"', Some(start)) => {
                    let range = start..at + character.len_utf8();
                    if crate::language::words(&text[range.clone()]).count() >= LONG_QUOTATION {
                        found.push(range);
                    }
                    None
                }
                (_, open) => open,
            };
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn sentences_are_cut_where_a_reader_would() {
        assert_eq!(
            cut("It rained. We stayed in!  \"Why?\" she asked. 3 of us left."),
            ["It rained.", "We stayed in!", "\"Why?\" she asked.", "3 of us left."]
        );
        assert_eq!(
            cut("Dr. J. Smith, e.g. of St. Ives, met Mr. Brown. He paid 3.50 for it."),
            ["Dr. J. Smith, e.g. of St. Ives, met Mr. Brown.", "He paid 3.50 for it."]
        );
        assert_eq!(cut("A heading\n\nThen text… “And more.” So."), ["A heading", "Then text…", "“And more.”", "So."]);
        assert_eq!(cut(" \n "), Vec::<&str>::new());
    }

    #[test]
    fn without_capitals_a_mark_and_a_space_are_enough() {
        let text = "Dr. J. Smith came at 5 a.m. to the U.S. base, i.e. late. He left… “Why?” So did I. Then we ate.";
        let cut = |text: &str| {
            sentences_in_any_case(text).into_iter().map(|range| text[range].to_lowercase()).collect::<Vec<_>>()
        };
        let expected = [
            "dr. j. smith came at 5 a.m. to the u.s. base, i.e. late.",
            "he left…",
            "“why?”",
            "so did i.",
            "then we ate.",
        ];
        assert_eq!(cut(text), expected);
        assert_eq!(cut(&text.to_lowercase()), expected);
        assert_eq!(cut(&text.to_uppercase()), expected);
    }

    #[test]
    fn sentences_hold_every_word() {
        let text = "Was it? It was (he said.) And I. Then... nothing! ‘No’ 世界。終わり\u{202E}x.";
        let joined: String = cut(text).concat();
        let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        assert_eq!(letters(&joined), letters(text));
    }

    #[test]
    fn long_quotations_are_found() {
        let text = "He said \"one two three four five\" and \"no\".\n> a line of somebody else\nAn open \" mark";
        let found: Vec<&str> = quotations(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["\"one two three four five\"", "> a line of somebody else"]);
    }
}
