//! Judging many labelled texts for an evaluation: in parallel, in bounded memory, and never twice.
//!
//! `judged.jsonl` in the folder of the evaluation holds one line a text that was judged, by the hash of its id and bytes,
//! under a first line that names the model. A run that was cut off goes on where it stopped; a last line that was cut
//! off is judged again.

use super::LIMIT_BYTES;
use super::scores::{Columns, hash_of};
use crate::args::EvaluateArgs;
use crate::output::{note, progress_bar};
use anyhow::{Context, Result, bail, ensure};
use datasets::{Row, open_rows};
use detector::evaluation::ScoredText;
use detector::{Detector, Fingerprint, Options, stable_hash};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

/// Texts that are in memory at a time.
const BATCH: usize = 64;

/// A line of the journal.
#[derive(Serialize, Deserialize)]
struct Judged {
    key: u64,
    text: ScoredText,
}

/// The first line of the journal.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Journal {
    journal_of: Fingerprint,
    fpr: f64,
    own_calibration: Option<String>,
    columns: String,
}

pub(crate) fn judge_texts(paths: &[PathBuf], args: &EvaluateArgs, columns: &Columns) -> Result<Vec<ScoredText>> {
    let (detector, own_calibration) = super::detector(&args.detector, args.calibration.as_deref())?;
    let options = Options { fpr: args.fpr, tokens: false };
    detector.check(&options)?;
    let total = count_rows(paths, columns)?;
    std::fs::create_dir_all(&args.output).with_context(|| format!("cannot create `{}`", args.output.display()))?;
    let journal = Journal {
        journal_of: detector.fingerprint().clone(),
        fpr: args.fpr,
        own_calibration: own_calibration.map(|bytes| detector::sha256(&bytes)),
        columns: format!("{columns:?}"),
    };
    let path = args.output.join("judged.jsonl");
    let failed = || format!("cannot use `{}`", path.display());
    let (mut known, mut file) = open_journal(&path, &journal).with_context(failed)?;
    let bar = progress_bar(total, "texts judged");
    let (mut texts, mut again, mut long) = (Vec::new(), 0_usize, 0_usize);
    for path in paths {
        let mut rows = open_rows(path, &[columns.name("text"), columns.name("label")])?;
        loop {
            let batch: Vec<Row> = rows.by_ref().take(BATCH).collect::<datasets::Result<_>>()?;
            if batch.is_empty() {
                break;
            }
            let is_long =
                |row: &&Row| row.get(columns.name("text")).is_some_and(|text| text.len() as u64 > LIMIT_BYTES);
            long += batch.iter().filter(is_long).count();
            let judged: Vec<Result<(Judged, bool)>> = batch
                .into_par_iter()
                .map(|row| {
                    let key = stable_hash(&[&columns.id(&row), row.get(columns.name("text")).unwrap_or_default()], 0);
                    match known.get(&key) {
                        Some(text) => {
                            // What is known about a text may have been put right since.
                            let mut text = text.clone();
                            text.label = columns.label(&row, path)?;
                            columns.describe(&row, &mut text);
                            Ok((Judged { key, text }, true))
                        }
                        None => Ok((Judged { key, text: judge(&row, path, &detector, &options, columns)? }, false)),
                    }
                })
                .collect();
            let mut lines = String::new();
            for result in judged {
                let (judged, is_known) = result?;
                if is_known {
                    again += 1;
                    texts.push(judged.text);
                } else {
                    let line = serde_json::to_string(&judged)?;
                    // As a later run will read it, to the last digit.
                    let judged: Judged = serde_json::from_str(&line)?;
                    lines += &(line + "\n");
                    known.insert(judged.key, judged.text.clone());
                    texts.push(judged.text);
                }
                bar.inc(1);
            }
            file.write_all(lines.as_bytes()).and_then(|()| file.flush()).with_context(failed)?;
        }
    }
    bar.finish_and_clear();
    if long > 0 {
        note(&format!("note: {long} texts are judged by their first {LIMIT_BYTES} bytes"));
    }
    if again > 0 {
        note(&format!("note: {again} of {} texts had been judged before, by `{}`", texts.len(), path.display()));
    }
    Ok(texts)
}

fn judge(row: &Row, path: &Path, detector: &Detector, options: &Options, columns: &Columns) -> Result<ScoredText> {
    let mut text = ScoredText::new(columns.id(row), columns.label(row, path)?);
    columns.describe(row, &mut text);
    let Some(words) = row.get(columns.name("text")) else { return Ok(text) };
    text.hash = hash_of(words);
    let end = words.floor_char_boundary(LIMIT_BYTES as usize);
    let detection = detector
        .judge(&words[..end], options)
        .with_context(|| format!("`{}`, line {}: cannot judge the text", path.display(), row.line))?;
    text.judged(&detection);
    Ok(text)
}

/// Texts to come, for the time that is left, and whether all have labels: reading is a thousandth of judging.
fn count_rows(paths: &[PathBuf], columns: &Columns) -> Result<u64> {
    let mut rows = 0;
    for path in paths {
        for row in open_rows(path, &[columns.name("text"), columns.name("label")])? {
            columns.label(&row?, path)?;
            rows += 1;
        }
    }
    ensure!(rows > 0, "there are no texts in the files named");
    Ok(rows)
}

/// What was judged before, and the file to go on in, whatever a run that was killed left at its end.
fn open_journal(path: &Path, expected: &Journal) -> Result<(BTreeMap<u64, ScoredText>, File)> {
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
    let mut reader = BufReader::new(file.try_clone()?);
    let (mut known, mut whole, mut line) = (BTreeMap::new(), 0_u64, Vec::new());
    let mut is_ours = true;
    while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        if whole == 0 {
            let found: Journal = serde_json::from_slice(&line).context("its first line does not name a model")?;
            is_ours = found == *expected;
        } else if !is_ours {
            bail!("it was begun with another model, calibration, `--fpr` or other columns; name a new folder");
        } else {
            let judged: Judged = serde_json::from_slice(&line).context("a line of it is no judged text")?;
            known.insert(judged.key, judged.text);
        }
        whole += line.len() as u64;
        line.clear();
    }
    if !is_ours {
        whole = 0; // nothing was judged yet, nothing is lost
    }
    file.set_len(whole)?;
    file.seek(std::io::SeekFrom::End(0))?;
    if whole == 0 {
        file.write_all((serde_json::to_string(expected)? + "\n").as_bytes())?;
    }
    Ok((known, file))
}
