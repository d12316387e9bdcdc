//! New tokens after a prompt: one text as an iterator, or many at once.

use crate::cache::KvCache;
use crate::error::{Error, Result};
use crate::loss::ids_tensor;
use crate::model::Gpt2;
use crate::sampling::{Sampler, Sampling};
use crate::tokenizer::TokenId;

/// The tokens that follow a prompt, without end. When the context is full, its second half becomes the new
/// context.
#[derive(Debug)]
pub struct Generation<'a> {
    model: &'a Gpt2,
    sampler: Sampler,
    cache: KvCache,
    tokens: Vec<TokenId>,
    unread: usize,
}

impl<'a> Generation<'a> {
    /// Starts after `prompt`, of which the last tokens are used if it does not fit the context.
    ///
    /// # Errors
    /// When the prompt is empty (begin with end-of-text), holds an unknown token, or an option is out of range.
    pub fn new(model: &'a Gpt2, prompt: &[TokenId], sampling: Sampling, seed: u64) -> Result<Self> {
        check_prompt(model, prompt)?;
        Ok(Self {
            model,
            sampler: Sampler::new(sampling, seed)?,
            cache: KvCache::new(),
            tokens: prompt.to_vec(),
            unread: prompt.len(),
        })
    }
}

fn check_prompt(model: &Gpt2, prompt: &[TokenId]) -> Result<()> {
    let vocabulary = model.config().vocab_size;
    if prompt.is_empty() {
        return Err(Error::Sampling {
            option: "the prompt",
            found: "empty".to_owned(),
            expected: "at least one token",
        });
    }
    match prompt.iter().find(|&&id| id as usize >= vocabulary) {
        Some(&id) => Err(Error::TokenRange { id, vocabulary }),
        None => Ok(()),
    }
}

impl Iterator for Generation<'_> {
    type Item = TokenId;

    fn next(&mut self) -> Option<TokenId> {
        let context = self.model.config().n_positions;
        if self.cache.tokens() + self.unread > context {
            self.cache = KvCache::new();
            self.unread = (context / 2).max(1);
        }
        let unread = &self.tokens[self.tokens.len() - self.unread..];
        let ids = ids_tensor(unread, 1, unread.len(), &self.model.device());
        let features = self.model.features(ids, Some(&mut self.cache), false).last; // (1, T, C)
        let [_, tokens, channels] = features.dims();
        let logits = self.model.head(features.slice([0..1, tokens - 1..tokens, 0..channels])); // (1, 1, V)
        let logits = logits.into_data().try_to_vec::<f32>().expect("logits are f32");
        let id = self.sampler.sample(&logits, &self.tokens);
        self.tokens.push(id);
        self.unread = 1;
        Some(id)
    }
}

/// Continues many prompts of equal length by `count` tokens each, in one batch; prompt `i` is sampled with
/// `samplings[i]` and seed `seed + i`.
///
/// # Errors
/// When prompts differ in length, are empty or do not fit the context with what is to follow.
///
/// # Panics
/// Never: the logits are always f32.
pub fn generate_batch(
    model: &Gpt2,
    prompts: &[Vec<TokenId>],
    samplings: &[Sampling],
    count: usize,
    seed: u64,
) -> Result<Vec<Vec<TokenId>>> {
    if prompts.is_empty() {
        return Ok(Vec::new());
    }
    if samplings.len() != prompts.len() {
        let found = format!("{} for {} prompts", samplings.len(), prompts.len());
        return Err(Error::Sampling { option: "the ways of sampling", found, expected: "one for each prompt" });
    }
    let length = prompts.first().map_or(0, Vec::len);
    let context = model.config().n_positions;
    for prompt in prompts {
        check_prompt(model, prompt)?;
        if prompt.len() != length || length + count > context {
            return Err(Error::ContextOverflow { tokens: prompt.len().max(length) + count, context });
        }
    }
    let mut samplers = samplings
        .iter()
        .enumerate()
        .map(|(index, &sampling)| Sampler::new(sampling, seed.wrapping_add(index as u64)))
        .collect::<Result<Vec<_>>>()?;
    let mut texts = prompts.to_vec();
    let mut cache = KvCache::new();
    let mut next: Vec<TokenId> = prompts.concat();
    for _ in 0..count {
        let ids = ids_tensor(&next, texts.len(), next.len() / texts.len(), &model.device());
        let features = model.features(ids, Some(&mut cache), false).last; // (B, T, C)
        let [batch, tokens, channels] = features.dims();
        let logits = model.head(features.slice([0..batch, tokens - 1..tokens, 0..channels])); // (B, 1, V)
        let logits = logits.into_data().try_to_vec::<f32>().expect("logits are f32");
        next.clear();
        for ((text, sampler), row) in texts.iter_mut().zip(&mut samplers).zip(logits.chunks(model.config().vocab_size))
        {
            let id = sampler.sample(row, text);
            text.push(id);
            next.push(id);
        }
    }
    Ok(texts.into_iter().map(|text| text[length..].to_vec()).collect())
}
