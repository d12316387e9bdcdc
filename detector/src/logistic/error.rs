//! Why a model could not be fitted.
//!
//! Says which row and column, counted from 0; whose rows they are the caller knows.

use thiserror::Error;

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
