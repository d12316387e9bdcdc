//! Fitting the heads, and judging them on sources they have not seen.
//!
//! Folds are by source, never by row. For each source, lexical model and probe are trained on the others; what they say of the
//! source is out-of-fold. The fusion for a source is fitted on the out-of-fold evidence of the others. So every score in the
//! calibration table and in the evaluation is of a text from a source that the whole chain had not seen (but for the
//! lexical models behind the *other* sources' evidence, which had).

use crate::calibration::{Calibration, CalibrationScores, HeadScores};
use crate::examples::{Example, Kind};
use crate::fusion::Fusion;
use crate::heads::{
    FittedHead, HIDDEN, Head, LEXICAL, LEXICAL_BITS, Measurement, columns_of, fusion_row, likelihood_columns,
};
use crate::lexical::{LexicalExample, LexicalFeatures, LexicalTrainer, LexicalWeights};
use crate::logistic::{FitError, Logistic};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Penalties, per unit of mean loss.
const PROBE_L2: f64 = 3e-3;
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
    /// Statistics alone by task, deviations of human texts.
    pub likelihood: [f32; 3],
    /// All evidence by task, deviations of human texts.
    pub fusion: [f32; 3],
}

/// The result of fitting.
#[derive(Debug)]
pub struct Fitted {
    /// The heads, trained on all sources.
    pub heads: [Head; 2],
    /// The out-of-fold scores of each labelled text, in order.
    pub scores: Vec<OutOfFold>,
    /// Scores for the calibration table, sorted by tokens.
    pub calibration: CalibrationScores,
}

/// Weights that give the two classes the same sum, and within a class let each domain and generator count by the root of its size.
fn balanced(examples: &[&Example]) -> Vec<f64> {
    let mut cells: BTreeMap<(&str, Option<&str>), f64> = BTreeMap::new();
    for example in examples {
        *cells.entry((&example.domain, example.generator.as_deref())).or_default() += 1.0;
    }
    let raw: Vec<f64> = examples
        .iter()
        .map(|example| cells[&(example.domain.as_str(), example.generator.as_deref())].powf(-0.5))
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
fn origins_of<'a>(source: Option<&str>, examples: impl Iterator<Item = &'a Example>) -> BTreeSet<u64> {
    examples.filter(|example| Some(example.source.as_str()) == source).map(|example| example.origin).collect()
}

struct Base {
    lexical: Option<LexicalWeights>,
    probe: Option<Logistic>,
}

impl Task {
    /// Whether the score of this task has the column.
    fn uses(self, column: usize) -> bool {
        match self {
            Self::Only(kind) => columns_of(kind).iter().any(|(used, _)| *used == column),
            Self::All => true,
        }
    }
}

/// Trains what a task needs of lexical model and probe without the texts of `left_out`, nor those that stand in it under another name.
fn train_base(
    task: Task,
    words: &[LabelledWords],
    texts: &[Labelled],
    left_out: Option<&str>,
    seed: u64,
) -> Result<Base, FitError> {
    let banned =
        origins_of(left_out, words.iter().map(|text| &text.example).chain(texts.iter().map(|text| &text.example)));
    let takes = |example: &Example| task.takes(example.kind) && !banned.contains(&example.origin);
    let lexical = task.uses(LEXICAL).then(|| {
        let chosen: Vec<&LabelledWords> = words.iter().filter(|text| takes(&text.example)).collect();
        train_lexical(&chosen, seed)
    });
    if !task.uses(HIDDEN) {
        return Ok(Base { lexical, probe: None });
    }
    let chosen: Vec<&Labelled> = texts.iter().filter(|text| takes(&text.example)).collect();
    let weights = balanced(&chosen.iter().map(|text| &text.example).collect::<Vec<_>>());
    let rows: Vec<Vec<f32>> = chosen.iter().map(|text| text.measurement.hidden.clone()).collect();
    let labels: Vec<bool> = chosen.iter().map(|text| text.example.kind.is_some()).collect();
    let probe = Logistic::fit(&rows, &labels, &weights, PROBE_L2)?;
    Ok(Base { lexical, probe: Some(probe) })
}

fn train_lexical(chosen: &[&LabelledWords], seed: u64) -> LexicalWeights {
    let weights = balanced(&chosen.iter().map(|text| &text.example).collect::<Vec<_>>());
    let numbers = |name: &dyn Fn(&Example) -> String| -> BTreeMap<String, usize> {
        let names: BTreeSet<String> = chosen.iter().map(|text| name(&text.example)).collect();
        names.into_iter().enumerate().map(|(number, name)| (name, number)).collect()
    };
    let source_numbers = numbers(&|example| example.source.clone());
    let domain_numbers = numbers(&|example| example.domain.clone());
    let examples: Vec<LexicalExample<'_>> = chosen
        .iter()
        .zip(weights)
        .map(|(text, weight)| LexicalExample {
            features: &text.lexical,
            machine: text.example.kind.is_some(),
            weight: (weight * chosen.len() as f64) as f32,
            source: source_numbers[&text.example.source] % 64,
            domain: domain_numbers[&text.example.domain],
        })
        .collect();
    LexicalTrainer { bits: LEXICAL_BITS, seed, ..LexicalTrainer::default() }.train(&examples)
}

/// The fusion of a task, and that of its likelihood evidence alone, made on out-of-fold rows.
fn train_fusion(
    task: Task,
    texts: &[Labelled],
    rows: &[Vec<f32>],
    left_out: Option<&str>,
) -> Result<[Fusion; 2], FitError> {
    let banned = origins_of(left_out, texts.iter().map(|text| &text.example));
    let chosen: Vec<usize> = (0..texts.len())
        .filter(|&index| {
            let example = &texts[index].example;
            task.takes(example.kind) && !banned.contains(&example.origin)
        })
        .collect();
    let weights = balanced(&chosen.iter().map(|&index| &texts[index].example).collect::<Vec<_>>());
    let labels: Vec<bool> = chosen.iter().map(|&index| texts[index].example.kind.is_some()).collect();
    let rows: Vec<Vec<f32>> = chosen.iter().map(|&index| rows[index].clone()).collect();
    let fusion = match task {
        Task::Only(kind) => Fusion::with_weights(&columns_of(kind), &rows, &labels),
        Task::All => {
            let statistics = likelihood_columns().into_iter().map(|(column, _)| column);
            let columns: Vec<usize> = [LEXICAL, HIDDEN].into_iter().chain(statistics).collect();
            Fusion::fit(&columns, &rows, &labels, &weights, FUSION_L2)?
        }
    };
    Ok([fusion, Fusion::with_weights(&likelihood_columns(), &rows, &labels)])
}

/// Fits everything. `done` is told after each of the parts that take long.
///
/// # Errors
/// When a head cannot be fitted, for example because one class is missing.
pub fn fit(
    words: &[LabelledWords],
    texts: &[Labelled],
    seed: u64,
    done: &(dyn Fn() + Sync),
) -> Result<Fitted, FitError> {
    let sources = sources(texts);
    let jobs: Vec<(usize, Option<&str>)> = (0..TASKS.len())
        .flat_map(|task| sources.iter().map(move |source| (task, Some(source.as_str()))).chain([(task, None)]))
        .collect();
    let bases: BTreeMap<(usize, Option<&str>), Base> = jobs
        .par_iter()
        .map(|&(task, source)| {
            let base = train_base(TASKS[task], words, texts, source, seed)?;
            done();
            Ok(((task, source), base))
        })
        .collect::<Result<_, FitError>>()?;

    let mut scores: Vec<OutOfFold> = texts
        .par_iter()
        .map(|text| {
            let of = |task: usize| &bases[&(task, Some(text.example.source.as_str()))];
            OutOfFold {
                lexical: std::array::from_fn(|task| {
                    of(task).lexical.as_ref().map_or(0.0, |lexical| lexical.score_features(&text.measurement.lexical))
                }),
                probe: std::array::from_fn(|task| {
                    of(task).probe.as_ref().map_or(0.0, |probe| probe.decision(&text.measurement.hidden) as f32)
                }),
                likelihood: [0.0; 3],
                fusion: [0.0; 3],
            }
        })
        .collect();
    let rows: [Vec<Vec<f32>>; 3] = std::array::from_fn(|task| {
        let row = |(text, score): (&Labelled, &OutOfFold)| {
            fusion_row(
                score.lexical[task],
                score.probe[task],
                &text.measurement.statistics.row(text.measurement.tokens),
            )
        };
        texts.iter().zip(&scores).map(row).collect()
    });
    let fusions: BTreeMap<(usize, Option<&str>), [Fusion; 2]> = jobs
        .par_iter()
        .map(|&(task, source)| {
            let fusions = train_fusion(TASKS[task], texts, &rows[task], source)?;
            done();
            Ok(((task, source), fusions))
        })
        .collect::<Result<_, FitError>>()?;
    for (index, score) in scores.iter_mut().enumerate() {
        for task in 0..TASKS.len() {
            let [all, likelihood] = &fusions[&(task, Some(texts[index].example.source.as_str()))];
            score.fusion[task] = all.score(&rows[task][index]) as f32;
            score.likelihood[task] = likelihood.score(&rows[task][index]) as f32;
        }
    }

    let mut bases = bases;
    let mut fusions = fusions;
    let mut head = |task: usize, kind: Kind| {
        let base = bases.remove(&(task, None)).expect("each task was trained on all sources");
        let [fusion, _] = fusions.remove(&(task, None)).expect("each task was fused on all sources");
        Head {
            kind,
            lexical: base.lexical.map(|lexical| lexical.quantize()),
            fitted: FittedHead { probe: base.probe, fusion },
        }
    };
    let heads = [head(0, Kind::Assistant), head(1, Kind::Sampled)];
    let calibration = calibration_scores(texts, &scores, None);
    Ok(Fitted { heads, scores, calibration })
}

/// The out-of-fold scores of all texts but those of `left_out`, as the calibration table wants them.
#[must_use]
pub(crate) fn calibration_scores(
    texts: &[Labelled],
    scores: &[OutOfFold],
    left_out: Option<&str>,
) -> CalibrationScores {
    let mut table = CalibrationScores::default();
    for (text, score) in texts.iter().zip(scores) {
        if Some(text.example.source.as_str()) == left_out {
            continue;
        }
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
    HeadScores { tokens: text.measurement.tokens as u32, assistant: score.fusion[0], sampled: score.fusion[1] }
}

/// The calibration for judging one source: made of the others.
#[must_use]
pub(crate) fn calibration_without(texts: &[Labelled], scores: &[OutOfFold], source: &str) -> Calibration {
    Calibration::new(calibration_scores(texts, scores, Some(source)))
}
