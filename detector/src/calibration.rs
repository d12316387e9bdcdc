//! From scores to promises: how many human texts of this length score as high, how many machine texts as low.
//!
//! The table holds the scores of human and machine texts by heads that were trained without their source, so that they are
//! scores of texts that the detector had not seen. Everything is counted, nothing is modelled.

use crate::examples::Kind;
use crate::logistic::Logistic;
use serde::{Deserialize, Serialize};

/// The false-alarm rate at which the two heads are put on one scale, and how it is split between them.
pub const BUDGET: [(Kind, f64); 2] = [(Kind::Assistant, 0.008), (Kind::Sampled, 0.002)];

/// Texts of this many tokens and more share one threshold; so do those below the least.
const LENGTHS: [f64; 9] = [48.0, 64.0, 90.0, 128.0, 180.0, 256.0, 360.0, 512.0, 720.0];

/// The scores of one text by both heads, in standard deviations of human texts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeadScores {
    /// Tokens of the text.
    pub tokens: u32,
    /// By the assistant head.
    pub assistant: f32,
    /// By the sampled head.
    pub sampled: f32,
    /// By the assistant head where the hidden states say nothing: by its words alone.
    #[serde(default)]
    pub words: f32,
}

impl HeadScores {
    fn of(&self, kind: Kind) -> f64 {
        f64::from(match kind {
            Kind::Assistant => self.assistant,
            Kind::Sampled => self.sampled,
        })
    }
}

/// Scores of texts with known authors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationScores {
    /// By people.
    pub humans: Vec<HeadScores>,
    /// By models of both kinds.
    pub machines: Vec<HeadScores>,
}

/// Scores on one scale, ready to be counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    scores: CalibrationScores,
    /// For each kind, the score that its share of the budget of humans exceed, at each of `LENGTHS`.
    thresholds: [[f64; LENGTHS.len()]; 2],
    /// (tokens, combined score), by tokens.
    humans: Vec<(u32, f64)>,
    machines: Vec<(u32, f64)>,
    /// Log-odds of machine against human for a unit of the combined score.
    log_odds: f64,
    /// How far below the rate asked for a text's p-value must be to be called machine: by this factor; 1 for one's own texts.
    margin: f64,
    /// Whether texts whose words are clear are judged by these alone.
    fast: bool,
}

/// Share of machine texts that may score as low as a text called human.
const MISSED_MACHINES: f64 = 0.05;

/// The margin of that share, for models that were not counted: the machine texts (of 100 tokens and more) of a source that was left out of
/// the table scored below 5 % of it in 6.3 % of cases, in the mean over sources, and below two thirds of that in 4.0 % (`LOG.md`).
const MISSED_MARGIN: f64 = 1.5;

/// Where words alone are clear: how far below and above the assistant head's threshold, in deviations of human texts. Between
/// the two the model reads the text.
const CLEAR: [f64; 2] = [-1.2, 0.6];

/// How many of the human texts of about this length score as high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Humans {
    /// Those that score at least as high.
    pub above: usize,
    /// All of about this length.
    pub of: usize,
    /// Their lengths in tokens, from and to.
    pub tokens: [u32; 2],
}

impl Humans {
    /// The chance of such a score for a human text, counted so that it is never below what the count can show
    /// (Phipson and Smyth 2010): (above + 1) / (of + 1).
    #[must_use]
    pub fn p_value(&self) -> f64 {
        (self.above + 1) as f64 / (self.of + 1) as f64
    }
}

/// Penalty on the scale, per unit of mean loss, so that classes that do not overlap have one too.
const SCALE_L2: f64 = 1e-4;

/// Least log-odds for a unit of the combined score.
const LEAST_LOG_ODDS: f64 = 0.1;

/// Human texts that are compared with: this many times the number of which one may score as high.
const ENOUGH: f64 = 12.0;

/// How many of the machine texts of about this length score as low.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Machines {
    /// Those that score at most as high.
    pub below: usize,
    /// All of about this length.
    pub of: usize,
    /// Their lengths in tokens, from and to.
    pub tokens: [u32; 2],
}

impl Machines {
    /// (below + 1) / (of + 1), as [`Humans::p_value`].
    #[must_use]
    pub fn p_value(&self) -> f64 {
        (self.below + 1) as f64 / (self.of + 1) as f64
    }

    /// Whether so few machine texts score as low that a text which is not called machine is called human.
    #[must_use]
    pub fn call_human(&self) -> bool {
        self.p_value() * MISSED_MARGIN <= MISSED_MACHINES
    }
}

impl Calibration {
    /// Puts the scores on one scale. A text is called machine where its p-value is at most the rate asked for divided by `margin`.
    #[must_use]
    pub fn new(scores: CalibrationScores, margin: f64) -> Self {
        let thresholds = BUDGET.map(|(kind, share)| {
            LENGTHS.map(|length| {
                let texts = window(&scores.humans, length as u32, 2_500, |human| human.tokens);
                upper_quantile(texts.iter().map(|human| human.of(kind)).collect(), share)
            })
        });
        Self::on_scale(thresholds, scores, margin)
    }

    fn on_scale(thresholds: [[f64; LENGTHS.len()]; 2], scores: CalibrationScores, margin: f64) -> Self {
        let mut calibration = Self {
            scores: CalibrationScores::default(),
            thresholds,
            humans: Vec::new(),
            machines: Vec::new(),
            log_odds: 1.0,
            margin,
            fast: false,
        };
        calibration.count(scores);
        calibration
    }

    /// Takes the texts to count among.
    fn count(&mut self, scores: CalibrationScores) {
        let combine = |texts: &[HeadScores]| {
            let mut combined: Vec<(u32, f64)> = texts.iter().map(|text| (text.tokens, self.combined(text).1)).collect();
            combined.sort_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)));
            combined
        };
        let (humans, machines) = (combine(&scores.humans), combine(&scores.machines));
        self.log_odds = log_odds(&humans, &machines);
        (self.humans, self.machines, self.scores) = (humans, machines, scores);
    }

    /// The same table for judging by words first: every text in it is scored as it would be then, so that the promises hold
    /// for the two steps together.
    #[must_use]
    pub fn fast(mut self) -> Self {
        self.fast = true;
        let scores = std::mem::take(&mut self.scores);
        self.count(scores);
        self
    }

    /// Whether it is for judging by words first.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        self.fast
    }

    /// Whether the words of a text are so clear that it need not be read: its score by them, or `None`.
    #[must_use]
    pub fn clear(&self, tokens: u32, words: f32) -> Option<f64> {
        let above = f64::from(words) - self.threshold(tokens, Kind::Assistant);
        (self.fast && !(CLEAR[0]..CLEAR[1]).contains(&above)).then_some(above)
    }

    /// Other texts to count among, on the scale of this table. Machine texts stay where there are no others.
    #[must_use]
    pub fn with_texts(&self, texts: &CalibrationScores) -> Self {
        let machines = if texts.machines.is_empty() { &self.scores.machines } else { &texts.machines };
        let scores = CalibrationScores { humans: texts.humans.clone(), machines: machines.clone() };
        let own = Self::on_scale(self.thresholds, scores, 1.0);
        let own = if self.fast { own.fast() } else { own };
        Self { log_odds: self.log_odds, ..own }
    }

    /// Whether so few human texts score as high that the text is called machine at this rate of false alarms: its p-value is at
    /// most the rate divided by the margin.
    #[must_use]
    pub fn calls_machine(&self, humans: &Humans, fpr: f64) -> bool {
        humans.p_value() * self.margin <= fpr
    }

    /// The least rate of false alarms that can be promised.
    #[must_use]
    pub fn least_fpr(&self) -> f64 {
        self.margin / (self.humans.len() + 1) as f64
    }

    /// The score of one head less what its share of the budget asks for at this length.
    #[must_use]
    pub fn above_threshold(&self, text: &HeadScores, kind: Kind) -> f64 {
        text.of(kind) - self.threshold(text.tokens, kind)
    }

    /// What a head's score must exceed at this length.
    #[must_use]
    pub fn threshold(&self, tokens: u32, kind: Kind) -> f64 {
        let row = &self.thresholds[usize::from(kind == Kind::Sampled)];
        let at = f64::from(tokens).clamp(LENGTHS[0], LENGTHS[LENGTHS.len() - 1]);
        let next = LENGTHS.iter().position(|&length| length >= at).unwrap_or(LENGTHS.len() - 1).max(1);
        let (low, high) = (LENGTHS[next - 1].ln(), LENGTHS[next].ln());
        let share = (at.ln() - low) / (high - low);
        row[next - 1] * (1.0 - share) + row[next] * share
    }

    /// The smooth maximum ln(eᵃ + eˢ) of the two heads' scores above their thresholds, and whose is the greater: a text that is
    /// somewhat like both kinds is more like a machine's than one that is like a single one.
    #[must_use]
    pub fn combined(&self, text: &HeadScores) -> (Kind, f64) {
        if let Some(score) = self.clear(text.tokens, text.words) {
            return (Kind::Assistant, score);
        }
        let [assistant, sampled] = BUDGET.map(|(kind, _)| self.above_threshold(text, kind));
        let smooth = assistant.max(sampled) + (-(assistant - sampled).abs()).exp().ln_1p();
        (if sampled > assistant { Kind::Sampled } else { Kind::Assistant }, smooth)
    }

    /// Log-odds of machine against human for a unit of the combined score, by logistic regression on the table with
    /// both classes weighed the same.
    #[must_use]
    pub fn log_odds(&self) -> f64 {
        self.log_odds
    }

    /// Human texts of about this length with at least this combined score; enough of them to speak of `fpr`.
    #[must_use]
    pub fn humans(&self, tokens: u32, score: f64, fpr: f64) -> Humans {
        let near = window(&self.humans, tokens, (ENOUGH / fpr).ceil() as usize, |human| human.0);
        let above = near.iter().filter(|human| human.1 >= score).count();
        let lengths = [near.first().map_or(0, |human| human.0), near.last().map_or(0, |human| human.0)];
        Humans { above, of: near.len(), tokens: lengths }
    }

    /// The p-value of one head's score alone; the assistant head's is of words where these were clear.
    #[must_use]
    pub fn p_value(&self, text: &HeadScores, kind: Kind, fpr: f64) -> f64 {
        let near = window(&self.scores.humans, text.tokens, (ENOUGH / fpr).ceil() as usize, |human| human.tokens);
        let by_words = kind == Kind::Assistant && self.clear(text.tokens, text.words).is_some();
        let score = |text: &HeadScores| if by_words { f64::from(text.words) } else { text.of(kind) };
        let above = near.iter().filter(|human| score(human) >= score(text)).count();
        Humans { above, of: near.len(), tokens: [0, 0] }.p_value()
    }

    /// Machine texts of about this length with at most this combined score.
    #[must_use]
    pub fn machines(&self, tokens: u32, score: f64) -> Machines {
        let near = window(&self.machines, tokens, 800, |machine| machine.0);
        let below = near.iter().filter(|machine| machine.1 <= score).count();
        let lengths = [near.first().map_or(0, |machine| machine.0), near.last().map_or(0, |machine| machine.0)];
        Machines { below, of: near.len(), tokens: lengths }
    }

    /// Human and machine texts in the table.
    #[must_use]
    pub fn counts(&self) -> [usize; 2] {
        [self.humans.len(), self.machines.len()]
    }
}

fn log_odds(humans: &[(u32, f64)], machines: &[(u32, f64)]) -> f64 {
    let rows: Vec<Vec<f32>> = humans.iter().chain(machines).map(|text| vec![text.1 as f32]).collect();
    let labels: Vec<bool> = (0..rows.len()).map(|index| index >= humans.len()).collect();
    let weights: Vec<f64> =
        labels.iter().map(|&machine| 1.0 / if machine { machines.len() } else { humans.len() } as f64).collect();
    let scale = Logistic::fit(&rows, &labels, &weights, SCALE_L2);
    scale.map_or(1.0, |scale| (scale.decision(&[1.0]) - scale.decision(&[0.0])).max(LEAST_LOG_ODDS))
}

/// The stretch of `texts`, sorted by tokens, whose lengths are within a factor of `tokens`; the factor grows until there are
/// `enough`.
fn window<T>(texts: &[T], tokens: u32, enough: usize, length: impl Fn(&T) -> u32) -> &[T] {
    let mut factor: f64 = 1.12;
    loop {
        let least = (f64::from(tokens) / factor) as u32;
        let most = (f64::from(tokens) * factor) as u32;
        let from = texts.partition_point(|text| length(text) < least);
        let to = texts.partition_point(|text| length(text) <= most);
        if to - from >= enough || to - from == texts.len() || factor > 1e6 {
            return &texts[from..to];
        }
        factor *= 1.06;
    }
}

/// The value that a share of the values exceed, and no more than that share; 0 of none.
fn upper_quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let above = (share * values.len() as f64 + 1e-9) as usize; // .002 of 2,500 is 5, whatever floating point says
    values.get(values.len().saturating_sub(above + 1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
