//! Keys and values of past tokens, so that each new token costs one token's work.

use burn::tensor::Tensor;

/// One pair (B, H, T, D) a block.
#[derive(Debug, Clone, Default)]
pub struct KvCache {
    layers: Vec<(Tensor<4>, Tensor<4>)>,
    tokens: usize,
}

impl KvCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tokens seen so far.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Adds the new keys and values of one block and gives all of them.
    ///
    /// # Shapes
    /// - in: (B, H, T, D); out: (B, H, past + T, D)
    pub(crate) fn append(&mut self, layer: usize, k: Tensor<4>, v: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        match self.layers.get_mut(layer) {
            Some((keys, values)) => {
                *keys = Tensor::cat(vec![keys.clone(), k], 2);
                *values = Tensor::cat(vec![values.clone(), v], 2);
            }
            None => self.layers.push((k, v)),
        }
        self.layers[layer].clone()
    }

    /// Counts the tokens that a whole pass has added.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.tokens += tokens;
    }
}
