//! The evaluation of any detector from the scores it gave: finished numbers, and everything a reader must be told about them.
//!
//! Nothing is dropped and nothing is silent: missing scores are misses, thresholds name the texts they were taken from,
//! rates that the number of texts cannot show are left empty and said to be. `cell` holds the numbers of one stratum,
//! `thresholds` the cuts, `notes` the checks, `curves` what is drawn, `compare` two detectors on the same texts.
//! Sources: Dugan et al. 2024 (RAID: thresholds at a fixed FPR by domain), Efron and Tibshirani 1993 (paired bootstrap).

mod cell;
mod compare;
mod curves;
mod notes;
mod stratum;
mod text;
mod thresholds;

pub use cell::{EvaluatedCell, Share, Verdicts};
pub use compare::{Comparison, Difference, compare};
pub use curves::{Curves, Histogram, Promise, RankShares};
pub use notes::{Note, Severity};
pub use stratum::{LENGTH_BINS, Stratum};
pub use text::{NUMBERS, ScoredText};
pub use thresholds::Thresholds;

use crate::error::{Error, Result};
use crate::metrics::{Grouped, Resampling, quantile_interval};
use cell::{Numbered, Setting};
use std::collections::BTreeMap;

/// The false-positive rates at which detectors are compared.
pub const RATES: [f64; 3] = [0.05, 0.01, 0.001];
/// Texts of a class from which on a cell may be called the worst.
const ENOUGH_FOR_WORST: usize = 20;

/// How often units are drawn, and with which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resamples {
    /// Draws.
    pub number: usize,
    /// Same seed, same intervals.
    pub seed: u64,
}

/// How to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The split whose human texts give the thresholds and are not evaluated; `None`: the evaluated texts themselves.
    pub threshold_split: Option<String>,
    /// For the intervals.
    pub resamples: Resamples,
    /// What a unit is, in words.
    pub unit: String,
}

/// A cell that does worst in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Worst {
    /// In which way.
    pub what: &'static str,
    /// Number of the cell in [`Evaluation::cells`].
    pub cell: usize,
    /// Its value there.
    pub value: f64,
}

/// A finished evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// How it was made.
    pub plan: Plan,
    /// What must be known to read the numbers.
    pub notes: Vec<Note>,
    /// The cuts.
    pub thresholds: Thresholds,
    /// All texts first, then stratum by stratum.
    pub cells: Vec<EvaluatedCell>,
    /// The 95 % interval of the TPR of all texts at each of [`RATES`], by drawing units and taking the threshold anew.
    pub tpr_interval: [Option<(f64, f64)>; 3],
    /// The worst cells.
    pub worst: Vec<Worst>,
    /// What is drawn.
    pub curves: Curves,
    /// Units among the evaluated texts.
    pub units: usize,
}

impl Evaluation {
    /// The cell of all texts.
    #[must_use]
    pub fn all(&self) -> &EvaluatedCell {
        &self.cells[0]
    }

    /// The cells of a stratum.
    pub fn of(&self, stratum: Stratum) -> impl Iterator<Item = &EvaluatedCell> {
        self.cells.iter().filter(move |cell| cell.stratum == stratum)
    }

    /// Evaluates texts. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// Without texts, without the split the thresholds are to come from, or when that split shares texts with the others.
    pub fn new(texts: &[ScoredText], plan: Plan) -> Result<Self> {
        let mut notes = notes::check(texts, &plan)?;
        let is_own = |text: &&ScoredText| plan.threshold_split.is_some() && text.split == plan.threshold_split;
        let evaluated: Vec<&ScoredText> = texts.iter().filter(|text| !is_own(text)).collect();
        if evaluated.is_empty() {
            return Err(Error::NothingToEvaluate { texts: texts.len() });
        }
        let thresholds = match &plan.threshold_split {
            Some(split) => {
                let origin = format!("the human texts of the split `{split}`");
                Thresholds::of(texts.iter().filter(is_own), origin)
            }
            None => {
                let origin = "the evaluated human texts themselves".to_owned();
                Thresholds::of(evaluated.iter().copied(), origin)
            }
        };
        let (numbered, units) = number_units(&evaluated);
        let setting = Setting { thresholds: &thresholds, resamples: plan.resamples };
        let cells: Vec<EvaluatedCell> =
            Stratum::EVERY.into_iter().flat_map(|stratum| cell::cells(stratum, &numbered, &setting)).collect();
        notes.extend(notes::of_result(&cells[0], &thresholds, &evaluated, units, &plan));
        let worst = worst(&cells);
        let tpr_interval = tpr_intervals(&numbered, plan.resamples);
        let curves = Curves::of(&evaluated);
        Ok(Self { notes, thresholds, worst, tpr_interval, curves, units, cells, plan })
    }
}

/// Numbers the units in the order of their names; a text without one is one of its own.
fn number_units<'a>(texts: &[&'a ScoredText]) -> (Vec<Numbered<'a>>, usize) {
    let mut names = BTreeMap::new();
    for text in texts {
        if let Some(unit) = &text.unit {
            names.entry(unit.as_str()).or_insert(0_u32);
        }
    }
    let mut next = 0_u32;
    for number in names.values_mut() {
        *number = next;
        next += 1;
    }
    let number = |text: &&'a ScoredText| {
        let unit = match &text.unit {
            Some(unit) => names[unit.as_str()],
            None => {
                next += 1;
                next - 1
            }
        };
        Numbered { text, unit }
    };
    let numbered = texts.iter().map(number).collect();
    (numbered, next as usize)
}

fn tpr_intervals(texts: &[Numbered<'_>], resamples: Resamples) -> [Option<(f64, f64)>; 3] {
    let of = |machine: bool| texts.iter().filter(move |text| text.text.is_machine() == machine);
    let scores = |machine: bool| of(machine).map(|text| text.text.called()).collect::<Vec<f64>>();
    let units = |machine: bool| of(machine).map(|text| text.unit).collect::<Vec<u32>>();
    let (human, machine) = (scores(false), scores(true));
    let grouped =
        Grouped { human: &human, machine: &machine, human_groups: &units(false), machine_groups: &units(true) };
    let draws = Resampling { resamples: resamples.number, seed: resamples.seed, rates: &RATES }.of(grouped);
    let draws = draws.unwrap_or_default();
    [0, 1, 2].map(|rate| {
        // Where the texts at hand cannot show the rate, a draw that happens to hold more human texts cannot either.
        crate::metrics::threshold_at_fpr(&human, RATES[rate])?;
        quantile_interval(draws.iter().filter_map(|draw| draw.tpr[rate]).collect(), 0.95)
    })
}

/// The worst cell by AUROC, by TPR and by realised FPR at 1 % (5 % where 1 % cannot be shown), of those with enough texts.
fn worst(cells: &[EvaluatedCell]) -> Vec<Worst> {
    let rate = usize::from(cells[0].tpr[1].of > 0 || cells[0].fpr[1].of > 0);
    let names = [["TPR at 5 % FPR", "realised FPR at 5 %"], ["TPR at 1 % FPR", "realised FPR at 1 %"]][rate];
    let least = |what, value: &dyn Fn(&EvaluatedCell) -> Option<f64>, sign: f64| {
        let of_cell = |(cell, row): (usize, &EvaluatedCell)| value(row).map(|value| Worst { what, cell, value });
        let found = cells.iter().enumerate().skip(1).filter_map(of_cell);
        found.min_by(|left, right| (sign * left.value).total_cmp(&(sign * right.value)))
    };
    let enough = |share: Share| share.rate().filter(|_| share.of >= ENOUGH_FOR_WORST);
    let auroc = |cell: &EvaluatedCell| {
        cell.auroc.filter(|_| cell.machines >= ENOUGH_FOR_WORST && cell.humans_compared >= ENOUGH_FOR_WORST)
    };
    [
        least("AUROC", &auroc, 1.0),
        least(names[0], &|cell| enough(cell.tpr[rate]), 1.0),
        least(names[1], &|cell| enough(cell.fpr[rate]), -1.0),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
