//! Two detectors on the same texts: how much they differ, and whether that is more than chance.
//!
//! Units are drawn with replacement, the same ones for both detectors (paired bootstrap, Efron and Tibshirani 1993).

use super::text::ScoredText;
use super::{RATES, Resamples, number_units};
use crate::error::{Error, Result};
use crate::metrics::{Grouped, Resampled, Resampling, auroc, quantile_interval, tpr_at_fpr};
use std::collections::BTreeMap;

/// One metric of both.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Which metric.
    pub metric: &'static str,
    /// In which cell: `all texts`, or a source, domain or generator.
    pub cell: String,
    /// Human and machine texts in it.
    pub texts: [usize; 2],
    /// Of the first detector.
    pub first: f64,
    /// Of the second.
    pub second: f64,
    /// The 95 % interval of second minus first.
    pub interval: Option<(f64, f64)>,
}

/// A finished comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Texts that both have scored or missed.
    pub texts: usize,
    /// Texts that only one of them has, which are left out.
    pub only: [usize; 2],
    /// All texts first, then by source, domain, generator.
    pub differences: Vec<Difference>,
}

/// Compares two detectors on the texts that both were given, matched by id.
///
/// # Errors
/// When they share no texts, an id is there twice, or they do not agree on who wrote a text.
pub fn compare(first: &[ScoredText], second: &[ScoredText], resamples: Resamples) -> Result<Comparison> {
    let by_id = |texts: &'_ [ScoredText]| -> Result<BTreeMap<String, usize>> {
        let mut places = BTreeMap::new();
        for (place, text) in texts.iter().enumerate() {
            if places.insert(text.id.clone(), place).is_some() {
                return Err(Error::SameId { id: text.id.clone() });
            }
        }
        Ok(places)
    };
    let (of_first, of_second) = (by_id(first)?, by_id(second)?);
    let pairs: Vec<(&ScoredText, &ScoredText)> =
        of_first.iter().filter_map(|(id, place)| Some((&first[*place], &second[*of_second.get(id)?]))).collect();
    if pairs.is_empty() {
        return Err(Error::NothingToCompare);
    }
    if let Some((text, _)) = pairs.iter().find(|(one, other)| one.label != other.label) {
        return Err(Error::LabelsDiffer { id: text.id.clone() });
    }
    let mut differences = differences_of("all texts".to_owned(), &pairs, resamples);
    for (stratum, name) in [("source", 0), ("domain", 1), ("generator", 2)] {
        let key = |text: &ScoredText| [&text.source, &text.domain, &text.generator][name].clone();
        let mut cells: BTreeMap<String, Vec<(&ScoredText, &ScoredText)>> = BTreeMap::new();
        for pair in &pairs {
            if let Some(value) = key(pair.0) {
                cells.entry(value).or_default().push(*pair);
            }
        }
        for (value, mut members) in cells {
            if members.iter().all(|pair| pair.0.is_machine()) {
                members.extend(pairs.iter().filter(|pair| !pair.0.is_machine()));
            }
            differences.extend(differences_of(format!("{stratum} {value}"), &members, resamples));
        }
    }
    let only = [first.len() - pairs.len(), second.len() - pairs.len()];
    Ok(Comparison { texts: pairs.len(), only, differences })
}

fn differences_of(cell: String, pairs: &[(&ScoredText, &ScoredText)], resamples: Resamples) -> Vec<Difference> {
    let ranked: Vec<&ScoredText> = pairs.iter().map(|pair| pair.0).collect();
    let (numbered, _) = number_units(&ranked);
    let of = |machine: bool| (0..pairs.len()).filter(move |&index| pairs[index].0.is_machine() == machine);
    let units = |machine: bool| of(machine).map(|index| numbered[index].unit).collect::<Vec<u32>>();
    let scores = |second: bool, machine: bool| {
        let text = |index: usize| if second { pairs[index].1 } else { pairs[index].0 };
        of(machine).map(|index| text(index).called()).collect::<Vec<f64>>()
    };
    let units = [units(false), units(true)];
    let scores = [false, true].map(|second| [scores(second, false), scores(second, true)]);
    let draws = scores.each_ref().map(|[human, machine]| {
        let grouped = Grouped { human, machine, human_groups: &units[0], machine_groups: &units[1] };
        Resampling { resamples: resamples.number, seed: resamples.seed, rates: &RATES }.of(grouped).unwrap_or_default()
    });
    type Value<'a> = (&'static str, &'a dyn Fn(&[Vec<f64>; 2]) -> Option<f64>, &'a dyn Fn(&Resampled) -> Option<f64>);
    let metrics: [Value<'_>; 3] = [
        ("AUROC", &|[human, machine]| auroc(human, machine), &|draw| draw.auroc),
        ("TPR at 5 % FPR", &|[human, machine]| tpr_at_fpr(human, machine, RATES[0]), &|draw| draw.tpr[0]),
        ("TPR at 1 % FPR", &|[human, machine]| tpr_at_fpr(human, machine, RATES[1]), &|draw| draw.tpr[1]),
    ];
    let difference = |(metric, value, of_draw): &Value<'_>| {
        let (first, second) = (value(&scores[0])?, value(&scores[1])?);
        let between = |(one, other): (&Resampled, &Resampled)| Some(of_draw(other)? - of_draw(one)?);
        let interval = quantile_interval(draws[0].iter().zip(&draws[1]).filter_map(between).collect(), 0.95);
        let texts = [units[0].len(), units[1].len()];
        Some(Difference { metric, cell: cell.clone(), texts, first, second, interval })
    };
    metrics.iter().filter_map(difference).collect()
}
