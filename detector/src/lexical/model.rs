//! The model that is used and kept: weights in one byte each, the score of a text, and each word's part in it.
//!
//! It only adds up; `weights` rounds a trained model to this form, `file` reads and writes it.

use super::features::{LexicalFeatures, MAX_COUNT, damped, family};
use super::units::Units;
use std::ops::Range;

/// Weights of all buckets in one byte each, with a scale for each family.
#[derive(Debug, Clone, PartialEq)]
pub struct LexicalModel {
    pub(super) bits: u32,
    pub(super) bias: f32,
    pub(super) scales: [f32; 2],
    /// Human and machine texts it was trained on.
    pub(super) texts: [u32; 2],
    pub(super) weights: Vec<i8>,
}

impl LexicalModel {
    /// Log-odds of machine against human (nats, higher is more machine-like) for a normalised text.
    #[must_use]
    pub fn score(&self, text: &str) -> f32 {
        self.score_features(&LexicalFeatures::of(text, self.bits))
    }

    /// [`LexicalModel::score`] for features already extracted, with this model's `bits`.
    ///
    /// # Panics
    /// When the features have other `bits`.
    #[must_use]
    pub fn score_features(&self, features: &LexicalFeatures) -> f32 {
        assert_eq!(features.bits, self.bits, "features and model are of one size");
        let factors = self.factors(features);
        let mut score = f64::from(self.bias);
        for (index, count) in features.counts() {
            score +=
                f64::from(f32::from(self.weights[index as usize]) * damped(count) * factors[family(index, self.bits)]);
        }
        score as f32
    }

    /// The byte range of each word and punctuation mark of a normalised text, with its part of the score: every
    /// n-gram's contribution is shared equally by the words or characters it covers, and a space's share goes to the
    /// word before. The parts and [`LexicalModel::bias`] add up to [`LexicalModel::score`].
    #[must_use]
    pub fn token_evidence(&self, text: &str) -> Vec<(Range<usize>, f32)> {
        let units = Units::of(text);
        let mut grams = Vec::with_capacity(6 * text.len());
        units.each_gram(self.bits, |index, covered| grams.push((index, covered)));
        grams.sort_unstable_by_key(|(index, _)| *index);
        let factors = self.factors(&LexicalFeatures::of(text, self.bits));
        let mut parts = vec![0.0_f64; units.ranges.len()];
        for equal in grams.chunk_by(|left, right| left.0 == right.0) {
            let (index, occurrences) = (equal[0].0, equal.len());
            let value = damped((occurrences as u32).min(MAX_COUNT)) * factors[family(index, self.bits)];
            let each = f64::from(f32::from(self.weights[index as usize]) * value) / occurrences as f64;
            for (_, covered) in equal {
                let share = each / covered.len() as f64;
                for unit in covered.clone() {
                    parts[if family(index, self.bits) == 0 { unit } else { units.owners[unit] }] += share;
                }
            }
        }
        units.ranges.into_iter().zip(parts.into_iter().map(|part| part as f32)).collect()
    }

    /// The score of a text without words, log-odds.
    #[must_use]
    pub fn bias(&self) -> f32 {
        self.bias
    }

    /// Binary logarithm of the number of buckets of each family.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Numbers of human and of machine texts it was trained on.
    #[must_use]
    pub fn texts(&self) -> [u32; 2] {
        self.texts
    }

    /// What a weight of 1 times a value of 1 adds to the score, for each family.
    fn factors(&self, features: &LexicalFeatures) -> [f32; 2] {
        let norms = features.inverse_norms();
        [self.scales[0] * norms[0], self.scales[1] * norms[1]]
    }
}

#[cfg(test)]
mod tests {
    use crate::lexical::testing::trained;

    #[test]
    fn evidence_adds_up_to_the_score() {
        let model = trained(1).quantize();
        let long = "the river said it and ".repeat(3000);
        for text in ["Don't delve — the café's tapestry, and İstanbul… \n\n 'so' it goes 🙂", "a", "", " ", &long]
        {
            let evidence = model.token_evidence(text);
            let sum: f32 = evidence.iter().map(|(_, part)| part).sum::<f32>() + model.bias();
            assert!((sum - model.score(text)).abs() < 1e-3, "{sum} {}", model.score(text));
            assert!(evidence.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start));
            assert!(evidence.iter().all(|(range, _)| !text[range.clone()].trim().is_empty()));
        }
        let text = "the house and tapestry goes";
        let evidence = model.token_evidence(text);
        let greatest = evidence.iter().max_by(|left, right| left.1.total_cmp(&right.1));
        assert_eq!(greatest.map(|(range, _)| &text[range.clone()]), Some("tapestry"));
    }
}
