//! What the model expected at each place of a text: the most likely tokens, as GLTR shows them (Gehrmann et al. 2019).

use crate::tokenizer::TokenId;

/// Tokens with their probabilities, most likely first.
pub type Predictions = Vec<(TokenId, f32)>;

/// The indices of the greatest logits (V) with their probabilities.
pub(crate) fn most_likely(logits: &[f32], top: usize) -> Predictions {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|logit| f64::from(logit - highest).exp()).sum();
    let mut best: Vec<usize> = (0..logits.len()).collect();
    let top = top.min(best.len());
    if top == 0 {
        return Vec::new();
    }
    best.select_nth_unstable_by(top - 1, |&left, &right| logits[right].total_cmp(&logits[left]).then(left.cmp(&right)));
    best.truncate(top);
    best.sort_by(|&left, &right| logits[right].total_cmp(&logits[left]).then(left.cmp(&right)));
    let probability = |index: usize| (f64::from(logits[index] - highest).exp() / total) as f32;
    best.into_iter().map(|index| (index as TokenId, probability(index))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_likely_come_first() {
        let found = most_likely(&[0.0, 2.0, 1.0, 2.0], 3);
        assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 3, 2]);
        let total = 1.0 + 2.0 * 2.0_f64.exp() + 1.0_f64.exp();
        assert!((f64::from(found[0].1) - 2.0_f64.exp() / total).abs() < 1e-6);
        assert!(most_likely(&[1.0], 0).is_empty());
        assert_eq!(most_likely(&[1.0], 5), [(0, 1.0)]);
    }
}
