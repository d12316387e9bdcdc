//! Leave one source out: how each kind of evidence does on sources that nothing was trained on.
//!
//! Thresholds come from the human texts of the *other* sources. AUROC is against the source's own human texts where it has at
//! least 100, else against those of all other sources.

use crate::calibration::Calibration;
use crate::detector::Options;
use crate::examples::Example;
use crate::fit::{Fitted, Labelled, OutOfFold, calibration_without, head_scores, origins_of, sources};
use crate::metrics::{auroc, rate_above, threshold_at_fpr};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The kinds of evidence that are compared.
pub const EVIDENCE: [&str; 10] = [
    "lexical",
    "style",
    "likelihood",
    "hidden",
    "one head",
    "two heads",
    "assistant head",
    "sampled head",
    "fast",
    "verdict",
];

/// Own human texts from which on AUROC is against them.
const OWN_HUMANS: usize = 100;

/// One row of a table: what was left out, a kind of evidence, and how it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What was left out or done: `source`, `vendor`, `register`, ...
    pub axis: &'static str,
    /// Which one.
    pub group: String,
    /// One of [`EVIDENCE`].
    pub evidence: &'static str,
    /// Human texts of the group.
    pub humans: usize,
    /// Machine texts of the group.
    pub machines: usize,
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
    /// Share of machine texts found at the thresholds that 1 % and 5 % of the other human texts exceed.
    pub tpr: [Option<f64>; 2],
    /// Share of the group's human texts above the same thresholds.
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
pub fn leave_one_source_out(texts: &[Labelled], fitted: &Fitted) -> Vec<Cell> {
    sources(texts).par_iter().flat_map_iter(|source| source_cells(source, texts, fitted)).collect()
}

fn source_cells(source: &str, texts: &[Labelled], fitted: &Fitted) -> Vec<Cell> {
    let twins = origins_of(Some(source), texts.iter().map(|text| &text.example));
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for scored in texts.iter().zip(&fitted.scores) {
        if scored.0.example.source == source {
            own.push(scored);
        } else if scored.0.example.kind.is_none() && !twins.contains(&scored.0.example.origin) {
            others.push(scored);
        }
    }
    let calibration = calibration_without(texts, fitted, Some(source));
    let tables = Tables::One(&calibration);
    let trial = Trial { axis: "source", group: source, own: &own, others: &others, tables };
    let fast = calibration.clone().fast();
    let in_a_hurry = Trial { tables: Tables::One(&fast), ..trial };
    let of = |evidence| if evidence == "fast" { &in_a_hurry } else { &trial };
    EVIDENCE.iter().map(|&evidence| of(evidence).cell(evidence, 2)).collect()
}

/// The shares of human and of machine texts that the model reads where words are asked first, by a table that knows their sources.
#[must_use]
pub fn read_when_fast(texts: &[Labelled], fitted: &Fitted) -> [f64; 2] {
    let calibration = calibration_without(texts, fitted, None).fast();
    [false, true].map(|machine| {
        let of_class = || texts.iter().zip(&fitted.scores).filter(|(text, _)| text.example.kind.is_some() == machine);
        let read = of_class().map(|(text, score)| head_scores(text, score));
        let read = read.filter(|score| calibration.clear(score.tokens, score.words).is_none()).count();
        read as f64 / of_class().count().max(1) as f64
    })
}

/// Texts and their scores.
pub(crate) type Scored<'a> = (&'a Labelled, &'a OutOfFold);

/// Which table judges a text.
#[derive(Clone, Copy)]
pub(crate) enum Tables<'a> {
    /// The same for all.
    One(&'a Calibration),
    /// The one that was made without its source.
    BySource(&'a BTreeMap<String, Calibration>),
}

impl<'a> Tables<'a> {
    fn of(self, example: &Example) -> &'a Calibration {
        match self {
            Self::One(calibration) => calibration,
            Self::BySource(calibrations) => &calibrations[&example.source],
        }
    }
}

/// Texts that were judged by what had not seen their like.
#[derive(Clone, Copy)]
pub(crate) struct Trial<'a> {
    pub(crate) axis: &'static str,
    pub(crate) group: &'a str,
    /// The texts judged.
    pub(crate) own: &'a [Scored<'a>],
    /// Human texts that give the thresholds.
    pub(crate) others: &'a [Scored<'a>],
    /// What gives the verdicts.
    pub(crate) tables: Tables<'a>,
}

impl Trial<'_> {
    /// How one kind of evidence did; that of single kinds as it was trained for the task of this number.
    pub(crate) fn cell(&self, evidence: &'static str, task: usize) -> Cell {
        if evidence == "verdict" { self.verdict_cell() } else { self.score_cell(evidence, task) }
    }

    fn value(&self, evidence: &str, task: usize, (text, score): Scored<'_>) -> f64 {
        match evidence {
            "lexical" => f64::from(score.lexical[task]),
            "likelihood" => f64::from(score.likelihood[task]),
            "hidden" => f64::from(score.probe[task]),
            "style" => f64::from(score.style[task]),
            "one head" => f64::from(score.fusion[2]),
            "assistant head" => f64::from(score.fusion[0]),
            "sampled head" => f64::from(score.fusion[1]),
            _ => self.tables.of(&text.example).combined(&head_scores(text, score)).1,
        }
    }

    fn score_cell(&self, evidence: &'static str, task: usize) -> Cell {
        let values = |texts: &[Scored<'_>], machine: bool| -> Vec<f64> {
            let wanted = texts.iter().filter(|(text, _)| text.example.kind.is_some() == machine);
            wanted.map(|&scored| self.value(evidence, task, scored)).collect()
        };
        let [own_humans, machines] = [false, true].map(|machine| values(self.own, machine));
        let other_humans = values(self.others, false);
        let thresholds = [0.01, 0.05].map(|fpr| threshold_at_fpr(&other_humans, fpr));
        let rates = |values: &[f64]| thresholds.map(|threshold| rate_above(values, threshold?));
        let against = if own_humans.len() >= OWN_HUMANS { &own_humans } else { &other_humans };
        Cell {
            axis: self.axis,
            group: self.group.to_owned(),
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
    fn verdict_cell(&self) -> Cell {
        let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
        for (text, score) in self.own {
            let machine = text.example.kind.is_some();
            let calibration = self.tables.of(&text.example);
            let scores = head_scores(text, score);
            let (_, combined) = calibration.combined(&scores);
            let called_machine =
                |fpr| calibration.calls_machine(&calibration.humans(scores.tokens, combined, fpr), fpr);
            let verdict = if called_machine(Options::default().fpr) {
                "machine"
            } else if calibration.machines(scores.tokens, combined).call_human() {
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
            axis: self.axis,
            group: self.group.to_owned(),
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
}

/// The mean over groups of a column, for one kind of evidence.
#[must_use]
pub fn mean(cells: &[Cell], evidence: &str, column: impl Fn(&Cell) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = cells.iter().filter(|cell| cell.evidence == evidence).filter_map(column).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
