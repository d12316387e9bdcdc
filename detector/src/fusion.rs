//! Many kinds of evidence to one score: a weighted sum of columns, each measured against human texts of the same length.
//!
//! The weights of the heads are constants. Fitted ones were better on the sources they were fitted on and worse on those that
//! were left out (`LOG.md`, 2026-11-24): there are a dozen and a half sources to learn from, and a logistic regression on the
//! statistics and their products learns which source a text is from. What is fitted is the scale: the score is log-odds.

use crate::heads::FIRST_STATISTIC;
use crate::logistic::{FitError, Logistic};
use crate::statistics::COLUMNS;
use serde::{Deserialize, Serialize};

/// Columns further from the centre than this many deviations say no more than those at it: a text unlike any
/// human text that was seen cannot reach any score it likes.
const CLIP: f64 = 6.0;

/// Lengths in tokens at which human texts were measured; between them, centre and deviation are interpolated in log tokens.
const LENGTHS: [f32; 8] = [56.0, 90.0, 140.0, 200.0, 280.0, 400.0, 560.0, 800.0];

/// A column is measured at a length on at least this many human texts, where there are that many.
const ENOUGH: usize = 400;

/// How human texts of different lengths lie in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Standard {
    centre: [f32; LENGTHS.len()],
    deviation: [f32; LENGTHS.len()],
}

impl Standard {
    /// Mean and standard deviation of `(log tokens, value)`, sorted by the former, around each length.
    fn of(humans: &[(f32, f32)]) -> Self {
        let (mut centre, mut deviation) = ([0.0; LENGTHS.len()], [1.0; LENGTHS.len()]);
        for (index, length) in LENGTHS.iter().enumerate() {
            let near = nearest(humans, length.ln());
            let n = near.len().max(1) as f64;
            let mean = near.iter().map(|human| f64::from(human.1)).sum::<f64>() / n;
            let variance = near.iter().map(|human| (f64::from(human.1) - mean).powi(2)).sum::<f64>() / n;
            centre[index] = mean as f32;
            deviation[index] = (variance.sqrt() as f32).max(1e-6);
        }
        Self { centre, deviation }
    }

    /// Centre and deviation at a length.
    fn at(&self, log_tokens: f32) -> (f64, f64) {
        let at = log_tokens.clamp(LENGTHS[0].ln(), LENGTHS[LENGTHS.len() - 1].ln());
        let next = LENGTHS.iter().position(|length| length.ln() >= at).unwrap_or(LENGTHS.len() - 1).max(1);
        let (low, high) = (LENGTHS[next - 1].ln(), LENGTHS[next].ln());
        let share = f64::from((at - low) / (high - low));
        let between = |values: &[f32]| f64::from(values[next - 1]) * (1.0 - share) + f64::from(values[next]) * share;
        (between(&self.centre), between(&self.deviation))
    }

    /// Deviations from the human mean at this length, cut at [`CLIP`].
    fn measure(&self, value: f32, log_tokens: f32) -> f64 {
        let (centre, deviation) = self.at(log_tokens);
        ((f64::from(value) - centre) / deviation).clamp(-CLIP, CLIP)
    }
}

/// The [`ENOUGH`] texts around a length; all within 15 % of it where these are more.
fn nearest(humans: &[(f32, f32)], at: f32) -> &[(f32, f32)] {
    let within = |distance: f32| {
        let from = humans.partition_point(|human| human.0 < at - distance);
        let to = humans.partition_point(|human| human.0 <= at + distance);
        &humans[from..to]
    };
    let mut distance = 0.15;
    while within(distance).len() < ENOUGH.min(humans.len()) {
        distance *= 1.2;
    }
    within(distance)
}

/// One column with its weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Term {
    column: usize,
    weight: f64,
    standard: Standard,
}

/// The combination: Σ weight · deviations of the columns, itself measured in deviations of human texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fusion {
    terms: Vec<Term>,
    whole: Standard,
}

/// Index of a statistic in a row of the fusion.
#[must_use]
pub(crate) fn statistic(name: &str) -> usize {
    FIRST_STATISTIC + COLUMNS.iter().position(|column| *column == name).expect("the name of a statistic")
}

/// The logarithm of the number of tokens is the last column of a row.
fn log_tokens(row: &[f32]) -> f32 {
    row.last().copied().unwrap_or(0.0)
}

impl Term {
    fn part(&self, row: &[f32]) -> f64 {
        self.weight * self.standard.measure(row[self.column], log_tokens(row))
    }
}

/// How the human texts (label false) lie in a value of their rows.
fn standard(rows: &[Vec<f32>], labels: &[bool], value: impl Fn(&[f32]) -> f32) -> Standard {
    let humans = rows.iter().zip(labels).filter(|(_, machine)| !**machine);
    let mut values: Vec<(f32, f32)> = humans.map(|(row, _)| (log_tokens(row), value(row))).collect();
    values.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1)));
    Standard::of(&values)
}

impl Fusion {
    /// A fusion with given weights, measured against the rows whose label is false (human). A row ends with the logarithm of
    /// the number of tokens.
    #[must_use]
    pub fn with_weights(columns: &[(usize, f64)], rows: &[Vec<f32>], labels: &[bool]) -> Self {
        let of_column = |column: usize| standard(rows, labels, |row| row[column]);
        let term = |&(column, weight): &(usize, f64)| Term { column, weight, standard: of_column(column) };
        let terms: Vec<Term> = columns.iter().map(term).collect();
        let sum = |row: &[f32]| terms.iter().map(|term| term.part(row)).sum::<f64>() as f32;
        let whole = standard(rows, labels, sum);
        Self { terms, whole }
    }

    /// A fusion whose weights are fitted to the labels (true = machine) by logistic regression.
    ///
    /// # Errors
    /// When there are no rows, one class only, or values that are no numbers.
    pub fn fit(
        columns: &[usize],
        rows: &[Vec<f32>],
        labels: &[bool],
        weights: &[f64],
        l2: f64,
    ) -> Result<Self, FitError> {
        let equal: Vec<(usize, f64)> = columns.iter().map(|&column| (column, 1.0)).collect();
        let unit = Self::with_weights(&equal, rows, labels);
        let measured: Vec<Vec<f32>> =
            rows.iter().map(|row| unit.terms.iter().map(|term| term.part(row) as f32).collect()).collect();
        let logistic = Logistic::fit(&measured, labels, weights, l2)?;
        let (zeros, ones) = (vec![0.0; columns.len()], vec![1.0; columns.len()]);
        let slopes = logistic.terms(&ones).into_iter().zip(logistic.terms(&zeros)).map(|(one, zero)| one - zero);
        let fitted: Vec<(usize, f64)> = columns.iter().copied().zip(slopes).collect();
        Ok(Self::with_weights(&fitted, rows, labels))
    }

    /// Standard deviations above the mean of human texts of the same length; higher is more machine-like.
    #[must_use]
    pub fn score(&self, row: &[f32]) -> f64 {
        self.parts(row).map(|(_, part)| part).sum::<f64>() + self.bias(row)
    }

    /// The score where a column stands at the human mean for this length.
    #[must_use]
    pub fn score_without(&self, row: &[f32], column: usize) -> f64 {
        self.parts(row).filter(|(of, _)| *of != column).map(|(_, part)| part).sum::<f64>() + self.bias(row)
    }

    /// The part of the score that each column carries; with [`Fusion::bias`] they add up to it.
    pub fn parts(&self, row: &[f32]) -> impl Iterator<Item = (usize, f64)> {
        let (_, deviation) = self.whole.at(log_tokens(row));
        self.terms.iter().map(move |term| (term.column, term.part(row) / deviation))
    }

    /// The score of a text whose columns are all at the human mean for its length: close to 0.
    #[must_use]
    pub fn bias(&self, row: &[f32]) -> f64 {
        let (centre, deviation) = self.whole.at(log_tokens(row));
        -centre / deviation
    }

    /// How much the score changes where column `column` grows by one unit, at `row`; 0 beyond the clip.
    #[must_use]
    pub fn slope(&self, row: &[f32], column: usize) -> f64 {
        let at = log_tokens(row);
        let (_, whole) = self.whole.at(at);
        let of_term = |term: &Term| {
            let (_, deviation) = term.standard.at(at);
            let inside = term.standard.measure(row[column], at).abs() < CLIP;
            if inside { term.weight / deviation / whole } else { 0.0 }
        };
        self.terms.iter().filter(|term| term.column == column).map(of_term).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two columns and a length: humans around 0 (column 0) with a spread that shrinks with length, machines around 2.
    fn rows() -> (Vec<Vec<f32>>, Vec<bool>) {
        let wave = |index: usize, step: usize| (index * step % 101) as f32 / 50.0 - 1.0;
        (0..2000)
            .map(|index| {
                let machine = index % 2 == 1;
                let tokens = 50.0 + (index * 37 % 350) as f32;
                let value = wave(index, 17) * 10.0 / tokens.sqrt() + if machine { 2.0 } else { 0.0 };
                (vec![value, wave(index, 29), tokens.ln()], machine)
            })
            .unzip()
    }

    #[test]
    fn humans_are_centred_at_every_length() {
        let (rows, labels) = rows();
        let fusion = Fusion::with_weights(&[(0, 1.0), (1, 0.5)], &rows, &labels);
        for [from, to] in [[50.0, 90.0], [150.0, 220.0], [300.0, 400.0_f32]] {
            let of_length = |row: &[f32]| (from.ln()..to.ln()).contains(&row[2]);
            let humans = rows.iter().zip(&labels).filter(|(row, machine)| !**machine && of_length(row));
            let scores: Vec<f64> = humans.map(|(row, _)| fusion.score(row)).collect();
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / scores.len() as f64;
            assert!(mean.abs() < 0.15 && (variance.sqrt() - 1.0).abs() < 0.15, "{from}-{to}: {mean} {variance}");
        }
    }

    #[test]
    fn parts_and_bias_are_the_score_and_the_slope_is_its_derivative() {
        let (rows, labels) = rows();
        let weights = vec![1.0; rows.len()];
        for fusion in [
            Fusion::with_weights(&[(0, 1.0), (1, 0.3)], &rows, &labels),
            Fusion::fit(&[0, 1], &rows, &labels, &weights, 1e-3).expect("two classes"),
        ] {
            let row = vec![0.3, -0.2, 120.0_f32.ln()];
            let sum = fusion.parts(&row).map(|(_, part)| part).sum::<f64>() + fusion.bias(&row);
            assert!((sum - fusion.score(&row)).abs() < 1e-12);
            let moved = [0.31, -0.2, row[2]];
            let found = (fusion.score(&moved) - fusion.score(&row)) / f64::from(moved[0] - row[0]);
            assert!((found - fusion.slope(&row, 0)).abs() < 1e-4, "{found} {}", fusion.slope(&row, 0));
            assert!(fusion.score(&[2.0, 0.0, row[2]]) > 1.5 && fusion.score(&[0.0, 0.0, row[2]]).abs() < 0.2);
        }
    }

    #[test]
    fn no_text_reaches_any_score() {
        let (rows, labels) = rows();
        let fusion = Fusion::with_weights(&[(0, 1.0)], &rows, &labels);
        let at = 100.0_f32.ln();
        assert_eq!(fusion.score(&[1e6, 0.0, at]), fusion.score(&[1e9, 0.0, at]));
        assert_eq!(fusion.slope(&[1e6, 0.0, at], 0), 0.0);
    }
}
