//! `detect FILE...`: texts to verdicts.

use crate::args::JudgeArgs;
use crate::output::{Exit, describe, line, note, report};
use anyhow::{Context, Result, bail};
use datasets::{Document, TextFile};
use detector::{Detection, Detector, EMBEDDED_MODEL, Options, Verdict};
use rayon::prelude::*;
use serde::Serialize;
use std::io::{BufReader, stdin};
use std::path::{Path, PathBuf};

/// Bytes of a text that are judged; some 16,000 tokens, a chapter.
const LIMIT_BYTES: u64 = 64 << 10;
/// Texts of a JSONL file that are judged at a time.
const BATCH: usize = 64;

/// One line of JSON output.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(flatten)]
    detection: &'a Detection,
}

/// What has happened so far, for the exit code.
#[derive(Default)]
struct Outcome {
    failed: bool,
    machine: bool,
}

impl Outcome {
    fn exit(&self, args: &JudgeArgs) -> Exit {
        match self {
            Self { failed: true, .. } => Exit::Failed,
            Self { machine: true, .. } if args.exit_code => Exit::Machine,
            _ => Exit::Done,
        }
    }
}

pub(crate) fn run(args: &JudgeArgs) -> Result<Exit> {
    let detector = load(args)?;
    let options = Options { fpr: args.fpr, tokens: args.tokens };
    detector.check(&options)?;
    let mut outcome = Outcome::default();
    if let Some(path) = &args.jsonl {
        judge_jsonl(path, &detector, &options, &mut outcome)?;
    } else if args.files.is_empty() {
        bail!("no text to judge: name a file, `-` for standard input, or `--help`");
    }
    for path in &args.files {
        match judge_file(path, args, &detector, &options) {
            Ok(detection) => outcome.machine |= detection.verdict == Verdict::Machine,
            Err(error) if crate::output::is_broken_pipe(&error) => return Err(error),
            Err(error) => {
                report(&error);
                outcome.failed = true;
            }
        }
    }
    Ok(outcome.exit(args))
}

fn load(args: &JudgeArgs) -> Result<Detector> {
    let (scorer, registered) = match &args.model {
        None if args.heads.is_none() => return Ok(Detector::embedded()?),
        None => (EMBEDDED_MODEL.scorer("cpu")?, None),
        Some(model) => {
            let opened = crate::registry::open(model)?;
            (opened.scorer, opened.heads)
        }
    };
    Ok(Detector::with_heads(scorer, args.heads.as_deref().or(registered.as_deref()))?)
}

fn judge_file(path: &Path, args: &JudgeArgs, detector: &Detector, options: &Options) -> Result<Detection> {
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    let file = if path == Path::new("-") {
        datasets::read_text_from(&name, stdin().lock(), LIMIT_BYTES)?
    } else {
        datasets::read_text(path, LIMIT_BYTES)?
    };
    say_what_was_read(&name, &file);
    let mut detection = detector.judge(&file.text, options).with_context(|| format!("cannot judge `{name}`"))?;
    for value in detection.token_values.iter_mut().flatten() {
        value.start += file.start;
        value.end += file.start;
    }
    if args.json || args.tokens {
        line(&serde_json::to_string(&Line { path: Some(&name), id: None, detection: &detection })?)?;
    } else {
        line(&describe(&name, &detection, options.fpr))?;
    }
    Ok(detection)
}

fn say_what_was_read(name: &str, file: &TextFile) {
    if !file.is_whole() {
        let size = file.size.map_or_else(|| "a stream that goes on".to_owned(), |size| format!("{size} bytes"));
        note(&format!("note: `{name}`: judged by its first {} bytes of {size}", file.read));
    }
}

/// Judges the texts of a JSONL file in parallel and prints one object a line in their order.
fn judge_jsonl(path: &PathBuf, detector: &Detector, options: &Options, outcome: &mut Outcome) -> Result<()> {
    let mut documents = if path == Path::new("-") {
        datasets::open_reader("<stdin>", BufReader::new(stdin()))
    } else {
        datasets::open(path)?
    };
    loop {
        let batch: Vec<datasets::Result<Document>> = documents.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let judged: Vec<Result<(String, Detection)>> = batch
            .into_par_iter()
            .map(|document| {
                let document = document?;
                let end = document.text.floor_char_boundary(LIMIT_BYTES as usize);
                if end < document.text.len() {
                    let size = document.text.len();
                    note(&format!("note: text `{}`: judged by its first {end} bytes of {size}", document.id));
                }
                let detection = detector
                    .judge(&document.text[..end], options)
                    .with_context(|| format!("cannot judge the text `{}`", document.id))?;
                Ok((document.id, detection))
            })
            .collect();
        for result in judged {
            match result {
                Ok((id, detection)) => {
                    outcome.machine |= detection.verdict == Verdict::Machine;
                    line(&serde_json::to_string(&Line { path: None, id: Some(&id), detection: &detection })?)?;
                }
                Err(error) => {
                    report(&error);
                    outcome.failed = true;
                }
            }
        }
    }
}
