//! Sums over vectors, in the order of their entries.
//!
//! Serial, so that a fit repeats to the last bit; `problem` spreads the rows over threads.

pub(super) fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

pub(super) fn dot_row(row: &[f32], slopes: &[f64]) -> f64 {
    row.iter().zip(slopes).map(|(value, slope)| f64::from(*value) * slope).sum()
}

/// `vector` += `factor` · `other`.
pub(super) fn add_scaled(vector: &mut [f64], factor: f64, other: &[f64]) {
    vector.iter_mut().zip(other).for_each(|(entry, other)| *entry += factor * other);
}

pub(super) fn greatest(vector: &[f64]) -> f64 {
    vector
        .iter()
        .fold(0.0, |greatest: f64, entry| if entry.is_nan() { f64::INFINITY } else { greatest.max(entry.abs()) })
}
