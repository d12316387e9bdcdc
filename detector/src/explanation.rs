//! Why a text got its verdict: evidence by word, and which sentences stand out, with a stated rate of false discoveries.
//!
//! A sentence alone is too short to be judged. What is judged is the *passage*: the sentence with its neighbours, until there
//! are enough tokens for the calibration to speak. The p-value of a passage is counted among human texts of its length, and
//! all are adjusted together (Benjamini and Hochberg 1995): passages overlap and are counted among the same texts, which is
//! positive dependence and allowed (Bates et al. 2023). The rate is that of passages: one that is wholly a person's is
//! rarely marked, but a person's sentence beside a machine's may be.

use crate::detector::{Detection, Detector, LEAST_TOKENS, Options, Reason, TokenValue};
use crate::error::Result;
use crate::metrics::benjamini_hochberg;
use crate::normalize::normalize;
use crate::sentences::{quotations, sentences};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Tokens a passage should have: some more than are needed, for cutting a text may merge tokens at its ends.
const PASSAGE_TOKENS: usize = LEAST_TOKENS + 10;
/// The expected share of false alarms among the sentences that are said to stand out.
pub const FALSE_DISCOVERY_RATE: f64 = 0.1;
/// Evidence of a word, log-odds, from which on it is coloured faintly, clearly, strongly, in a text of up to [`LEVELS_WORDS`] words.
pub const LEVELS: [f64; 3] = [0.01, 0.04, 0.12];
/// In a text of more words than this each has less of a say, and the levels are lower by as much.
pub const LEVELS_WORDS: usize = 200;

/// A word and what it says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WordValue {
    /// First byte in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The sum of the evidence of its tokens, log-odds; above 0 it speaks for a machine.
    pub evidence: f64,
    /// -3 (strongly human) to 3 (strongly machine), by [`Explanation::levels`].
    pub level: i8,
    /// Its tokens, as indices into the token values.
    pub tokens: Range<usize>,
}

/// A sentence and whether it stands out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SentenceValue {
    /// First byte in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The evidence of its words, log-odds, as the whole text was judged.
    pub evidence: f64,
    /// Tokens of the passage that was judged for it.
    pub tokens: usize,
    /// Share of human texts of that length that score as high; `None` where the passage cannot be judged.
    pub p_value: Option<f64>,
    /// The p-value adjusted for the number of sentences.
    pub adjusted: Option<f64>,
    /// Whether it is among those of which at most [`FALSE_DISCOVERY_RATE`] are expected to be false alarms.
    pub stands_out: bool,
    /// Why it cannot be judged.
    pub reason: Option<Reason>,
}

/// A token that the model expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The token as text.
    pub text: String,
    /// Its probability.
    pub probability: f32,
}

/// A verdict and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The verdict, with token values.
    pub detection: Detection,
    /// Evidence of a word, log-odds, from which on it is coloured faintly, clearly, strongly: [`LEVELS`], for so many words.
    pub levels: [f64; 3],
    /// The words in order.
    pub words: Vec<WordValue>,
    /// The sentences in order.
    pub sentences: Vec<SentenceValue>,
    /// Quotations of some words: judged as if the author had written them.
    pub quotations: Vec<Range<usize>>,
    /// Invisible characters that were removed before judging.
    pub invisible: usize,
    /// Look-alike letters of other scripts that were replaced before judging.
    pub homoglyphs: usize,
    /// For each token the most likely ones, where a model was asked.
    pub predictions: Vec<Vec<Prediction>>,
}

impl Detector {
    /// Judges a text and says why.
    ///
    /// # Errors
    /// As [`Detector::judge`].
    pub fn explain(&self, text: &str, options: &Options) -> Result<Explanation> {
        let detection = self.judge(text, &Options { tokens: true, ..*options })?;
        let values = detection.token_values.clone().unwrap_or_default();
        let normalized = normalize(text);
        let words = words(text, &values);
        Ok(Explanation {
            levels: levels(words.len()),
            sentences: self.sentence_values(text, &values, &words, options)?,
            words,
            quotations: quotations(text),
            invisible: normalized.invisible,
            homoglyphs: normalized.homoglyphs,
            predictions: Vec::new(),
            detection,
        })
    }

    /// The most likely tokens at each place of a text, for the token values of the same text.
    ///
    /// # Errors
    /// When the model cannot read the text.
    pub fn predictions(&self, text: &str, top: usize) -> Result<Vec<Vec<Prediction>>> {
        let encoding = self.tokenizer.encode(&normalize(text).text)?;
        let rows = self.model.predict(&encoding.ids, top)?;
        let prediction = |(id, probability)| Prediction { text: self.tokenizer.decode(&[id]), probability };
        Ok(rows.into_iter().map(|row| row.into_iter().map(prediction).collect()).collect())
    }

    fn sentence_values(
        &self,
        text: &str,
        values: &[TokenValue],
        words: &[WordValue],
        options: &Options,
    ) -> Result<Vec<SentenceValue>> {
        let sentences = sentences(text);
        let passages: Vec<Range<usize>> =
            (0..sentences.len()).map(|index| passage(&sentences, index, values)).collect();
        let mut distinct: Vec<(usize, usize)> = passages.iter().map(|range| (range.start, range.end)).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let judged: BTreeMap<(usize, usize), Detection> = distinct
            .into_par_iter()
            .map(|(start, end)| {
                Ok(((start, end), self.judge(&text[start..end], &Options { tokens: false, ..*options })?))
            })
            .collect::<Result<_>>()?;
        let value = |(sentence, passage): (&Range<usize>, &Range<usize>)| {
            let detection = &judged[&(passage.start, passage.end)];
            let of_sentence = words.iter().filter(|word| sentence.contains(&word.start));
            SentenceValue {
                start: sentence.start,
                end: sentence.end,
                evidence: of_sentence.map(|word| word.evidence).sum(),
                tokens: detection.tokens,
                p_value: detection.p_value,
                adjusted: None,
                stands_out: false,
                reason: detection.reason.filter(|_| detection.p_value.is_none()),
            }
        };
        let mut values: Vec<SentenceValue> = sentences.iter().zip(&passages).map(value).collect();
        let p_values: Vec<f64> = values.iter().filter_map(|value| value.p_value).collect();
        let judged = values.iter_mut().filter(|value| value.p_value.is_some());
        for (value, adjusted) in judged.zip(benjamini_hochberg(&p_values)) {
            value.adjusted = Some(adjusted);
            value.stands_out = adjusted <= FALSE_DISCOVERY_RATE;
        }
        Ok(values)
    }
}

/// A sentence with as many neighbours, after and before it in turn, as make a passage.
fn passage(sentences: &[Range<usize>], index: usize, values: &[TokenValue]) -> Range<usize> {
    let (mut first, mut last) = (index, index);
    let tokens = |first: usize, last: usize| {
        let from = values.partition_point(|value| value.start < sentences[first].start);
        let to = values.partition_point(|value| value.start < sentences[last].end);
        to.saturating_sub(from)
    };
    let mut is_after = true;
    while tokens(first, last) < PASSAGE_TOKENS && (first > 0 || last + 1 < sentences.len()) {
        if (is_after || first == 0) && last + 1 < sentences.len() {
            last += 1;
        } else {
            first = first.saturating_sub(1);
        }
        is_after = !is_after;
    }
    sentences[first].start..sentences[last].end
}

/// Tokens put together to what stands between white space.
fn words(text: &str, values: &[TokenValue]) -> Vec<WordValue> {
    let mut words: Vec<WordValue> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let slice = &text[value.start..value.end];
        let start = value.start + slice.len() - slice.trim_start().len();
        let goes_on = words
            .last()
            .is_some_and(|word| text[word.end..value.end].trim_end().chars().all(|letter| !letter.is_whitespace()));
        match words.last_mut().filter(|_| goes_on) {
            Some(word) => {
                // A line break belongs to the word before it, but is no part of what is shown as the word.
                if !slice.trim().is_empty() {
                    word.end = word.end.max(value.end);
                }
                word.tokens.end = index + 1;
                word.evidence += value.evidence;
            }
            None => words.push(WordValue {
                start: start.min(value.end),
                end: value.end,
                evidence: value.evidence,
                level: 0,
                tokens: index..index + 1,
            }),
        }
    }
    let levels = levels(words.len());
    for word in &mut words {
        let level = levels.iter().filter(|level| word.evidence.abs() >= **level).count() as i8;
        word.level = if word.evidence < 0.0 { -level } else { level };
    }
    words
}

/// The levels for so many words, rounded to two digits.
fn levels(words: usize) -> [f64; 3] {
    let share = LEVELS_WORDS as f64 / words.max(LEVELS_WORDS) as f64;
    LEVELS.map(|level| {
        let unit = 10_f64.powi((level * share).log10().floor() as i32 - 1);
        let rounded = (level * share / unit).round() * unit;
        format!("{rounded:.6}").parse().unwrap_or(rounded)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::embedded().expect("the embedded files are whole"));

    const TEXT: &str = "The mill had stood empty since the flood. Nobody in the village wanted to be the one who sold it, \
        and nobody could afford to keep it up. My uncle bought it in the end, for the price of a used car, and spent \
        three summers on the roof.\n\nI helped him with the windows. \u{201C}You hold the frame and I do the swearing,\u{201D} he \
        said, and that was how we worked, until the last pane was in and the rain could not reach the floor any more.";

    #[test]
    fn levels_fall_with_the_number_of_words() {
        assert_eq!(levels(0), LEVELS);
        assert_eq!(levels(LEVELS_WORDS), LEVELS);
        assert_eq!(levels(900), [0.0022, 0.0089, 0.027]);
        assert_eq!(levels(2_000), [0.001, 0.004, 0.012]);
    }

    #[test]
    fn words_hold_all_evidence_and_sentences_all_words() {
        let explanation = DETECTOR.explain(TEXT, &Options::default()).expect("English text");
        let values = explanation.detection.token_values.as_ref().expect("explaining gives token values");
        let of_tokens: f64 = values.iter().map(|value| value.evidence).sum();
        let of_words: f64 = explanation.words.iter().map(|word| word.evidence).sum();
        assert!((of_tokens - of_words).abs() < 1e-9);
        let found: Vec<&str> = explanation.words.iter().map(|word| TEXT[word.start..word.end].trim()).collect();
        assert_eq!(found, TEXT.split_whitespace().collect::<Vec<_>>());
        assert_eq!(explanation.words.iter().map(|word| word.tokens.len()).sum::<usize>(), values.len());
        assert_eq!((explanation.sentences.len(), explanation.quotations.len()), (5, 1));
        let of_sentences: f64 = explanation.sentences.iter().map(|sentence| sentence.evidence).sum();
        assert!((of_sentences - of_words).abs() < 1e-9);
        for sentence in &explanation.sentences {
            let p_value = sentence.p_value.expect("every passage is long enough");
            assert!(
                sentence.tokens >= LEAST_TOKENS && p_value > 0.0 && sentence.adjusted >= Some(p_value),
                "{sentence:?}"
            );
        }
    }

    #[test]
    fn a_short_text_has_sentences_without_p_values() {
        let explanation = DETECTOR.explain("It rained all day. We stayed in.", &Options::default()).expect("a text");
        let reasons: Vec<_> =
            explanation.sentences.iter().map(|sentence| (sentence.p_value, sentence.reason)).collect();
        assert_eq!(reasons, [(None, Some(Reason::TooShort)); 2]);
        assert!(DETECTOR.explain("", &Options::default()).expect("nothing").words.is_empty());
    }
}
