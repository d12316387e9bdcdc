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
                let is_start =
                    begins.is_none_or(|next| next.is_uppercase() || next.is_numeric() || "\"'“‘([—-".contains(next));
                if rest.starts_with(char::is_whitespace) && is_start && !is_abbreviated(&text[start..at], character) {
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

/// Whether the word before a point is an abbreviation or an initial.
fn is_abbreviated(before: &str, mark: char) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().trim_start_matches(['(', '"', '“']);
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && word != "I";
    mark == '.' && (is_initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str()))
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
