//! `detect model`: the models on disk that have a name, and how well a model predicts.

use crate::args::{ModelAddArgs, ModelCommand, ModelEvaluateArgs};
use crate::output::{Exit, line, progress_bar};
use crate::registry::{Registered, Registry, open};
use anyhow::{Context, Result, ensure};
use datasets::Document;
use detector::{EMBEDDED_MODEL, Scorer};
use rayon::prelude::*;
use std::path::Path;

/// Documents that are read at once.
const BATCH: usize = 256;

pub(crate) fn run(command: &ModelCommand) -> Result<Exit> {
    match command {
        ModelCommand::List => list(),
        ModelCommand::Info { model } => info(model),
        ModelCommand::Add(args) => add(args),
        ModelCommand::Evaluate(args) => evaluate(args),
    }
}

fn list() -> Result<Exit> {
    for Registered { name, path, model, heads } in Registry::read()?.models {
        let heads = heads.map_or_else(|| built_in(&model).to_owned(), |heads| format!("heads in {}", heads.display()));
        line(&format!("{name}  {model}  {}  {heads}", path.display()))?;
    }
    Ok(Exit::Done)
}

/// Whether the program has heads for the model itself.
fn built_in(model: &str) -> &'static str {
    if detector::embedded_heads(model).is_some() { "heads in the program" } else { "no heads" }
}

fn info(model: &Path) -> Result<Exit> {
    let opened = open(model)?;
    let (scorer, writer) = (&opened.scorer, &opened.writer);
    line(&format!("model       {}", scorer.name))?;
    line(&format!("blocks      {}", writer.layers()))?;
    line(&format!("channels    {}", writer.channels()))?;
    line(&format!("context     {} tokens", writer.context()))?;
    line(&format!("judging     with {}", built_in(&scorer.name)))?;
    line(&format!("vocabulary  {} tokens, {} in the tokenizer", writer.vocabulary(), scorer.tokenizer.vocabulary()))?;
    Ok(Exit::Done)
}

fn add(args: &ModelAddArgs) -> Result<Exit> {
    let whole = |path: &Path| path.canonicalize().with_context(|| format!("cannot find `{}`", path.display()));
    ensure!(
        !args.name.is_empty() && !args.name.contains(['/', '\\']),
        "`{}` is no name for a model: it must not be empty or hold a slash",
        args.name
    );
    let path = whole(&args.path)?;
    let opened = open(&path)?;
    let model = opened.scorer.name.clone();
    let heads = args.heads.as_deref().map(whole).transpose()?;
    if heads.is_some() {
        detector::Detector::with_heads(opened.scorer, heads.as_deref())?; // heads of another model are refused now
    }
    Registry::read()?.add(Registered { name: args.name.clone(), path, model: model.clone(), heads })?;
    line(&format!("{} is {model}", args.name))?;
    Ok(Exit::Done)
}

/// What a model predicted of some texts.
#[derive(Debug, Default)]
struct Predicted {
    documents: usize,
    tokens: usize,
    bytes: usize,
    words: usize,
    /// Of all tokens together, nats.
    surprisal: f64,
    last_words: usize,
}

fn evaluate(args: &ModelEvaluateArgs) -> Result<Exit> {
    let scorer = match &args.model {
        Some(model) => open(model)?.scorer,
        None => EMBEDDED_MODEL.scorer("cpu")?,
    };
    for path in &args.texts {
        let mut sum = Predicted::default();
        let bar = progress_bar(0, "documents read");
        let mut documents = datasets::open(path)?;
        loop {
            let batch = documents.by_ref().take(BATCH).collect::<Result<Vec<Document>, _>>()?;
            let predicted =
                batch.par_iter().map(|document| predict(&scorer, &document.text)).collect::<Result<Vec<_>>>()?;
            for one in predicted {
                sum = sum.and(&one);
                bar.inc(1);
            }
            if batch.len() < BATCH {
                break;
            }
        }
        bar.finish_and_clear();
        ensure!(sum.tokens > 0, "`{}` has no text", path.display());
        line(&sum.figures(&path.display().to_string(), args.last_word))?;
    }
    Ok(Exit::Done)
}

fn predict(scorer: &Scorer, text: &str) -> Result<Predicted> {
    let encoding = scorer.tokenizer.encode(text)?;
    let stats = scorer.model.read(&encoding.ids, &[])?.stats;
    let end = text.trim_end().len();
    let last = text[..end].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    let of_last_word = encoding.ranges.iter().zip(&stats).filter(|(range, _)| range.end > last && range.start < end);
    let (all, likeliest) =
        of_last_word.fold((0, 0), |(all, likeliest), (_, token)| (all + 1, likeliest + usize::from(token.rank == 1)));
    Ok(Predicted {
        documents: 1,
        tokens: stats.len(),
        bytes: text.len(),
        words: text.split_whitespace().count(),
        surprisal: -stats.iter().map(|token| f64::from(token.log_prob)).sum::<f64>(),
        last_words: usize::from(all > 0 && all == likeliest),
    })
}

impl Predicted {
    fn and(&self, other: &Self) -> Self {
        Self {
            documents: self.documents + other.documents,
            tokens: self.tokens + other.tokens,
            bytes: self.bytes + other.bytes,
            words: self.words + other.words,
            surprisal: self.surprisal + other.surprisal,
            last_words: self.last_words + other.last_words,
        }
    }

    fn figures(&self, name: &str, last_word: bool) -> String {
        let mean = |count: usize| self.surprisal / count.max(1) as f64;
        let mut text = format!(
            "{name}: {} document{}, {} tokens, {} bytes; {:.3} bits per byte, perplexity {:.1} a token, {:.1} a word",
            self.documents,
            if self.documents == 1 { "" } else { "s" },
            self.tokens,
            self.bytes,
            mean(self.bytes) / std::f64::consts::LN_2,
            mean(self.tokens).exp(),
            mean(self.words).exp(),
        );
        if last_word {
            let share = 100.0 * self.last_words as f64 / self.documents as f64;
            text += &format!("; the last word is the likeliest in {share:.1} %");
        }
        text
    }
}
