//! New tokens after prompts, many texts at once: each step multiplies the rows of all texts with weights that are read once, and each
//! text keeps its own keys and values. A text's tokens depend on its prompt and seed, not on the texts beside it.

use super::CpuModel;
use super::matrix::Matrix;
use super::network::Memory;
use crate::error::{Error, Result};
use crate::language_model::check_ids;
use crate::sampling::{Sampler, Sampling};
use crate::tokenizer::TokenId;
use rayon::prelude::*;

/// One text that is being written.
struct Writing {
    memory: Memory,
    sampler: Sampler,
    tokens: Vec<TokenId>,
    unread: usize,
}

/// The tokens that follow a prompt, without end. When the context is full, its second half becomes the new context.
pub struct CpuGeneration<'a> {
    model: &'a CpuModel,
    text: Writing,
}

impl std::fmt::Debug for CpuGeneration<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CpuGeneration").field("tokens", &self.text.tokens.len()).finish_non_exhaustive()
    }
}

impl Iterator for CpuGeneration<'_> {
    type Item = TokenId;

    fn next(&mut self) -> Option<TokenId> {
        if self.text.memory.tokens() + self.text.unread > self.model.context {
            self.text.memory = self.model.network.memory();
            self.text.unread = (self.model.context / 2).max(1);
        }
        self.model.step(&mut [&mut self.text]);
        self.text.tokens.last().copied()
    }
}

impl CpuModel {
    /// Starts after `prompt`, of which the last tokens are used if it does not fit the context.
    ///
    /// # Errors
    /// When the prompt is empty (begin with end-of-text), holds an unknown token, or an option is out of range.
    pub fn generate(&self, prompt: &[TokenId], sampling: Sampling, seed: u64) -> Result<CpuGeneration<'_>> {
        Ok(CpuGeneration { model: self, text: self.begin(prompt, sampling, seed)? })
    }

    /// Continues many prompts by up to `count` tokens each; a text ends with its end-of-text token, if it comes to one. Prompt `i`
    /// is sampled with `samplings[i]` and seed `seed + i`.
    ///
    /// # Errors
    /// When a prompt is empty, holds an unknown token or does not fit the context with what is to follow.
    pub fn generate_batch(
        &self,
        prompts: &[Vec<TokenId>],
        samplings: &[Sampling],
        count: usize,
        seed: u64,
    ) -> Result<Vec<Vec<TokenId>>> {
        if samplings.len() != prompts.len() {
            let found = format!("{} for {} prompts", samplings.len(), prompts.len());
            return Err(Error::Sampling { option: "the ways of sampling", found, expected: "one for each prompt" });
        }
        let mut texts = Vec::with_capacity(prompts.len());
        for (index, (prompt, &sampling)) in prompts.iter().zip(samplings).enumerate() {
            let tokens = prompt.len() + count;
            if tokens > self.context {
                return Err(Error::ContextOverflow { tokens, context: self.context });
            }
            texts.push(self.begin(prompt, sampling, seed.wrapping_add(index as u64))?);
        }
        for step in 0..count {
            let ended = |text: &Writing| step > 0 && text.tokens.last() == Some(&self.end_of_text);
            let mut open: Vec<&mut Writing> = texts.iter_mut().filter(|text| !ended(text)).collect();
            if open.is_empty() {
                break;
            }
            self.step(&mut open);
        }
        Ok(texts.into_iter().zip(prompts).map(|(text, prompt)| text.tokens[prompt.len()..].to_vec()).collect())
    }

    fn begin(&self, prompt: &[TokenId], sampling: Sampling, seed: u64) -> Result<Writing> {
        if prompt.is_empty() {
            let found = "empty".to_owned();
            return Err(Error::Sampling { option: "the prompt", found, expected: "at least one token" });
        }
        check_ids(prompt, self.vocabulary)?;
        Ok(Writing {
            memory: self.network.memory(),
            sampler: Sampler::new(sampling, seed)?,
            tokens: prompt.to_vec(),
            unread: prompt.len(),
        })
    }

    /// Reads what is unread of each text and adds one token to it. All on a thread of the pool, to which each of the many small
    /// products would otherwise have to be handed.
    fn step(&self, texts: &mut [&mut Writing]) {
        rayon::scope(|_| self.step_here(texts));
    }

    fn step_here(&self, texts: &mut [&mut Writing]) {
        let c = self.network.channels;
        let tokens: Vec<usize> = texts.iter().map(|text| text.unread).collect();
        let mut x = Vec::new(); // (all unread tokens, C)
        for text in &*texts {
            let unread = &text.tokens[text.tokens.len() - text.unread..];
            self.network.embed(unread, text.memory.tokens(), &mut x);
        }
        let mut memories: Vec<&mut Memory> = texts.iter_mut().map(|text| &mut text.memory).collect();
        for block in 0..self.network.blocks.len() {
            self.network.block(block, &mut x, &tokens, &mut memories);
        }
        let mut last = Vec::with_capacity(texts.len() * c); // (texts, C)
        let mut end = 0;
        for tokens in tokens {
            end += tokens;
            last.extend_from_slice(&x[(end - 1) * c..end * c]);
        }
        let features = self.network.last_norm.forward(&last);
        let mut logits = vec![0.0; texts.len() * self.vocabulary]; // (texts, V)
        Matrix::multiply_add_all(std::slice::from_ref(self.network.head()), &features, &mut logits);
        texts.par_iter_mut().zip(logits.par_chunks(self.vocabulary)).for_each(|(text, logits)| {
            let id = text.sampler.sample(logits, &text.tokens);
            text.tokens.push(id);
            text.unread = 1;
        });
    }
}
