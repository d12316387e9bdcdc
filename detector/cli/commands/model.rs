//! `detect model`: the models on disk that have a name.

use crate::args::{ModelAddArgs, ModelCommand};
use crate::output::{Exit, line};
use crate::registry::{Registered, Registry, open};
use anyhow::{Context, Result, ensure};
use std::path::Path;

pub(crate) fn run(command: &ModelCommand) -> Result<Exit> {
    match command {
        ModelCommand::List => list(),
        ModelCommand::Info { model } => info(model),
        ModelCommand::Add(args) => add(args),
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
