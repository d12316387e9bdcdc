//! What is minimised: the penalised loss over standardised rows, with its gradient and Hessian.
//!
//! Data are checked and standardised here, once; of the solvers it knows nothing.

use super::arithmetic::{add_scaled, dot, dot_row, logistic};
use super::{FitError, Logistic, standardised};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Rows whose gradients one task adds up.
const BLOCK: usize = 1024;

/// The standardised rows and what is asked of them. Parameters are the weights of the columns, then the bias.
pub(super) struct Problem {
    pub(super) columns: usize,
    mean: Vec<f32>,
    scale: Vec<f32>,
    /// Row after row.
    values: Vec<f32>,
    /// 1 for machine.
    targets: Vec<f64>,
    /// Sum to 1.
    weights: Vec<f64>,
    l2: f64,
    /// A row for each group: the difference of its mean from the groups' common one, times the root of the penalty.
    differences: Vec<Vec<f64>>,
}

/// Rows from which on a group counts.
const LEAST_ROWS: usize = 10;

impl Problem {
    pub(super) fn new(rows: &[Vec<f32>], labels: &[bool], weights: &[f64], l2: f64) -> Result<Self, FitError> {
        check(rows, labels, weights, l2)?;
        let columns = rows[0].len();
        let total: f64 = weights.iter().sum();
        let weights: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let (mean, scale): (Vec<f32>, Vec<f32>) =
            (0..columns).into_par_iter().map(|column| moments(rows, &weights, column)).unzip();
        let standard = |row: &Vec<f32>| -> Vec<f32> {
            row.iter().zip(Iterator::zip(mean.iter(), scale.iter())).map(|cell| standardised(cell) as f32).collect()
        };
        let values = rows.iter().flat_map(standard).collect();
        let targets = labels.iter().map(|label| f64::from(u8::from(*label))).collect();
        Ok(Self { columns, mean, scale, values, targets, weights, l2, differences: Vec::new() })
    }

    /// The same with a penalty on how far the mean scores of groups of rows lie apart; rows without a group are in none.
    pub(super) fn with_groups(mut self, groups: &[Option<usize>], penalty: f64) -> Self {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, group) in groups.iter().enumerate() {
            if let Some(group) = group {
                members.entry(*group).or_default().push(row);
            }
        }
        let mean_of = |rows: &Vec<usize>| {
            let mut mean = vec![0.0; self.columns];
            for row in rows {
                let columns = &self.values[row * self.columns..][..self.columns];
                mean.iter_mut().zip(columns).for_each(|(mean, value)| *mean += f64::from(*value) / rows.len() as f64);
            }
            mean
        };
        let mut means: Vec<Vec<f64>> = members.values().filter(|rows| rows.len() >= LEAST_ROWS).map(mean_of).collect();
        let mut common = vec![0.0; self.columns];
        for mean in &means {
            add_scaled(&mut common, 1.0 / means.len() as f64, mean);
        }
        for mean in &mut means {
            add_scaled(mean, -1.0, &common);
            mean.iter_mut().for_each(|difference| *difference *= penalty.sqrt());
        }
        self.differences = means;
        self
    }

    pub(super) fn into_model(self, solution: &[f64]) -> Logistic {
        let (weights, bias) = solution.split_at(self.columns);
        Logistic {
            mean: self.mean,
            scale: self.scale,
            weights: weights.iter().map(|weight| *weight as f32).collect(),
            bias: bias[0] as f32,
        }
    }

    /// All weights 0 and the bias the log-odds of the classes.
    pub(super) fn start(&self) -> Vec<f64> {
        let machine: f64 = self.targets.iter().zip(&self.weights).map(|(target, weight)| target * weight).sum();
        let mut start = vec![0.0; self.columns + 1];
        start[self.columns] = (machine / (1.0 - machine)).ln();
        start
    }

    /// Adds up what `visit` finds for each row (its columns, target and weight) in vectors of `size`.
    fn sum(&self, size: usize, visit: impl Fn(&[f32], f64, f64, &mut [f64]) + Sync) -> Vec<f64> {
        let block = |number: usize| {
            let mut sum = vec![0.0; size];
            for row in number * BLOCK..((number + 1) * BLOCK).min(self.targets.len()) {
                let columns = &self.values[row * self.columns..(row + 1) * self.columns];
                visit(columns, self.targets[row], self.weights[row], &mut sum);
            }
            sum
        };
        let blocks: Vec<Vec<f64>> = (0..self.targets.len().div_ceil(BLOCK)).into_par_iter().map(block).collect();
        let mut total = vec![0.0; size];
        for block in blocks {
            add_scaled(&mut total, 1.0, &block);
        }
        total
    }

    /// The objective and its gradient.
    pub(super) fn evaluate(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let (slopes, bias) = parameters.split_at(self.columns);
        let size = self.columns + 2; // the gradient, then the loss
        let mut gradient = self.sum(size, |row, target, weight, sum| {
            let score = bias[0] + dot_row(row, slopes);
            let excess = weight * (logistic(score) - target);
            for (entry, value) in sum.iter_mut().zip(row) {
                *entry += excess * f64::from(*value);
            }
            sum[row.len()] += excess;
            // ln(1 + e^s) - y s, without overflow.
            sum[row.len() + 1] += weight * (score.max(0.0) + (-score.abs()).exp().ln_1p() - target * score);
        });
        let loss = gradient.pop().unwrap_or_default();
        add_scaled(&mut gradient, self.l2, slopes);
        let mut objective = loss + self.l2 / 2.0 * dot(slopes, slopes);
        for difference in &self.differences {
            let apart = dot(difference, slopes);
            objective += apart * apart / 2.0;
            add_scaled(&mut gradient, apart, difference); // which has no entry for the bias
        }
        (objective, gradient)
    }

    /// The lower triangle of the Hessian, row after row in a square.
    pub(super) fn hessian(&self, parameters: &[f64]) -> Vec<f64> {
        let (slopes, bias) = parameters.split_at(self.columns);
        let size = parameters.len();
        let mut hessian = self.sum(size * size, |row, _, weight, sum| {
            let probability = logistic(bias[0] + dot_row(row, slopes));
            let curvature = weight * probability * (1.0 - probability);
            for (at, value) in row.iter().chain(&[1.0]).enumerate() {
                let scaled = curvature * f64::from(*value);
                for (entry, other) in sum[at * size..=at * size + at].iter_mut().zip(row.iter().chain(&[1.0])) {
                    *entry += scaled * f64::from(*other);
                }
            }
        });
        for column in 0..self.columns {
            hessian[column * size + column] += self.l2;
            for difference in &self.differences {
                let row = &mut hessian[column * size..=column * size + column];
                add_scaled(row, difference[column], difference);
            }
        }
        hessian
    }
}

fn check(rows: &[Vec<f32>], labels: &[bool], weights: &[f64], l2: f64) -> Result<(), FitError> {
    let expected = rows.first().ok_or(FitError::Empty)?.len();
    if labels.len() != rows.len() || weights.len() != rows.len() {
        return Err(FitError::Lengths { rows: rows.len(), labels: labels.len(), weights: weights.len() });
    }
    let usable = |number: f64| number.is_finite() && number >= 0.0;
    if !usable(l2) {
        return Err(FitError::Penalty { l2 });
    }
    for (row, (values, weight)) in rows.iter().zip(weights).enumerate() {
        if values.len() != expected {
            return Err(FitError::Ragged { row, expected, found: values.len() });
        }
        if let Some(column) = values.iter().position(|value| !value.is_finite()) {
            return Err(FitError::Value { row, column, value: values[column] });
        }
        if !usable(*weight) {
            return Err(FitError::Weight { row, value: *weight });
        }
    }
    let counts = |machine: bool| labels.iter().zip(weights).any(|(label, weight)| *label == machine && *weight > 0.0);
    if counts(true) && counts(false) { Ok(()) } else { Err(FitError::OneClass) }
}

/// Mean and deviation of a column over the rows that count. A constant column has the deviation 1, and as its
/// standardised values are 0 its weight stays 0.
fn moments(rows: &[Vec<f32>], weights: &[f64], column: usize) -> (f32, f32) {
    let cells =
        || rows.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(row, weight)| (row[column], *weight));
    let first = cells().next().map_or(0.0, |(value, _)| value);
    if cells().all(|(value, _)| value == first) {
        return (first, 1.0);
    }
    let mean: f64 = cells().map(|(value, weight)| f64::from(value) * weight).sum();
    let variance: f64 = cells().map(|(value, weight)| (f64::from(value) - mean).powi(2) * weight).sum();
    (mean as f32, (variance.sqrt() as f32).max(f32::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logistic::testing::data;

    #[test]
    fn gradient_is_that_of_the_objective() {
        let (rows, labels, weights) = data(50, 4);
        let groups: Vec<Option<usize>> = (0..50).map(|row| (row % 4 != 3).then_some(row % 4)).collect();
        let problem = Problem::new(&rows, &labels, &weights, 0.3).expect("sound data").with_groups(&groups, 2.0);
        assert_eq!(problem.differences.len(), 3);
        let point = vec![0.5, -0.2, 1.0, 0.0, 0.7];
        let (_, gradient) = problem.evaluate(&point);
        let hessian = problem.hessian(&point);
        for at in 0..point.len() {
            let moved = |by: f64| {
                let mut point = point.clone();
                point[at] += by;
                problem.evaluate(&point)
            };
            let (up, down) = (moved(1e-5), moved(-1e-5));
            assert!(((up.0 - down.0) / 2e-5 - gradient[at]).abs() < 1e-8);
            for (column, entry) in hessian[at * 5..=at * 5 + at].iter().enumerate() {
                assert!(((up.1[column] - down.1[column]) / 2e-5 - entry).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn bad_input_is_an_error() {
        let rows = [vec![1.0], vec![2.0]];
        let fit = |labels: &[bool], weights: &[f64], l2: f64| Logistic::fit(&rows, labels, weights, l2).err();
        let (both, ones) = ([true, false], [1.0, 1.0]);
        assert_eq!(Logistic::fit(&[], &[], &[], 1.0), Err(FitError::Empty));
        assert_eq!(fit(&[true], &ones, 1.0), Some(FitError::Lengths { rows: 2, labels: 1, weights: 2 }));
        assert_eq!(fit(&[true, true], &ones, 1.0), Some(FitError::OneClass));
        assert_eq!(fit(&both, &[1.0, 0.0], 1.0), Some(FitError::OneClass));
        assert_eq!(fit(&both, &[1.0, -1.0], 1.0), Some(FitError::Weight { row: 1, value: -1.0 }));
        assert_eq!(fit(&both, &ones, -1.0), Some(FitError::Penalty { l2: -1.0 }));
        let ragged = Logistic::fit(&[vec![1.0], vec![]], &both, &ones, 1.0);
        assert_eq!(ragged, Err(FitError::Ragged { row: 1, expected: 1, found: 0 }));
        let infinite = Logistic::fit(&[vec![1.0], vec![f32::INFINITY]], &both, &ones, 1.0);
        assert_eq!(infinite, Err(FitError::Value { row: 1, column: 0, value: f32::INFINITY }));
    }
}
