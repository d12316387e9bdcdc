//! Rotary positions (Su et al. 2021, *RoFormer*): number `i` and number `i + D/2` of a head are turned by the position times
//! theta^(-2i/D), so that the product of a query and a key depends on their distance only.

use super::attention::Heads;
use rayon::prelude::*;

/// Cosines and sines of every position.
#[derive(Debug)]
pub(crate) struct Rotary {
    turns: Vec<[f32; 2]>, // (context, D / 2)
    half: usize,          // D / 2
}

impl Rotary {
    /// For heads of `size` numbers. Angles are products of f32, as in `transformers`.
    pub(crate) fn new(context: usize, size: usize, theta: f64) -> Self {
        let half = size / 2;
        let frequencies: Vec<f32> =
            (0..half).map(|at| 1.0 / (theta as f32).powf(2.0 * at as f32 / size as f32)).collect();
        let mut turns = vec![[0.0; 2]; context * half];
        turns.par_chunks_mut(half.max(1)).enumerate().for_each(|(position, row)| {
            for (turn, frequency) in row.iter_mut().zip(&frequencies) {
                let (sine, cosine) = (position as f32 * frequency).sin_cos();
                *turn = [cosine, sine];
            }
        });
        Self { turns, half }
    }

    /// Turns the queries and keys of rows (T, row) in place; the first stands at `position`.
    pub(crate) fn turn(&self, rows: &mut [f32], position: usize, heads: Heads) {
        for (position, row) in (position..).zip(rows.chunks_mut(heads.row())) {
            let turns = &self.turns[position * self.half..][..self.half];
            for head in row[..(heads.queries + heads.keys) * heads.size].chunks_mut(heads.size) {
                let (left, right) = head.split_at_mut(self.half);
                for ((left, right), [cosine, sine]) in left.iter_mut().zip(right).zip(turns) {
                    (*left, *right) = (*left * cosine - *right * sine, *right * cosine + *left * sine);
                }
            }
        }
    }
}
