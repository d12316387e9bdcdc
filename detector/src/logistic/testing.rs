//! Seeded random rows with labels that depend on them, for the unit tests of this folder.
//!
//! Not separable: an optimum exists without a penalty too.

use super::arithmetic::logistic;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows with uniform columns, and labels that follow the first three.
pub(super) fn data(rows: usize, columns: usize) -> (Vec<Vec<f32>>, Vec<bool>, Vec<f64>) {
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
