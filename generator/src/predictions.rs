//! What the model expected at each place of a text: the most likely tokens, as GLTR shows them (Gehrmann et al. 2019).

use crate::error::Result;
use crate::language_model::{check_ids, windows};
use crate::loss::ids_tensor;
use crate::model::Gpt2;
use crate::tokenizer::TokenId;

/// For each token of a text the `top` most likely tokens with their probabilities, most likely first, given those before it
/// and `end_of_text` before the first.
///
/// # Errors
/// When a token is outside of the vocabulary.
pub fn predictions(
    model: &Gpt2,
    ids: &[TokenId],
    end_of_text: TokenId,
    top: usize,
) -> Result<Vec<Vec<(TokenId, f32)>>> {
    let config = model.config();
    check_ids(ids, config.vocab_size)?;
    let inputs: Vec<TokenId> = std::iter::once(end_of_text).chain(ids.iter().copied()).collect();
    let mut rows = Vec::with_capacity(ids.len());
    for window in windows(ids.len(), config.n_positions) {
        let tokens = window.end - window.start;
        let first = window.scored_from - window.start;
        let tensor = ids_tensor(&inputs[window.start..window.end], 1, tokens, &model.device());
        let scored = model.features(tensor, None, false).last.slice([0..1, first..tokens, 0..config.n_embd]);
        let logits = model.head(scored).into_data().try_to_vec::<f32>().expect("logits are f32");
        rows.extend(logits.chunks(config.vocab_size).map(|row| most_likely(row, top)));
    }
    Ok(rows)
}

/// The indices of the greatest logits (V) with their probabilities.
fn most_likely(logits: &[f32], top: usize) -> Vec<(TokenId, f32)> {
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
