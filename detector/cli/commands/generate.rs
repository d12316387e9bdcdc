//! `detect generate`: samples of the GPT-2.

use crate::args::GenerateArgs;
use crate::output::{Exit, note};
use anyhow::{Context, Result};
use detector::EMBEDDED_MODEL;
use generator::{Generation, Gpt2, Sampling, TokenId, Tokenizer};
use std::io::Write;
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
        out.write_all(args.prompt.as_bytes())?;
        let generation = Generation::new(&model, &prompt, sampling, args.seed.wrapping_add(sample))?;
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
    let whole = match std::str::from_utf8(pending) {
        Ok(_) => pending.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => {
            let text = String::from_utf8_lossy(pending).into_owned();
            pending.clear();
            out.write_all(text.as_bytes())?;
            return Ok(out.flush()?);
        }
    };
    out.write_all(&pending[..whole])?;
    pending.drain(..whole);
    Ok(out.flush()?)
}

fn load(args: &GenerateArgs) -> Result<(Gpt2, Tokenizer)> {
    match &args.model {
        None => Ok((
            EMBEDDED_MODEL.gpt2(&args.device)?,
            Tokenizer::from_bytes(EMBEDDED_MODEL.tokenizer, "the embedded tokenizer.json")?,
        )),
        Some(folder) => {
            let device = generator::device(&args.device)?;
            let failed = || format!("cannot load the model in `{}`", folder.display());
            Ok((
                Gpt2::from_folder(folder, &device).with_context(failed)?,
                Tokenizer::from_folder(folder).with_context(failed)?,
            ))
        }
    }
}
