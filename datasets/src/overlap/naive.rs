//! Words and n-grams spelled out: what the fast way is held to, and what tells a match from a collision of hashes.
//!
//! Char by char, with a string for each word. Not used where speed matters.

use std::ops::Range;

use super::options::{Letter, NgramOptions};

/// The words of a text, each with its bytes in the text, from its first to its last letter.
#[must_use]
pub fn words(text: &str, options: &NgramOptions) -> Vec<(String, Range<usize>)> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut range = 0..0;
    for (start, char) in text.char_indices() {
        match options.letter(char) {
            Letter::Dropped => {}
            Letter::Kept => {
                if word.is_empty() {
                    range.start = start;
                }
                word.extend(char.to_lowercase());
                range.end = start + char.len_utf8();
            }
            Letter::Separates if word.is_empty() => {}
            Letter::Separates => words.push((std::mem::take(&mut word), range.clone())),
        }
    }
    if !word.is_empty() {
        words.push((word, range));
    }
    words
}

/// The text in the form of the paper: lower-cased alphanumeric words with a single space between them.
#[must_use]
pub fn normalized(text: &str, options: &NgramOptions) -> String {
    let words: Vec<String> = words(text, options).into_iter().map(|(word, _)| word).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::{Alphabet, Apostrophe};

    #[test]
    fn the_choices() {
        let text = "  Don’t \u{201C}SHOUT\u{201D}, Zoë's 3.5 café-goers—'tis Straße 東京!";
        let with =
            |apostrophe, alphabet| normalized(text, &NgramOptions { apostrophe, alphabet, ..NgramOptions::default() });
        assert_eq!(with(Apostrophe::Split, Alphabet::Unicode), "don t shout zoë s 3 5 café goers tis straße 東京");
        assert_eq!(with(Apostrophe::Drop, Alphabet::Unicode), "dont shout zoës 3 5 café goers tis straße 東京");
        assert_eq!(with(Apostrophe::Split, Alphabet::Ascii), "don t shout zo s 3 5 caf goers tis stra e");
        assert_eq!(with(Apostrophe::Drop, Alphabet::Ascii), "dont shout zo s 3 5 caf goers tis stra e");
    }

    #[test]
    fn words_say_where_they_stand() {
        let text = "Ça va, 'l’été'?";
        let options = NgramOptions { apostrophe: Apostrophe::Drop, ..NgramOptions::default() };
        let slices: Vec<(String, &str)> =
            words(text, &options).into_iter().map(|(word, range)| (word, &text[range])).collect();
        let expected = [("ça", "Ça"), ("va", "va"), ("lété", "l’été")];
        assert_eq!(slices, expected.map(|(word, slice)| (word.to_owned(), slice)));
    }
}
