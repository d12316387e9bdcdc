//! Two models with one tokenizer: what the scoring model says, under what the reference model expects. Fast-DetectGPT's sampling
//! model (Bao et al. 2024) and Binoculars' observer (Hans et al. 2024) are the reference.

use super::{CpuModel, WindowReading, head};
use crate::error::{Error, Result};
use crate::language_model::{LanguageModel, Reading};
use crate::load::PROBE;
use crate::predictions::Predictions;
use crate::tokenizer::{TokenId, Tokenizer};
use rayon::prelude::*;
use std::sync::Arc;

/// A scoring model and a reference model. Of the statistics of a token, log-probability and rank are the scoring model's; mean and
/// variance are those of its log-probabilities under the reference model's distribution. Hidden states are the scoring model's.
#[derive(Debug)]
pub struct ModelPair {
    scoring: Arc<CpuModel>,
    reference: Arc<CpuModel>,
}

impl ModelPair {
    /// A pair, with the tokenizers that came with the models.
    ///
    /// # Errors
    /// When the tokenizers or the vocabularies differ, as far as can be seen.
    pub fn new(
        (tokenizer, scoring): (&Tokenizer, Arc<CpuModel>),
        (other, reference): (&Tokenizer, Arc<CpuModel>),
    ) -> Result<Self> {
        let refused = |reason| Err(Error::Pair { reason });
        if !tokenizer.has_tokens_of(other) {
            let (one, two) = (tokenizer.vocabulary(), other.vocabulary());
            return refused(format!("their tokenizers differ ({one} and {two} tokens)"));
        }
        let text = format!("{PROBE} 1234 o'clock, It's");
        if tokenizer.encode(&text)? != other.encode(&text)? {
            return refused(format!("their tokenizers split `{}` in different ways", text.escape_debug()));
        }
        if scoring.vocabulary != reference.vocabulary {
            let (one, two) = (scoring.vocabulary, reference.vocabulary);
            return refused(format!("one knows {one} tokens, the other {two}"));
        }
        Ok(Self { scoring, reference })
    }
}

impl LanguageModel for ModelPair {
    fn read(&self, ids: &[TokenId], layers: &[usize]) -> Result<Reading> {
        let Self { scoring, reference } = self;
        let context = scoring.context.min(reference.context);
        scoring.read_windows(ids, layers, context, |inputs, targets, window| {
            let ((x, hidden), (other, _)) = rayon::join(
                || scoring.scored_features(inputs, window, layers),
                || reference.scored_features(inputs, window, &[]),
            );
            let part = scoring.part(targets.len());
            let x = x.par_chunks(part * scoring.channels());
            let parts = x.zip(other.par_chunks(part * reference.channels())).zip(targets.par_chunks(part));
            let stats = parts.flat_map_iter(|((x, other), targets)| {
                let x = scoring.network.last_norm.forward(x);
                let other = reference.network.last_norm.forward(other);
                head::pair_statistics((scoring.network.head(), &x), (reference.network.head(), &other), targets)
            });
            WindowReading { stats: stats.collect(), hidden }
        })
    }

    /// What the scoring model finds most likely.
    fn predict(&self, ids: &[TokenId], top: usize) -> Result<Vec<Predictions>> {
        self.scoring.predict(ids, top)
    }
}
