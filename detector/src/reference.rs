//! What a second model says about a text: Fast-DetectGPT and Binoculars with two models. The scoring model gives the
//! log-probabilities, the reference model what was to be expected of them.

use crate::error::Result;
use generator::{LanguageModel, ModelPair, TokenId, TokenStats};
use serde::Serialize;

/// A reference model beside a detector's own.
#[derive(Debug)]
pub struct Reference {
    /// The name of the reference model.
    pub name: String,
    /// The detector's model as the scoring model, and the reference model.
    pub pair: ModelPair,
}

/// Statistics of a text of tokens with log-probability `l` by the scoring model; `m` and `v` are mean and variance of the scoring
/// model's log-probabilities under the reference model's distribution. Nats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReferenceStatistics {
    /// The reference model.
    pub model: String,
    /// `Σ(l - m) / √Σv`: analytic Fast-DetectGPT (Bao et al. 2024, eq. 5). Grows with √n.
    pub curvature: f32,
    /// Mean `-m`, nats a token.
    pub cross_entropy: f32,
    /// `Σl / Σm`: log-perplexity over cross-entropy (Hans et al. 2024, eq. 4); low where machines write.
    pub binoculars: f32,
}

impl Reference {
    /// Reads a text with both models; `None` for a text without tokens.
    ///
    /// # Errors
    /// When a token is outside of the vocabulary.
    pub fn read(&self, ids: &[TokenId]) -> Result<Option<ReferenceStatistics>> {
        Ok(ReferenceStatistics::of(&self.name, &self.pair.read(ids, &[])?.stats))
    }
}

impl ReferenceStatistics {
    /// The statistics of the tokens of a text.
    #[must_use]
    pub fn of(model: &str, stats: &[TokenStats]) -> Option<Self> {
        if stats.is_empty() {
            return None;
        }
        let sum = |value: &dyn Fn(&TokenStats) -> f32| stats.iter().map(|token| f64::from(value(token))).sum::<f64>();
        let log_prob = sum(&|token| token.log_prob);
        let expected = sum(&|token| token.expected_log_prob);
        let variance = sum(&|token| token.log_prob_variance);
        Some(Self {
            model: model.to_owned(),
            curvature: ((log_prob - expected) / variance.sqrt().max(1e-6)) as f32,
            cross_entropy: (-expected / stats.len() as f64) as f32,
            binoculars: (log_prob / expected.min(-1e-6)) as f32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed() {
        let token = |log_prob, expected_log_prob, log_prob_variance| TokenStats {
            log_prob,
            expected_log_prob,
            log_prob_variance,
            rank: 1,
        };
        let found = ReferenceStatistics::of("x", &[token(-1.0, -2.0, 3.0), token(-2.0, -4.0, 6.0)]).expect("tokens");
        let expected =
            ReferenceStatistics { model: "x".to_owned(), curvature: 1.0, cross_entropy: 3.0, binoculars: 0.5 };
        assert_eq!(found, expected);
        assert_eq!(ReferenceStatistics::of("x", &[]), None);
    }
}
