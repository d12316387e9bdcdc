//! From logits to the next token.

use crate::error::{Error, Result};
use crate::tokenizer::TokenId;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How the next token is drawn. The order is that of `transformers`: repetition penalty, temperature,
/// top-k, top-p, then one draw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Logits are divided by this; 0 takes the most likely token (greedy).
    pub temperature: f64,
    /// Only the k most likely tokens; 0 keeps all.
    pub top_k: usize,
    /// Only the most likely tokens that together reach this probability; 1 keeps all (Holtzman et al. 2020).
    pub top_p: f64,
    /// Positive logits of tokens already seen are divided by this, negative ones multiplied; 1 changes nothing
    /// (Keskar et al. 2019, section 4.1).
    pub repetition_penalty: f64,
}

impl Default for Sampling {
    /// Pure sampling: the model's own distribution.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, repetition_penalty: 1.0 }
    }
}

impl Sampling {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first option out of range.
    pub fn check(&self) -> Result<()> {
        let bad = |option, found: f64, expected| Err(Error::Sampling { option, found: found.to_string(), expected });
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return bad("--temperature", self.temperature, "a number from 0 (greedy) up");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return bad("--top-p", self.top_p, "a number above 0, up to 1");
        }
        if !(self.repetition_penalty > 0.0 && self.repetition_penalty.is_finite()) {
            return bad("--repetition-penalty", self.repetition_penalty, "a number above 0 (1 changes nothing)");
        }
        Ok(())
    }
}

/// Draws tokens; the same seed and logits give the same tokens.
#[derive(Debug, Clone)]
pub struct Sampler {
    sampling: Sampling,
    rng: ChaCha8Rng,
}

impl Sampler {
    /// A sampler with its own random numbers.
    ///
    /// # Errors
    /// When an option is out of range.
    pub fn new(sampling: Sampling, seed: u64) -> Result<Self> {
        sampling.check()?;
        Ok(Self { sampling, rng: ChaCha8Rng::seed_from_u64(seed) })
    }

    /// The next token, given the logits (V) of one position and the tokens before it.
    pub fn sample(&mut self, logits: &[f32], seen: &[TokenId]) -> TokenId {
        let mut logits: Vec<f64> = logits.iter().map(|&logit| f64::from(logit)).collect();
        if (self.sampling.repetition_penalty - 1.0).abs() > f64::EPSILON {
            penalise(&mut logits, seen, self.sampling.repetition_penalty);
        }
        let mut order: Vec<u32> = (0..logits.len() as u32).collect();
        let descending = |a: &u32, b: &u32| logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b));
        if self.sampling.temperature == 0.0 {
            return order.into_iter().min_by(descending).unwrap_or(0);
        }
        if self.sampling.top_k > 0 && self.sampling.top_k < order.len() {
            order.select_nth_unstable_by(self.sampling.top_k - 1, descending);
            order.truncate(self.sampling.top_k);
        }
        if self.sampling.top_p < 1.0 {
            order.sort_unstable_by(descending);
        }
        let highest = order.iter().map(|&id| logits[id as usize]).fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> =
            order.iter().map(|&id| ((logits[id as usize] - highest) / self.sampling.temperature).exp()).collect();
        if self.sampling.top_p < 1.0 {
            let enough = self.sampling.top_p * weights.iter().sum::<f64>();
            let mut reached = 0.0;
            let keep = weights.iter().take_while(|&&weight| {
                let short = reached < enough;
                reached += weight;
                short
            });
            let keep = keep.count().max(1);
            weights.truncate(keep);
        }
        let mut left = self.rng.random::<f64>() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return order[index];
            }
        }
        order[weights.len() - 1]
    }
}

fn penalise(logits: &mut [f64], seen: &[TokenId], penalty: f64) {
    let mut done = vec![false; logits.len()];
    for &id in seen {
        if let Some(logit) = logits.get_mut(id as usize).filter(|_| !done[id as usize]) {
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
            done[id as usize] = true;
        }
    }
}

/// One draw from the normal distribution (Box and Muller 1958).
pub(crate) fn standard_normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}
