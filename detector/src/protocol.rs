//! How the detector does on what it does not know: models of a maker that was left out, human texts of a kind of writing that
//! was left out, one set of recent models by what was learned from another, texts of some length, texts that were changed
//! to mislead.
//!
//! Only the assistant head is trained, so only it is trained anew, and its scale is made anew without the group. The sampled head
//! is a fixed sum and keeps the scale it has without the source of the text. The human texts of the thresholds are judged by what
//! was trained without their source, as everywhere; the group itself took part in that.

use crate::attacks::Attack;
use crate::calibration::{Calibration, CalibrationScores};
use crate::evaluate::{Cell, Scored, Tables, Trial};
use crate::examples::{Example, Kind, stable_hash};
use crate::fit::{
    Fitted, Labelled, LabelledWords, OutOfFold, TASKS, calibrations, head_scores, train_base, train_fusion,
};
use crate::groups::{register, vendor};
use crate::heads::{HIDDEN, MARGIN, Measurement};
use crate::language::words;
use crate::logistic::FitError;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// The evidence that is compared in these tables.
const COMPARED: [&str; 6] = ["lexical", "style", "hidden", "assistant head", "two heads", "verdict"];

/// Groups with fewer texts than this are left.
const LEAST_TEXTS: usize = 25;

/// Sources of recent models, each also judged by what was learned from the other and no other machine text.
const RECENT: [&str; 2] = ["model-personality", "arguments"];

/// Parts of the human texts in the trials of [`RECENT`]: each is judged by what was trained without it.
const PARTS: u64 = 3;

/// Number of the assistant's task in [`TASKS`].
const ASSISTANT: usize = 0;

/// Lengths in tokens, and the factor around them that counts as such.
const LENGTHS: [u32; 5] = [50, 100, 200, 400, 800];
const AROUND: f64 = std::f64::consts::SQRT_2;

type Predicate<'a> = Box<dyn Fn(&Example) -> bool + Sync + Send + 'a>;

/// What a fold says of its texts.
struct Judged {
    /// Numbers of the texts that it judges, with their scores.
    own: Vec<(usize, OutOfFold)>,
    /// The out-of-fold scores of all texts on the scale of the fold.
    all: Vec<OutOfFold>,
}

/// A training of the assistant head, and what is judged by it.
struct Fold<'a> {
    axis: &'static str,
    group: String,
    trains: Predicate<'a>,
    judges: Predicate<'a>,
}

fn is_assistant(example: &Example) -> bool {
    example.kind == Some(Kind::Assistant)
}

fn vendor_of(example: &Example) -> Option<&'static str> {
    example.generator.as_deref().filter(|_| is_assistant(example)).and_then(vendor)
}

fn register_of(example: &Example) -> Option<&'static str> {
    if example.kind.is_none() { register(&example.domain) } else { None }
}

/// The groups that have enough texts.
fn groups(texts: &[Labelled], group: impl Fn(&Example) -> Option<&'static str>) -> Vec<&'static str> {
    let names: BTreeSet<&str> = texts.iter().filter_map(|text| group(&text.example)).collect();
    let enough = |name: &&str| texts.iter().filter(|text| group(&text.example) == Some(*name)).count() >= LEAST_TEXTS;
    names.into_iter().filter(enough).collect()
}

fn folds<'a>(texts: &[Labelled]) -> Vec<Fold<'a>> {
    let mut folds: Vec<Fold<'a>> = Vec::new();
    for name in groups(texts, vendor_of) {
        folds.push(Fold {
            axis: "vendor",
            group: name.to_owned(),
            trains: Box::new(move |example| vendor_of(example) != Some(name)),
            judges: Box::new(move |example| vendor_of(example) == Some(name)),
        });
    }
    for name in groups(texts, register_of) {
        folds.push(Fold {
            axis: "register",
            group: name.to_owned(),
            trains: Box::new(move |example| register_of(example) != Some(name)),
            judges: Box::new(move |example| register_of(example) == Some(name)),
        });
    }
    for (judged, learned) in [(RECENT[0], RECENT[1]), (RECENT[1], RECENT[0])] {
        if !RECENT.iter().all(|source| texts.iter().any(|text| text.example.source == *source)) {
            continue;
        }
        for part in 0..PARTS {
            let held_out =
                move |example: &Example| stable_hash(&[&example.source], 0) % PARTS == part && example.kind.is_none();
            folds.push(Fold {
                axis: "recent",
                group: format!("{judged}, learned from {learned}"),
                trains: Box::new(
                    move |example| {
                        if example.kind.is_some() { example.source == learned } else { !held_out(example) }
                    },
                ),
                judges: Box::new(move |example| {
                    held_out(example) || example.source == judged && example.origin % PARTS == part
                }),
            });
        }
    }
    // what leaves only one class to learn from cannot be left out
    let kinds = |fold: &Fold<'_>| {
        let trained = texts.iter().map(|text| &text.example).filter(|example| (fold.trains)(example));
        let trained = trained.filter(|example| example.kind.is_none() || is_assistant(example));
        trained.map(|example| example.kind.is_some()).collect::<BTreeSet<bool>>().len()
    };
    folds.retain(|fold| kinds(fold) == 2);
    folds
}

/// How many trainings [`leave_groups_out`] does.
#[must_use]
pub fn trainings(texts: &[Labelled]) -> usize {
    folds(texts).len()
}

/// The table of makers, kinds of writing, recent models and lengths. `done` is told after each training.
///
/// # Errors
/// When a head cannot be fitted.
pub fn leave_groups_out(
    words: &[LabelledWords],
    texts: &[Labelled],
    fitted: &Fitted,
    seed: u64,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Cell>, FitError> {
    let folds = folds(texts);
    let rows: Vec<Vec<f32>> =
        texts.iter().zip(&fitted.scores).map(|(text, score)| score.row(ASSISTANT, text)).collect();
    let judged: Vec<Judged> = folds
        .par_iter()
        .map(|fold| {
            let judges: Vec<usize> = (0..texts.len()).filter(|&index| (fold.judges)(&texts[index].example)).collect();
            let banned: BTreeSet<u64> = judges.iter().map(|&index| texts[index].example.origin).collect();
            let wanted = |example: &Example| (fold.trains)(example) && !banned.contains(&example.origin);
            let base = train_base(TASKS[ASSISTANT], fitted.reader, words, texts, &wanted, seed)?;
            let [fusion, _] = train_fusion(TASKS[ASSISTANT], fitted.reader, texts, &rows, &wanted)?;
            let judge = |index: usize, row: &[f32]| {
                let mut score = fitted.scores[index];
                score.take(ASSISTANT, row);
                score.fusion[ASSISTANT] = fusion.score(row) as f32;
                score.words = fusion.score_without(row, HIDDEN) as f32;
                score
            };
            let own = judges.into_iter().map(|index| (index, judge(index, &base.row(&texts[index].measurement))));
            let judged = Judged {
                own: own.collect(),
                all: rows.iter().enumerate().map(|(index, row)| judge(index, row)).collect(),
            };
            done();
            Ok(judged)
        })
        .collect::<Result<_, FitError>>()?;
    let mut trials: Vec<(&'static str, &str, Judged)> = Vec::new();
    for (fold, judged) in folds.iter().zip(judged) {
        match trials.last_mut() {
            Some((axis, group, first)) if (*axis, *group) == (fold.axis, fold.group.as_str()) => {
                first.own.extend(judged.own);
            }
            _ => trials.push((fold.axis, &fold.group, judged)),
        }
    }
    let mut cells: Vec<Cell> =
        trials.par_iter().flat_map_iter(|(axis, group, judged)| group_cells(axis, group, judged, texts)).collect();
    cells.extend(length_cells(texts, fitted));
    Ok(cells)
}

/// Human texts that were judged in the trial itself give the thresholds where there are machine texts too; else all that
/// are not of the group.
fn group_cells(axis: &'static str, group: &str, judged: &Judged, texts: &[Labelled]) -> Vec<Cell> {
    let Judged { own: judged, all: scores } = judged;
    let of_trial: BTreeSet<usize> = judged.iter().map(|(index, _)| *index).collect();
    let is_human = |index: usize| texts[index].example.kind.is_none();
    let [mut own, mut others]: [Vec<Scored<'_>>; 2] = [Vec::new(), Vec::new()];
    let both = judged.iter().any(|(index, _)| is_human(*index)) && judged.iter().any(|(index, _)| !is_human(*index));
    for (index, score) in judged {
        let list = if both && is_human(*index) { &mut others } else { &mut own };
        list.push((&texts[*index], score));
    }
    if !both {
        let rest = (0..texts.len()).filter(|index| is_human(*index) && !of_trial.contains(index));
        others.extend(rest.map(|index| (&texts[index], &scores[index])));
    }
    let machines = (0..texts.len()).filter(|&index| !is_human(index) && !of_trial.contains(&index));
    let mut table = CalibrationScores {
        humans: others.iter().map(|(text, score)| head_scores(text, score)).collect(),
        machines: machines.map(|index| head_scores(&texts[index], &scores[index])).collect(),
    };
    table.humans.sort_by_key(|score| score.tokens);
    table.machines.sort_by_key(|score| score.tokens);
    let calibration = Calibration::new(table, MARGIN);
    let trial = Trial { axis, group, own: &own, others: &others, tables: Tables::One(&calibration) };
    COMPARED.iter().map(|&evidence| trial.cell(evidence, ASSISTANT)).collect()
}

/// Texts of about some length, each judged without its source. The thresholds of scores are of the human texts of this length
/// themselves, so what exceeds them says nothing.
fn length_cells(texts: &[Labelled], fitted: &Fitted) -> Vec<Cell> {
    let calibrations = calibrations(texts, fitted);
    let mut cells = Vec::new();
    for length in LENGTHS {
        let [least, most] = [f64::from(length) / AROUND, f64::from(length) * AROUND];
        let near = |text: &Labelled| (least..most).contains(&(text.measurement.tokens as f64));
        let own: Vec<Scored<'_>> = texts.iter().zip(&fitted.scores).filter(|(text, _)| near(text)).collect();
        if own.len() < LEAST_TEXTS {
            continue;
        }
        let group = format!("{least:.0}-{most:.0} tokens");
        let tables = Tables::BySource(&calibrations);
        let trial = Trial { axis: "length", group: &group, own: &own, others: &own, tables };
        cells.push(Cell { fpr: [None, None], ..trial.cell("two heads", ASSISTANT) });
        cells.push(trial.cell("verdict", ASSISTANT));
    }
    cells
}

/// A text that was changed.
#[derive(Debug, Clone)]
pub struct Attacked {
    /// What was done to it; `None` for the text as it was.
    pub attack: Option<Attack>,
    /// Number of the text it was made of.
    pub index: usize,
    /// The changed text, not normalised.
    pub text: String,
}

/// At most so many machine and human texts of each source under each attack; a choice that depends on nothing but the texts.
#[must_use]
pub fn attacked(texts: &[Labelled], most: usize) -> Vec<Attacked> {
    let humans: Vec<(&Example, usize)> = texts
        .iter()
        .filter(|text| text.example.kind.is_none())
        .map(|text| (&text.example, words(&text.example.text).count()))
        .collect();
    let mut order: Vec<(&str, bool, u64, usize)> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let example = &text.example;
            (example.source.as_str(), example.kind.is_some(), stable_hash(&[&example.text], 1), index)
        })
        .collect();
    order.sort_unstable();
    let mut changed = Vec::new();
    for cell in order.chunk_by(|left, right| (left.0, left.1) == (right.0, right.1)) {
        for &(.., random, index) in cell.iter().take(most) {
            let text = &texts[index].example.text;
            let human = human_for(&texts[index].example, &humans, random);
            for attack in Attack::ALL {
                changed.push(Attacked { attack: Some(attack), index, text: attack.apply(text, human) });
            }
            changed.push(Attacked { attack: None, index, text: text.clone() });
        }
    }
    changed
}

/// A human text, long enough to give a quarter of this one: of the same source, which what judges it was trained without, where
/// that has one, else of any.
fn human_for<'a>(example: &Example, humans: &[(&'a Example, usize)], random: u64) -> &'a str {
    let wanted = words(&example.text).count() / 4 + 1;
    let start = random as usize % humans.len().max(1);
    let long_enough = || humans[start..].iter().chain(&humans[..start]).filter(|(_, words)| *words >= wanted);
    let of_source = long_enough().find(|(human, _)| human.source == example.source && human.origin != example.origin);
    of_source.or_else(|| long_enough().next()).map_or("", |(human, _)| human.text.as_str())
}

/// The table of attacks: each text by what was trained without its source, against thresholds from human texts as they were.
#[must_use]
pub fn attack_cells(texts: &[Labelled], fitted: &Fitted, measured: Vec<(Attacked, Measurement)>) -> Vec<Cell> {
    let calibrations = calibrations(texts, fitted);
    let others: Vec<Scored<'_>> =
        texts.iter().zip(&fitted.scores).filter(|(text, _)| text.example.kind.is_none()).collect();
    let judged: Vec<(Option<Attack>, Labelled, OutOfFold)> = measured
        .into_par_iter()
        .map(|(attacked, measurement)| {
            let example = texts[attacked.index].example.clone();
            let score = fitted.folds.score(&example.source, &measurement);
            (attacked.attack, Labelled { example, measurement }, score)
        })
        .collect();
    let mut cells = Vec::new();
    for attack in [None].into_iter().chain(Attack::ALL.map(Some)) {
        let of_attack = judged.iter().filter(|(of, ..)| *of == attack);
        let own: Vec<Scored<'_>> = of_attack.map(|(_, text, score)| (text, score)).collect();
        let group = attack.map_or("none", Attack::name);
        let tables = Tables::BySource(&calibrations);
        let trial = Trial { axis: "attack", group, own: &own, others: &others, tables };
        cells.extend(["lexical", "two heads", "verdict"].map(|evidence| trial.cell(evidence, ASSISTANT)));
    }
    cells
}
