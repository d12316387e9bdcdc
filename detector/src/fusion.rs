//! Many kinds of evidence to one score: logistic regression on the columns and on all their products of two.
//!
//! The products are there because likelihood changes its sign between registers: in essays the human text is the likelier one, in
//! news the machine's. What a column means may then depend on the others, and the model stays one whose score is a sum of
//! parts, each of which can be named.

use crate::logistic::{FitError, Logistic};
use serde::{Deserialize, Serialize};

/// Columns further from the centre than this many deviations say no more than those at it: a text unlike any
/// seen in training cannot reach any score it likes.
const CLIP: f32 = 3.0;

/// The fitted combination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fusion {
    centre: Vec<f32>,
    scale: Vec<f32>,
    logistic: Logistic,
}

impl Fusion {
    /// Fits rows of equal length to labels (true = machine).
    ///
    /// # Errors
    /// When there are no rows, one class only, or values that are no numbers.
    pub fn fit(rows: &[Vec<f32>], labels: &[bool], weights: &[f64], l2: f64) -> Result<Self, FitError> {
        let columns = rows.first().map_or(0, Vec::len);
        let (mut centre, mut scale) = (Vec::with_capacity(columns), Vec::with_capacity(columns));
        for column in 0..columns {
            let mut values: Vec<f32> = rows.iter().map(|row| row[column]).collect();
            values.sort_by(f32::total_cmp);
            let quantile = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
            centre.push(quantile(0.5));
            scale.push(((quantile(0.84) - quantile(0.16)) / 2.0).max(1e-6));
        }
        let expanded: Vec<Vec<f32>> = rows.iter().map(|row| expand(&standardise(row, &centre, &scale))).collect();
        let logistic = Logistic::fit(&expanded, labels, weights, l2)?;
        Ok(Self { centre, scale, logistic })
    }

    /// Log-odds of machine against human for one row, with the classes weighed as in training.
    #[must_use]
    pub fn score(&self, row: &[f32]) -> f64 {
        self.logistic.decision(&expand(&standardise(row, &self.centre, &self.scale)))
    }

    /// The part of the score that each column carries: its own term and half of each product it is in; the last
    /// entry is the rest. Their sum is the score.
    #[must_use]
    pub fn parts(&self, row: &[f32]) -> Vec<f64> {
        let columns = row.len();
        let terms = self.logistic.terms(&expand(&standardise(row, &self.centre, &self.scale)));
        let mut parts = vec![0.0; columns + 1];
        let mut next = terms.iter();
        let mut take = || next.next().copied().unwrap_or(0.0);
        for part in &mut parts[..columns] {
            *part += take();
        }
        for first in 0..columns {
            for second in first..columns {
                let half = take() / 2.0;
                parts[first] += half;
                parts[second] += half;
            }
        }
        parts[columns] = self.logistic.bias();
        parts
    }

    /// How much the score changes where column `column` grows by one unit, at `row`.
    #[must_use]
    pub fn slope(&self, row: &[f32], column: usize) -> f64 {
        let step = self.scale[column] * 0.05;
        let moved = |by: f32| {
            let mut row = row.to_vec();
            row[column] += by;
            self.score(&row)
        };
        (moved(step) - moved(-step)) / f64::from(2.0 * step)
    }
}

fn standardise(row: &[f32], centre: &[f32], scale: &[f32]) -> Vec<f32> {
    row.iter()
        .zip(centre.iter().zip(scale))
        .map(|(value, (centre, scale))| ((value - centre) / scale).clamp(-CLIP, CLIP))
        .collect()
}

/// The columns, then all products of two in order.
fn expand(row: &[f32]) -> Vec<f32> {
    let mut expanded = row.to_vec();
    for (first, value) in row.iter().enumerate() {
        expanded.extend(row[first..].iter().map(|second| value * second));
    }
    expanded
}
