//! L2-regularised logistic regression on some hundred dense columns.
//!
//! Columns are standardised first, so that one penalty suits all; the bias is not penalised. Up to 64 columns are
//! solved by Newton's method (IRLS) with a Cholesky factorisation, more by L-BFGS (Nocedal and Wright 2006,
//! algorithms 7.4 and 7.5). Sums run over fixed blocks of rows in a fixed order: the result does not depend on the
//! number of threads. For a million sparse columns see [`crate::lexical`].

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Columns up to which the Hessian is worth its price.
const NEWTON_COLUMNS: usize = 64;
/// Rows whose gradients one task adds up.
const BLOCK: usize = 1024;
/// Pairs of steps and gradients that L-BFGS remembers.
const MEMORY: usize = 10;
const MAX_ITERATIONS: usize = 1000;
/// The greatest entry of the gradient at which a fit is finished.
const GRADIENT: f64 = 1e-8;
/// The greatest entry that is tolerated when no step improves any more.
const TOLERATED_GRADIENT: f64 = 1e-4;

/// A fitted model. Saved as 32-bit numbers, which JSON gives back exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    mean: Vec<f32>,
    /// Standard deviations; 1 for constant columns.
    scale: Vec<f32>,
    /// Weights of the standardised columns; 0 for constant ones.
    weights: Vec<f32>,
    bias: f32,
}

/// Why a model could not be fitted.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FitError {
    /// There are no rows.
    #[error("no rows to fit")]
    Empty,
    /// Rows, labels and weights differ in number.
    #[error("{rows} rows have {labels} labels and {weights} weights")]
    Lengths {
        /// Number of rows.
        rows: usize,
        /// Number of labels.
        labels: usize,
        /// Number of weights.
        weights: usize,
    },
    /// A row is not as long as the first.
    #[error("row {row} has {found} columns, the first has {expected}")]
    Ragged {
        /// The row, from 0.
        row: usize,
        /// Columns of the first row.
        expected: usize,
        /// Columns of this one.
        found: usize,
    },
    /// A value is no finite number.
    #[error("row {row}, column {column} holds {value}, which is not finite")]
    Value {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        value: f32,
    },
    /// A row's weight is negative or no finite number.
    #[error("row {row} has the weight {value}, a finite number from 0 on is expected")]
    Weight {
        /// The row, from 0.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// The penalty is negative or no finite number.
    #[error("the penalty is {l2}, a finite number from 0 on is expected")]
    Penalty {
        /// The penalty.
        l2: f64,
    },
    /// All rows that count have one label.
    #[error("all rows of any weight are of one class")]
    OneClass,
    /// The optimum was not reached. Without a penalty, separable classes have none (and weights, if any are found,
    /// that are as great as the tolerance allows).
    #[error("no optimum after {iterations} iterations: the gradient is still {gradient:e}")]
    NotConverged {
        /// Iterations done.
        iterations: usize,
        /// The greatest entry of the gradient.
        gradient: f64,
    },
}

impl Logistic {
    /// Minimises the weighted mean logistic loss (nats a row) + `l2`/2 · Σ w², w being the weights of standardised
    /// columns. Labels are true for machine; of `weights` only the ratios matter.
    ///
    /// # Errors
    /// When there are no rows, one class only, values that are no numbers, or (without a penalty) no optimum.
    pub fn fit(rows: &[Vec<f32>], labels: &[bool], weights: &[f64], l2: f64) -> Result<Self, FitError> {
        let problem = Problem::new(rows, labels, weights, l2)?;
        let solution = if problem.columns <= NEWTON_COLUMNS { newton(&problem) } else { lbfgs(&problem) }?;
        Ok(problem.into_model(&solution))
    }

    /// Log-odds of machine against human (nats) for one row, with the classes weighed as in training.
    #[must_use]
    pub fn decision(&self, row: &[f32]) -> f64 {
        self.terms(row).iter().sum::<f64>() + self.bias()
    }

    /// What each column adds to [`Logistic::decision`], the bias apart.
    ///
    /// # Panics
    /// When the row has another number of columns than those trained on.
    #[must_use]
    pub fn terms(&self, row: &[f32]) -> Vec<f64> {
        assert_eq!(row.len(), self.weights.len(), "rows have the columns trained on");
        let standard = row.iter().zip(self.mean.iter().zip(&self.scale)).map(standardised);
        standard.zip(&self.weights).map(|(value, weight)| value * f64::from(*weight)).collect()
    }

    /// The decision for the mean row, log-odds.
    #[must_use]
    pub fn bias(&self) -> f64 {
        f64::from(self.bias)
    }
}

fn standardised((value, (mean, scale)): (&f32, (&f32, &f32))) -> f64 {
    (f64::from(*value) - f64::from(*mean)) / f64::from(*scale)
}

// ---- The problem --------------------------------------------------------------------------------------------------

/// The standardised rows and what is asked of them. Parameters are the weights of the columns, then the bias.
struct Problem {
    columns: usize,
    mean: Vec<f32>,
    scale: Vec<f32>,
    /// Row after row.
    values: Vec<f32>,
    /// 1 for machine.
    targets: Vec<f64>,
    /// Sum to 1.
    weights: Vec<f64>,
    l2: f64,
}

impl Problem {
    fn new(rows: &[Vec<f32>], labels: &[bool], weights: &[f64], l2: f64) -> Result<Self, FitError> {
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
        Ok(Self { columns, mean, scale, values, targets, weights, l2 })
    }

    fn into_model(self, solution: &[f64]) -> Logistic {
        let (weights, bias) = solution.split_at(self.columns);
        Logistic {
            mean: self.mean,
            scale: self.scale,
            weights: weights.iter().map(|weight| *weight as f32).collect(),
            bias: bias[0] as f32,
        }
    }

    /// All weights 0 and the bias the log-odds of the classes.
    fn start(&self) -> Vec<f64> {
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
    fn evaluate(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
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
        (loss + self.l2 / 2.0 * dot(slopes, slopes), gradient)
    }

    /// The lower triangle of the Hessian, row after row in a square.
    fn hessian(&self, parameters: &[f64]) -> Vec<f64> {
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

// ---- The solvers --------------------------------------------------------------------------------------------------

fn newton(problem: &Problem) -> Result<Vec<f64>, FitError> {
    let mut point = problem.start();
    let (mut value, mut gradient) = problem.evaluate(&point);
    for iteration in 0..MAX_ITERATIONS {
        if greatest(&gradient) <= GRADIENT {
            return Ok(point);
        }
        let mut direction = newton_step(&problem.hessian(&point), &gradient);
        if dot(&direction, &gradient) >= 0.0 {
            direction = gradient.iter().map(|slope| -slope).collect();
        }
        match search(problem, &point, value, &gradient, &direction) {
            Some(found) => (point, value, gradient) = found,
            None => return stalled(point, &gradient, iteration),
        }
    }
    stalled(point, &gradient, MAX_ITERATIONS)
}

fn lbfgs(problem: &Problem) -> Result<Vec<f64>, FitError> {
    let mut point = problem.start();
    let (mut value, mut gradient) = problem.evaluate(&point);
    let mut memory: Vec<(Vec<f64>, Vec<f64>)> = Vec::new(); // steps and changes of the gradient, oldest first
    for iteration in 0..MAX_ITERATIONS {
        if greatest(&gradient) <= GRADIENT {
            return Ok(point);
        }
        let direction = lbfgs_direction(&memory, &gradient);
        let Some(found) = search(problem, &point, value, &gradient, &direction) else {
            if memory.is_empty() {
                return stalled(point, &gradient, iteration);
            }
            memory.clear(); // once more along the gradient
            continue;
        };
        let step: Vec<f64> = found.0.iter().zip(&point).map(|(new, old)| new - old).collect();
        let change: Vec<f64> = found.2.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        if dot(&step, &change) > 1e-12 * dot(&change, &change) {
            memory.push((step, change));
        }
        if memory.len() > MEMORY {
            memory.remove(0);
        }
        (point, value, gradient) = found;
    }
    stalled(point, &gradient, MAX_ITERATIONS)
}

/// The two-loop recursion: minus the remembered inverse Hessian times the gradient.
fn lbfgs_direction(memory: &[(Vec<f64>, Vec<f64>)], gradient: &[f64]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (step, change) in memory.iter().rev() {
        let share = dot(step, &direction) / dot(step, change);
        add_scaled(&mut direction, -share, change);
        shares.push(share);
    }
    if let Some((step, change)) = memory.last() {
        let scale = dot(step, change) / dot(change, change);
        direction.iter_mut().for_each(|entry| *entry *= scale);
    }
    for ((step, change), share) in memory.iter().zip(shares.iter().rev()) {
        let share = share - dot(change, &direction) / dot(step, change);
        add_scaled(&mut direction, share, step);
    }
    direction
}

/// A point with its value and gradient.
type Evaluated = (Vec<f64>, f64, Vec<f64>);

/// Halves the step until the objective falls enough (Armijo). Near the optimum, where the fall drowns in rounding, a
/// smaller gradient at the same value will do.
fn search(problem: &Problem, point: &[f64], value: f64, gradient: &[f64], direction: &[f64]) -> Option<Evaluated> {
    let slope = dot(gradient, direction);
    let mut length = 1.0;
    for _ in 0..40 {
        let mut candidate = point.to_vec();
        add_scaled(&mut candidate, length, direction);
        let (new_value, new_gradient) = problem.evaluate(&candidate);
        let rounding = 1e-14 * value.abs();
        let falls = new_value < value && new_value <= value + 1e-4 * length * slope;
        if falls || (new_value <= value + rounding && greatest(&new_gradient) < 0.9 * greatest(gradient)) {
            return Some((candidate, new_value, new_gradient));
        }
        length /= 2.0;
    }
    None
}

fn stalled(point: Vec<f64>, gradient: &[f64], iterations: usize) -> Result<Vec<f64>, FitError> {
    let gradient = greatest(gradient);
    if gradient <= TOLERATED_GRADIENT { Ok(point) } else { Err(FitError::NotConverged { iterations, gradient }) }
}

/// Minus the inverse of the matrix times the gradient. Where columns repeat one another and nothing penalises them
/// the matrix is singular; a growing ridge then makes it solvable.
fn newton_step(hessian: &[f64], gradient: &[f64]) -> Vec<f64> {
    let size = gradient.len();
    let trace: f64 = (0..size).map(|at| hessian[at * size + at]).sum();
    let mut ridge = 0.0;
    for _ in 0..30 {
        let mut factor = hessian.to_vec();
        for at in 0..size {
            factor[at * size + at] += ridge;
        }
        if cholesky(&mut factor, size, 1e-13 * trace / size as f64) {
            return solve(&factor, gradient);
        }
        ridge = (ridge * 10.0).max(1e-10 * trace / size as f64).max(f64::MIN_POSITIVE);
    }
    gradient.iter().map(|slope| -slope).collect()
}

/// Replaces the lower triangle by its Cholesky factor; false when a pivot is not above `least`.
fn cholesky(matrix: &mut [f64], size: usize, least: f64) -> bool {
    for row in 0..size {
        for column in 0..=row {
            let (left, right) = (&matrix[row * size..][..column], &matrix[column * size..][..column]);
            let rest = matrix[row * size + column] - dot(left, right);
            if row != column {
                matrix[row * size + column] = rest / matrix[column * size + column];
            } else if rest > least {
                matrix[row * size + row] = rest.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// Minus the solution for a Cholesky factor.
fn solve(factor: &[f64], gradient: &[f64]) -> Vec<f64> {
    let size = gradient.len();
    let mut solution: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    for row in 0..size {
        let known = dot(&factor[row * size..][..row], &solution[..row]);
        solution[row] = (solution[row] - known) / factor[row * size + row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|below| factor[below * size + row] * solution[below]).sum();
        solution[row] = (solution[row] - known) / factor[row * size + row];
    }
    solution
}

// ---- Arithmetic ---------------------------------------------------------------------------------------------------

fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn dot_row(row: &[f32], slopes: &[f64]) -> f64 {
    row.iter().zip(slopes).map(|(value, slope)| f64::from(*value) * slope).sum()
}

/// `vector` += `factor` · `other`.
fn add_scaled(vector: &mut [f64], factor: f64, other: &[f64]) {
    vector.iter_mut().zip(other).for_each(|(entry, other)| *entry += factor * other);
}

fn greatest(vector: &[f64]) -> f64 {
    vector
        .iter()
        .fold(0.0, |greatest: f64, entry| if entry.is_nan() { f64::INFINITY } else { greatest.max(entry.abs()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Rows with uniform columns, and labels that follow the first three.
    fn data(rows: usize, columns: usize) -> (Vec<Vec<f32>>, Vec<bool>, Vec<f64>) {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut data = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rows {
            let row: Vec<f32> = (0..columns).map(|_| random.random_range(-1.0..1.0)).collect();
            let score = 2.0 * f64::from(row[0]) - f64::from(row[1]) + f64::from(row[0] * row[2]) + 0.3;
            data.1.push(random.random_bool(logistic(score)));
            data.2.push(random.random_range(0.5..2.0));
            data.0.push(row);
        }
        data
    }

    #[test]
    fn one_binary_column_has_a_closed_form() {
        // Machine in 1 of 4 rows at 0 and in 2 of 3 (one of weight 2) at 1: the log-odds are those of the weights.
        let rows: Vec<Vec<f32>> = [0, 0, 0, 0, 1, 1, 1].map(|value| vec![value as f32]).to_vec();
        let labels = [true, false, false, false, true, true, false];
        let weights = [1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0];
        let model = Logistic::fit(&rows, &labels, &weights, 0.0).expect("the classes overlap");
        assert!((model.decision(&[0.0]) - (1.0_f64 / 3.0).ln()).abs() < 1e-5);
        assert!((model.decision(&[1.0]) - 3.0_f64.ln()).abs() < 1e-5);
    }

    #[test]
    fn penalised_optimum_by_hand() {
        // One row of each class at -1 and 1, standardised as they are: w solves logistic(-w) = l2 w.
        let weight = 1.3_f64;
        let l2 = logistic(-weight) / weight;
        let model = Logistic::fit(&[vec![-1.0], vec![1.0]], &[false, true], &[1.0, 1.0], l2).expect("penalised");
        assert!((model.decision(&[1.0]) - weight).abs() < 1e-6 && model.bias().abs() < 1e-9);
    }

    #[test]
    fn both_solvers_reach_the_same_optimum() {
        let (rows, labels, weights) = data(3000, 20);
        for l2 in [1e-1, 1e-4, 0.0] {
            let problem = Problem::new(&rows, &labels, &weights, l2).expect("sound data");
            let (one, other) = (newton(&problem).expect("an optimum"), lbfgs(&problem).expect("an optimum"));
            for solution in [&one, &other] {
                assert!(greatest(&problem.evaluate(solution).1) < 1e-7);
            }
            assert!(one.iter().zip(&other).all(|(one, other)| (one - other).abs() < 1e-5));
        }
    }

    #[test]
    fn gradient_is_that_of_the_objective() {
        let (rows, labels, weights) = data(50, 4);
        let problem = Problem::new(&rows, &labels, &weights, 0.3).expect("sound data");
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
    fn scaling_and_shifting_a_column_changes_nothing() {
        for columns in [5, 80] {
            let (rows, labels, weights) = data(1500, columns);
            let change = |row: &Vec<f32>| [&[row[0] * 1024.0 + 8.0], &row[1..]].concat();
            let changed: Vec<Vec<f32>> = rows.iter().map(change).collect();
            let model = Logistic::fit(&rows, &labels, &weights, 1e-3).expect("penalised");
            let other = Logistic::fit(&changed, &labels, &weights, 1e-3).expect("penalised");
            for (row, changed) in rows.iter().zip(&changed).take(50) {
                assert!((model.decision(row) - other.decision(changed)).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn weights_are_repetitions_and_zero_is_absence() {
        let (rows, labels, _) = data(300, 3);
        let counts: Vec<usize> = (0..300).map(|row| row % 3).collect();
        let weights: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
        let repeated = |row: usize| std::iter::repeat_n(row, counts[row]);
        let (many, many_labels): (Vec<_>, Vec<_>) =
            (0..300).flat_map(repeated).map(|row| (rows[row].clone(), labels[row])).unzip();
        let model = Logistic::fit(&rows, &labels, &weights, 0.01).expect("penalised");
        let other = Logistic::fit(&many, &many_labels, &vec![5.0; many.len()], 0.01).expect("penalised");
        assert!(rows.iter().all(|row| (model.decision(row) - other.decision(row)).abs() < 1e-5));
    }

    #[test]
    fn constant_and_repeated_columns_are_harmless() {
        let (mut rows, labels, weights) = data(400, 3);
        rows.iter_mut().for_each(|row| row.extend([0.1, row[0]]));
        let model = Logistic::fit(&rows, &labels, &weights, 0.0).expect("the classes overlap");
        assert_eq!(model.terms(&[0.3, 0.2, 0.0, 99.0, 0.3])[3], 0.0);
        assert!(model.decision(&[0.9, 0.0, 0.0, 0.1, 0.9]) > model.decision(&[-0.9, 0.0, 0.0, 0.1, -0.9]));
        let none = Logistic::fit(&[vec![], vec![], vec![]], &[true, true, false], &[1.0; 3], 0.0).expect("a bias");
        assert!((none.decision(&[]) - 2.0_f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn json_gives_the_model_back_and_fits_repeat() {
        let (rows, labels, weights) = data(500, 70);
        let model = Logistic::fit(&rows, &labels, &weights, 1e-3).expect("penalised");
        assert_eq!(Logistic::fit(&rows, &labels, &weights, 1e-3).as_ref(), Ok(&model));
        let json = serde_json::to_string(&model).expect("plain numbers");
        assert_eq!(serde_json::from_str::<Logistic>(&json).expect("our own"), model);
        let terms: f64 = model.terms(&rows[0]).iter().sum();
        assert_eq!(terms + model.bias(), model.decision(&rows[0]));
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

    #[test]
    #[ignore = "measures speed"]
    fn speed() {
        let (rows, labels, weights) = data(80_000, 350);
        let start = std::time::Instant::now();
        assert!(Logistic::fit(&rows, &labels, &weights, 1e-4).is_ok());
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }
}
