//! `detect calibrate TEXTS -o calibration.json`: one's own texts to count among.

use super::LIMIT_BYTES;
use super::scores::Columns;
use crate::args::CalibrateArgs;
use crate::output::{Exit, line, progress_bar};
use anyhow::{Context, Result};
use datasets::{Label, Row, open_rows};
use detector::{HeadScores, OwnCalibration, sha256};
use rayon::prelude::*;

/// Texts that are in memory at a time.
const BATCH: usize = 64;

pub(crate) fn run(args: &CalibrateArgs) -> Result<Exit> {
    super::keep_inputs(&args.output, &args.texts)?;
    let columns = Columns::new(&args.column)?;
    let (detector, _) = super::detector(&args.detector, None)?;
    let bar = progress_bar(0, "texts judged");
    let mut texts = Vec::new();
    for path in &args.texts {
        let mut rows = open_rows(path, &[columns.name("text")])?;
        let has_labels = rows.columns().iter().any(|column| column == columns.name("label"));
        loop {
            let batch: Vec<Row> = rows.by_ref().take(BATCH).collect::<datasets::Result<_>>()?;
            if batch.is_empty() {
                break;
            }
            let judge = |row: &Row| -> Result<(String, bool, Option<HeadScores>)> {
                let text = row.get(columns.name("text")).unwrap_or_default();
                let label = if has_labels { columns.label(row, path)? } else { Label::Human };
                let scores = detector
                    .head_scores(&text[..text.floor_char_boundary(LIMIT_BYTES as usize)])
                    .with_context(|| format!("`{}`, line {}: cannot judge the text", path.display(), row.line))?;
                bar.inc(1);
                Ok((sha256(text.as_bytes()), label == Label::Machine, scores))
            };
            texts.extend(batch.par_iter().map(judge).collect::<Result<Vec<_>>>()?);
        }
    }
    bar.finish_and_clear();
    let own = OwnCalibration::new(detector.fingerprint(), texts)?;
    super::explaining::write(&args.output, (serde_json::to_string(&own)? + "\n").as_bytes())?;
    for words in in_words(&own) {
        line(&words)?;
    }
    line(&format!("wrote `{}`", args.output.display()))?;
    Ok(Exit::Done)
}

/// What so many texts can promise and what they cannot.
fn in_words(own: &OwnCalibration) -> Vec<String> {
    let humans = own.humans;
    let mut words = vec![
        format!("{humans} human and {} machine texts, {} too short or not English", own.machines, own.unfit),
        format!(
            "a text that scores above all {humans} human texts has the p-value {:.4}: the least `--fpr` is {:.4}",
            own.least_fpr(),
            own.least_fpr()
        ),
        format!(
            "0 alarms of {humans} would bound the rate of false alarms at {:.1} %, with 95 % confidence",
            own.bound() * 100.0
        ),
    ];
    for rate in [0.05, 0.01] {
        let needed = OwnCalibration::needed(rate);
        if humans < needed {
            words.push(format!("not enough for {} %: that takes {needed} human texts without alarm", rate * 100.0));
        }
    }
    if own.machines == 0 {
        words.push(
            "no machine texts: the verdict *human* is still counted among those that came with the detector".to_owned(),
        );
    }
    words
}
