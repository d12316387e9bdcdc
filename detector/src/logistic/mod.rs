//! L2-regularised logistic regression on some hundred dense columns.
//!
//! Columns are standardised first, so that one penalty suits all; the bias is not penalised. Up to 64 columns are
//! solved by Newton's method (IRLS) with a Cholesky factorisation, more by L-BFGS (Nocedal and Wright 2006,
//! algorithms 7.4 and 7.5). Sums run over fixed blocks of rows in a fixed order: the result does not depend on the
//! number of threads. For a million sparse columns see [`crate::lexical`].
//!
//! Here is the model and the choice of solver; `problem` is the function that `newton` and `lbfgs` minimise.

mod arithmetic;
mod cholesky;
mod error;
mod lbfgs;
mod newton;
mod problem;
mod search;
#[cfg(test)]
mod testing;

pub(crate) use cholesky::{cholesky, solve};
pub use error::FitError;

use problem::Problem;
use serde::{Deserialize, Serialize};

/// Columns up to which the Hessian is worth its price.
const NEWTON_COLUMNS: usize = 64;

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

impl Logistic {
    /// Minimises the weighted mean logistic loss (nats a row) + `l2`/2 · Σ w², w being the weights of standardised
    /// columns. Labels are true for machine; of `weights` only the ratios matter.
    ///
    /// # Errors
    /// When there are no rows, one class only, values that are no numbers, or (without a penalty) no optimum.
    pub fn fit(rows: &[Vec<f32>], labels: &[bool], weights: &[f64], l2: f64) -> Result<Self, FitError> {
        Self::solve(Problem::new(rows, labels, weights, l2)?)
    }

    /// [`Logistic::fit`] with `penalty`/2 · Σ (mean score of a group less that of all groups)² added to what is minimised, over the
    /// groups of at least ten rows: what tells the groups apart is to weigh little (within-class covariance normalisation: Hatch,
    /// Kajarekar and Stolcke 2006). `groups` has the number of each row's group, or none.
    ///
    /// # Errors
    /// As [`Logistic::fit`]; when the penalty is negative or no finite number.
    ///
    /// # Panics
    /// When there are not as many groups as rows.
    pub fn fit_groups(
        rows: &[Vec<f32>],
        labels: &[bool],
        weights: &[f64],
        l2: f64,
        (groups, penalty): (&[Option<usize>], f64),
    ) -> Result<Self, FitError> {
        assert_eq!(groups.len(), rows.len(), "each row has its group or none");
        if !(penalty.is_finite() && penalty >= 0.0) {
            return Err(FitError::Penalty { l2: penalty });
        }
        Self::solve(Problem::new(rows, labels, weights, l2)?.with_groups(groups, penalty))
    }

    fn solve(problem: Problem) -> Result<Self, FitError> {
        let solution =
            if problem.columns <= NEWTON_COLUMNS { newton::minimum(&problem) } else { lbfgs::minimum(&problem) }?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logistic::arithmetic::logistic;
    use crate::logistic::testing::data;

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
    fn groups_are_drawn_together() {
        // Column 0 tells the labels, and the groups of the rows of label false as well; column 3 tells the labels alone.
        for columns in [4, 80] {
            let (mut rows, labels, weights) = data(2000, columns);
            let groups: Vec<Option<usize>> =
                rows.iter().zip(&labels).map(|(row, label)| (!label).then_some(usize::from(row[0] > 0.0))).collect();
            for (row, label) in rows.iter_mut().zip(&labels) {
                row[3] += if *label { 0.3 } else { -0.3 };
            }
            let apart = |penalty: f64| {
                let model =
                    Logistic::fit_groups(&rows, &labels, &weights, 1e-3, (&groups, penalty)).expect("penalised");
                let mean = |group: usize| {
                    let of_group = rows.iter().zip(&groups).filter(|(_, of)| **of == Some(group));
                    let scores: Vec<f64> = of_group.map(|(row, _)| model.decision(row)).collect();
                    scores.iter().sum::<f64>() / scores.len() as f64
                };
                mean(1) - mean(0)
            };
            let plain = Logistic::fit(&rows, &labels, &weights, 1e-3).expect("penalised");
            let unpenalised = Logistic::fit_groups(&rows, &labels, &weights, 1e-3, (&groups, 0.0)).expect("penalised");
            assert!(rows.iter().all(|row| (plain.decision(row) - unpenalised.decision(row)).abs() < 1e-4));
            let negative = Logistic::fit_groups(&rows, &labels, &weights, 1e-3, (&groups, -1.0));
            assert_eq!(negative, Err(FitError::Penalty { l2: -1.0 }));
            assert!(apart(0.0) > 1.0 && apart(100.0).abs() < 0.05, "{} {}", apart(0.0), apart(100.0));
        }
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
    #[ignore = "measures speed"]
    fn speed() {
        let (rows, labels, weights) = data(80_000, 350);
        let start = std::time::Instant::now();
        assert!(Logistic::fit(&rows, &labels, &weights, 1e-4).is_ok());
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }
}
