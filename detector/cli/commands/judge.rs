//! `detect FILE...`: texts to verdicts.

use super::explaining::{self, Explained};
use super::quotations;
use super::{Choice, LIMIT_BYTES};
use crate::args::JudgeArgs;
use crate::output::{Exit, describe, line, note, report};
use anyhow::{Context, Result, bail};
use datasets::{Document, TextFile};
use detector::{Detection, Detector, Options, Verdict};
use rayon::prelude::*;
use serde::Serialize;
use std::io::{BufReader, stdin};
use std::path::{Path, PathBuf};

/// Texts of a JSONL file that are judged at a time.
const BATCH: usize = 64;

/// One line of JSON output.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// Bytes that were judged, where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_bytes: Option<u64>,
    #[serde(flatten)]
    detection: &'a Detection,
}

/// What has happened so far, for the exit code.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) failed: bool,
    pub(super) machine: bool,
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
    explaining::check(args)?;
    let (mut detector, own_calibration) = super::choose(&Choice {
        files: &args.detector,
        calibration: args.calibration.as_deref(),
        reference: args.reference_model.as_deref(),
        device: &args.device,
    })?;
    if args.fast {
        detector.hurry();
    }
    let options = Options { fpr: args.fpr, tokens: args.tokens };
    detector.check(&options)?;
    if args.index.is_some() || !args.corpus.is_empty() {
        let mut outcome = Outcome::default();
        let explained = quotations::judge(args, &detector, &options, &mut outcome)?;
        if let Some(path) = &args.sarif {
            explaining::log(&explained, path, options.fpr)?;
        }
        return Ok(outcome.exit(args));
    }
    let (mut outcome, mut explained) = (Outcome::default(), Vec::new());
    if let Some(path) = &args.jsonl {
        judge_jsonl(path, &detector, &options, &mut outcome)?;
    } else if args.files.is_empty() {
        bail!("no text to judge: name a file, `-` for standard input, or `--help`");
    }
    for path in &args.files {
        match judge_file(path, args, &detector, &options, &mut explained) {
            Ok(detection) => outcome.machine |= detection.verdict == Verdict::Machine,
            Err(error) if crate::output::is_broken_pipe(&error) => return Err(error),
            Err(error) => {
                report(&error);
                outcome.failed = true;
            }
        }
    }
    if let (Some(path), [file]) = (&args.receipt, args.files.as_slice())
        && !outcome.failed
    {
        super::verify::write_receipt(path, file, &detector, &options, own_calibration.as_deref())?;
    }
    if let Some(path) = &args.sarif {
        explaining::log(&explained, path, options.fpr)?;
    }
    Ok(outcome.exit(args))
}

fn judge_file(
    path: &Path,
    args: &JudgeArgs,
    detector: &Detector,
    options: &Options,
    explained: &mut Vec<Explained>,
) -> Result<Detection> {
    let (name, file) = read_file(path)?;
    let failed = || format!("cannot judge `{name}`");
    let mut reasons = None;
    let mut detection = if explaining::is_wanted(args) {
        let explanation = explaining::explain(&file.text, &[], args, detector, options).with_context(failed)?;
        let mut detection = explanation.detection.clone();
        let (cut, text) = (cut_in_words(&file), file.text.clone());
        let found = Explained { name: name.clone(), text, cut, explanation, elsewhere: None };
        detection.token_values = detection.token_values.filter(|_| args.tokens);
        explaining::page(&found, args, options.fpr)?;
        reasons = Some(found);
        detection
    } else {
        detector.judge(&file.text, options).with_context(failed)?
    };
    for value in detection.token_values.iter_mut().flatten() {
        value.start += file.start;
        value.end += file.start;
    }
    if args.json || args.tokens {
        let judged_bytes = (!file.is_whole()).then_some(file.read);
        line(&serde_json::to_string(&Line { path: Some(&name), id: None, judged_bytes, detection: &detection })?)?;
    } else {
        line(&describe(&name, &detection, options.fpr))?;
    }
    if let Some(found) = reasons {
        explaining::report(&found, args)?;
        explained.push(found);
    }
    Ok(detection)
}

/// The beginning of a file or of standard input, with the name to call it by; says so where it is not all.
pub(crate) fn read_file(path: &Path) -> Result<(String, TextFile)> {
    let (name, file) = read_silently(path)?;
    if let Some(words) = cut_in_words(&file) {
        note(&format!("note: `{name}`: {words}"));
    }
    Ok((name, file))
}

pub(crate) fn read_silently(path: &Path) -> Result<(String, TextFile)> {
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    let file = if path == Path::new("-") {
        datasets::read_text_from(&name, stdin().lock(), LIMIT_BYTES)?
    } else {
        datasets::read_text(path, LIMIT_BYTES)?
    };
    Ok((name, file))
}

/// What part of a text is judged, where it is not all.
pub(super) fn cut_in_words(file: &TextFile) -> Option<String> {
    let size = || file.size.map_or_else(|| "a stream that goes on".to_owned(), |size| format!("{size} bytes"));
    (!file.is_whole()).then(|| format!("judged by its first {} bytes of {}", file.read, size()))
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
        let judged: Vec<Result<(String, Option<u64>, Detection)>> = batch
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
                Ok((document.id, (end < document.text.len()).then_some(end as u64), detection))
            })
            .collect();
        for result in judged {
            match result {
                Ok((id, judged_bytes, detection)) => {
                    outcome.machine |= detection.verdict == Verdict::Machine;
                    let one = Line { path: None, id: Some(&id), judged_bytes, detection: &detection };
                    line(&serde_json::to_string(&one)?)?;
                }
                Err(error) => {
                    report(&error);
                    outcome.failed = true;
                }
            }
        }
    }
}
