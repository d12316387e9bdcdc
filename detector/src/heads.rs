//! Two heads, one for each kind of machine text: each turns what was measured of a text into one score.

use crate::examples::Kind;
use crate::fusion::{Fusion, statistic};
use crate::lexical::{LexicalFeatures, LexicalModel};
use crate::logistic::Logistic;
use crate::statistics::{COLUMNS, Statistics};
use crate::style::{StyleModel, marks};
use generator::Reading;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Buckets of the lexical models, as a binary logarithm.
pub const LEXICAL_BITS: u32 = 19;

/// What a text shows before any head has looked at it.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// Tokens of the text.
    pub tokens: usize,
    /// The statistics of its tokens.
    pub statistics: Statistics,
    /// The mean hidden states of the probed layers, one after the other (layers * C).
    pub hidden: Vec<f32>,
    /// Its words.
    pub lexical: LexicalFeatures,
    /// Its marks of style.
    pub style: Vec<f32>,
}

/// What words show of a normalised text that no model has read: its n-grams and its marks of style.
#[must_use]
pub fn words_of(text: &str) -> (LexicalFeatures, Vec<f32>) {
    (LexicalFeatures::of(text, LEXICAL_BITS), marks(text).into_iter().map(|(_, value)| value).collect())
}

impl Measurement {
    /// Puts together what was read of a normalised text; `None` where there are fewer than two tokens.
    #[must_use]
    pub fn new(text: &str, ids: &[u32], reading: &Reading) -> Option<Self> {
        let statistics = Statistics::of(&reading.stats, ids, text.len())?;
        let (lexical, style) = words_of(text);
        Some(Self { tokens: ids.len(), statistics, hidden: reading.hidden.concat(), lexical, style })
    }
}

/// The columns of the fusion: lexical evidence, the probe, style, the statistics.
#[must_use]
pub(crate) fn fusion_row(lexical: f32, probe: f32, style: f32, statistics: &[f32; COLUMNS.len()]) -> Vec<f32> {
    let mut row = vec![lexical, probe, style];
    row.extend_from_slice(statistics);
    row
}

/// How much the model has read: what it knows of a text weighs the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Millions of tokens, as the embedded GPT-2.
    Small,
    /// Billions, as the models that are published.
    Large,
}

/// Parameters in its blocks from which on a model is taken for one that has read billions of tokens: nobody trains so many on less.
const LARGE: usize = 20_000_000;

impl Reader {
    /// By the number of blocks and channels.
    #[must_use]
    pub fn of_shape(layers: usize, channels: usize) -> Self {
        if 12 * layers * channels * channels >= LARGE { Self::Large } else { Self::Small }
    }

    /// The columns of each head with their weights, in deviations of human texts of the same length. Chosen by hand on left-out
    /// sources (`LOG.md`): an assistant's text is known by its words and by what the model represents, a sample by
    /// the shape of its surprisal. Adding the other's columns cost recall on sources that were left out.
    #[must_use]
    pub(crate) fn columns_of(self, kind: Kind) -> Vec<(usize, f64)> {
        match (kind, self) {
            (Kind::Assistant, Self::Small) => vec![(LEXICAL, 1.0), (HIDDEN, 0.2), (STYLE, 0.4)],
            (Kind::Assistant, Self::Large) => vec![(LEXICAL, 1.0), (HIDDEN, 1.4), (STYLE, 0.4)],
            (Kind::Sampled, _) => self.likelihood_columns(),
        }
    }

    /// The blocks whose hidden states are probed where nobody asks for others, of so many.
    #[must_use]
    pub fn layers(self, layers: usize) -> Vec<usize> {
        match self {
            Self::Small => vec![(layers * 2).div_ceil(3)],
            Self::Large => vec![(layers * 2).div_ceil(3), (layers * 13).div_ceil(15)],
        }
    }

    /// Likelihood evidence: less surprised by the text than the model expects to be, evenly so.
    #[must_use]
    pub(crate) fn likelihood_columns(self) -> Vec<(usize, f64)> {
        let columns: &[(&str, f64)] = match self {
            Self::Small => &[("perplexity_ratio", -1.0), ("surprisal_difference", -0.6), ("curvature_deviation", -0.3)],
            Self::Large => &[("surprisal_deviation", -1.0), ("perplexity_ratio", -0.5)],
        };
        columns.iter().map(|(name, weight)| (statistic(name), *weight)).collect()
    }

    /// Most words of a text that is learned from: of longer texts a stretch is taken, since a large model reads slowly.
    #[must_use]
    pub fn most_words(self) -> usize {
        match self {
            Self::Small => 800,
            Self::Large => 320,
        }
    }

    /// The probe's penalty, per unit of mean loss.
    pub(crate) fn probe_l2(self) -> f64 {
        match self {
            Self::Small => 3e-3,
            Self::Large => 5e-2,
        }
    }
}

/// How far below the rate asked for a text's p-value must be to be called machine: by this factor. The table holds some dozens of
/// kinds of writing, and people write in others: where one was left out of it, up to five times as many of its texts scored
/// above 1 % of the table as should have (`LOG.md`). Counting among texts of one's own people needs no margin.
pub(crate) const MARGIN: f64 = 4.0;

/// The probe's penalty on what tells the domains of human writing apart, as that of the words
/// ([`LexicalTrainer::domain_penalty`](crate::LexicalTrainer)).
pub(crate) const PROBE_DOMAIN_PENALTY: f64 = 0.1;

/// Columns of the lexical evidence, of the probe and of style; the statistics follow.
pub(crate) const LEXICAL: usize = 0;
pub(crate) const HIDDEN: usize = 1;
pub(crate) const STYLE: usize = 2;
pub(crate) const FIRST_STATISTIC: usize = 3;

/// The evidence that a column of the fusion belongs to.
fn evidence_of(column: usize) -> &'static str {
    match column {
        LEXICAL => "lexical",
        HIDDEN => "hidden",
        STYLE => "style",
        _ => "likelihood",
    }
}

/// One head: lexical evidence, a probe of the hidden states, marks of style, and the fusion of them with the statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Which machine text it looks for.
    pub kind: Kind,
    /// The evidence of words, where this head listens to them.
    pub lexical: Option<LexicalModel>,
    /// The part that is stored as JSON.
    pub fitted: FittedHead,
}

/// The dense part of a head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedHead {
    /// Linear probe on the mean hidden state, where this head has one.
    pub probe: Option<Logistic>,
    /// The evidence of style, where this head has it. A file without this field was written before style was measured, when
    /// the columns of the fusion had other numbers, and is refused.
    #[serde(deserialize_with = "Option::deserialize")]
    pub style: Option<StyleModel>,
    /// All evidence to one score.
    pub fusion: Fusion,
}

/// One mark of style of a text, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StyleValue {
    /// Its name.
    pub mark: &'static str,
    /// Its value: lengths are in words, rates in 100 words, shares from 0 to 1.
    pub value: f32,
    /// The median of the human texts that were learned from.
    pub human_median: f32,
    /// What it adds to the score, log-odds.
    pub log_odds: f64,
}

/// Marks of style that are named for a text.
const STRONGEST: usize = 5;

/// The score of one head for one text.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadScore {
    /// Standard deviations above the mean of human texts of the same length.
    pub score: f64,
    /// Its parts by name of evidence; they add up to the score.
    pub evidence: BTreeMap<&'static str, f64>,
    /// The row of the fusion, for the evidence of single tokens.
    pub row: Vec<f32>,
    /// The score where the hidden states say nothing.
    pub words: f64,
}

impl Head {
    /// Scores the words of a text that no model has read: lexical evidence and style, and what there is without any.
    #[must_use]
    pub(crate) fn score_words(&self, features: &LexicalFeatures, style: &[f32], tokens: usize) -> HeadScore {
        let mut row = vec![0.0; FIRST_STATISTIC + COLUMNS.len()];
        row[LEXICAL] = self.lexical.as_ref().map_or(0.0, |lexical| lexical.score_features(features));
        row[STYLE] = self.fitted.style.as_ref().map_or(0.0, |model| model.score(style));
        row[FIRST_STATISTIC + COLUMNS.len() - 1] = (tokens as f32).ln();
        self.scored(row, |column| column == LEXICAL || column == STYLE)
    }

    /// Scores a text.
    #[must_use]
    pub fn score(&self, measurement: &Measurement) -> HeadScore {
        let lexical = self.lexical.as_ref().map_or(0.0, |lexical| lexical.score_features(&measurement.lexical));
        let probe = self.fitted.probe.as_ref().map_or(0.0, |probe| probe.decision(&measurement.hidden) as f32);
        let style = self.fitted.style.as_ref().map_or(0.0, |model| model.score(&measurement.style));
        self.scored(fusion_row(lexical, probe, style, &measurement.statistics.row(measurement.tokens)), |_| true)
    }

    /// The marks of style that say most in a score, strongest first; none where the head does without style.
    pub(crate) fn style_values(&self, score: &HeadScore, style: &[f32]) -> Vec<StyleValue> {
        let Some(model) = &self.fitted.style else { return Vec::new() };
        let slope = self.fitted.fusion.slope(&score.row, STYLE);
        let names = marks("").into_iter().map(|(name, _)| name);
        let mut values: Vec<StyleValue> = names
            .zip(style)
            .zip(model.parts(style))
            .map(|((mark, &value), (human_median, part))| StyleValue {
                mark,
                value,
                human_median,
                log_odds: part * slope,
            })
            .collect();
        values.sort_by(|left, right| right.log_odds.abs().total_cmp(&left.log_odds.abs()));
        values.truncate(STRONGEST);
        values
    }

    /// The sum of the columns that are known; the others stand at the human mean.
    fn scored(&self, row: Vec<f32>, known: impl Fn(usize) -> bool) -> HeadScore {
        let prior = self.fitted.fusion.bias(&row);
        let mut evidence =
            BTreeMap::from([("hidden", 0.0), ("lexical", 0.0), ("likelihood", 0.0), ("prior", prior), ("style", 0.0)]);
        for (column, part) in self.fitted.fusion.parts(&row).filter(|(column, _)| known(*column)) {
            *evidence.entry(evidence_of(column)).or_insert(0.0) += part;
        }
        let words = self.fitted.fusion.score_without(&row, HIDDEN);
        HeadScore { score: evidence.values().sum(), evidence, row, words }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn heads_from_before_style_was_measured_are_refused() {
        let mut heads: serde_json::Value = serde_json::from_slice(crate::EMBEDDED_HEADS.heads).expect("JSON");
        heads["sampled"].as_object_mut().expect("an object").remove("style");
        let older = serde_json::to_vec(&heads).expect("JSON");
        let scorer = crate::EMBEDDED_MODEL.scorer("cpu").expect("the embedded model");
        let files = crate::HeadFiles { heads: &older, ..crate::EMBEDDED_HEADS };
        let error = crate::Detector::new(scorer, files).map(|_| ()).expect_err("a field is missing");
        let cause = std::error::Error::source(&error).expect("what is missing").to_string();
        assert!(cause.contains("missing field `style`"), "{cause}");
        assert!(error.hint().is_some_and(|hint| hint.contains("detect train-detector")), "{error}");
    }
}
