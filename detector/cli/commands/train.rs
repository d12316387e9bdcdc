//! `detect train`: a corpus to a vocabulary, to tokens, to a GPT-2.

use crate::args::TrainArgs;
use crate::output::{Exit, Hinted, note, progress_bar};
use anyhow::{Context, Result, ensure};
use datasets::Document;
use generator::{Gpt2Config, Precision, ShardWriter, TokenShard, Tokenizer, Trainer, TrainingConfig};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Documents in 1000 that are held out.
const HELD_OUT_PERMILLE: u32 = 5;
/// Documents in 1000 that teach the vocabulary: some tens of megabytes are plenty for 8,192 tokens.
const VOCABULARY_PERMILLE: u32 = 200;
/// Tokens of each held-out source that are scored while training; all of them at the end.
const QUICK_HELD_OUT: usize = 16_384;
const LOG_HEADER: &str = "step,tokens,loss_nats_per_token,gradient_norm,learning_rate,tokens_per_second,\
                          held_out_nats_per_token,held_out_bits_per_byte";

pub(crate) fn run(args: &TrainArgs) -> Result<Exit> {
    let config = training_config(args);
    if let Some(from) = args.from.as_ref().filter(|from| !from.join("model.safetensors").exists()) {
        let message = format!("`{}` has no model.safetensors to go on from", from.display());
        let hint =
            "name a folder `checkpoints/step-N` of an earlier run, or one with config.json, model.safetensors and a \
                    vocabulary"
                .to_owned();
        return Err(Hinted { message, hint }.into());
    }
    let device = generator::device(&args.device)?;
    std::fs::create_dir_all(&args.output).with_context(|| format!("cannot create `{}`", args.output.display()))?;
    let tokenizer = vocabulary(args)?;
    let (shard, held_out) = tokens(args, &tokenizer)?;
    note(&format!("{} training tokens, {:.2} bytes each", shard.tokens.len(), bytes_per_token(&shard)));

    let checkpoints = args.output.join("checkpoints");
    let resumed = match &args.from {
        Some(path) if path.join("state.json").exists() => {
            Some(Trainer::from_checkpoint(path, config.clone(), &device)?)
        }
        Some(path) => {
            note(&format!("`{}` holds no state of a training: its weights, a new optimizer, step 0", path.display()));
            Some(Trainer::with_weights(path, config.clone(), &device)?)
        }
        None => Trainer::resume(&checkpoints, config.clone(), &device)?,
    };
    let mut trainer = match resumed {
        Some(trainer) => trainer,
        None => Trainer::new(&model_config(args, &tokenizer), config.clone(), &device)?,
    };
    let (found, asked) = (trainer.model().config(), model_config(args, &tokenizer));
    if *found != asked {
        let in_words = |config: &Gpt2Config| {
            let Gpt2Config { n_layer, n_embd, n_head, n_positions, vocab_size, .. } = config;
            format!("{n_layer} x {n_embd} with {n_head} heads, context {n_positions} and {vocab_size} tokens")
        };
        let message = format!("the checkpoint is a GPT-2 of {}, asked for was {}", in_words(found), in_words(&asked));
        let Gpt2Config { n_layer, n_embd, n_head, n_positions, .. } = found;
        let hint = format!(
            "ask for its shape: `--layers {n_layer} --channels {n_embd} --heads {n_head} --context {n_positions}`"
        );
        return Err(Hinted { message, hint }.into());
    }
    note(&format!("step {} of {}", trainer.step_count(), config.steps));
    std::fs::write(args.output.join("training.json"), serde_json::to_string_pretty(&config)?)?;

    let mut log = Log::open(&args.output.join("log.csv"))?;
    let bar = progress_bar(config.steps as u64, "steps");
    bar.set_position(trainer.step_count() as u64);
    let before_decay = config.steps.saturating_sub(config.decay);
    let (mut since, mut steps_since) = (Instant::now(), 0);
    let mut loss = 0.0;
    while trainer.step_count() < config.steps {
        let step = trainer.train_step(&shard)?;
        loss += step.loss;
        steps_since += 1;
        bar.set_position(trainer.step_count() as u64);
        let done = trainer.step_count();
        if done.is_multiple_of(args.evaluate_every) || done == config.steps {
            let seconds = since.elapsed().as_secs_f64();
            let all = done == config.steps;
            let score = held_out_scores(&trainer, &held_out, if all { usize::MAX } else { QUICK_HELD_OUT });
            log.row(
                &trainer,
                &step,
                loss / steps_since as f64,
                steps_since as f64 * step_tokens(&config) / seconds,
                &score,
            )?;
            bar.set_message(format!(
                "loss {:.3}, held out {:.3} bits/byte",
                loss / steps_since as f64,
                score.bits_per_byte
            ));
            if all {
                for (source, bits) in &score.by_source {
                    note(&format!("held out {source}: {bits:.4} bits per byte"));
                }
                if score.by_source.is_empty() {
                    note(
                        "no document fell among those that are held out (5 in 1000, by id): nothing says how good it is",
                    );
                } else {
                    note(&format!("held out, mean of sources: {:.4} bits per byte", score.bits_per_byte));
                }
            }
            (since, steps_since, loss) = (Instant::now(), 0, 0.0);
        }
        if done.is_multiple_of(args.save_every) || done == before_decay || done == config.steps {
            trainer.save(&checkpoints, &[before_decay])?;
        }
    }
    bar.finish();
    trainer.model().save(&args.output, Precision::F16)?;
    note(&format!("wrote `{}`", args.output.join("model.safetensors").display()));
    Ok(Exit::Done)
}

fn training_config(args: &TrainArgs) -> TrainingConfig {
    TrainingConfig {
        batch: args.batch,
        tokens: args.tokens,
        steps: args.steps,
        warmup: args.warmup,
        decay: args.decay,
        schedule: args.schedule.into(),
        learning_rate: args.learning_rate,
        seed: args.seed,
        ..TrainingConfig::default()
    }
}

fn model_config(args: &TrainArgs, tokenizer: &Tokenizer) -> Gpt2Config {
    Gpt2Config::new(tokenizer.vocabulary(), args.context, args.channels, args.layers, args.heads)
}

fn step_tokens(config: &TrainingConfig) -> f64 {
    (config.batch * config.tokens) as f64
}

fn bytes_per_token(shard: &TokenShard) -> f64 {
    shard.text_bytes as f64 / shard.tokens.len().max(1) as f64
}

/// The vocabulary in the output folder; where there is none yet, that of the weights to go on from, or one learned from
/// the corpus.
fn vocabulary(args: &TrainArgs) -> Result<Tokenizer> {
    let path = args.output.join("tokenizer.json");
    if path.exists() {
        return Ok(Tokenizer::from_folder(&args.output)?);
    }
    if let Some(from) = args.from.as_ref().filter(|from| !from.join("state.json").exists()) {
        let tokenizer = Tokenizer::from_model_folder(from, None)?;
        generator::write_atomically(&path, tokenizer.to_json()?.as_bytes())?;
        return Ok(tokenizer);
    }
    note(&format!("learning a vocabulary of {} tokens", args.vocabulary));
    let mut sample = Vec::new();
    for document in datasets::open_all(&args.corpus)? {
        let document = document?;
        if datasets::is_held_out(&format!("vocabulary {}", document.id), VOCABULARY_PERMILLE)
            && !datasets::is_held_out(&document.id, HELD_OUT_PERMILLE)
        {
            sample.push(document.text);
        }
    }
    ensure!(!sample.is_empty(), "the corpus is too small to learn a vocabulary from");
    let tokenizer = Tokenizer::train(sample.into_iter(), args.vocabulary)?;
    generator::write_atomically(&path, tokenizer.to_json()?.as_bytes())?;
    Ok(tokenizer)
}

/// The training tokens, and the held-out ones by source: made from the corpus once, then read.
fn tokens(args: &TrainArgs, tokenizer: &Tokenizer) -> Result<(TokenShard, BTreeMap<String, TokenShard>)> {
    let train = args.output.join("train.tokens");
    let (made_of, asked) = (args.output.join("corpus.json"), corpus_files(args)?);
    if !train.exists() {
        encode_corpus(args, tokenizer, &train)?;
        generator::write_atomically(&made_of, &serde_json::to_vec_pretty(&asked)?)?;
    } else if made_of.exists() {
        let found: BTreeMap<String, u64> = serde_json::from_slice(&std::fs::read(&made_of)?)
            .with_context(|| format!("`{}` is damaged", made_of.display()))?;
        if found != asked {
            let names = |files: BTreeMap<String, u64>| {
                files.iter().map(|(name, size)| format!("{name} ({size} bytes)")).collect::<Vec<_>>().join(", ")
            };
            let message = format!("`{}` was made of {}, not of {}", train.display(), names(found), names(asked));
            let hint = "train on another corpus in another folder; to start over here, empty it".to_owned();
            return Err(Hinted { message, hint }.into());
        }
    }
    let mut held_out = BTreeMap::new();
    for entry in std::fs::read_dir(&args.output)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(source) = name.strip_prefix("held-out-").and_then(|name| name.strip_suffix(".tokens")) {
            held_out.insert(source.to_owned(), TokenShard::read(&path, tokenizer)?);
        }
    }
    Ok((TokenShard::read(&train, tokenizer)?, held_out))
}

/// Names of the corpus files with their sizes in bytes: what the tokens in the output folder were made of.
fn corpus_files(args: &TrainArgs) -> Result<BTreeMap<String, u64>> {
    let entry = |path: &PathBuf| {
        let size = std::fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?.len();
        Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), size))
    };
    args.corpus.iter().map(entry).collect()
}

fn encode_corpus(args: &TrainArgs, tokenizer: &Tokenizer, train: &Path) -> Result<()> {
    let bar = progress_bar(0, "documents to tokens");
    let mut writer = ShardWriter::create(train, tokenizer)?;
    let mut held_out: BTreeMap<String, ShardWriter> = BTreeMap::new();
    let mut documents = datasets::open_all(&args.corpus)?;
    loop {
        let chunk: Vec<Document> = documents.by_ref().take(512).collect::<Result<_, _>>()?;
        if chunk.is_empty() {
            break;
        }
        let encoded: Vec<_> =
            chunk.par_iter().map(|document| tokenizer.encode(&document.text)).collect::<Result<_, _>>()?;
        for (document, encoding) in chunk.iter().zip(encoded) {
            let shard = if datasets::is_held_out(&document.id, HELD_OUT_PERMILLE) {
                let source = document.source.clone().unwrap_or_else(|| "corpus".to_owned());
                let source = source.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
                let path = args.output.join(format!("held-out-{source}.tokens"));
                match held_out.entry(source) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => {
                        entry.insert(ShardWriter::create(&path, tokenizer)?)
                    }
                }
            } else {
                &mut writer
            };
            shard.push(&encoding.ids, document.text.len())?;
        }
        bar.inc(chunk.len() as u64);
    }
    for shard in held_out.into_values() {
        shard.finish()?;
    }
    bar.finish_and_clear();
    Ok(writer.finish()?)
}

struct HeldOut {
    nats_per_token: f64,
    bits_per_byte: f64,
    by_source: Vec<(String, f64)>,
}

/// Each source scored alone, and the mean of the sources; a source too short for one window is passed over.
fn held_out_scores(trainer: &Trainer, shards: &BTreeMap<String, TokenShard>, most: usize) -> HeldOut {
    let mut score = HeldOut { nats_per_token: 0.0, bits_per_byte: 0.0, by_source: Vec::new() };
    let scored: Vec<(&String, f64, f64)> = shards
        .iter()
        .filter_map(|(source, shard)| {
            let (nats, count) = trainer.held_out_loss(shard, most);
            (count > 0).then(|| (source, nats, nats / std::f64::consts::LN_2 / bytes_per_token(shard)))
        })
        .collect();
    for (source, nats, bits) in &scored {
        score.nats_per_token += nats / scored.len() as f64;
        score.bits_per_byte += bits / scored.len() as f64;
        score.by_source.push(((*source).clone(), *bits));
    }
    score
}

struct Log(std::fs::File);

impl Log {
    fn open(path: &Path) -> Result<Self> {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        if file.metadata()?.len() == 0 {
            writeln!(file, "{LOG_HEADER}")?;
        }
        Ok(Self(file))
    }

    fn row(&mut self, trainer: &Trainer, step: &generator::Step, loss: f64, speed: f64, score: &HeldOut) -> Result<()> {
        let tokens = trainer.step_count() as f64 * step_tokens(trainer.config());
        writeln!(
            self.0,
            "{},{tokens},{loss:.4},{:.3},{:.3e},{speed:.0},{:.4},{:.4}",
            trainer.step_count(),
            step.gradient_norm,
            step.learning_rate,
            score.nats_per_token,
            score.bits_per_byte
        )?;
        Ok(())
    }
}
