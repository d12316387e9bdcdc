//! The calibration tables of a fit: the out-of-fold scores of all texts, or of those that stand outside of a source.

use super::{Fitted, Labelled, OutOfFold, origins_of, sources};
use crate::calibration::{Calibration, CalibrationScores, HeadScores};
use crate::heads::MARGIN;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The out-of-fold scores of all texts but those of `left_out`, wherever they stand, as the calibration table wants them.
#[must_use]
pub(crate) fn calibration_scores(
    texts: &[Labelled],
    scores: &[OutOfFold],
    left_out: Option<&str>,
) -> CalibrationScores {
    let banned = origins_of(left_out, texts.iter().map(|text| &text.example));
    let mut table = CalibrationScores::default();
    for (text, score) in texts.iter().zip(scores).filter(|(text, _)| !banned.contains(&text.example.origin)) {
        let of_class = if text.example.kind.is_some() { &mut table.machines } else { &mut table.humans };
        of_class.push(head_scores(text, score));
    }
    table.humans.sort_by_key(|score| score.tokens);
    table.machines.sort_by_key(|score| score.tokens);
    table
}

/// The scores of a text by the two heads.
#[must_use]
pub(crate) fn head_scores(text: &Labelled, score: &OutOfFold) -> HeadScores {
    HeadScores {
        tokens: text.measurement.tokens as u32,
        assistant: score.fusion[0],
        sampled: score.fusion[1],
        words: score.words,
    }
}

/// The calibrations for judging each source.
#[must_use]
pub(crate) fn calibrations(texts: &[Labelled], fitted: &Fitted) -> BTreeMap<String, Calibration> {
    let of_source = |source: String| {
        let calibration = calibration_without(texts, fitted, Some(&source));
        (source, calibration)
    };
    sources(texts).into_par_iter().map(of_source).collect()
}

/// The calibration for judging one source: made of the others, or of all.
#[must_use]
pub(crate) fn calibration_without(texts: &[Labelled], fitted: &Fitted, source: Option<&str>) -> Calibration {
    Calibration::new(calibration_scores(texts, &fitted.scores, source), MARGIN)
}
