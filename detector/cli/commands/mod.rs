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
use crate::output::Hinted;
use crate::registry::Opened;
use anyhow::{Context, Result};
use detector::{Detector, EMBEDDED_HEADS, EMBEDDED_MODEL, OwnCalibration, Reference};
use generator::ModelPair;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a text that are judged; some 16,000 tokens, a chapter.
const LIMIT_BYTES: u64 = 64 << 10;

/// The detector in the binary or that of a model, counting among one's own texts where a calibration is named, and the bytes
/// of that calibration.
fn detector(args: &DetectorArgs, calibration: Option<&Path>) -> Result<(Detector, Option<Vec<u8>>)> {
    choose(&Choice { files: args, calibration, reference: None, device: "cpu" })
}

/// Refuses to write over what is to be read.
fn keep_inputs(output: &Path, inputs: &[PathBuf]) -> Result<()> {
    let Ok(output_file) = output.canonicalize() else { return Ok(()) };
    let is_output = |input: &&PathBuf| input.canonicalize().is_ok_and(|input| input == output_file);
    let Some(input) = inputs.iter().find(is_output) else { return Ok(()) };
    let message = format!("`{}` is to be read and would be overwritten by `{}`", input.display(), output.display());
    Err(Hinted { message, hint: "name another file for the output".to_owned() }.into())
}

/// What a detector is made of.
struct Choice<'a> {
    files: &'a DetectorArgs,
    calibration: Option<&'a Path>,
    reference: Option<&'a Path>,
    device: &'a str,
}

fn choose(choice: &Choice<'_>) -> Result<(Detector, Option<Vec<u8>>)> {
    let Choice { files, calibration, reference, device } = *choice;
    generator::device(device)?;
    let mut detector = match (files.model.as_deref(), files.heads.as_deref()) {
        (None, None) => Detector::new(EMBEDDED_MODEL.scorer(device)?, EMBEDDED_HEADS)?,
        (None, Some(heads)) => Detector::with_heads(EMBEDDED_MODEL.scorer(device)?, Some(heads))?,
        (Some(model), heads) => {
            let mut opened = crate::registry::open(model)?;
            let reference = reference.map(|other| pair(&opened, other)).transpose()?;
            if device != "cpu" {
                opened.scorer.model = Box::new(opened.on_device(device)?);
            }
            let mut detector = Detector::with_heads(opened.scorer, heads.or(opened.heads.as_deref()))?;
            reference.into_iter().for_each(|reference| detector.set_reference(reference));
            detector
        }
    };
    let Some(path) = calibration else { return Ok((detector, None)) };
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let own = OwnCalibration::from_json(&bytes, &path.display().to_string(), detector.fingerprint())?;
    detector.count_among(&own);
    Ok((detector, Some(bytes)))
}

/// A model and another beside it, which read on the CPU.
fn pair(opened: &Opened, other: &Path) -> Result<Reference> {
    let other = crate::registry::open(other)?;
    let scoring = (&opened.scorer.tokenizer, Arc::clone(&opened.writer));
    let pair = ModelPair::new(scoring, (&other.scorer.tokenizer, other.writer))?;
    Ok(Reference { name: other.scorer.name, pair })
}
