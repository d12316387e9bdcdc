//! Logits to four numbers a token, from which every zero-shot criterion follows.
//!
//! One pass over a row of logits, in nats; the variance is taken in a second pass about its mean, so that it cannot be
//! negative. The loops keep 16 partial sums so that they are compiled to the widest vectors of the processor.

use pulp::{Arch, Simd, WithSimd};

/// What the model says about one observed token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenStats {
    /// log p(x_t | x_<t), nats.
    pub log_prob: f32,
    /// E_p[log p], nats: minus the entropy.
    pub expected_log_prob: f32,
    /// Var_p[log p], nats².
    pub log_prob_variance: f32,
    /// 1 + the number of tokens with a strictly larger logit; 1 = most likely.
    pub rank: u32,
}

impl TokenStats {
    /// The statistics of token `target` under one row of logits (V). `scratch` is reused between rows.
    ///
    /// # Panics
    /// When `target` is no index of `logits`.
    #[must_use]
    pub fn from_logits(logits: &[f32], target: usize, scratch: &mut Vec<f32>) -> Self {
        scratch.resize(logits.len(), 0.0);
        Arch::new().dispatch(Row { logits, target, scratch })
    }
}

pub(crate) const LANES: usize = 16;

struct Row<'a> {
    logits: &'a [f32],
    target: usize,
    scratch: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = TokenStats;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> TokenStats {
        let Self { logits, target, scratch } = self;
        let observed = logits[target];
        let highest = lanes(
            logits,
            f32::NEG_INFINITY,
            #[inline(always)]
            |most, z| if z > most { z } else { most },
        )
        .into_iter()
        .fold(f32::NEG_INFINITY, f32::max);
        let mut above = [0_u32; LANES];
        for chunk in logits.chunks(LANES) {
            for (count, &z) in above.iter_mut().zip(chunk) {
                *count += u32::from(z > observed);
            }
        }
        // e^(z - max), its sum, and the sum of e^(z - max) (z - max)
        let (mut total, mut weighted) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for (row, weights) in logits.chunks(LANES).zip(scratch.chunks_mut(LANES)) {
            for lane in 0..row.len() {
                let shifted = row[lane] - highest;
                let weight = exp(shifted);
                weights[lane] = weight;
                total[lane] += weight;
                weighted[lane] += weight * shifted.max(-87.0);
            }
        }
        let total = sum(total);
        let mean = sum(weighted) / total; // E[z - max]
        let mut squares = [0.0_f32; LANES];
        for (row, weights) in logits.chunks(LANES).zip(scratch.chunks(LANES)) {
            for lane in 0..row.len() {
                let distance = (row[lane] - highest).max(-87.0) - mean as f32;
                squares[lane] += weights[lane] * distance * distance;
            }
        }
        TokenStats {
            log_prob: (f64::from(observed) - f64::from(highest) - total.ln()) as f32,
            expected_log_prob: (mean - total.ln()) as f32,
            log_prob_variance: (sum(squares) / total) as f32,
            rank: 1 + above.iter().sum::<u32>(),
        }
    }
}

#[inline(always)]
fn lanes(values: &[f32], start: f32, step: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let mut lanes = [start; LANES];
    for chunk in values.chunks(LANES) {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = step(*lane, value);
        }
    }
    lanes
}

#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f64 {
    lanes.iter().map(|&lane| f64::from(lane)).sum()
}

/// e^x for x <= 0 to 2 units in the last place; 0 below -87. (Cephes' `expf`: x = k ln 2 + r, polynomial in r.)
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 x 2^23: adding it rounds to an integer
    let clamped = if x < -87.0 { -87.0 } else { x };
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = clamped - k * 0.693_359_4 + k * 2.121_944_4e-4;
    let polynomial =
        (((((1.987_569_1e-4 * r + 1.398_199_9e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r + 1.666_666_5e-1) * r
            + 0.5)
            * r
            * r
            + r
            + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3F80_0000));
    if x < -87.0 { 0.0 } else { polynomial * power }
}
