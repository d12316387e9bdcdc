//! Fitting the heads, and judging them on sources they have not seen.
//!
//! Folds are by source, never by row. For each source, lexical model and probe are trained on the others; what they say of the
//! source is out-of-fold. The fusion for a source is fitted on the out-of-fold evidence of the others, and its calibration
//! table holds the others' scores. So every score in the table and in the evaluation is of a text from a source that the whole
//! chain had not seen, but for what gave the *other* sources their evidence, which had. A text of a source that stands in another
//! one too, under the same opening, is left out with it.

use crate::calibration::CalibrationScores;
use crate::examples::{Example, Kind};
use crate::fusion::Fusion;
use crate::groups::register;
use crate::heads::{
    FittedHead, HIDDEN, Head, LEXICAL, LEXICAL_BITS, Measurement, PROBE_DOMAIN_PENALTY, Reader, STYLE, fusion_row,
};
use crate::lexical::{LexicalExample, LexicalFeatures, LexicalTrainer, LexicalWeights};
use crate::logistic::{FitError, Logistic};
use crate::style::StyleModel;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

mod tables;
#[cfg(test)]
mod tests;

pub(crate) use tables::{calibration_scores, calibration_without, calibrations, head_scores};

/// The penalty of the fusion for all kinds, per unit of mean loss.
const FUSION_L2: f64 = 1e-2;

/// What a detector may be trained to tell from human text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// One kind of machine text; the other kind is left out of training.
    Only(Kind),
    /// Both kinds as one.
    All,
}

/// The tasks in the order of the columns below.
pub const TASKS: [Task; 3] = [Task::Only(Kind::Assistant), Task::Only(Kind::Sampled), Task::All];

impl Task {
    /// Whether a text of this kind takes part.
    fn takes(self, kind: Option<Kind>) -> bool {
        match (self, kind) {
            (_, None) | (Self::All, _) => true,
            (Self::Only(wanted), Some(kind)) => wanted == kind,
        }
    }
}

/// A labelled text that was measured.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// Where it comes from.
    pub example: Example,
    /// What it shows.
    pub measurement: Measurement,
}

/// A labelled text of which only the words were read.
#[derive(Debug, Clone)]
pub struct LabelledWords {
    /// Where it comes from.
    pub example: Example,
    /// Its words.
    pub lexical: LexicalFeatures,
}

/// Scores of one text by models that had not seen its source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfFold {
    /// Lexical evidence by task, log-odds; 0 where the task does without.
    pub lexical: [f32; 3],
    /// Probe of the hidden states by task, log-odds; 0 where the task does without.
    pub probe: [f32; 3],
    /// Style by task, log-odds; 0 where the task does without.
    pub style: [f32; 3],
    /// Statistics alone by task, deviations of human texts.
    pub likelihood: [f32; 3],
    /// All evidence by task, deviations of human texts.
    pub fusion: [f32; 3],
    /// The assistant head's score by words alone.
    pub words: f32,
}

impl OutOfFold {
    /// The row of the fusion of a task that these scores of a text make.
    pub(crate) fn row(&self, task: usize, text: &Labelled) -> Vec<f32> {
        let statistics = text.measurement.statistics.row(text.measurement.tokens);
        fusion_row(self.lexical[task], self.probe[task], self.style[task], &statistics)
    }

    /// Takes the evidence for a task from a row of its fusion.
    pub(crate) fn take(&mut self, task: usize, row: &[f32]) {
        (self.lexical[task], self.probe[task], self.style[task]) = (row[LEXICAL], row[HIDDEN], row[STYLE]);
    }
}

/// The result of fitting.
#[derive(Debug)]
pub struct Fitted {
    /// What read the texts.
    pub reader: Reader,
    /// The heads, trained on all sources.
    pub heads: [Head; 2],
    /// What was trained without each source.
    pub folds: Folds,
    /// The out-of-fold scores of each labelled text, in order.
    pub scores: Vec<OutOfFold>,
    /// Scores for the calibration table, sorted by tokens.
    pub calibration: CalibrationScores,
}

/// Lexical models, probes and fusions by task and by the source that they were trained without.
#[derive(Debug)]
pub struct Folds {
    bases: BTreeMap<(usize, Option<String>), Base>,
    fusions: BTreeMap<(usize, Option<String>), [Fusion; 2]>,
}

impl Folds {
    /// Scores a text by what was trained without `source`.
    ///
    /// # Panics
    /// When there was no such source.
    #[must_use]
    pub fn score(&self, source: &str, measurement: &Measurement) -> OutOfFold {
        let mut score = OutOfFold {
            lexical: [0.0; 3],
            probe: [0.0; 3],
            style: [0.0; 3],
            likelihood: [0.0; 3],
            fusion: [0.0; 3],
            words: 0.0,
        };
        for (task, of_kinds) in TASKS.into_iter().enumerate() {
            let key = (task, Some(source.to_owned()));
            let row = self.bases[&key].row(measurement);
            score.take(task, &row);
            if let Some([all, likelihood]) = self.fusions.get(&key) {
                score.fusion[task] = all.score(&row) as f32;
                score.likelihood[task] = likelihood.score(&row) as f32;
                if of_kinds == Task::Only(Kind::Assistant) {
                    score.words = all.score_without(&row, HIDDEN) as f32;
                }
            }
        }
        score
    }

    /// The fusion of a task that was made of all sources but one, or of all.
    pub(crate) fn fusion(&self, task: usize, without: Option<&str>) -> &Fusion {
        &self.fusions[&(task, without.map(str::to_owned))][0]
    }
}

/// A domain and generator of n texts counts as n to the power of one less this: nearly all count alike, so that no large one decides.
const EQUAL: f64 = 0.8;

/// Weights that give the two classes the same sum, and within a class let the domains and generators count nearly alike.
fn balanced(examples: &[&Example]) -> Vec<f64> {
    let mut cells: BTreeMap<(&str, Option<&str>), f64> = BTreeMap::new();
    for example in examples {
        *cells.entry((&example.domain, example.generator.as_deref())).or_default() += 1.0;
    }
    let raw: Vec<f64> = examples
        .iter()
        .map(|example| cells[&(example.domain.as_str(), example.generator.as_deref())].powf(-EQUAL))
        .collect();
    let total = |machine: bool| -> f64 {
        examples
            .iter()
            .zip(&raw)
            .filter(|(example, _)| example.kind.is_some() == machine)
            .map(|(_, weight)| weight)
            .sum()
    };
    let totals = [total(false), total(true)];
    examples.iter().zip(raw).map(|(example, weight)| weight / totals[usize::from(example.kind.is_some())]).collect()
}

/// The sources of the texts, in order.
#[must_use]
pub fn sources(texts: &[Labelled]) -> Vec<String> {
    texts.iter().map(|text| text.example.source.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The documents behind the texts of a source, which may stand in other sources too.
pub(crate) fn origins_of<'a>(source: Option<&str>, examples: impl Iterator<Item = &'a Example>) -> BTreeSet<u64> {
    examples.filter(|example| Some(example.source.as_str()) == source).map(|example| example.origin).collect()
}

/// The lexical model, the probe and the model of style of a task, where it has them.
#[derive(Debug)]
pub(crate) struct Base {
    lexical: Option<LexicalWeights>,
    probe: Option<Logistic>,
    style: Option<StyleModel>,
}

impl Base {
    /// The row of the fusion; 0 for what the task does without.
    pub(crate) fn row(&self, measurement: &Measurement) -> Vec<f32> {
        let lexical = self.lexical.as_ref().map_or(0.0, |lexical| lexical.score_features(&measurement.lexical));
        let probe = self.probe.as_ref().map_or(0.0, |probe| probe.decision(&measurement.hidden) as f32);
        let style = self.style.as_ref().map_or(0.0, |style| style.score(&measurement.style));
        fusion_row(lexical, probe, style, &measurement.statistics.row(measurement.tokens))
    }
}

impl Task {
    /// Whether the score of this task has the column, whatever model reads.
    fn uses(self, column: usize) -> bool {
        match self {
            Self::Only(kind) => Reader::Small.columns_of(kind).iter().any(|(used, _)| *used == column),
            Self::All => true,
        }
    }
}

/// Trains what a task needs of lexical model, probe and model of style on the examples that are wanted.
pub(crate) fn train_base(
    task: Task,
    reader: Reader,
    words: &[LabelledWords],
    texts: &[Labelled],
    wanted: &dyn Fn(&Example) -> bool,
    seed: u64,
) -> Result<Base, FitError> {
    let takes = |example: &Example| task.takes(example.kind) && wanted(example);
    let lexical = task.uses(LEXICAL).then(|| {
        let chosen: Vec<&LabelledWords> = words.iter().filter(|text| takes(&text.example)).collect();
        train_lexical(&chosen, seed)
    });
    if !(task.uses(HIDDEN) && task.uses(STYLE)) {
        return Ok(Base { lexical, probe: None, style: None });
    }
    let chosen: Vec<&Labelled> = texts.iter().filter(|text| takes(&text.example)).collect();
    let weights = balanced(&chosen.iter().map(|text| &text.example).collect::<Vec<_>>());
    let rows: Vec<Vec<f32>> = chosen.iter().map(|text| text.measurement.hidden.clone()).collect();
    let labels: Vec<bool> = chosen.iter().map(|text| text.example.kind.is_some()).collect();
    let domains = numbered(chosen.iter().map(|text| text.example.domain.as_str()));
    let groups: Vec<Option<usize>> =
        chosen.iter().map(|text| text.example.kind.is_none().then(|| domains[text.example.domain.as_str()])).collect();
    let marks: Vec<&[f32]> = chosen.iter().map(|text| text.measurement.style.as_slice()).collect();
    let style = StyleModel::fit(&marks, &labels, &weights, &groups)?;
    let groups = (groups.as_slice(), PROBE_DOMAIN_PENALTY);
    let probe = Logistic::fit_groups(&rows, &labels, &weights, reader.probe_l2(), groups)?;
    Ok(Base { lexical, probe: Some(probe), style: Some(style) })
}

/// Numbers for names, in the order of the names.
fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().enumerate().map(|(number, name)| (name, number)).collect()
}

fn train_lexical(chosen: &[&LabelledWords], seed: u64) -> LexicalWeights {
    let weights = balanced(&chosen.iter().map(|text| &text.example).collect::<Vec<_>>());
    let source_numbers = numbered(chosen.iter().map(|text| text.example.source.as_str()));
    let domain_numbers = numbered(chosen.iter().map(|text| text.example.domain.as_str()));
    let register_of = |text: &LabelledWords| register(&text.example.domain).unwrap_or_default();
    let register_numbers = numbered(chosen.iter().map(|text| register_of(text)));
    let examples: Vec<LexicalExample<'_>> = chosen
        .iter()
        .zip(weights)
        .map(|(text, weight)| LexicalExample {
            features: &text.lexical,
            machine: text.example.kind.is_some(),
            weight: (weight * chosen.len() as f64) as f32,
            source: source_numbers[text.example.source.as_str()] % 64,
            domain: domain_numbers[text.example.domain.as_str()],
            register: register_numbers[register_of(text)],
        })
        .collect();
    LexicalTrainer { bits: LEXICAL_BITS, seed, ..LexicalTrainer::default() }.train(&examples)
}

/// The fusion of a task, and that of its likelihood evidence alone, made on the out-of-fold rows of the examples that are wanted.
pub(crate) fn train_fusion(
    task: Task,
    reader: Reader,
    texts: &[Labelled],
    rows: &[Vec<f32>],
    wanted: &dyn Fn(&Example) -> bool,
) -> Result<[Fusion; 2], FitError> {
    let takes = |example: &Example| task.takes(example.kind) && wanted(example);
    let chosen: Vec<usize> = (0..texts.len()).filter(|&index| takes(&texts[index].example)).collect();
    let weights = balanced(&chosen.iter().map(|&index| &texts[index].example).collect::<Vec<_>>());
    let labels: Vec<bool> = chosen.iter().map(|&index| texts[index].example.kind.is_some()).collect();
    let rows: Vec<Vec<f32>> = chosen.iter().map(|&index| rows[index].clone()).collect();
    let fusion = match task {
        Task::Only(kind) => Fusion::with_weights(&reader.columns_of(kind), &rows, &labels),
        Task::All => {
            let statistics = reader.likelihood_columns().into_iter().map(|(column, _)| column);
            let columns: Vec<usize> = [LEXICAL, HIDDEN, STYLE].into_iter().chain(statistics).collect();
            Fusion::fit(&columns, &rows, &labels, &weights, FUSION_L2)?
        }
    };
    Ok([fusion, Fusion::with_weights(&reader.likelihood_columns(), &rows, &labels)])
}

/// Fits everything for a model that has read so much. `done` is told after each of the parts that take long.
///
/// # Errors
/// When a head cannot be fitted, for example because one class is missing.
pub fn fit(
    words: &[LabelledWords],
    texts: &[Labelled],
    reader: Reader,
    seed: u64,
    done: &(dyn Fn() + Sync),
) -> Result<Fitted, FitError> {
    let sources = sources(texts);
    let jobs: Vec<(usize, Option<String>)> = (0..TASKS.len())
        .flat_map(|task| sources.iter().map(move |source| (task, Some(source.clone()))).chain([(task, None)]))
        .collect();
    let examples = || words.iter().map(|text| &text.example).chain(texts.iter().map(|text| &text.example));
    let bases = jobs
        .par_iter()
        .map(|key| {
            let (task, source) = key;
            // nor those texts of the source that stand elsewhere under another name
            let banned = origins_of(source.as_deref(), examples());
            let wanted = |example: &Example| !banned.contains(&example.origin);
            let base = train_base(TASKS[*task], reader, words, texts, &wanted, seed)?;
            done();
            Ok((key.clone(), base))
        })
        .collect::<Result<_, FitError>>()?;

    let mut folds = Folds { bases, fusions: BTreeMap::new() };
    let rows: [Vec<Vec<f32>>; 3] = std::array::from_fn(|task| {
        let row = |text: &Labelled| folds.bases[&(task, Some(text.example.source.clone()))].row(&text.measurement);
        texts.par_iter().map(row).collect()
    });
    folds.fusions = jobs
        .par_iter()
        .map(|key| {
            let banned = origins_of(key.1.as_deref(), texts.iter().map(|text| &text.example));
            let wanted = |example: &Example| !banned.contains(&example.origin);
            let fusions = train_fusion(TASKS[key.0], reader, texts, &rows[key.0], &wanted)?;
            done();
            Ok((key.clone(), fusions))
        })
        .collect::<Result<_, FitError>>()?;
    let scores: Vec<OutOfFold> =
        texts.par_iter().map(|text| folds.score(&text.example.source, &text.measurement)).collect();

    let mut head = |task: usize, kind: Kind| {
        let base = folds.bases.remove(&(task, None)).expect("each task was trained on all sources");
        let fusion = folds.fusion(task, None).clone();
        Head {
            kind,
            lexical: base.lexical.map(|lexical| lexical.quantize()),
            fitted: FittedHead { probe: base.probe, style: base.style, fusion },
        }
    };
    let heads = [head(0, Kind::Assistant), head(1, Kind::Sampled)];
    let calibration = calibration_scores(texts, &scores, None);
    Ok(Fitted { reader, heads, folds, scores, calibration })
}
