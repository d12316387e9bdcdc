//! Newton's method (IRLS): few iterations, each with a Hessian and its Cholesky factorisation.
//!
//! For tens of columns; the price of an iteration grows with the square of their number. See `lbfgs` for more.

use super::FitError;
use super::arithmetic::{dot, greatest};
use super::cholesky::{cholesky, solve};
use super::problem::Problem;
use super::search::{GRADIENT, MAX_ITERATIONS, search, stalled};

/// The parameters at the optimum.
pub(super) fn minimum(problem: &Problem) -> Result<Vec<f64>, FitError> {
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
            return solve(&factor, gradient).into_iter().map(|step| -step).collect();
        }
        ridge = (ridge * 10.0).max(1e-10 * trace / size as f64).max(f64::MIN_POSITIVE);
    }
    gradient.iter().map(|slope| -slope).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logistic::lbfgs;
    use crate::logistic::testing::data;

    #[test]
    fn both_solvers_reach_the_same_optimum() {
        let (rows, labels, weights) = data(3000, 20);
        for l2 in [1e-1, 1e-4, 0.0] {
            let problem = Problem::new(&rows, &labels, &weights, l2).expect("sound data");
            let (one, other) = (minimum(&problem).expect("an optimum"), lbfgs::minimum(&problem).expect("an optimum"));
            for solution in [&one, &other] {
                assert!(greatest(&problem.evaluate(solution).1) < 1e-7);
            }
            assert!(one.iter().zip(&other).all(|(one, other)| (one - other).abs() < 1e-5));
        }
    }
}
