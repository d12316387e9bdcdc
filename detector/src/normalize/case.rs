//! Step 3: capitals scattered over a text. Where many words hold capitals within, case is no longer the author's: it is set
//! as prose has it. Elsewhere nothing is touched, and McDonald, iPhone and NASA stay.
//!
//! Words with other letters than those of ASCII stay: a small letter may compose with a mark where its capital did not.

use super::offsets::Rewriter;
use super::traits::traits;
use crate::language::is_function_word;
use std::ops::Range;
use unicode_normalization::char::canonical_combining_class;

/// Share of words with a capital after a small or first letter from which on a text's case was tampered with; and the fewest such words.
/// Prose has up to 3 %; one letter in twenty that changes case makes 18 % of it.
const TAMPERED: f64 = 0.05;
const LEAST: usize = 5;

/// Sets the case of a text whose capitals are scattered; `None` where they are not.
pub(super) fn settle_case(input: &str) -> Option<Rewriter<'_>> {
    let (mut all, mut odd) = (0_usize, 0_usize);
    for word in words(input) {
        all += 1;
        odd += usize::from(is_odd(&input[word]));
    }
    if odd < LEAST || (odd as f64) < TAMPERED * all as f64 {
        return None;
    }
    let mut out = Rewriter::new(input);
    let mut end = 0;
    for word in words(input) {
        let opens = opens_sentence(&input[end..word.start], end == 0);
        end = word.end;
        if !input[word.clone()].is_ascii() {
            continue;
        }
        for (at, letter) in settled(&input[word.clone()], opens).bytes().enumerate() {
            let at = word.start + at;
            if input.as_bytes()[at] != letter {
                out.copy(at);
                out.replace(char::from(letter).encode_utf8(&mut [0; 4]), at + 1);
            }
        }
    }
    out.copy(input.len());
    Some(out)
}

/// A capital behind the first letter, in a word that has small letters too.
fn is_odd(word: &str) -> bool {
    word.bytes().any(|letter| letter.is_ascii_lowercase())
        && word.bytes().skip(1).any(|letter| letter.is_ascii_uppercase())
}

/// The word as prose writes it.
fn settled(word: &str, opens: bool) -> String {
    let shouted = word.len() > 1 && !word.bytes().any(|letter| letter.is_ascii_lowercase());
    if shouted {
        return word.to_owned();
    }
    let (first, rest) = word.split_at(1);
    let rest = rest.to_ascii_lowercase();
    let small = format!("{}{rest}", first.to_ascii_lowercase());
    let is_i = small == "i" || small.starts_with("i'");
    if opens || is_i {
        first.to_ascii_uppercase() + &rest
    } else if is_function_word(&small) {
        small
    } else {
        first.to_owned() + &rest
    }
}

/// Whether a sentence begins after this gap between two words, or after nothing.
fn opens_sentence(gap: &str, first: bool) -> bool {
    first || gap.contains(['.', '!', '?', '\n'])
}

/// The byte ranges of maximal runs of letters, their marks and apostrophes that begin with no apostrophe.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_mark = |letter: char| !letter.is_ascii() && canonical_combining_class(letter) != 0;
    let in_word = move |letter: char| traits(letter).alphabetic || is_mark(letter);
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(in_word)?;
        let goes_on = |letter: char| in_word(letter) || letter == '\'';
        at = text[start..].find(|letter| !goes_on(letter)).map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use crate::normalize::normalize;

    const CLEAN: &str = "We walked down to the river, and I said nothing. It had rained for days; the mill was under \
        water! Who would have thought so? Anna went to NASA, they say, but I don't believe it.";

    #[test]
    fn scattered_capitals_are_settled_with_their_offsets() {
        let scattered = "wE walkeD down tO The riVer, and i said nothInG. it Had rAined for Days; tHe mill waS under \
            waTer! who Would hAve thouGht so? anna went To NASA, They sAy, But i dOn'T belIeve It.";
        let settled = normalize(scattered);
        // a capital that begins a word in the midst of a sentence may be a name's
        assert_eq!(settled.text, CLEAN.replace("days", "Days"));
        assert_eq!(normalize(&settled.text).text, settled.text);
        assert_eq!(settled.original_range(0..settled.text.len()), 0..scattered.len());
        let river = settled.text.find("river").expect("the river");
        assert_eq!(&scattered[settled.original_range(river..river + 5)], "riVer");
    }

    #[test]
    fn words_with_other_letters_stay_and_twice_is_once() {
        // small j and caron compose to one letter, the capital and its caron do not
        let scattered = "thE riVer waS hiGh, aNd caFé J\u{30C}aZz stAyed as it was beFore";
        let once = normalize(scattered).text;
        assert_eq!(once, "The river was high, and caFé J\u{30C}aZz stayed as it was before");
        assert_eq!(normalize(&once).text, once);
    }

    #[test]
    fn an_author_s_case_stays() {
        let names = format!("{CLEAN} McDonald's iPhone and O'Neill's LaTeX are here, the PhD said. {CLEAN} {CLEAN}");
        for text in [CLEAN, names.as_str(), "THE WHOLE TEXT IS SHOUTED, AND SO IT STAYS; IT IS THEIR WAY"] {
            assert_eq!(normalize(text).text, text);
        }
        let small = CLEAN.to_lowercase();
        assert_eq!(normalize(&small).text, small);
    }
}
