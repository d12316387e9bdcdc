//! The seam between models and judgement: tokens in, four numbers a token out. Nothing outside of this crate knows
//! that tensors exist.

use crate::error::{Error, Result};
use crate::llama::Llama;
use crate::loss::ids_tensor;
use crate::model::{Gpt2, Output};
use crate::predictions::{Predictions, most_likely};
use crate::stats::TokenStats;
use crate::tokenizer::TokenId;
use burn::tensor::{Device, Int, Tensor};

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

    /// For each token of a text the `top` tokens that were most likely in its place, given what [`LanguageModel::read`] is given.
    ///
    /// # Errors
    /// When a token is outside of the vocabulary.
    fn predict(&self, ids: &[TokenId], top: usize) -> Result<Vec<Predictions>>;
}

impl<Model: LanguageModel + ?Sized> LanguageModel for std::sync::Arc<Model> {
    fn read(&self, ids: &[TokenId], layers: &[usize]) -> Result<Reading> {
        self.as_ref().read(ids, layers)
    }

    fn predict(&self, ids: &[TokenId], top: usize) -> Result<Vec<Predictions>> {
        self.as_ref().predict(ids, top)
    }
}

/// A model on any burn device.
#[derive(Debug)]
pub enum Decoder {
    /// GPT-2.
    Gpt2(Box<Gpt2>),
    /// Llama.
    Llama(Box<Llama>),
}

impl From<Gpt2> for Decoder {
    fn from(model: Gpt2) -> Self {
        Self::Gpt2(Box::new(model))
    }
}

impl From<Llama> for Decoder {
    fn from(model: Llama) -> Self {
        Self::Llama(Box::new(model))
    }
}

impl Decoder {
    /// Context, vocabulary, channels and blocks.
    fn shape(&self) -> [usize; 4] {
        match self {
            Self::Gpt2(model) => {
                let config = model.config();
                [config.n_positions, config.vocab_size, config.n_embd, config.n_layer]
            }
            Self::Llama(model) => {
                let config = model.config();
                [config.max_position_embeddings, config.vocab_size, config.hidden_size, config.num_hidden_layers]
            }
        }
    }

    fn device(&self) -> Device {
        match self {
            Self::Gpt2(model) => model.device(),
            Self::Llama(model) => model.device(),
        }
    }

    fn features(&self, ids: Tensor<2, Int>, keep_hidden: bool) -> Output {
        match self {
            Self::Gpt2(model) => model.features(ids, None, keep_hidden),
            Self::Llama(model) => model.features(ids, keep_hidden),
        }
    }

    fn head(&self, features: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Gpt2(model) => model.head(features),
            Self::Llama(model) => model.head(features),
        }
    }
}

/// A model on any burn device, with the token that stands before the first.
#[derive(Debug)]
pub struct TensorModel {
    model: Decoder,
    end_of_text: TokenId,
}

impl TensorModel {
    /// Wraps a model; `end_of_text` is what the first token is scored after.
    #[must_use]
    pub fn new(model: impl Into<Decoder>, end_of_text: TokenId) -> Self {
        Self { model: model.into(), end_of_text }
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
        let [context, vocabulary, channels, blocks] = self.model.shape();
        check_ids(ids, vocabulary)?;
        if let Some(&found) = layers.iter().find(|&&layer| layer == 0 || layer > blocks) {
            return Err(Error::Layer { found, layers: blocks });
        }
        let mut reading =
            Reading { stats: Vec::with_capacity(ids.len()), hidden: vec![vec![0.0; channels]; layers.len()] };
        // token t is predicted at position t: the inputs are end-of-text and then all tokens but the last
        let inputs: Vec<TokenId> = std::iter::once(self.end_of_text).chain(ids.iter().copied()).collect();
        let mut scratch = Vec::new();
        for window in windows(ids.len(), context) {
            let tokens = window.end - window.start;
            let tensor = ids_tensor(&inputs[window.start..window.end], 1, tokens, &self.model.device());
            let output = self.model.features(tensor, !layers.is_empty());
            let first = window.scored_from - window.start;
            for (&layer, sum) in layers.iter().zip(&mut reading.hidden) {
                let state = output.hidden[layer - 1].clone().slice([0..1, first..tokens, 0..channels]).sum_dim(1);
                let state = state.into_data();
                sum.iter_mut().zip(state.iter::<f32>()).for_each(|(sum, value)| *sum += value / ids.len() as f32);
            }
            let scored = output.last.slice([0..1, first..tokens, 0..channels]);
            let logits = self.model.head(scored).into_data().try_to_vec::<f32>().expect("logits are f32");
            for (row, &id) in logits.chunks(vocabulary).zip(&ids[window.scored_from..window.end]) {
                reading.stats.push(TokenStats::from_logits(row, id as usize, &mut scratch));
            }
        }
        Ok(reading)
    }

    fn predict(&self, ids: &[TokenId], top: usize) -> Result<Vec<Predictions>> {
        let [context, vocabulary, channels, _] = self.model.shape();
        check_ids(ids, vocabulary)?;
        let inputs: Vec<TokenId> = std::iter::once(self.end_of_text).chain(ids.iter().copied()).collect();
        let mut rows = Vec::with_capacity(ids.len());
        for window in windows(ids.len(), context) {
            let (tokens, first) = (window.end - window.start, window.scored_from - window.start);
            let tensor = ids_tensor(&inputs[window.start..window.end], 1, tokens, &self.model.device());
            let scored = self.model.features(tensor, false).last.slice([0..1, first..tokens, 0..channels]);
            let logits = self.model.head(scored).into_data().try_to_vec::<f32>().expect("logits are f32");
            rows.extend(logits.chunks(vocabulary).map(|row| most_likely(row, top)));
        }
        Ok(rows)
    }
}
