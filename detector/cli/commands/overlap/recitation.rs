//! How far a model recites: prompted with the beginning of a passage of its corpus, how many tokens are the passage's own
//! before it drifts (GPT-2 paper, appendix 8.2; Carlini et al. 2022).

use super::passages::{CLASSES, Passage};
use super::samples::Model;
use crate::output::progress_bar;
use anyhow::Result;
use generator::{Sampling, TokenId, generate_batch};
use rayon::prelude::*;
use reports::overlap::Recitation;

/// Lengths of the prompt, in tokens.
const PROMPTS: [usize; 2] = [8, 32];
/// Tokens that are generated: with the longest prompt no more than 64 words have.
const GENERATED: usize = 40;
/// Passages that are continued together.
const BATCH: usize = 16;

/// One row for each length of prompt, way of sampling and class of passages; classes without passages are left out.
pub(crate) fn recitation(model: &Model, classes: &[Vec<Passage>], seed: u64) -> Result<Vec<Recitation>> {
    let greedy = Sampling { temperature: 0.0, ..Sampling::default() };
    let ways = [("greedy", greedy), ("top-k 40", Sampling { top_k: 40, ..Sampling::default() })];
    let all: usize = classes.iter().map(Vec::len).sum();
    let bar = progress_bar((all * ways.len() * PROMPTS.len()) as u64, "passages continued");
    let mut rows = Vec::new();
    for prompt in PROMPTS {
        for (name, sampling) in ways {
            for (class, passages) in classes.iter().enumerate() {
                let copied = copied(model, passages, prompt, sampling, seed)?;
                bar.inc(passages.len() as u64);
                if copied.is_empty() {
                    continue;
                }
                let occurrences: f64 = passages.iter().map(|passage| f64::from(passage.occurrences)).sum();
                rows.push(Recitation {
                    prompt_tokens: prompt,
                    sampling: name.to_owned(),
                    occurrences: CLASSES[class],
                    mean_occurrences: occurrences / passages.len() as f64,
                    passages: copied.len(),
                    generated_tokens: GENERATED,
                    mean_copied_tokens: copied.iter().sum::<usize>() as f64 / copied.len() as f64,
                    most_copied_tokens: copied.iter().copied().max().unwrap_or(0),
                });
            }
        }
    }
    bar.finish_and_clear();
    Ok(rows)
}

/// For each passage, how many tokens after the prompt are its own.
fn copied(model: &Model, passages: &[Passage], prompt: usize, sampling: Sampling, seed: u64) -> Result<Vec<usize>> {
    let encode = |passage: &Passage| Ok(model.tokenizer.encode(&passage.text)?.ids);
    let mut texts: Vec<Vec<TokenId>> = passages.iter().map(encode).collect::<Result<_>>()?;
    texts.retain(|ids| ids.len() >= prompt + GENERATED);
    let batches: Vec<(usize, &[Vec<TokenId>])> = texts.chunks(BATCH).enumerate().collect();
    let continued = batches
        .into_par_iter()
        .map(|(number, batch)| {
            let prompts: Vec<Vec<TokenId>> = batch.iter().map(|ids| ids[..prompt].to_vec()).collect();
            let samplings = vec![sampling; batch.len()];
            let seed = seed.wrapping_add((number * BATCH) as u64);
            let generated = generate_batch(&model.gpt2, &prompts, &samplings, GENERATED, seed)?;
            let alike = |(ids, generated): (&Vec<TokenId>, &Vec<TokenId>)| {
                generated.iter().zip(&ids[prompt..]).take_while(|(left, right)| left == right).count()
            };
            Ok(batch.iter().zip(&generated).map(alike).collect::<Vec<usize>>())
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(continued.concat())
}
