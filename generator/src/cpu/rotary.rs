//! Rotary positions (Su et al. 2021, *RoFormer*): number `i` and number `i + D/2` of a head are turned by the position times
//! theta^(-2i/D), so that the product of a query and a key depends on their distance only.

use super::attention::Heads;
use std::sync::OnceLock;

/// Positions whose turns are computed together, when the first of them is read.
const STRETCH: usize = 256;

/// Cosines and sines of every position.
#[derive(Debug)]
pub(crate) struct Rotary {
    stretches: Vec<OnceLock<Vec<[f32; 2]>>>, // of (256, D / 2)
    frequencies: Vec<f32>,                   // (D / 2)
}

impl Rotary {
    /// For heads of `size` numbers. Angles are products of f32, as in `transformers`.
    pub(crate) fn new(context: usize, size: usize, theta: f64) -> Self {
        let frequency = |at: usize| 1.0 / (theta as f32).powf(2.0 * at as f32 / size as f32);
        Self {
            stretches: vec![OnceLock::new(); context.div_ceil(STRETCH)],
            frequencies: (0..size / 2).map(frequency).collect(),
        }
    }

    /// Cosine and sine of each frequency at a position.
    fn turns(&self, position: usize) -> &[[f32; 2]] {
        let half = self.frequencies.len();
        let stretch = self.stretches[position / STRETCH].get_or_init(|| {
            let first = position / STRETCH * STRETCH;
            let angles = (first..first + STRETCH)
                .flat_map(|position| self.frequencies.iter().map(move |frequency| position as f32 * frequency));
            angles.map(f32::sin_cos).map(|(sine, cosine)| [cosine, sine]).collect()
        });
        &stretch[position % STRETCH * half..][..half]
    }

    /// Turns the queries and keys of rows (T, row) in place; the first stands at `position`.
    pub(crate) fn turn(&self, rows: &mut [f32], position: usize, heads: Heads) {
        let half = self.frequencies.len();
        for (position, row) in (position..).zip(rows.chunks_mut(heads.row())) {
            let turns = self.turns(position);
            for head in row[..(heads.queries + heads.keys) * heads.size].chunks_mut(heads.size) {
                let (left, right) = head.split_at_mut(half);
                for ((left, right), [cosine, sine]) in left.iter_mut().zip(right).zip(turns) {
                    (*left, *right) = (*left * cosine - *right * sine, *right * cosine + *left * sine);
                }
            }
        }
    }
}
