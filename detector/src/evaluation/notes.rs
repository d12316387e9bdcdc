//! What must be said beside the numbers: the checks of an evaluation that would rather be read than believed.

use super::cell::EvaluatedCell;
use super::text::ScoredText;
use super::thresholds::Thresholds;
use super::{Plan, RATES};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Units below which an interval over units is itself a guess.
const FEW_UNITS: usize = 20;

/// How much a note changes the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Information,
    /// The numbers flatter, or say less than they seem to.
    Warning,
}

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub severity: Severity,
    /// A sentence without full stop.
    pub text: String,
}

fn warning(text: String) -> Note {
    Note { severity: Severity::Warning, text }
}

/// What can be said before anything is computed.
pub(super) fn check(texts: &[ScoredText], plan: &Plan) -> Result<Vec<Note>> {
    if texts.is_empty() {
        return Err(Error::NothingToEvaluate { texts: 0 });
    }
    let mut notes = Vec::new();
    if let Some(split) = &plan.threshold_split {
        let own: Vec<&ScoredText> = texts.iter().filter(|text| text.split.as_ref() == Some(split)).collect();
        if !own.iter().any(|text| !text.is_machine()) {
            let mut found: Vec<String> = texts.iter().filter_map(|text| text.split.clone()).collect();
            found.sort();
            found.dedup();
            return Err(Error::NoSuchSplit { split: split.clone(), found: found.join(", ") });
        }
        shared(texts, split)?;
    }
    notes.extend(duplicates(texts));
    Ok(notes)
}

/// A text that stands on both sides of a split makes the thresholds know the test.
fn shared(texts: &[ScoredText], split: &str) -> Result<()> {
    let (mut ids, mut hashes) = (BTreeMap::new(), BTreeMap::new());
    for text in texts.iter().filter(|text| text.split.as_deref() == Some(split)) {
        ids.insert(text.id.as_str(), text);
        if text.hash != 0 {
            hashes.insert(text.hash, text);
        }
    }
    let twin = |text: &ScoredText| ids.get(text.id.as_str()).or_else(|| hashes.get(&text.hash)).copied();
    let others = texts.iter().filter(|text| text.split.as_deref() != Some(split));
    let mut found = others.filter_map(|text| Some((text, twin(text)?)));
    match found.next() {
        None => Ok(()),
        Some((text, twin)) => Err(Error::SharedTexts {
            split: split.to_owned(),
            count: 1 + found.count(),
            test: text.id.clone(),
            own: twin.id.clone(),
        }),
    }
}

fn duplicates(texts: &[ScoredText]) -> Vec<Note> {
    let (mut ids, mut hashes) = (BTreeMap::new(), BTreeMap::new());
    for text in texts {
        *ids.entry(text.id.as_str()).or_insert(0_usize) += 1;
        if text.hash != 0 {
            *hashes.entry(text.hash).or_insert(0_usize) += 1;
        }
    }
    let again = |counts: &mut dyn Iterator<Item = usize>| counts.map(|count| count - 1).sum::<usize>();
    let (ids, hashes) = (again(&mut ids.into_values()), again(&mut hashes.into_values()));
    let mut notes = Vec::new();
    if ids > 0 {
        notes.push(warning(format!("{ids} texts have the id of another; each is counted")));
    }
    if hashes > 0 {
        notes.push(warning(format!("{hashes} texts have the words of another; each is counted")));
    }
    notes
}

/// What can be said of the result.
pub(super) fn of_result(
    all: &EvaluatedCell,
    thresholds: &Thresholds,
    texts: &[&ScoredText],
    units: usize,
    plan: &Plan,
) -> Vec<Note> {
    let mut notes = Vec::new();
    if plan.threshold_split.is_none() {
        notes.push(warning(format!(
            "thresholds were taken from {}: realised rates are met by construction, and TPR flatters; name a split of \
             its own with `--threshold-split`",
            thresholds.origin
        )));
    }
    for (count, class) in [(all.humans, "human"), (all.machines, "machine")] {
        if count == 0 {
            notes.push(warning(format!("there are no {class} texts: whatever needs both classes is left empty")));
        }
    }
    for (missing, of, what) in [
        (
            all.humans_missing,
            all.humans,
            "human texts have no score: never called machine, which flatters the rate of false alarms",
        ),
        (all.machines_missing, all.machines, "machine texts have no score: counted as missed"),
    ] {
        if missing > 0 {
            notes.push(warning(format!("{missing} of {of} {what}")));
        }
    }
    let first = texts.iter().find_map(|text| text.score);
    if texts.len() > 1 && first.is_some() && texts.iter().all(|text| text.score.is_none() || text.score == first) {
        notes.push(warning("all scores are equal: there is no ranking, an AUROC of 0.5 means nothing here".to_owned()));
    }
    if all.auroc.is_some_and(|auroc| auroc < 0.5) {
        notes.push(warning("AUROC is below 0.5: are higher scores more human-like here?".to_owned()));
    }
    for (rate, threshold) in RATES.iter().zip(&thresholds.global) {
        if threshold.is_none() && thresholds.humans > 0 {
            notes.push(warning(format!(
                "a false-positive rate of {} % needs {} human texts, there are {}: left empty",
                rate * 100.0,
                (1.0 / rate).round(),
                thresholds.humans
            )));
        }
    }
    let small: Vec<String> = (thresholds.by_domain.iter())
        .filter(|(_, (_, rates))| rates[1].is_none())
        .map(|(domain, (humans, _))| format!("{domain} ({humans})"))
        .collect();
    if !small.is_empty() && thresholds.by_domain.len() > 1 {
        let (count, of) = (small.len(), thresholds.by_domain.len());
        let some = small.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
        let more = if count > 6 { " and more" } else { "" };
        notes.push(warning(format!(
            "{count} of {of} domains have fewer than 100 human texts for a threshold of their own at 1 %: {some}{more}"
        )));
    }
    if units < FEW_UNITS {
        notes.push(warning(format!("intervals draw {units} units ({}): so few make them rough", plan.unit)));
    }
    notes
}
