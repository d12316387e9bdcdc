//! The same network for reading texts on a CPU: plain loops around matrix products.
//!
//! A tensor library pays for shapes, tapes and temporaries at every step; reading needs none of these. What burn computes
//! is the reference: `tests/golden/laws.rs` holds the two to the same numbers. Training and other devices stay with burn.
//! Weights are packed once for one kernel (`tile.rs`), which is compiled for the processor at hand by `pulp`, as is all that
//! lies between products.

mod attention;
mod fused;
mod generation;
mod gpt2;
mod head;
pub(crate) mod llama;
mod loops;
mod matrix;
pub(crate) mod network;
mod pair;
mod panels;
mod rotary;
mod tile;

use crate::error::{Error, Result};
use crate::language_model::{LanguageModel, Reading, Window, check_ids, windows};
use crate::model::{Gpt2, Weights};
use crate::predictions::{Predictions, most_likely};
use crate::stats::TokenStats;
use crate::tokenizer::TokenId;
pub use generation::CpuGeneration;
use network::{Network, ROWS};
pub use pair::ModelPair;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A GPT-2 or Llama laid out for reading and writing.
#[derive(Debug)]
pub struct CpuModel {
    vocabulary: usize,
    context: usize,
    end_of_text: TokenId,
    network: Network,
}

/// What one window gives: the statistics of its scored tokens, and sums of hidden states over them.
struct WindowReading {
    stats: Vec<TokenStats>,
    hidden: Vec<Vec<f32>>,
}

/// The tensors of a model in memory.
struct Tensors(BTreeMap<String, Vec<f32>>);

impl Weights for Tensors {
    fn take(&mut self, name: &str, _: &[usize]) -> Result<Vec<f32>> {
        Ok(self.0.remove(name).expect("a model has every tensor of its configuration"))
    }
}

impl CpuModel {
    /// Lays out a model; `end_of_text` is what the first token is scored after.
    ///
    /// # Panics
    /// Never: a model has every tensor of its configuration.
    #[must_use]
    pub fn new(model: &Gpt2, end_of_text: TokenId) -> Self {
        let config = model.config().clone();
        let named = model.named_tensors().into_iter().map(|(name, data)| (name, data.iter::<f32>().collect()));
        let network = Network::gpt2(&config, &mut Tensors(named.collect())).expect("tensors in memory are there");
        Self::from_network(network, config.vocab_size, config.n_positions, end_of_text)
    }

    pub(crate) fn from_network(network: Network, vocabulary: usize, context: usize, end_of_text: TokenId) -> Self {
        Self { vocabulary, context, end_of_text, network }
    }

    /// Blocks.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.network.blocks.len()
    }

    /// Channels, `C`.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.network.channels
    }

    /// Longest context in tokens.
    #[must_use]
    pub fn context(&self) -> usize {
        self.context
    }

    /// Tokens in the vocabulary, `V`.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// Rows that go through the head at a time.
    fn part(&self, rows: usize) -> usize {
        rows.div_ceil(rayon::current_num_threads()).clamp(1, ROWS)
    }

    /// The inputs of one window after the last block (T, C); `after` sees them after each block, from 1.
    fn features(&self, inputs: &[TokenId], mut after: impl FnMut(usize, &[f32])) -> Vec<f32> {
        let mut x = Vec::with_capacity(inputs.len() * self.network.channels);
        self.network.embed(inputs, 0, &mut x);
        let mut memory = self.network.memory();
        for index in 0..self.network.blocks.len() {
            self.network.block(index, &mut x, &[inputs.len()], &mut [&mut memory]);
            memory.forget(index);
            after(index + 1, &x);
        }
        x
    }

    /// The inputs of one window to what stands before the last norm at its scored tokens (T, C), and to sums of hidden states
    /// over these.
    fn scored_features(&self, inputs: &[TokenId], window: Window, layers: &[usize]) -> (Vec<f32>, Vec<Vec<f32>>) {
        let c = self.network.channels;
        let unscored = (window.scored_from - window.start) * c;
        let mut hidden = vec![vec![0.0; c]; layers.len()];
        let mut x = self.features(inputs, |block, x| {
            for (sum, _) in hidden.iter_mut().zip(layers).filter(|(_, layer)| **layer == block) {
                for row in x[unscored..].chunks(c) {
                    sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                }
            }
        });
        x.drain(..unscored);
        (x, hidden)
    }

    /// Reads a text window by window. `read` gets the inputs of a window and the tokens that are scored in it.
    fn read_windows(
        &self,
        ids: &[TokenId],
        layers: &[usize],
        context: usize,
        read: impl Fn(&[TokenId], &[TokenId], Window) -> WindowReading + Sync,
    ) -> Result<Reading> {
        check_ids(ids, self.vocabulary)?;
        if let Some(&found) = layers.iter().find(|&&layer| layer == 0 || layer > self.layers()) {
            return Err(Error::Layer { found, layers: self.layers() });
        }
        let inputs: Vec<TokenId> = std::iter::once(self.end_of_text).chain(ids.iter().copied()).collect();
        let windows: Vec<WindowReading> = windows(ids.len(), context)
            .into_par_iter()
            .map(|window| read(&inputs[window.start..window.end], &ids[window.scored_from..window.end], window))
            .collect();
        let mut reading =
            Reading { stats: Vec::with_capacity(ids.len()), hidden: vec![vec![0.0; self.channels()]; layers.len()] };
        for window in windows {
            reading.stats.extend(window.stats);
            for (mean, sum) in reading.hidden.iter_mut().zip(window.hidden) {
                mean.iter_mut().zip(sum).for_each(|(mean, sum)| *mean += sum / ids.len() as f32);
            }
        }
        Ok(reading)
    }
}

impl LanguageModel for CpuModel {
    fn read(&self, ids: &[TokenId], layers: &[usize]) -> Result<Reading> {
        self.read_windows(ids, layers, self.context, |inputs, targets, window| {
            let (x, hidden) = self.scored_features(inputs, window, layers);
            let part = self.part(targets.len());
            let parts = x.par_chunks(part * self.channels()).zip(targets.par_chunks(part));
            let stats = parts.flat_map_iter(|(x, targets)| {
                head::statistics(self.network.head(), &self.network.last_norm.forward(x), targets)
            });
            WindowReading { stats: stats.collect(), hidden }
        })
    }

    fn predict(&self, ids: &[TokenId], top: usize) -> Result<Vec<Predictions>> {
        check_ids(ids, self.vocabulary)?;
        let inputs: Vec<TokenId> = std::iter::once(self.end_of_text).chain(ids.iter().copied()).collect();
        let c = self.network.channels;
        let mut rows = Vec::with_capacity(ids.len());
        for window in windows(ids.len(), self.context) {
            let x = self.features(&inputs[window.start..window.end], |_, _| ());
            let parts = x[(window.scored_from - window.start) * c..].par_chunks(ROWS * c);
            rows.par_extend(parts.flat_map_iter(|x| {
                let logits = head::logits(self.network.head(), &self.network.last_norm.forward(x), c);
                logits.chunks(self.vocabulary).map(|row| most_likely(row, top)).collect::<Vec<_>>()
            }));
        }
        Ok(rows)
    }
}
