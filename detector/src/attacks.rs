//! What people do to a machine text so that it is not found: each is done to texts that were left out, and the loss is counted.
//!
//! The first three change no word that a reader sees; [`normalize`](crate::normalize()) undoes them. All are seeded by
//! the text, so that the same text is changed the same way.

use crate::examples::stable_hash;
use crate::language::words;
use crate::sentences::sentences;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// A way to change a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// Half of the letters that have a look-alike in Cyrillic are replaced by it.
    Homoglyphs,
    /// A zero-width space between letters, after one letter in five.
    ZeroWidth,
    /// Three spaces in ten are doubled, made no-break spaces, tabs or line ends.
    WhiteSpace,
    /// One letter in twenty changes case.
    Case,
    /// One word in ten of four letters and more has two neighbouring letters swapped.
    Misspelling,
    /// One word in ten is left out.
    Deletion,
    /// The sentences stand in random order.
    Shuffling,
    /// A quarter of the words, in one stretch, is replaced by a stretch of a human text.
    Mixing,
}

impl Attack {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Homoglyphs,
        Self::ZeroWidth,
        Self::WhiteSpace,
        Self::Case,
        Self::Misspelling,
        Self::Deletion,
        Self::Shuffling,
        Self::Mixing,
    ];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Homoglyphs => "homoglyphs",
            Self::ZeroWidth => "zero-width spaces",
            Self::WhiteSpace => "white space",
            Self::Case => "case of 5 % of letters",
            Self::Misspelling => "10 % of words misspelt",
            Self::Deletion => "10 % of words deleted",
            Self::Shuffling => "sentences shuffled",
            Self::Mixing => "25 % human text",
        }
    }

    /// The changed text; `human` is the text that [`Attack::Mixing`] takes from.
    #[must_use]
    pub fn apply(self, text: &str, human: &str) -> String {
        let mut random = ChaCha8Rng::seed_from_u64(stable_hash(&[self.name(), text], 0));
        match self {
            Self::Homoglyphs => text.chars().map(|letter| look_alike(letter, &mut random)).collect(),
            Self::ZeroWidth => {
                let mut changed = String::with_capacity(text.len() * 2);
                for letter in text.chars() {
                    changed.push(letter);
                    if letter.is_alphabetic() && random.random_bool(0.2) {
                        changed.push('\u{200B}');
                    }
                }
                changed
            }
            Self::WhiteSpace => {
                let mut changed = String::with_capacity(text.len() * 2);
                for letter in text.chars() {
                    if letter == ' ' && random.random_bool(0.3) {
                        changed += ["  ", "\u{A0}", "\t", "\n"][random.random_range(0..4)];
                    } else {
                        changed.push(letter);
                    }
                }
                changed
            }
            Self::Case => text.chars().map(|letter| other_case(letter, &mut random)).collect(),
            Self::Misspelling => each_word(text, |word| misspelt(word, &mut random)),
            Self::Deletion => {
                each_word(text, |word| if random.random_bool(0.1) { String::new() } else { word.to_owned() })
            }
            Self::Shuffling => {
                let mut pieces: Vec<&str> = sentences(text).into_iter().map(|range| text[range].trim()).collect();
                pieces.shuffle(&mut random);
                pieces.join(" ")
            }
            Self::Mixing => mixed(text, human, &mut random),
        }
    }
}

fn look_alike(letter: char, random: &mut ChaCha8Rng) -> char {
    let other = match letter {
        'a' => 'а',
        'c' => 'с',
        'e' => 'е',
        'i' => 'і',
        'o' => 'о',
        'p' => 'р',
        'x' => 'х',
        'y' => 'у',
        _ => return letter,
    };
    if random.random_bool(0.5) { other } else { letter }
}

fn other_case(letter: char, random: &mut ChaCha8Rng) -> char {
    if !letter.is_ascii_alphabetic() || !random.random_bool(0.05) {
        return letter;
    }
    if letter.is_ascii_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
}

/// Replaces each word, and leaves what stands between words.
fn each_word(text: &str, mut change: impl FnMut(&str) -> String) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for word in words(text) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        changed += &text[done..start];
        changed += &change(word);
        done = start + word.len();
    }
    changed + &text[done..]
}

fn misspelt(word: &str, random: &mut ChaCha8Rng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() >= 4 && random.random_bool(0.1) {
        let at = random.random_range(1..letters.len() - 1);
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

fn mixed(text: &str, human: &str, random: &mut ChaCha8Rng) -> String {
    let bounds = |text: &str| -> Vec<usize> {
        words(text).map(|word| word.as_ptr() as usize - text.as_ptr() as usize).chain([text.len()]).collect()
    };
    let (of_text, of_human) = (bounds(text), bounds(human));
    let taken = (of_text.len() / 4).min(of_human.len() - 1);
    if taken == 0 {
        return text.to_owned();
    }
    let at = random.random_range(0..of_text.len() - taken);
    let from = random.random_range(0..of_human.len() - taken);
    let (before, after) = (&text[..of_text[at]], &text[of_text[at + taken]..]);
    format!("{before}{} {after}", human[of_human[from]..of_human[from + taken]].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize;

    const TEXT: &str = "The ferry left the island at dawn, and nobody came to see it go. We had packed the boat in the \
                        dark. My sister counted the boxes twice, and then she counted us. Nothing was missing except the \
                        kettle, which somebody found years later behind the stove, still wrapped in yellow newspaper.";
    const HUMAN: &str = "Rain all week, and the kitchen smelled of wet dogs and of onions that somebody had burnt.";

    #[test]
    fn what_no_reader_sees_is_undone() {
        for attack in [Attack::Homoglyphs, Attack::ZeroWidth, Attack::WhiteSpace] {
            let changed = attack.apply(TEXT, HUMAN);
            assert_ne!(changed, TEXT, "{attack:?}");
            let words = |text: &str| normalize(text).text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&changed), words(TEXT), "{attack:?}");
        }
    }

    #[test]
    fn the_others_change_what_they_say() {
        let count = |text: &str| words(text).count();
        let letters = |text: &str| {
            let mut letters: Vec<char> = text.chars().filter(|letter| letter.is_alphabetic()).collect();
            letters.sort_unstable();
            letters
        };
        assert_eq!(Attack::Case.apply(TEXT, HUMAN).to_lowercase(), TEXT.to_lowercase());
        assert_eq!(letters(&Attack::Misspelling.apply(TEXT, HUMAN)), letters(TEXT));
        assert_eq!(letters(&Attack::Shuffling.apply(TEXT, HUMAN)), letters(TEXT));
        assert!(count(&Attack::Deletion.apply(TEXT, HUMAN)) < count(TEXT));
        let mixed = Attack::Mixing.apply(TEXT, HUMAN);
        let foreign = words(&mixed).filter(|word| !TEXT.contains(word)).count();
        assert_eq!(count(&mixed), count(TEXT));
        assert!(foreign > 3, "{mixed}");
        for attack in Attack::ALL {
            assert_ne!(attack.apply(TEXT, HUMAN), TEXT, "{attack:?}");
            assert_eq!(attack.apply(TEXT, HUMAN), attack.apply(TEXT, HUMAN), "{attack:?}");
            assert_eq!(attack.apply("", HUMAN), "", "{attack:?}");
        }
    }
}
