//! The seam between models and judgement: tokens in, four numbers a token out. Nothing outside of this crate knows
//! that tensors exist.

use crate::error::{Error, Result};
use crate::loss::ids_tensor;
use crate::model::Gpt2;
use crate::stats::TokenStats;
use crate::tokenizer::TokenId;

/// What a model says about a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// One for each token, given those before it and the end-of-text token before the first.
    pub stats: Vec<TokenStats>,
    /// For each layer asked for, the mean over tokens of its hidden state (C), before any final norm.
    pub hidden: Vec<Vec<f32>>,
}

/// A model that scores tokens.
pub trait LanguageModel: Send + Sync {
    /// Reads a text. Texts longer than the context are read in windows that overlap by half, so that each token is
    /// scored once, with at least half a context before it where there is that much.
    ///
    /// `layers` asks for the mean hidden states after these blocks (1 = after the first).
    ///
    /// # Errors
    /// When a token is outside of the vocabulary or a layer does not exist.
    fn read(&self, ids: &[TokenId], layers: &[usize]) -> Result<Reading>;
}

/// GPT-2 on any burn device, with the token that stands before the first.
#[derive(Debug)]
pub struct TensorModel {
    model: Gpt2,
    end_of_text: TokenId,
}

impl TensorModel {
    /// Wraps a model; `end_of_text` is what the first token is scored after.
    #[must_use]
    pub fn new(model: Gpt2, end_of_text: TokenId) -> Self {
        Self { model, end_of_text }
    }
}

/// A window of a text: the tokens read, and from where on they are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// First token read.
    pub(crate) start: usize,
    /// One past the last token read.
    pub(crate) end: usize,
    /// First token scored; those before it were scored by the window before.
    pub(crate) scored_from: usize,
}

/// Windows of at most `context` tokens that together score each of `tokens` once.
pub(crate) fn windows(tokens: usize, context: usize) -> Vec<Window> {
    let mut windows = Vec::new();
    let mut scored = 0;
    while scored < tokens {
        let start = if scored == 0 { 0 } else { scored - context / 2 };
        let end = (start + context).min(tokens);
        windows.push(Window { start, end, scored_from: scored });
        scored = end;
    }
    windows
}

pub(crate) fn check_ids(ids: &[TokenId], vocabulary: usize) -> Result<()> {
    match ids.iter().find(|&&id| id as usize >= vocabulary) {
        Some(&id) => Err(Error::TokenRange { id, vocabulary }),
        None => Ok(()),
    }
}

impl LanguageModel for TensorModel {
    fn read(&self, ids: &[TokenId], layers: &[usize]) -> Result<Reading> {
        let config = self.model.config();
        check_ids(ids, config.vocab_size)?;
        if let Some(&found) = layers.iter().find(|&&layer| layer == 0 || layer > config.n_layer) {
            return Err(Error::Layer { found, layers: config.n_layer });
        }
        let mut reading =
            Reading { stats: Vec::with_capacity(ids.len()), hidden: vec![vec![0.0; config.n_embd]; layers.len()] };
        // token t is predicted at position t: the inputs are end-of-text and then all tokens but the last
        let inputs: Vec<TokenId> = std::iter::once(self.end_of_text).chain(ids.iter().copied()).collect();
        let mut scratch = Vec::new();
        for window in windows(ids.len(), config.n_positions) {
            let tokens = window.end - window.start;
            let tensor = ids_tensor(&inputs[window.start..window.end], 1, tokens, &self.model.device());
            let output = self.model.features(tensor, None, !layers.is_empty());
            let first = window.scored_from - window.start;
            for (&layer, sum) in layers.iter().zip(&mut reading.hidden) {
                let state = output.hidden[layer - 1].clone().slice([0..1, first..tokens, 0..config.n_embd]).sum_dim(1);
                let state = state.into_data();
                sum.iter_mut().zip(state.iter::<f32>()).for_each(|(sum, value)| *sum += value / ids.len() as f32);
            }
            let scored = output.last.slice([0..1, first..tokens, 0..config.n_embd]);
            let logits = self.model.head(scored).into_data().try_to_vec::<f32>().expect("logits are f32");
            for (row, &id) in logits.chunks(config.vocab_size).zip(&ids[window.scored_from..window.end]) {
                reading.stats.push(TokenStats::from_logits(row, id as usize, &mut scratch));
            }
        }
        Ok(reading)
    }
}
