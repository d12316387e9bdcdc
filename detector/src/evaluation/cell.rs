//! One cell of an evaluation: how a detector does on the texts of one source, domain, generator, ...

use super::Resamples;
use super::stratum::Stratum;
use super::text::ScoredText;
use super::thresholds::Thresholds;
use crate::detector::Verdict;
use crate::metrics::{Grouped, Resampling, Z_95, auroc, average_precision, brier, quantile_interval, wilson};

/// A share that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// How many are meant.
    pub part: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    /// The share; `None` of nothing.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.of > 0).then(|| self.part as f64 / self.of as f64)
    }

    /// Wilson's 95 % interval.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        wilson(self.part, self.of, Z_95)
    }

    fn count(&mut self, is_meant: bool) {
        self.part += usize::from(is_meant);
        self.of += 1;
    }
}

/// How many texts of one class got which answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdicts {
    /// Called machine.
    pub machine: usize,
    /// Called human.
    pub human: usize,
    /// No answer.
    pub undecided: usize,
}

impl Verdicts {
    /// The share called machine.
    #[must_use]
    pub fn called_machine(&self) -> Share {
        Share { part: self.machine, of: self.machine + self.human + self.undecided }
    }

    /// The share that got an answer.
    #[must_use]
    pub fn decided(&self) -> Share {
        Share { part: self.machine + self.human, ..self.called_machine() }
    }

    fn count(&mut self, verdict: Option<Verdict>) {
        match verdict {
            Some(Verdict::Machine) => self.machine += 1,
            Some(Verdict::Human) => self.human += 1,
            Some(Verdict::Undecided) => self.undecided += 1,
            None => {}
        }
    }
}

/// The finished numbers of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatedCell {
    /// By what it was cut.
    pub stratum: Stratum,
    /// Which one it is.
    pub value: String,
    /// Human texts in it.
    pub humans: usize,
    /// Machine texts in it.
    pub machines: usize,
    /// Human texts without a score.
    pub humans_missing: usize,
    /// Machine texts without a score.
    pub machines_missing: usize,
    /// Human texts that the AUROC is against: its own, or all where it has none.
    pub humans_compared: usize,
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
    /// Its 95 % interval, by drawing units.
    pub auroc_interval: Option<(f64, f64)>,
    /// Average precision; chance is the share of machine texts.
    pub average_precision: Option<f64>,
    /// At each of [`super::RATES`]: machine texts above the one threshold for all.
    pub tpr: [Share; 3],
    /// The same with the threshold of the text's domain; texts of a domain with too few humans are not counted.
    pub tpr_by_domain: [Share; 3],
    /// Human texts above the one threshold for all: the realised false-positive rate.
    pub fpr: [Share; 3],
    /// Mean squared error of the probabilities, where the detector gives them.
    pub brier: Option<f64>,
    /// Answers to human texts.
    pub human_verdicts: Verdicts,
    /// Answers to machine texts.
    pub machine_verdicts: Verdicts,
}

/// The cells of a stratum in order: by name, lengths by number.
pub(super) fn cells(stratum: Stratum, texts: &[Numbered<'_>], rest: &Setting<'_>) -> Vec<EvaluatedCell> {
    let mut members: std::collections::BTreeMap<(usize, String), Vec<&Numbered<'_>>> = Default::default();
    for text in texts {
        if let Some(key) = stratum.cell_of(text.text) {
            members.entry(key).or_default().push(text);
        }
    }
    members.into_iter().map(|((_, value), members)| evaluate(stratum, value, &members, texts, rest)).collect()
}

/// A text and the number of its unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered<'a> {
    pub(super) text: &'a ScoredText,
    pub(super) unit: u32,
}

/// What is the same for all cells.
pub(super) struct Setting<'a> {
    pub(super) thresholds: &'a Thresholds,
    pub(super) resamples: Resamples,
}

fn evaluate(
    stratum: Stratum,
    value: String,
    members: &[&Numbered<'_>],
    all: &[Numbered<'_>],
    setting: &Setting<'_>,
) -> EvaluatedCell {
    let (machines, humans): (Vec<&Numbered<'_>>, Vec<&Numbered<'_>>) =
        members.iter().copied().partition(|text| text.text.is_machine());
    let compared: Vec<&Numbered<'_>> =
        if humans.is_empty() { all.iter().filter(|text| !text.text.is_machine()).collect() } else { humans.clone() };
    let ranked = |texts: &[&Numbered<'_>]| texts.iter().map(|text| text.text.called()).collect::<Vec<f64>>();
    let units = |texts: &[&Numbered<'_>]| texts.iter().map(|text| text.unit).collect::<Vec<u32>>();
    let missing = |texts: &[&Numbered<'_>]| texts.iter().filter(|text| text.text.score.is_none()).count();
    let (human, machine) = (ranked(&compared), ranked(&machines));
    let grouped = Grouped {
        human: &human,
        machine: &machine,
        human_groups: &units(&compared),
        machine_groups: &units(&machines),
    };
    let resampling = Resampling { resamples: setting.resamples.number, seed: setting.resamples.seed, rates: &[] };
    let areas = resampling.of(grouped).map(|draws| draws.into_iter().filter_map(|draw| draw.auroc).collect());
    let (mut tpr, mut tpr_by_domain, mut fpr) = ([Share::default(); 3], [Share::default(); 3], [Share::default(); 3]);
    for (rate, by_domain) in tpr_by_domain.iter_mut().enumerate() {
        let global = setting.thresholds.global[rate];
        for text in members {
            let score = text.text.called();
            if let Some(threshold) = global {
                let shares = if text.text.is_machine() { &mut tpr } else { &mut fpr };
                shares[rate].count(score >= threshold);
            }
            let threshold = setting.thresholds.of_domain(text.text, rate);
            if let Some(threshold) = threshold.filter(|_| text.text.is_machine()) {
                by_domain.count(score >= threshold);
            }
        }
    }
    let (mut human_verdicts, mut machine_verdicts) = (Verdicts::default(), Verdicts::default());
    humans.iter().for_each(|text| human_verdicts.count(text.text.verdict));
    machines.iter().for_each(|text| machine_verdicts.count(text.text.verdict));
    let probabilities: Option<Vec<f64>> = members.iter().map(|text| text.text.probability).collect();
    let labels: Vec<bool> = members.iter().map(|text| text.text.is_machine()).collect();
    EvaluatedCell {
        stratum,
        value,
        humans: humans.len(),
        machines: machines.len(),
        humans_missing: missing(&humans),
        machines_missing: missing(&machines),
        humans_compared: compared.len(),
        auroc: auroc(&human, &machine),
        auroc_interval: areas.and_then(|areas| quantile_interval(areas, 0.95)),
        average_precision: average_precision(&human, &machine),
        tpr,
        tpr_by_domain,
        fpr,
        brier: probabilities.and_then(|probabilities| brier(&probabilities, &labels)),
        human_verdicts,
        machine_verdicts,
    }
}
