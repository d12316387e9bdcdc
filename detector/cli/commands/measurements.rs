//! What the model found in each text, kept beside the heads: reading texts is most of the work of training a detector, and need
//! not be done again to fit the heads another way.
//!
//! One JSON object a line, by the hash of the text; the file's name says which model and layers. A run that is cut off
//! goes on where it stopped.

use crate::output::progress_bar;
use anyhow::{Context, Result};
use detector::{Attacked, Example, Labelled, Measurement, Scorer, Statistics, normalize, stable_hash};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Mutex;

#[derive(Serialize, Deserialize)]
struct Row {
    text: u64,
    tokens: usize,
    statistics: Statistics,
    hidden: Vec<f32>,
}

/// Reads the texts that are not yet in the file and adds them to it.
pub(crate) fn measure(
    examples: Vec<Example>,
    scorer: &Scorer,
    layers: &[usize],
    folder: &Path,
) -> Result<Vec<Labelled>> {
    let names: Vec<String> = layers.iter().map(usize::to_string).collect();
    let path = folder.join(format!("measurements-{}-layer-{}.jsonl", scorer.name, names.join("-")));
    let failed = || format!("cannot use `{}`", path.display());
    let mut known = read(&path).with_context(failed)?;
    let file = OpenOptions::new().create(true).append(true).open(&path).with_context(failed)?;
    let file = Mutex::new(file);
    let bar = progress_bar(examples.len() as u64, "texts read by the model");
    let keyed: Vec<(Example, Option<Row>)> = examples
        .into_iter()
        .map(|example| {
            let row = known.remove(&stable_hash(&[&example.text], 0));
            (example, row)
        })
        .collect();
    let texts = keyed
        .into_par_iter()
        .map(|(example, row)| {
            let row = match row {
                Some(row) => Some(row),
                None => read_text(&example, scorer, layers, &file)?,
            };
            bar.inc(1);
            Ok(row.map(|row| {
                let (lexical, style) = detector::words_of(&example.text);
                let Row { tokens, statistics, hidden, .. } = row;
                Labelled { example, measurement: Measurement { tokens, statistics, hidden, lexical, style } }
            }))
        })
        .filter_map(Result::transpose)
        .collect();
    bar.finish_and_clear();
    texts
}

/// Reads changed texts, which are not kept.
pub(crate) fn measure_attacked(
    attacked: Vec<Attacked>,
    scorer: &Scorer,
    layers: &[usize],
) -> Result<Vec<(Attacked, Measurement)>> {
    let bar = progress_bar(attacked.len() as u64, "changed texts read by the model");
    let measured = attacked
        .into_par_iter()
        .map(|attacked| {
            let text = normalize(&attacked.text).text;
            let encoding = scorer.tokenizer.encode(&text)?;
            let reading = scorer.model.read(&encoding.ids, layers)?;
            bar.inc(1);
            Ok(Measurement::new(&text, &encoding.ids, &reading).map(|measurement| (attacked, measurement)))
        })
        .filter_map(Result::transpose)
        .collect();
    bar.finish_and_clear();
    measured
}

/// The rows of an earlier run; a last line that was cut off is passed over.
fn read(path: &Path) -> Result<BTreeMap<u64, Row>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let mut known = BTreeMap::new();
    for line in BufReader::new(File::open(path)?).lines() {
        if let Ok(row) = serde_json::from_str::<Row>(&line?) {
            known.insert(row.text, row);
        }
    }
    Ok(known)
}

fn read_text(example: &Example, scorer: &Scorer, layers: &[usize], file: &Mutex<File>) -> Result<Option<Row>> {
    let encoding = scorer.tokenizer.encode(&example.text)?;
    let reading = scorer.model.read(&encoding.ids, layers)?;
    let Some(measured) = Measurement::new(&example.text, &encoding.ids, &reading) else { return Ok(None) };
    let Measurement { tokens, statistics, hidden, .. } = measured;
    let row = Row { text: stable_hash(&[&example.text], 0), tokens, statistics, hidden };
    let line = serde_json::to_string(&row)? + "\n";
    file.lock().expect("no thread panics while it writes").write_all(line.as_bytes())?;
    Ok(Some(row))
}
