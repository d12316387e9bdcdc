//! Is there something to judge? English prose or not, by its most frequent words: a text in another language, code or
//! a table is outside of what the detector was calibrated on.

/// The most frequent function words of English; they make up a third to a half of any prose.
const FUNCTION_WORDS: [&str; 64] = [
    "the", "of", "and", "to", "a", "in", "is", "that", "it", "was", "for", "on", "with", "as", "be", "at", "by",
    "this", "have", "from", "or", "an", "not", "are", "but", "had", "his", "they", "she", "which", "you", "we",
    "there", "been", "their", "has", "would", "will", "what", "if", "can", "all", "her", "my", "he", "i", "were",
    "when", "who", "so", "no", "me", "your", "about", "up", "out", "them", "then", "into", "than", "some", "could",
    "its", "our",
];

/// Bytes of the longest of them.
const LONGEST_FUNCTION_WORD: usize = 5;

/// Below this share of function words a text of some length is not English prose. Human prose of all registers at hand
/// lies above 0.2 (news tickers, recipes) and mostly near 0.4.
const LEAST_SHARE: f64 = 0.15;

/// Above this share of a program's marks among the characters (white space apart) a text is code, with or without English
/// comments. Of prose at hand 0 to 2 % of the texts lie above it (Usenet and formulas), of code 87 %.
const MOST_CODE: f64 = 0.015;

/// Whether this is one of the most frequent function words of English, in any case.
pub(crate) fn is_function_word(word: &str) -> bool {
    word.len() <= LONGEST_FUNCTION_WORD && FUNCTION_WORDS.iter().any(|function| word.eq_ignore_ascii_case(function))
}

/// Words of a text: maximal runs of alphanumeric characters and apostrophes.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '\'')).filter(|word| !word.is_empty())
}

/// Whether a text is English prose, by the share of function words among its words and of a program's marks among its
/// characters.
#[must_use]
pub fn is_english(text: &str) -> bool {
    if code_share(text) > MOST_CODE {
        return false;
    }
    let (mut all, mut known) = (0_usize, 0_usize);
    for word in words(text) {
        all += 1;
        // a lower-case `i` is a variable more often than a person
        known += usize::from(word != "i" && is_function_word(word));
    }
    all > 0 && known as f64 >= LEAST_SHARE * all as f64
}

/// Share of characters that are a program's: operators and brackets that prose seldom has, calls `f(` and line ends `;`. Marks
/// that Markdown is made of do not count.
fn code_share(text: &str) -> f64 {
    let (mut all, mut marks, mut before) = (0_usize, 0_usize, ' ');
    for letter in text.chars() {
        marks += usize::from(match letter {
            '{' | '}' | '[' | ']' | '=' | '<' | '>' | '_' | '\\' | '|' | '+' | '&' | '^' | '~' => true,
            '(' => before.is_alphanumeric(),
            ';' => before == ')',
            '\n' => before == ';',
            _ => false,
        });
        all += usize::from(!letter.is_whitespace());
        before = letter;
    }
    marks as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_english_from_other_languages_and_code() {
        assert!(is_english(
            "We walked down to the river after the rain had stopped, and nobody said anything for a while."
        ));
        assert!(!is_english(
            "Wir gingen nach dem Regen zum Fluss hinunter, und eine Weile lang sagte niemand etwas dazu."
        ));
        assert!(!is_english("雨が止んだ後、私たちは川まで歩いて行きました。"));
        assert!(!is_english("for (int i = 0; i < n; i++) { sum += x[i] * y[i]; } return sum / n; #include <stdio.h>"));
        assert!(!is_english(""));
    }

    #[test]
    fn comments_do_not_make_prose_of_code_nor_markdown_code_of_prose() {
        assert!(!is_english(
            "# This is what we do for all of the rows that are in the table\ndef total(rows):\n    return sum(rows)\n"
        ));
        assert!(is_english(
            "## What we saw (and what we did not)\n\n**The river** was high; it had rained for *days*. We:\n\n\
             - went down to the mill,\n- came back before it was dark, and\n- slept until 9."
        ));
    }

    #[test]
    fn every_function_word_is_known_as_one() {
        assert!(FUNCTION_WORDS.iter().all(|word| is_function_word(word) && is_function_word(&word.to_uppercase())));
        assert!(!is_function_word("river") && !is_function_word("theirs"));
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let found: Vec<&str> = words("Don't count -- 3 words, not more!").collect();
        assert_eq!(found, ["Don't", "count", "3", "words", "not", "more"]);
    }
}
