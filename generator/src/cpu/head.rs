//! From features to statistics: the head in pieces of the vocabulary, so that the logits of a text never exist in full.
//!
//! Each piece of a row gives its greatest logit, the sum of e^(z - greatest), the mean of z under these weights and the sum of
//! squares about that mean; pieces are merged as in Chan, Golub and LeVeque 1983, in f64. No variance can be negative.

use super::loops::exp;
use super::matrix::{Matrix, Out};
use super::tile::PANEL;
use crate::stats::TokenStats;
use crate::tokenizer::TokenId;
use pulp::{Arch, Simd, WithSimd};

/// Panels of the vocabulary that are taken at a time.
const PIECE: usize = 16;

/// Weighted moments of the logits of one row so far.
#[derive(Debug, Clone, Copy)]
struct Moments {
    greatest: f64,
    total: f64,   // sum of e^(z - greatest)
    mean: f64,    // of z, by those weights
    squares: f64, // sum of e^(z - greatest) (z - mean)^2
    above: u32,   // logits greater than the observed token's
}

impl Moments {
    const NONE: Self = Self { greatest: f64::NEG_INFINITY, total: 0.0, mean: 0.0, squares: 0.0, above: 0 };

    fn merge(self, piece: Self) -> Self {
        let greatest = self.greatest.max(piece.greatest);
        let (left, right) = ((self.greatest - greatest).exp(), (piece.greatest - greatest).exp());
        let (total_left, total_right) = (self.total * left, piece.total * right);
        let total = total_left + total_right;
        let distance = piece.mean - self.mean;
        Self {
            greatest,
            total,
            mean: self.mean + distance * total_right / total,
            squares: self.squares * left
                + piece.squares * right
                + distance * distance * total_left * total_right / total,
            above: self.above + piece.above,
        }
    }
}

/// The logits (T, V) of features (T, C).
pub(crate) fn logits(head: &Matrix, features: &[f32], channels: usize) -> Vec<f32> {
    let mut logits = vec![0.0; features.len() / channels * head.outputs()];
    head.multiply_add(features, Out { values: &mut logits, stride: head.outputs(), column: 0 });
    logits
}

/// The logits of `targets` given features (T, C).
fn observed(head: &Matrix, features: &[f32], targets: &[TokenId]) -> Vec<f32> {
    let channels = features.len() / targets.len().max(1);
    features
        .chunks(channels.max(1))
        .zip(targets)
        .map(|(row, &target)| {
            let (panel, column) = (target as usize / PANEL, target as usize % PANEL);
            let mut logits = [0.0; PANEL];
            head.multiply_panels(row, panel..panel + 1, Out { values: &mut logits, stride: PANEL, column: 0 });
            logits[column]
        })
        .collect()
}

/// The statistics of `targets` given features (T, C).
pub(crate) fn statistics(head: &Matrix, features: &[f32], targets: &[TokenId]) -> Vec<TokenStats> {
    let arch = Arch::new();
    let observed = observed(head, features, targets);
    let mut moments = vec![Moments::NONE; targets.len()];
    let stride = PIECE * PANEL;
    let mut logits = vec![0.0; targets.len() * stride];
    for first in (0..head.panels()).step_by(PIECE) {
        let panels = first..(first + PIECE).min(head.panels());
        let width = (head.outputs() - first * PANEL).min(stride);
        logits.fill(0.0);
        head.multiply_panels(features, panels, Out { values: &mut logits, stride, column: 0 });
        for ((row, &observed), moments) in logits.chunks_mut(stride).zip(&observed).zip(&mut moments) {
            let whole = width.next_multiple_of(PANEL);
            row[width..whole].fill(f32::NEG_INFINITY);
            *moments = moments.merge(arch.dispatch(Piece { logits: &mut row[..whole], observed }));
        }
    }
    moments.iter().zip(observed).map(|(moments, observed)| moments.finish(observed)).collect()
}

/// The log-probabilities and ranks of `targets` by one model, with mean and variance of its log-probabilities under what another
/// expects; of each its head (C, V) and features (T, C). Where both are one model this is [`statistics`].
pub(crate) fn pair_statistics(
    (head, features): (&Matrix, &[f32]),
    (reference, reference_features): (&Matrix, &[f32]),
    targets: &[TokenId],
) -> Vec<TokenStats> {
    let arch = Arch::new();
    let observed = observed(head, features, targets);
    let (mut own, mut crossed) = (vec![Moments::NONE; targets.len()], vec![Moments::NONE; targets.len()]);
    let stride = PIECE * PANEL;
    let (mut logits, mut expected) = (vec![0.0; targets.len() * stride], vec![0.0; targets.len() * stride]);
    for first in (0..head.panels()).step_by(PIECE) {
        let panels = first..(first + PIECE).min(head.panels());
        let width = (head.outputs() - first * PANEL).min(stride);
        let whole = width.next_multiple_of(PANEL);
        for (head, features, logits) in [(head, features, &mut logits), (reference, reference_features, &mut expected)]
        {
            logits.fill(0.0);
            head.multiply_panels(features, panels.clone(), Out { values: logits, stride, column: 0 });
        }
        let rows = logits.chunks_mut(stride).zip(expected.chunks_mut(stride)).zip(&observed);
        for (((row, weights), &observed), (own, crossed)) in rows.zip(own.iter_mut().zip(&mut crossed)) {
            row[width..whole].fill(0.0);
            weights[width..whole].fill(f32::NEG_INFINITY);
            let piece = Crossed { weights: &mut weights[..whole], logits: &row[..whole] };
            *crossed = crossed.merge(arch.dispatch(piece));
            row[width..whole].fill(f32::NEG_INFINITY);
            *own = own.merge(arch.dispatch(Piece { logits: &mut row[..whole], observed }));
        }
    }
    let both = own.iter().zip(&crossed).zip(observed);
    both.map(|((own, crossed), observed)| {
        let stats = own.finish(observed);
        let expected_log_prob = (crossed.mean - own.greatest - own.total.ln()) as f32;
        TokenStats { expected_log_prob, log_prob_variance: (crossed.squares / crossed.total) as f32, ..stats }
    })
    .collect()
}

impl Moments {
    fn finish(&self, observed: f32) -> TokenStats {
        let normaliser = self.greatest + self.total.ln();
        TokenStats {
            log_prob: (f64::from(observed) - normaliser) as f32,
            expected_log_prob: (self.mean - normaliser) as f32,
            log_prob_variance: (self.squares / self.total) as f32,
            rank: 1 + self.above,
        }
    }
}

/// A piece of a row of logits, which is overwritten; a multiple of 16.
struct Piece<'a> {
    logits: &'a mut [f32],
    observed: f32,
}

impl WithSimd for Piece<'_> {
    type Output = Moments;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Moments {
        let (logits, _) = S::as_mut_simd_f32s(self.logits);
        let zero = simd.splat_f32s(0.0);
        let observed = simd.splat_f32s(self.observed);
        let (mut most, mut above) = (simd.splat_f32s(f32::NEG_INFINITY), zero);
        for &mut z in &mut *logits {
            most = simd.max_f32s(most, z);
            let greater = simd.greater_than_f32s(z, observed);
            above = simd.add_f32s(above, simd.select_f32s(greater, simd.splat_f32s(1.0), zero));
        }
        let greatest = simd.reduce_max_f32s(most);
        let shift = simd.splat_f32s(greatest);
        let lowest = simd.splat_f32s(-87.0);
        // the piece as distances from the greatest, and the sums of e^distance and e^distance distance
        let mut weights = [0.0; PIECE * PANEL];
        let (weights, _) = S::as_mut_simd_f32s(&mut weights);
        let (mut total, mut weighted) = (zero, zero);
        for (z, kept) in logits.iter_mut().zip(&mut *weights) {
            let distance = simd.max_f32s(simd.sub_f32s(*z, shift), lowest);
            let weight = exp(simd, distance);
            *z = distance;
            *kept = weight;
            total = simd.add_f32s(total, weight);
            weighted = simd.mul_add_f32s(weight, distance, weighted);
        }
        let total = simd.reduce_sum_f32s(total);
        let mean = simd.reduce_sum_f32s(weighted) / total;
        let means = simd.splat_f32s(mean);
        let mut squares = zero;
        for (&mut distance, &mut weight) in logits.iter_mut().zip(weights) {
            let from_mean = simd.sub_f32s(distance, means);
            squares = simd.mul_add_f32s(simd.mul_f32s(weight, from_mean), from_mean, squares);
        }
        Moments {
            greatest: f64::from(greatest),
            total: f64::from(total),
            mean: f64::from(greatest) + f64::from(mean),
            squares: f64::from(simd.reduce_sum_f32s(squares)),
            above: simd.reduce_sum_f32s(above) as u32,
        }
    }
}

/// A piece of a row of one model's logits, weighted by e^z of another's, which are overwritten; a multiple of 16.
struct Crossed<'a> {
    weights: &'a mut [f32],
    logits: &'a [f32],
}

impl WithSimd for Crossed<'_> {
    type Output = Moments;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Moments {
        let ((weights, _), (logits, _)) = (S::as_mut_simd_f32s(self.weights), S::as_simd_f32s(self.logits));
        let zero = simd.splat_f32s(0.0);
        let (mut most, mut highest) = (simd.splat_f32s(f32::NEG_INFINITY), simd.splat_f32s(f32::NEG_INFINITY));
        for (&mut weight, &z) in weights.iter_mut().zip(logits) {
            most = simd.max_f32s(most, weight);
            highest = simd.max_f32s(highest, z);
        }
        let (greatest, highest) = (simd.reduce_max_f32s(most), simd.reduce_max_f32s(highest));
        let (shift, shift_z) = (simd.splat_f32s(greatest), simd.splat_f32s(highest));
        let (mut total, mut weighted) = (zero, zero);
        for (weight, &z) in weights.iter_mut().zip(logits) {
            *weight = exp(simd, simd.sub_f32s(*weight, shift));
            total = simd.add_f32s(total, *weight);
            weighted = simd.mul_add_f32s(*weight, simd.sub_f32s(z, shift_z), weighted);
        }
        let total = simd.reduce_sum_f32s(total);
        let mean = simd.reduce_sum_f32s(weighted) / total;
        let means = simd.splat_f32s(mean);
        let mut squares = zero;
        for (&mut weight, &z) in weights.iter_mut().zip(logits) {
            let from_mean = simd.sub_f32s(simd.sub_f32s(z, shift_z), means);
            squares = simd.mul_add_f32s(simd.mul_f32s(weight, from_mean), from_mean, squares);
        }
        Moments {
            greatest: f64::from(greatest),
            total: f64::from(total),
            mean: f64::from(highest) + f64::from(mean),
            squares: f64::from(simd.reduce_sum_f32s(squares)),
            above: 0,
        }
    }
}
