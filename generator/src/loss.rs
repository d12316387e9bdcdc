//! Cross-entropy through the tied head, with its gradients written out.
//!
//! The logits of a batch are by far its largest tensor (2,048 tokens x 8,192 words: 67 MB), and a tape that keeps
//! several copies of them costs more than the network. Here they are made a few hundred rows at a time:
//! with p = softmax(f Wᵀ), d loss/d f = (p - 1[target]) W / N and d loss/d W = (p - 1[target])ᵀ f / N. What goes on the tape
//! is the sum of `f` and `W` times these constants, whose gradients are exactly they.

use crate::model::Gpt2;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Rows of logits made at a time.
const ROWS: usize = 512;

/// Token ids as a tensor: (B, T).
#[must_use]
pub(crate) fn ids_tensor(ids: &[u32], batch: usize, tokens: usize, device: &Device) -> Tensor<2, Int> {
    let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    Tensor::from_data(TensorData::new(ids, [batch, tokens]), device)
}

/// The mean cross-entropy in nats a token, and a scalar whose gradient is that of the loss.
///
/// # Shapes
/// - `features`: (B, T, C), on the tape
/// - `targets`: B x T ids, row by row
pub(crate) fn loss_through_head(model: &Gpt2, features: Tensor<3>, targets: &[u32]) -> (f64, Tensor<1>) {
    let [batch, tokens, channels] = features.dims();
    let rows = batch * tokens;
    let features = features.reshape([rows, channels]); // (N, C)
    let words = model.token_embeddings(); // (V, C)
    let (plain_features, plain_words) = (features.clone().inner(), words.clone().inner());
    let [vocabulary, _] = plain_words.dims();
    let device = plain_words.device();

    let mut loss = 0.0;
    let mut feature_gradients = Vec::new();
    let mut word_gradient: Option<Tensor<2>> = None;
    for start in (0..rows).step_by(ROWS) {
        let end = (start + ROWS).min(rows);
        let part = plain_features.clone().slice([start..end, 0..channels]); // (R, C)
        let targets = ids_tensor(&targets[start..end], end - start, 1, &device); // (R, 1)
        let probabilities = softmax(part.clone().matmul(plain_words.clone().transpose()), 1); // (R, V)
        let of_target = probabilities.clone().gather(1, targets.clone()); // (R, 1)
        loss -= f64::from(of_target.log().sum().into_scalar::<f32>());
        let minus_one = Tensor::full([end - start, 1], -1.0, &device);
        let gradient = probabilities.scatter(1, targets, minus_one, burn::tensor::IndexingUpdateOp::Add) / rows as f64;
        feature_gradients.push(gradient.clone().matmul(plain_words.clone())); // (R, C)
        let of_words = gradient.transpose().matmul(part); // (V, C)
        word_gradient = Some(match word_gradient {
            Some(sum) => sum + of_words,
            None => of_words,
        });
    }
    let feature_gradient = Tensor::from_inner(Tensor::cat(feature_gradients, 0)); // (N, C)
    let mut carrier = (features * feature_gradient).sum();
    if let Some(gradient) = word_gradient {
        debug_assert_eq!(gradient.dims(), [vocabulary, channels]);
        carrier = carrier + (words * Tensor::from_inner(gradient)).sum();
    }
    (loss / rows as f64, carrier)
}
