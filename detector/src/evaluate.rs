//! Leave one source out: how each kind of evidence does on sources that nothing was trained on.
//!
//! Thresholds come from the human texts of the *other* sources. AUROC is against the source's own human texts where it has at
//! least 100, else against those of all other sources.

use crate::calibration::Calibration;
use crate::detector::{MISSED_MACHINES, Options};
use crate::fit::{Labelled, OutOfFold, calibration_without, head_scores, sources};
use crate::metrics::{auroc, rate_above, threshold_at_fpr};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The kinds of evidence that are compared.
pub const EVIDENCE: [&str; 8] =
    ["lexical", "likelihood", "hidden", "one head", "two heads", "assistant head", "sampled head", "verdict"];

/// Own human texts from which on AUROC is against them.
const OWN_HUMANS: usize = 100;

/// One row of the table: a source, a kind of evidence, and how it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The source that was left out.
    pub source: String,
    /// One of [`EVIDENCE`].
    pub evidence: &'static str,
    /// Human texts of the source.
    pub humans: usize,
    /// Machine texts of the source.
    pub machines: usize,
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
    /// Share of machine texts found at the thresholds that 1 % and 5 % of other sources' humans exceed.
    pub tpr: [Option<f64>; 2],
    /// Share of the source's human texts above the same thresholds.
    pub fpr: [Option<f64>; 2],
    /// Share of human texts for which no verdict is given; `verdict` only.
    pub humans_undecided: Option<f64>,
    /// Share of machine texts for which no verdict is given; `verdict` only.
    pub machines_undecided: Option<f64>,
    /// Share of machine texts that are called human; `verdict` only.
    pub machines_called_human: Option<f64>,
}

/// The table of all sources.
#[must_use]
pub fn leave_one_source_out(texts: &[Labelled], scores: &[OutOfFold]) -> Vec<Cell> {
    sources(texts).par_iter().flat_map_iter(|source| source_cells(source, texts, scores)).collect()
}

fn source_cells(source: &str, texts: &[Labelled], scores: &[OutOfFold]) -> Vec<Cell> {
    let calibration = calibration_without(texts, scores, source);
    EVIDENCE
        .iter()
        .map(|&evidence| match evidence {
            "verdict" => verdict_cell(source, texts, scores, &calibration),
            _ => score_cell(source, evidence, texts, scores, &calibration),
        })
        .collect()
}

fn value(evidence: &str, text: &Labelled, score: &OutOfFold, calibration: &Calibration) -> f64 {
    match evidence {
        "lexical" => f64::from(score.lexical[2]),
        "likelihood" => f64::from(score.likelihood[2]),
        "hidden" => f64::from(score.probe[2]),
        "one head" => f64::from(score.fusion[2]),
        "assistant head" => f64::from(score.fusion[0]),
        "sampled head" => f64::from(score.fusion[1]),
        _ => calibration.combined(&head_scores(text, score)).1,
    }
}

fn score_cell(
    source: &str,
    evidence: &'static str,
    texts: &[Labelled],
    scores: &[OutOfFold],
    calibration: &Calibration,
) -> Cell {
    let (mut own_humans, mut other_humans, mut machines) = (Vec::new(), Vec::new(), Vec::new());
    for (text, score) in texts.iter().zip(scores) {
        let value = value(evidence, text, score, calibration);
        match (text.example.kind, text.example.source == source) {
            (None, true) => own_humans.push(value),
            (None, false) => other_humans.push(value),
            (Some(_), true) => machines.push(value),
            (Some(_), false) => {}
        }
    }
    let thresholds = [0.01, 0.05].map(|fpr| threshold_at_fpr(&other_humans, fpr));
    let rates = |values: &[f64]| thresholds.map(|threshold| rate_above(values, threshold?));
    let against = if own_humans.len() >= OWN_HUMANS { &own_humans } else { &other_humans };
    Cell {
        source: source.to_owned(),
        evidence,
        humans: own_humans.len(),
        machines: machines.len(),
        auroc: auroc(against, &machines),
        tpr: rates(&machines),
        fpr: rates(&own_humans),
        humans_undecided: None,
        machines_undecided: None,
        machines_called_human: None,
    }
}

/// The verdicts themselves: *machine* stands under 1 %, and *machine* at `--fpr 0.05` under 5 %.
fn verdict_cell(source: &str, texts: &[Labelled], scores: &[OutOfFold], calibration: &Calibration) -> Cell {
    let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for (text, score) in texts.iter().zip(scores).filter(|(text, _)| text.example.source == source) {
        let machine = text.example.kind.is_some();
        let scores = head_scores(text, score);
        let (_, combined) = calibration.combined(&scores);
        let called_machine = |fpr| calibration.calls_machine(&calibration.humans(scores.tokens, combined, fpr), fpr);
        let verdict = if called_machine(Options::default().fpr) {
            "machine"
        } else if calibration.machines(scores.tokens, combined).p_value() <= MISSED_MACHINES {
            "human"
        } else {
            "undecided"
        };
        *counts.entry((machine, verdict)).or_default() += 1;
        *counts.entry((machine, "all")).or_default() += 1;
        *counts.entry((machine, "machine at 5 %")).or_default() += usize::from(called_machine(0.05));
    }
    let count = |machine, verdict| counts.get(&(machine, verdict)).copied().unwrap_or(0);
    let share = |machine, verdict| {
        let all = count(machine, "all");
        (all > 0).then(|| count(machine, verdict) as f64 / all as f64)
    };
    Cell {
        source: source.to_owned(),
        evidence: "verdict",
        humans: count(false, "all"),
        machines: count(true, "all"),
        auroc: None,
        tpr: [share(true, "machine"), share(true, "machine at 5 %")],
        fpr: [share(false, "machine"), share(false, "machine at 5 %")],
        humans_undecided: share(false, "undecided"),
        machines_undecided: share(true, "undecided"),
        machines_called_human: share(true, "human"),
    }
}

/// The mean over sources of a column, for one kind of evidence.
#[must_use]
pub fn mean(cells: &[Cell], evidence: &str, column: impl Fn(&Cell) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = cells.iter().filter(|cell| cell.evidence == evidence).filter_map(column).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
