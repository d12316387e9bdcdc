//! One text of an evaluation: what is known about it and what a detector said.

use crate::detector::{Detection, Verdict};
use datasets::Label;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A labelled text with the score of any detector; higher is more machine-like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredText {
    /// Its name.
    pub id: String,
    /// Who wrote it.
    pub label: Label,
    /// `None`: the detector gave none. Counted as a miss, never dropped.
    pub score: Option<f64>,
    /// The collection it comes from.
    pub source: Option<String>,
    /// What kind of text it is.
    pub domain: Option<String>,
    /// The model that wrote it.
    pub generator: Option<String>,
    /// What was done to it to mislead a detector.
    pub attack: Option<String>,
    /// The group of people its author belongs to.
    pub group: Option<String>,
    /// The part of the data it belongs to, such as `calibration` or `test`.
    pub split: Option<String>,
    /// What it shares with other texts, such as the prompt: texts of one unit are drawn together.
    pub unit: Option<String>,
    /// Its tokens, of the detector's tokenizer.
    pub tokens: Option<u32>,
    /// The answer, where the detector gives one.
    pub verdict: Option<Verdict>,
    /// The score as a probability of *machine*, where it is one.
    pub probability: Option<f64>,
    /// The chance of such a score for a human text, where the detector says so.
    pub p_value: Option<f64>,
    /// A hash of the words of the text; 0 where the text is not known.
    pub hash: u64,
    /// Evidence and statistics by name with unit, of [`NUMBERS`].
    pub numbers: BTreeMap<String, f64>,
}

/// Names of the statistics in [`crate::Statistics`] and of the evidence, with the unit that a table shows: name, column.
pub const NUMBERS: [(&str, &str); 25] = [
    ("hidden", "evidence_hidden_log_odds"),
    ("lexical", "evidence_lexical_log_odds"),
    ("likelihood", "evidence_likelihood_log_odds"),
    ("prior", "evidence_prior_log_odds"),
    ("style", "evidence_style_log_odds"),
    ("log_likelihood", "log_likelihood_nats"),
    ("log_rank", "log_rank_nats"),
    ("entropy", "entropy_nats"),
    ("curvature", "curvature_deviations"),
    ("lrr", "lrr_ratio"),
    ("rank_1", "rank_1_share"),
    ("rank_10", "rank_10_share"),
    ("rank_100", "rank_100_share"),
    ("surprisal_deviation", "surprisal_deviation_nats"),
    ("surprisal_difference", "surprisal_difference_nats"),
    ("surprisal_skewness", "surprisal_skewness"),
    ("surprisal_kurtosis", "surprisal_log_kurtosis"),
    ("autocorrelation", "autocorrelation"),
    ("entropy_deviation", "entropy_deviation_nats"),
    ("curvature_deviation", "curvature_deviation"),
    ("perplexity_ratio", "perplexity_ratio"),
    ("surprisal_90", "surprisal_90_nats"),
    ("surprisal_50", "surprisal_50_nats"),
    ("bytes_per_token", "bytes_per_token"),
    ("repetition", "repetition_share"),
];

impl ScoredText {
    /// A text of which nothing is known but its author.
    #[must_use]
    pub fn new(id: String, label: Label) -> Self {
        Self {
            id,
            label,
            score: None,
            source: None,
            domain: None,
            generator: None,
            attack: None,
            group: None,
            split: None,
            unit: None,
            tokens: None,
            verdict: None,
            probability: None,
            p_value: None,
            hash: 0,
            numbers: BTreeMap::new(),
        }
    }

    /// Enters what the detector of this crate found.
    pub fn judged(&mut self, detection: &Detection) {
        self.score = detection.score;
        self.tokens = u32::try_from(detection.tokens).ok();
        self.verdict = Some(detection.verdict);
        self.p_value = detection.p_value;
        let statistics = serde_json::to_value(detection.statistics).unwrap_or_default();
        for (name, column) in NUMBERS {
            let number = detection.evidence.get(name).copied().or_else(|| statistics.get(name)?.as_f64());
            if let Some(number) = number {
                self.numbers.insert(column.to_owned(), number);
            }
        }
    }

    /// Whether a machine wrote it.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        self.label == Label::Machine
    }

    /// The score that counts: a text without one is never called machine, and lies below all others.
    pub(super) fn called(&self) -> f64 {
        self.score.unwrap_or(f64::NEG_INFINITY)
    }
}
