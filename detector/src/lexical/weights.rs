//! A trained model in full precision, and its rounding to eight bits.
//!
//! Between `training` and `model`: never stored, and used for scores only where folds are trained and thrown away.

use super::features::{LexicalFeatures, damped, family};
use super::model::LexicalModel;
use rayon::prelude::*;

/// A trained model in full precision.
#[derive(Debug, Clone, PartialEq)]
pub struct LexicalWeights {
    pub(super) bits: u32,
    pub(super) bias: f32,
    pub(super) texts: [u32; 2],
    pub(super) weights: Vec<f32>,
    /// Number of examples that have each bucket.
    pub(super) documents: Vec<u32>,
}

impl LexicalWeights {
    /// Log-odds of machine against human (nats, higher is more machine-like), in full precision.
    ///
    /// # Panics
    /// When the features have other `bits`.
    #[must_use]
    pub fn score_features(&self, features: &LexicalFeatures) -> f32 {
        assert_eq!(features.bits, self.bits, "features and weights are of one size");
        let norms = features.inverse_norms();
        let mut score = f64::from(self.bias);
        for (index, count) in features.counts() {
            score += f64::from(self.weights[index as usize] * damped(count) * norms[family(index, self.bits)]);
        }
        score as f32
    }

    /// Rounds the weights to 8 bits.
    #[must_use]
    pub fn quantize(&self) -> LexicalModel {
        let (words, characters) = self.weights.split_at(1 << self.bits);
        let (word_documents, character_documents) = self.documents.split_at(1 << self.bits);
        let scales = [best_scale(words, word_documents), best_scale(characters, character_documents)];
        let quantized = [(words, scales[0]), (characters, scales[1])];
        LexicalModel {
            bits: self.bits,
            bias: self.bias,
            scales,
            texts: self.texts,
            weights: quantized
                .into_iter()
                .flat_map(|(weights, scale)| weights.iter().map(move |weight| rounded(*weight, scale)))
                .collect(),
        }
    }
}

fn rounded(weight: f32, scale: f32) -> i8 {
    if scale > 0.0 { (weight / scale).round().clamp(-127.0, 127.0) as i8 } else { 0 }
}

/// Of scales that cut the greatest weights more and more, the one with the least squared error over all occurrences.
fn best_scale(weights: &[f32], documents: &[u32]) -> f32 {
    let greatest = weights.iter().fold(0.0_f32, |greatest, weight| greatest.max(weight.abs()));
    let error = |scale: f32| -> f64 {
        let lost = |weight: f32| f64::from(f32::from(rounded(weight, scale)) * scale - weight).powi(2);
        weights.iter().zip(documents).map(|(weight, count)| f64::from(*count) * lost(*weight)).sum()
    };
    let candidates: Vec<f32> = (0..16).map(|step| greatest / 127.0 * 0.8_f32.powi(step)).collect();
    let errors: Vec<f64> = candidates.par_iter().map(|scale| error(*scale)).collect();
    candidates.into_iter().zip(errors).min_by(|left, right| left.1.total_cmp(&right.1)).map_or(0.0, |(scale, _)| scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::testing::{synthetic, trained};

    #[test]
    fn eight_bits_are_enough() {
        let weights = trained(1);
        let model = weights.quantize();
        let (texts, _) = synthetic(200, 3);
        let (mut change, mut size) = (0.0, 0.0);
        for text in &texts {
            let exact = weights.score_features(&LexicalFeatures::of(text, 12));
            change += (model.score(text) - exact).abs();
            size += exact.abs();
        }
        assert!(change < 0.01 * size, "{change} of {size}");
    }
}
