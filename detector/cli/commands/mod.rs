//! One file a command, each with `run(&Args) -> anyhow::Result<Exit>`.

pub(crate) mod audit;
pub(crate) mod calibrate;
pub(crate) mod compare;
pub(crate) mod evaluate;
mod explaining;
pub(crate) mod generate;
pub(crate) mod judge;
mod judging;
mod measurements;
pub(crate) mod model;
pub(crate) mod overlap;
mod quotations;
mod scores;
pub(crate) mod train;
pub(crate) mod train_detector;
pub(crate) mod verify;

use crate::args::DetectorArgs;
use anyhow::{Context, Result};
use detector::{Detector, EMBEDDED_MODEL, OwnCalibration};
use std::path::Path;

/// Bytes of a text that are judged; some 16,000 tokens, a chapter.
const LIMIT_BYTES: u64 = 64 << 10;

/// The detector in the binary or that of a model, counting among one's own texts where a calibration is named, and the bytes
/// of that calibration.
fn detector(args: &DetectorArgs, calibration: Option<&Path>) -> Result<(Detector, Option<Vec<u8>>)> {
    let mut detector = match (args.model.as_deref(), args.heads.as_deref()) {
        (None, None) => Detector::embedded()?,
        (None, Some(heads)) => Detector::with_heads(EMBEDDED_MODEL.scorer("cpu")?, Some(heads))?,
        (Some(model), heads) => {
            let opened = crate::registry::open(model)?;
            Detector::with_heads(opened.scorer, heads.or(opened.heads.as_deref()))?
        }
    };
    let Some(path) = calibration else { return Ok((detector, None)) };
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let own = OwnCalibration::from_json(&bytes, &path.display().to_string(), detector.fingerprint())?;
    detector.count_among(&own);
    Ok((detector, Some(bytes)))
}
