//! Style: how a text is built, by some sixty marks that no single word shows, and how they tell a machine from a person.
//!
//! A mark enters as five yes-or-no columns, whether it exceeds each of five quantiles of human texts: a text cannot gain more
//! by being stranger, and no shape is assumed. Lines, paragraphs and capitals, which are lost when a text is copied or
//! attacked, take no part. Marks of this kind: Stamatatos 2009, *A Survey of Modern Authorship Attribution Methods*, sections
//! 2.1 to 2.3; Opara 2024, *StyloAI*, tells machines by 31 of them.

use crate::language::{is_function_word, words};
use crate::logistic::{FitError, Logistic};
use crate::sentences::sentences_in_any_case;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Quantiles of human texts at which a mark is cut.
const QUANTILES: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

/// The penalty, per unit of mean loss.
const L2: f64 = 0.1;

/// The penalty on what tells the domains of human writing apart, as that of the words
/// ([`LexicalTrainer::domain_penalty`](crate::LexicalTrainer)).
const DOMAIN_PENALTY: f64 = 0.3;

/// Words of a window in which different words are counted.
const WINDOW: usize = 100;

/// Kinds of words of which the rate is a mark.
const CLASSES: [(&str, &[&str]); 14] = [
    ("articles", &["the", "a", "an"]),
    ("prepositions", &["of", "in", "to", "for", "with", "on", "at", "by", "from"]),
    ("and", &["and"]),
    ("conjunctions", &["but", "so", "or", "because", "if"]),
    ("first person", &["i", "me", "my", "we", "us", "our"]),
    ("second person", &["you", "your", "yours"]),
    ("third person", &["he", "she", "him", "her", "his", "they", "them", "their"]),
    ("to be", &["is", "are", "was", "were", "be", "been", "being"]),
    ("modal verbs", &["can", "could", "may", "might", "will", "would", "shall", "should", "must"]),
    ("negations", &["not", "no", "never", "none", "nothing"]),
    ("relative words", &["which", "who", "that", "where", "whose"]),
    ("demonstratives", &["this", "these", "those", "such"]),
    ("concessions", &["while", "although", "though", "despite", "however", "yet"]),
    ("additions", &["moreover", "furthermore", "additionally", "therefore", "thus", "overall", "ultimately", "also"]),
];

/// Endings of words of which the rate is a mark.
const ENDINGS: [(&str, &[&str]); 4] =
    [("-ly", &["ly"]), ("-ing", &["ing"]), ("-ed", &["ed"]), ("abstract nouns", &["tion", "ment", "ness", "ity"])];

/// The marks of a normalised text by name, always the same in the same order. Lengths are in words, rates in 100 words,
/// shares from 0 to 1. Where a text has too little of something, its mark is that of no variation.
#[must_use]
pub fn marks(text: &str) -> Vec<(&'static str, f32)> {
    let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    let lower: Vec<String> = sentences_in_any_case(&text).into_iter().map(|range| text[range].to_lowercase()).collect();
    let sentences: Vec<(&str, Vec<Word<'_>>)> = lower
        .iter()
        .map(|sentence| (sentence.as_str(), words(sentence).map(Word::new).collect::<Vec<_>>()))
        .filter(|(_, words)| !words.is_empty())
        .collect();
    let words: Vec<Word<'_>> = sentences.iter().flat_map(|(_, words)| words).copied().collect();
    let mut marks = rhythm(&sentences);
    marks.extend(vocabulary(&words));
    marks.extend(grammar(&words, &lower));
    marks.extend(punctuation(&text, words.len()));
    marks.into_iter().map(|(name, value)| (name, value as f32)).collect()
}

/// A word in lower case.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    /// Letters and digits and apostrophes.
    length: usize,
    is_function: bool,
}

impl<'a> Word<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, length: text.chars().count(), is_function: is_function_word(text) }
    }
}

/// Marks of the sentences: their lengths, how they change, how they begin and what they share with their neighbours.
fn rhythm(sentences: &[(&str, Vec<Word<'_>>)]) -> Vec<(&'static str, f64)> {
    let lengths: Vec<f64> = sentences.iter().map(|(_, words)| words.len() as f64).collect();
    let commas: Vec<f64> = sentences.iter().map(|(sentence, _)| sentence.matches(',').count() as f64).collect();
    let share = |test: &dyn Fn(&str, usize) -> bool| {
        mean_of(sentences.iter().map(|(sentence, words)| f64::from(u8::from(test(sentence, words.len())))))
    };
    let mean = mean_of(lengths.iter().copied());
    let changes = lengths.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let openings: BTreeSet<&str> = sentences.iter().map(|(_, words)| words[0].text).collect();
    let before_comma = |sentence: &str| sentence.split_once(',').map(|(before, _)| words(before).count());
    let content: Vec<BTreeSet<&str>> = sentences
        .iter()
        .map(|(_, words)| {
            let content = words.iter().filter(|word| word.text.len() > 3 && !word.is_function);
            content.map(|word| word.text).collect()
        })
        .collect();
    let shared: Vec<f64> = content
        .windows(2)
        .map(|pair| {
            let both = pair[0].intersection(&pair[1]).count() as f64;
            both / pair[0].len().min(pair[1].len()).max(1) as f64
        })
        .collect();
    let most = lengths.iter().copied().fold(0.0, f64::max);
    vec![
        ("sentence length", mean),
        ("variation of sentence length", deviation(&lengths) / mean.max(1.0)),
        ("change of sentence length", mean_of(changes) / mean.max(1.0)),
        ("longest sentence", most),
        ("shortest sentence", lengths.iter().copied().fold(most, f64::min)),
        ("short sentences", share(&|_, length| length <= 6)),
        ("middling sentences", share(&|_, length| (12..=24).contains(&length))),
        ("long sentences", share(&|_, length| length >= 30)),
        ("commas a sentence", mean_of(commas.iter().copied())),
        ("variation of commas", deviation(&commas)),
        ("sentences with a comma", share(&|sentence, _| sentence.contains(','))),
        (
            "opening phrases set off",
            share(&|sentence, _| before_comma(sentence).is_some_and(|count| (1..=3).contains(&count))),
        ),
        ("different openings", openings.len() as f64 / sentences.len().max(1) as f64),
        ("words shared with the next sentence", mean_of(shared.iter().copied())),
        ("sentences that share none", mean_of(shared.iter().map(|share| f64::from(u8::from(*share == 0.0))))),
    ]
}

/// The different words among some.
fn different<'a>(words: &[Word<'a>]) -> BTreeSet<&'a str> {
    words.iter().map(|word| word.text).collect()
}

/// Marks of the words as such: how long, how many different, how many rare ones.
fn vocabulary(words: &[Word<'_>]) -> Vec<(&'static str, f64)> {
    let n = words.len().max(1) as f64;
    let lengths: Vec<f64> = words.iter().map(|word| word.length as f64).collect();
    let function: Vec<&str> = words.iter().filter(|word| word.is_function).map(|word| word.text).collect();
    let content: Vec<f64> = words.iter().filter(|word| !word.is_function).map(|word| word.length as f64).collect();
    let share = |test: &dyn Fn(f64) -> bool| lengths.iter().filter(|length| test(**length)).count() as f64 / n;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    words.iter().for_each(|word| *counts.entry(word.text).or_default() += 1);
    let in_window = |window: &[Word<'_>]| different(window).len() as f64 / window.len() as f64;
    let window = WINDOW.min(words.len()).max(1);
    let (first, second) = words.split_at(words.len() / 2);
    let halves = [different(first), different(second)];
    let smaller = halves[0].len().min(halves[1].len()).max(1) as f64;
    let steps: Vec<f64> = lengths.windows(2).map(|pair| pair[1] - pair[0]).collect();
    vec![
        ("different words in a hundred", mean_of(words.windows(window).step_by(WINDOW / 4).map(in_window))),
        ("different words", counts.len() as f64 / n.powf(0.8)),
        ("words that occur once", counts.values().filter(|count| **count == 1).count() as f64 / n),
        ("words of the first half in the second", halves[0].intersection(&halves[1]).count() as f64 / smaller),
        ("word length", mean_of(lengths.iter().copied())),
        ("variation of word length", deviation(&lengths)),
        ("change of word length", deviation(&steps)),
        ("length of content words", mean_of(content.iter().copied())),
        ("variation of the length of content words", deviation(&content)),
        ("words of up to 3 letters", share(&|length| length <= 3.0)),
        ("words of 8 letters and more", share(&|length| length >= 8.0)),
        ("words of 11 letters and more", share(&|length| length >= 11.0)),
        ("function words", function.len() as f64 / n),
        ("entropy of function words", entropy(&function)),
    ]
}

/// Rates of kinds of words and of constructions.
fn grammar(words: &[Word<'_>], sentences: &[String]) -> Vec<(&'static str, f64)> {
    let per_hundred = |count: usize| count as f64 * 100.0 / words.len().max(1) as f64;
    let count = |test: &dyn Fn(&str) -> bool| words.iter().filter(|word| test(word.text)).count();
    let mut marks: Vec<(&'static str, f64)> = Vec::new();
    for (name, class) in CLASSES {
        marks.push((name, per_hundred(count(&|word| class.contains(&word)))));
    }
    for (name, endings) in ENDINGS {
        let has = |word: &str| endings.iter().any(|ending| word.len() > ending.len() + 1 && word.ends_with(ending));
        marks.push((name, per_hundred(count(&has))));
    }
    let after_comma: Vec<&str> = sentences
        .iter()
        .flat_map(|sentence| sentence.split(", ").skip(1))
        .map(|rest| rest.split(' ').next().unwrap_or_default())
        .collect();
    let after = |test: &dyn Fn(&str) -> bool| per_hundred(after_comma.iter().filter(|word| test(word)).count());
    let contracted = |word: &str| word.find('\'').is_some_and(|at| at > 0 && at + 1 < word.len());
    marks.extend([
        ("contractions", per_hundred(count(&contracted))),
        ("`, and`", after(&|word| word == "and")),
        ("`, ...ing`", after(&|word| word.trim_end_matches(|letter: char| !letter.is_alphanumeric()).ends_with("ing"))),
    ]);
    marks
}

/// Marks of punctuation and of figures.
fn punctuation(text: &str, words: usize) -> Vec<(&'static str, f64)> {
    let rate = |test: &dyn Fn(char) -> bool| {
        text.chars().filter(|letter| test(*letter)).count() as f64 * 100.0 / words.max(1) as f64
    };
    let is_mark = |letter: char| !(letter.is_alphanumeric() || letter.is_whitespace());
    let spots: Vec<char> = text.chars().filter(|letter| is_mark(*letter)).collect();
    let kinds = spots.iter().collect::<BTreeSet<_>>().len() as f64;
    vec![
        ("semicolons and colons", rate(&|letter| matches!(letter, ';' | ':'))),
        ("dashes", rate(&|letter| matches!(letter, '—' | '–'))),
        ("hyphens", rate(&|letter| letter == '-')),
        ("brackets", rate(&|letter| matches!(letter, '(' | ')'))),
        ("quotation marks", rate(&|letter| matches!(letter, '"' | '“' | '”'))),
        ("questions and exclamations", rate(&|letter| matches!(letter, '?' | '!'))),
        ("figures", rate(&|letter| letter.is_ascii_digit())),
        ("entropy of punctuation", entropy(&spots)),
        ("kinds of punctuation", kinds / (spots.len().max(1) as f64).sqrt()),
    ]
}

/// 0 for nothing.
fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    sum / count.max(1) as f64
}

/// Standard deviation; 0 for nothing.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean_of(values.iter().copied());
    mean_of(values.iter().map(|value| (value - mean).powi(2))).sqrt()
}

/// Of the distribution of the items, in nats.
fn entropy<T: Ord>(items: &[T]) -> f64 {
    let mut counts: BTreeMap<&T, usize> = BTreeMap::new();
    items.iter().for_each(|item| *counts.entry(item).or_default() += 1);
    let share = |count: usize| count as f64 / items.len() as f64;
    counts.into_values().map(|count| -share(count) * share(count).ln()).sum()
}

/// How marks tell a machine from a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StyleModel {
    /// For each mark, the quantiles of human texts.
    cuts: Vec<[f32; QUANTILES.len()]>,
    weights: Logistic,
}

impl StyleModel {
    /// Fits a model to the marks of texts (true = machine). `domains` has the number of each human text's domain.
    ///
    /// # Errors
    /// When there are no texts or those of one class only.
    pub fn fit(
        marks: &[&[f32]],
        labels: &[bool],
        weights: &[f64],
        domains: &[Option<usize>],
    ) -> Result<Self, FitError> {
        let of_human: Vec<&[f32]> =
            marks.iter().zip(labels).filter(|(_, machine)| !**machine).map(|(marks, _)| *marks).collect();
        let first = of_human.first().ok_or(FitError::OneClass)?;
        let cuts: Vec<[f32; QUANTILES.len()]> = (0..first.len())
            .map(|mark| {
                let mut values: Vec<f32> = of_human.iter().map(|marks| marks[mark]).collect();
                values.sort_by(f32::total_cmp);
                QUANTILES.map(|quantile| values[((values.len() - 1) as f64 * quantile) as usize])
            })
            .collect();
        let rows: Vec<Vec<f32>> = marks.iter().map(|marks| columns(&cuts, marks)).collect();
        let weights = Logistic::fit_groups(&rows, labels, weights, L2, (domains, DOMAIN_PENALTY))?;
        Ok(Self { cuts, weights })
    }

    /// For each mark the median of human texts and what the mark adds to [`StyleModel::score`], nats.
    pub(crate) fn parts(&self, marks: &[f32]) -> Vec<(f32, f64)> {
        let terms = self.weights.terms(&columns(&self.cuts, marks));
        let of_marks = terms.chunks(QUANTILES.len()).map(|terms| terms.iter().sum());
        self.cuts.iter().map(|cuts| cuts[QUANTILES.len() / 2]).zip(of_marks).collect()
    }

    /// Log-odds of machine against human (nats), with the classes weighed as in training.
    #[must_use]
    pub fn score(&self, marks: &[f32]) -> f32 {
        self.weights.decision(&columns(&self.cuts, marks)) as f32
    }
}

/// Whether each mark exceeds each of its cuts.
fn columns(cuts: &[[f32; QUANTILES.len()]], marks: &[f32]) -> Vec<f32> {
    let exceeds = |(cuts, mark): (&[f32; QUANTILES.len()], &f32)| cuts.map(|cut| f32::from(u8::from(*mark > cut)));
    cuts.iter().zip(marks).flat_map(exceeds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(text: &str, name: &str) -> f32 {
        let found: Vec<f32> = marks(text).into_iter().filter(|(of, _)| *of == name).map(|(_, value)| value).collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0]
    }

    #[test]
    fn marks_by_hand() {
        let text =
            "We sat down. However, the river, which was\nhigh, went on rising; nobody said \"stop\". Didn't we sit?";
        let near =
            |name: &str, value: f32| assert!((mark(text, name) - value).abs() < 1e-4, "{name} {}", mark(text, name));
        near("sentence length", 6.0); // 3, 12 and 3 words
        near("variation of sentence length", 18.0_f32.sqrt() / 6.0);
        near("change of sentence length", 9.0 / 6.0);
        near("longest sentence", 12.0);
        near("commas a sentence", 1.0);
        near("opening phrases set off", 1.0 / 3.0);
        near("different openings", 1.0);
        near("sentences that share none", 1.0);
        near("articles", 100.0 / 18.0);
        near("first person", 200.0 / 18.0);
        near("contractions", 100.0 / 18.0);
        near("quotation marks", 200.0 / 18.0);
        near("words that occur once", 16.0 / 18.0);
        near("kinds of punctuation", 6.0 / 10.0_f32.sqrt()); // . , ; " ' ?
    }

    #[test]
    fn names_are_distinct_and_values_are_numbers_for_any_text() {
        let names: Vec<&str> = marks("One.").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for text in ["", " \n", "?", "x", "'", "世界。", "A b. C d, e."] {
            let found = marks(text);
            assert!(found.iter().all(|(_, value)| value.is_finite()), "{text:?} {found:?}");
            assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names, "{text:?}");
        }
    }

    #[test]
    fn line_breaks_spaces_and_capitals_change_nothing() {
        let text = "We walked down to the river at 5 a.m. with Mr. Lee. Nobody said a word, and the rain went on.";
        assert_eq!(mark(text, "longest sentence"), 13.0); // `a.m.` are two words
        for changed in [text.replace(' ', "  \n"), text.to_lowercase(), text.to_uppercase()] {
            assert_eq!(marks(text), marks(&changed), "{changed}");
        }
    }

    #[test]
    fn a_model_learns_what_people_and_machines_do_differently() {
        // Mark 0 is noise; mark 1 is larger for machines; mark 2 tells two domains of people apart.
        let noise = |at: usize| (at * 37 % 101) as f32 / 101.0;
        let rows: Vec<[f32; 3]> = (0..400)
            .map(|at| [noise(at), noise(at + 50) + (at % 2) as f32 * 0.6, (at % 4 / 2) as f32 + noise(at)])
            .collect();
        let marks: Vec<&[f32]> = rows.iter().map(|row| row.as_slice()).collect();
        let labels: Vec<bool> = (0..400).map(|at| at % 2 == 1).collect();
        let domains: Vec<Option<usize>> = (0..400).map(|at| (at % 2 == 0).then_some(at % 4 / 2)).collect();
        let model = StyleModel::fit(&marks, &labels, &[1.0; 400], &domains).expect("two classes");
        assert!(model.score(&[0.5, 1.5, 0.5]) > 0.5 && model.score(&[0.5, 0.05, 0.5]) < -0.5);
        assert!((model.score(&[0.5, 0.5, 1.9]) - model.score(&[0.5, 0.5, 0.1])).abs() < 0.4);
        let parts = model.parts(&[0.5, 1.5, 0.5]);
        assert!((parts[0].0 - 0.5).abs() < 0.1 && parts[1].1 > 0.5 && parts[1].1 > 3.0 * parts[0].1.abs(), "{parts:?}");
        // what is stranger than all human texts counts no more
        assert_eq!(model.score(&[0.5, 9.0, 0.5]), model.score(&[0.5, 900.0, 0.5]));
        assert_eq!(StyleModel::fit(&marks, &[true; 400], &[1.0; 400], &domains), Err(FitError::OneClass));
    }
}
