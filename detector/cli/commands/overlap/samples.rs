//! Samples of a model beside the true completions of the same beginnings (GPT-2 paper, figure 5), under many ways of sampling.

use crate::output::progress_bar;
use anyhow::{Context, Result};
use datasets::overlap::Corpus;
use datasets::{Document, Label};
use detector::{EMBEDDED_MODEL, ModelFiles};
use generator::{Gpt2, Sampling, TokenId, Tokenizer, generate_batch};
use rayon::prelude::*;
use std::path::Path;

/// The domain of true completions.
pub(crate) const TRUTH: &str = "true completions";
/// The way of sampling of figure 5.
pub(crate) const PAPER: &str = "top-k 40";
/// The model's own distribution: temperature 1, no top-k.
pub(crate) const PURE: &str = "temperature 1";
/// Samples that are drawn together.
const BATCH: usize = 16;

/// A document's id and its first tokens.
type Beginning = (String, Vec<TokenId>);

/// A model that writes.
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) gpt2: Gpt2,
    pub(crate) tokenizer: Tokenizer,
}

/// How many samples of what length.
#[derive(Clone, Copy)]
pub(crate) struct Lengths {
    pub(crate) count: usize,
    pub(crate) prompt: usize,
    pub(crate) tokens: usize,
    pub(crate) seed: u64,
}

impl Model {
    /// The model in a folder, or the embedded one.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self> {
        let of = |files: &ModelFiles<'_>| -> Result<Self> {
            let tokenizer = Tokenizer::from_bytes(files.tokenizer, "tokenizer.json")?;
            Ok(Self { name: files.name()?, gpt2: files.gpt2("cpu")?, tokenizer })
        };
        let Some(folder) = folder else { return of(&EMBEDDED_MODEL) };
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))
        };
        let (config, weights, tokenizer) = (read("config.json")?, read("model.safetensors")?, read("tokenizer.json")?);
        of(&ModelFiles { config: &config, weights: &weights, tokenizer: &tokenizer })
    }
}

/// Temperatures without top-k, and numbers of top-k at temperature 1.
fn ways() -> Vec<(String, Sampling)> {
    let pure = Sampling::default();
    let temperatures = [0.0, 0.5, 0.7, 0.85, 1.0]
        .map(|temperature| (format!("temperature {temperature}"), Sampling { temperature, ..pure }));
    let top_ks = [5, 40, 320].map(|top_k| (format!("top-k {top_k}"), Sampling { top_k, ..pure }));
    temperatures.into_iter().chain(top_ks).collect()
}

/// Continues beginnings of the documents; the true completions come first, then one sample of each for every way.
pub(crate) fn make(model: &Model, documents: &Corpus, lengths: Lengths) -> Result<Vec<Document>> {
    let texts = beginnings(model, documents, lengths)?;
    let document = |id: &str, ids: &[TokenId], domain: &str, label| {
        let end = ids.iter().position(|&id| id == model.tokenizer.end_of_text()).unwrap_or(ids.len());
        Document {
            id: id.to_owned(),
            text: model.tokenizer.decode(&ids[..end]),
            label: Some(label),
            generator: (label == Label::Machine).then(|| model.name.clone()),
            domain: Some(domain.to_owned()),
            ..Document::default()
        }
    };
    let mut all: Vec<Document> =
        texts.iter().map(|(id, ids)| document(id, &ids[lengths.prompt..], TRUTH, Label::Human)).collect();
    let bar = progress_bar((texts.len() * ways().len()) as u64, "samples");
    for (name, sampling) in ways() {
        let batches: Vec<(usize, &[Beginning])> = texts.chunks(BATCH).enumerate().collect();
        let sampled = batches
            .into_par_iter()
            .map(|(number, batch)| {
                let prompts: Vec<Vec<TokenId>> = batch.iter().map(|(_, ids)| ids[..lengths.prompt].to_vec()).collect();
                let samplings = vec![sampling; batch.len()];
                let seed = lengths.seed.wrapping_add((number * BATCH) as u64);
                let texts = generate_batch(&model.gpt2, &prompts, &samplings, lengths.tokens, seed)?;
                bar.inc(batch.len() as u64);
                let pairs = batch.iter().zip(&texts);
                Ok(pairs.map(|((id, _), ids)| document(id, ids, &name, Label::Machine)).collect::<Vec<_>>())
            })
            .collect::<Result<Vec<_>>>()?;
        all.extend(sampled.into_iter().flatten());
    }
    bar.finish_and_clear();
    Ok(all)
}

/// The first tokens of documents that are long enough, evenly from all of them.
fn beginnings(model: &Model, documents: &Corpus, lengths: Lengths) -> Result<Vec<Beginning>> {
    let mut all = Vec::new();
    for source in documents.sources() {
        let source = source?;
        // 12 bytes a token are plenty, and a book need not be read to its end.
        let end = source.text.floor_char_boundary(12 * (lengths.prompt + lengths.tokens));
        let mut ids = model.tokenizer.encode(&source.text[..end])?.ids;
        if ids.len() >= lengths.prompt + lengths.tokens {
            ids.truncate(lengths.prompt + lengths.tokens);
            all.push((source.id, ids));
        }
    }
    let step = all.len() as f64 / lengths.count.max(1) as f64;
    if step <= 1.0 {
        return Ok(all);
    }
    Ok((0..lengths.count).map(|index| all[(index as f64 * step) as usize].clone()).collect())
}
