//! `detect generate`: samples of the GPT-2.

use crate::args::GenerateArgs;
use crate::output::{Exit, note};
use anyhow::{Context, Result};
use detector::EMBEDDED_MODEL;
use generator::{CpuModel, Generation, Gpt2, Sampling, TokenId, Tokenizer};
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

pub(crate) fn run(args: &GenerateArgs) -> Result<Exit> {
    let (model, tokenizer) = load(args)?;
    let sampling = Sampling {
        temperature: if args.greedy { 0.0 } else { args.temperature },
        top_k: args.top_k,
        top_p: args.top_p,
        repetition_penalty: args.repetition_penalty,
    };
    let mut prompt = vec![tokenizer.end_of_text()];
    prompt.extend(tokenizer.encode(&args.prompt)?.ids);
    let mut out = std::io::stdout().lock();
    for sample in 0..args.samples {
        let start = Instant::now();
        let generation = model.generate(&prompt, sampling, args.seed.wrapping_add(sample))?;
        if sample > 0 {
            writeln!(out, "\n---\n")?;
        }
        out.write_all(args.prompt.as_bytes())?;
        let mut count = 0;
        let mut pending = Vec::new();
        for id in generation.take(args.tokens).take_while(|&id| id != tokenizer.end_of_text()) {
            count += 1;
            write_whole_characters(&mut out, &tokenizer, id, &mut pending)?;
        }
        out.write_all(String::from_utf8_lossy(&pending).as_bytes())?;
        writeln!(out)?;
        out.flush()?;
        if args.verbose {
            note(&format!("{count} tokens, {:.0} a second", f64::from(count) / start.elapsed().as_secs_f64()));
        }
    }
    Ok(Exit::Done)
}

/// Prints what is complete of the bytes so far; a token may end within a character.
fn write_whole_characters(
    out: &mut impl Write,
    tokenizer: &Tokenizer,
    id: TokenId,
    pending: &mut Vec<u8>,
) -> Result<()> {
    pending.extend(tokenizer.decode_bytes(&[id]));
    let unfinished = match std::str::from_utf8(pending) {
        Ok(_) => 0,
        // up to three bytes at the end may be the beginning of a character
        Err(_) => (1..=3.min(pending.len()))
            .rev()
            .find(|&length| is_beginning(&pending[pending.len() - length..]))
            .unwrap_or(0),
    };
    let rest = pending.split_off(pending.len() - unfinished);
    out.write_all(String::from_utf8_lossy(pending).as_bytes())?;
    *pending = rest;
    Ok(out.flush()?)
}

/// Whether these bytes are the beginning of one character and no more.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

/// What writes: the plain loops on the CPU, or a GPT-2 in burn on any other device.
enum Writer {
    Cpu(Arc<CpuModel>),
    Device(Box<Gpt2>),
}

impl Writer {
    fn generate(
        &self,
        prompt: &[TokenId],
        sampling: Sampling,
        seed: u64,
    ) -> Result<Box<dyn Iterator<Item = TokenId> + '_>> {
        Ok(match self {
            Self::Cpu(model) => Box::new(model.generate(prompt, sampling, seed)?),
            Self::Device(model) => Box::new(Generation::new(model, prompt, sampling, seed)?),
        })
    }
}

fn load(args: &GenerateArgs) -> Result<(Writer, Tokenizer)> {
    let on_cpu = args.device == "cpu";
    match &args.model {
        None => {
            let tokenizer = Tokenizer::from_bytes(EMBEDDED_MODEL.tokenizer, "the embedded tokenizer.json")?;
            let model = EMBEDDED_MODEL.gpt2(&args.device)?;
            let end = tokenizer.end_of_text();
            let cpu = || Writer::Cpu(Arc::new(CpuModel::new(&model, end)));
            Ok((if on_cpu { cpu() } else { Writer::Device(Box::new(model)) }, tokenizer))
        }
        Some(model) if on_cpu => {
            let opened = crate::registry::open(model)?;
            Ok((Writer::Cpu(opened.writer), opened.scorer.tokenizer))
        }
        Some(folder) => {
            let device = generator::device(&args.device)?;
            let failed = || format!("cannot load the model in `{}`", folder.display());
            Ok((
                Writer::Device(Box::new(Gpt2::from_folder(folder, &device).with_context(failed)?)),
                Tokenizer::from_folder(folder).with_context(failed)?,
            ))
        }
    }
}
