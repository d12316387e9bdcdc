//! L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5): the inverse Hessian from the last steps, never built.
//!
//! For hundreds of columns; its optimum is tested against that of `newton`.

use super::FitError;
use super::arithmetic::{add_scaled, dot, greatest};
use super::problem::Problem;
use super::search::{GRADIENT, MAX_ITERATIONS, search, stalled};

/// Pairs of steps and gradients that L-BFGS remembers.
const MEMORY: usize = 10;

/// The parameters at the optimum.
pub(super) fn minimum(problem: &Problem) -> Result<Vec<f64>, FitError> {
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
