//! Intervals by drawing groups of texts with replacement: a human text and its machine twins move together.

use super::ranking::Ranking;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Scores of both classes, each with the group it was drawn in: texts that share a prompt, topic or author say less
/// than as many independent ones.
#[derive(Debug, Clone, Copy)]
pub struct Grouped<'a> {
    /// Scores of human texts.
    pub human: &'a [f64],
    /// Scores of machine texts.
    pub machine: &'a [f64],
    /// The group of each human text.
    pub human_groups: &'a [u32],
    /// The group of each machine text. A group may hold both kinds.
    pub machine_groups: &'a [u32],
}

/// The percentile bootstrap interval of the AUROC: groups are drawn with replacement, as many as there are.
///
/// `level` is the share of resamples inside, e.g. 0.95. The same seed gives the same interval on any number of
/// threads. `None` also when groups and scores differ in number or no resample has both classes.
#[must_use]
pub fn auroc_bootstrap(scores: Grouped<'_>, resamples: usize, level: f64, seed: u64) -> Option<(f64, f64)> {
    let resampling = Resampling { resamples, seed, rates: &[] };
    let areas = resampling.of(scores)?.into_iter().filter_map(|resampled| resampled.auroc).collect();
    quantile_interval(areas, level)
}

/// How to draw, and what to compute of each draw beside the AUROC.
#[derive(Debug, Clone, Copy)]
pub struct Resampling<'a> {
    /// How many draws.
    pub resamples: usize,
    /// Draw number `i` is the same for all detectors and any number of threads.
    pub seed: u64,
    /// False-positive rates at which the true-positive rate is taken, with a threshold of the draw's own human texts.
    pub rates: &'a [f64],
}

/// What one draw gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampled {
    /// Area under the curve; `None` where a class was not drawn.
    pub auroc: Option<f64>,
    /// One for each of the rates.
    pub tpr: Vec<Option<f64>>,
}

impl Resampling<'_> {
    /// The metrics of each draw, in order. Draws depend on the seed and on the number of groups alone, so that two detectors
    /// on the same texts can be compared draw by draw (paired bootstrap). `None` when groups and scores differ in number or
    /// a score is no number.
    #[must_use]
    pub fn of(&self, scores: Grouped<'_>) -> Option<Vec<Resampled>> {
        let Grouped { human, machine, human_groups, machine_groups } = scores;
        if human.len() != human_groups.len() || machine.len() != machine_groups.len() {
            return None;
        }
        let ranking = Ranking::of(human, machine)?;
        let mut names = [human_groups, machine_groups].concat();
        let numbered = names.clone();
        names.sort_unstable();
        names.dedup();
        // The number of the group of each text, in the order of `Entry::text`.
        let groups: Vec<usize> = numbered.iter().map(|name| names.partition_point(|other| other < name)).collect();
        let resample = |number: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(number as u64);
            let mut drawn = vec![0_u32; names.len()];
            for _ in 0..names.len() {
                drawn[random.random_range(0..names.len())] += 1;
            }
            let weight = |text: usize| f64::from(drawn[groups[text]]);
            Resampled {
                auroc: ranking.weighted_auroc(weight),
                tpr: self.rates.iter().map(|&rate| ranking.weighted_tpr(rate, weight)).collect(),
            }
        };
        Some((0..self.resamples).into_par_iter().map(resample).collect())
    }
}

/// The middle `level` of the values, e.g. 0.95; `None` where there are none.
#[must_use]
pub fn quantile_interval(mut values: Vec<f64>, level: f64) -> Option<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1).filter(|_| (0.0..=1.0).contains(&level))? as f64;
    let quantile = |share: f64| values[(share * last).round() as usize];
    Some((quantile((1.0 - level) / 2.0), quantile((1.0 + level) / 2.0)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::random_scores;
    use super::super::{auroc, tpr_at_fpr};
    use super::*;

    #[test]
    fn bootstrap_respects_groups_and_seed() {
        let (human, machine) = (random_scores(200, 5), random_scores(200, 6));
        let alone: Vec<u32> = (0..400).collect();
        let tens: Vec<u32> = (0..200).map(|text| text / 20).collect();
        let grouped = Grouped { human: &human, machine: &machine, human_groups: &tens, machine_groups: &tens };
        let single = Grouped { human_groups: &alone[..200], machine_groups: &alone[200..], ..grouped };
        let area = auroc(&human, &machine).expect("both classes have scores");
        let (low, high) = auroc_bootstrap(single, 500, 0.95, 1).expect("both classes are drawn");
        assert!(low < area && area < high && high - low < 0.15 && high - low > 0.08, "{low} {high}");
        assert_eq!(auroc_bootstrap(single, 500, 0.95, 1), Some((low, high)));
        assert_ne!(auroc_bootstrap(single, 500, 0.95, 2), Some((low, high)));
        // Twenty copies of each of ten texts are ten texts.
        let (human, machine) = (human[..10].repeat(20), machine[..10].repeat(20));
        let copies: Vec<u32> = (0..200).map(|text| text % 10).collect();
        let copied = Grouped { human: &human, machine: &machine, human_groups: &copies, machine_groups: &copies };
        let (low, high) = auroc_bootstrap(copied, 500, 0.95, 1).expect("both classes are drawn");
        assert!(high - low > 0.3, "{low} {high}");
        assert_eq!(auroc_bootstrap(Grouped { human_groups: &[], ..grouped }, 9, 0.95, 1), None);
    }

    /// One group is always drawn whole: the draw is the sample.
    #[test]
    fn a_draw_of_everything_is_everything() {
        let (human, machine) = (random_scores(150, 9), random_scores(120, 10));
        let (humans, machines) = (vec![0; 150], vec![0; 120]);
        let scores = Grouped { human: &human, machine: &machine, human_groups: &humans, machine_groups: &machines };
        let rates = [0.05, 0.2, 0.001];
        let draws = Resampling { resamples: 2, seed: 3, rates: &rates }.of(scores).expect("scores and groups agree");
        for draw in draws {
            assert_eq!(draw.auroc, auroc(&human, &machine));
            assert_eq!(draw.tpr, rates.map(|rate| tpr_at_fpr(&human, &machine, rate)));
        }
    }
}
