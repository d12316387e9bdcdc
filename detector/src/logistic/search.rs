//! What both solvers share: the step along a direction, and when to stop.
//!
//! Backtracking only (Armijo); the curvature condition is not asked for, as the objective is convex.

use super::FitError;
use super::arithmetic::{add_scaled, dot, greatest};
use super::problem::Problem;

pub(super) const MAX_ITERATIONS: usize = 1000;
/// The greatest entry of the gradient at which a fit is finished.
pub(super) const GRADIENT: f64 = 1e-8;
/// The greatest entry that is tolerated when no step improves any more.
const TOLERATED_GRADIENT: f64 = 1e-4;

/// A point with its value and gradient.
pub(super) type Evaluated = (Vec<f64>, f64, Vec<f64>);

/// Halves the step until the objective falls enough (Armijo). Near the optimum, where the fall drowns in rounding, a
/// smaller gradient at the same value will do.
pub(super) fn search(
    problem: &Problem,
    point: &[f64],
    value: f64,
    gradient: &[f64],
    direction: &[f64],
) -> Option<Evaluated> {
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

pub(super) fn stalled(point: Vec<f64>, gradient: &[f64], iterations: usize) -> Result<Vec<f64>, FitError> {
    let gradient = greatest(gradient);
    if gradient <= TOLERATED_GRADIENT { Ok(point) } else { Err(FitError::NotConverged { iterations, gradient }) }
}
