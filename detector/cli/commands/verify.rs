//! `detect FILE --receipt R` and `detect verify R FILE`: a verdict that somebody else can check.

use super::judge::{read_file, read_silently};
use crate::args::VerifyArgs;
use crate::output::{Exit, line, note};
use anyhow::{Context, Result};
use detector::{Detector, Options, Receipt, Tolerance};
use std::path::Path;

/// Differences that are printed; the first ones say enough.
const SHOWN: usize = 10;

/// Writes the receipt of a file that has been judged.
pub(crate) fn write_receipt(
    path: &Path,
    file: &Path,
    detector: &Detector,
    options: &Options,
    own_calibration: Option<&[u8]>,
) -> Result<()> {
    anyhow::ensure!(file != Path::new("-"), "a receipt is for a file, standard input cannot be read twice");
    let (name, text) = read_silently(file)?;
    let receipt =
        detector.receipt(&text.text, options, own_calibration).with_context(|| format!("cannot judge `{name}`"))?;
    super::explaining::write(path, (serde_json::to_string(&receipt)? + "\n").as_bytes())?;
    note(&format!("wrote `{}`", path.display()));
    Ok(())
}

pub(crate) fn run(args: &VerifyArgs) -> Result<Exit> {
    let failed = || format!("cannot read `{}`", args.receipt.display());
    let bytes = std::fs::read(&args.receipt).with_context(failed)?;
    let receipt = Receipt::from_json(&bytes, &args.receipt.display().to_string())?;
    let (name, file) = read_file(&args.text)?;
    let (detector, own_calibration) = super::detector(&args.detector, args.calibration.as_deref())?;
    let options = Options { fpr: receipt.fpr, tokens: true };
    let now = detector
        .receipt(&file.text, &options, own_calibration.as_deref())
        .with_context(|| format!("cannot judge `{name}`"))?;
    let tolerance = Tolerance::default();
    let mismatches = receipt.mismatches(&now, &tolerance);
    if mismatches.is_empty() {
        line(&format!(
            "{name}: verified, {} tokens within {} nats and {} log-odds, the same verdict at `--fpr {}` by the same files",
            receipt.tokens.len(),
            tolerance.nats,
            tolerance.log_odds,
            receipt.fpr
        ))?;
        return Ok(Exit::Done);
    }
    line(&format!("{name}: not verified, {} differences", mismatches.len()))?;
    for mismatch in mismatches.iter().take(SHOWN) {
        line(&format!("  {}: {} in the receipt, {} here", mismatch.what, mismatch.expected, mismatch.found))?;
    }
    if mismatches.len() > SHOWN {
        line(&format!("  and {} more", mismatches.len() - SHOWN))?;
    }
    Ok(Exit::Refuted)
}
