//! How well scores tell machine from human: the area under the curve, true positives at a false-positive rate, and
//! their uncertainty. Pure functions of finished scores.
//!
//! Machine is the positive class and higher scores are more machine-like. A text is called machine when its score is at or
//! above the threshold, so texts of equal score are called the same. `None` is the answer where there is none: an
//! empty class, a score that is no number, too few texts for the rate asked for.
//! Sources: Hanley and McNeil 1982 (AUROC as a probability), Wilson 1927 (interval of a share), Efron 1979 (bootstrap).

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// The probability that a machine text scores above a human one, ties counting half. 0.5 is chance.
#[must_use]
pub fn auroc(human: &[f64], machine: &[f64]) -> Option<f64> {
    let ranking = Ranking::of(human, machine)?;
    ranking.weighted_auroc(|_| 1.0)
}

/// The smallest threshold at which at most the share `fpr` of the human scores is called machine: just above the
/// highest human score whose ties do not fit whole. `None` also when `fpr` is below 1 / the number of human scores,
/// which cannot show so small a rate.
#[must_use]
pub fn threshold_at_fpr(human: &[f64], fpr: f64) -> Option<f64> {
    let mut scores = clean(human)?;
    // A hair more than the product, which may fall short of a whole number (0.29 * 100 = 28.999999999999996).
    let allowed = (fpr * scores.len() as f64 * (1.0 + 1e-12)).floor() as usize;
    if allowed == 0 || fpr.is_nan() {
        return None;
    }
    scores.sort_unstable_by(|left, right| right.total_cmp(left));
    Some(scores.get(allowed).map_or(f64::NEG_INFINITY, |excluded| excluded.next_up()))
}

/// The share of the machine scores at or above [`threshold_at_fpr`].
#[must_use]
pub fn tpr_at_fpr(human: &[f64], machine: &[f64], fpr: f64) -> Option<f64> {
    rate_above(machine, threshold_at_fpr(human, fpr)?)
}

/// The share of scores at or above a threshold.
#[must_use]
pub fn rate_above(scores: &[f64], threshold: f64) -> Option<f64> {
    let scores = clean(scores).filter(|_| !threshold.is_nan())?;
    Some(scores.iter().filter(|score| **score >= threshold).count() as f64 / scores.len() as f64)
}

/// The mean precision over the machine texts, each taken at its own score as the threshold. Depends on the share of
/// machine texts, which is also its value at chance.
#[must_use]
pub fn average_precision(human: &[f64], machine: &[f64]) -> Option<f64> {
    let ranking = Ranking::of(human, machine)?;
    let (mut called, mut found, mut sum) = (0_usize, 0_usize, 0.0);
    for tie in ranking.entries.chunk_by(|left, right| left.score == right.score).rev() {
        let machines = tie.iter().filter(|entry| entry.machine).count();
        called += tie.len();
        found += machines;
        sum += machines as f64 * found as f64 / called as f64;
    }
    Some(sum / machine.len() as f64)
}

/// Wilson's interval of a share of which `successes` in `trials` were seen; `z` is 1.96 for 95 %.
/// Without trials it is (0, 1).
#[must_use]
pub fn wilson(successes: usize, trials: usize, z: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (trials as f64, successes as f64 / trials as f64);
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

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
    let Grouped { human, machine, human_groups, machine_groups } = scores;
    if human.len() != human_groups.len() || machine.len() != machine_groups.len() || !(0.0..=1.0).contains(&level) {
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
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number as u64);
        let mut drawn = vec![0_u32; names.len()];
        for _ in 0..names.len() {
            drawn[random.random_range(0..names.len())] += 1;
        }
        ranking.weighted_auroc(|text| f64::from(drawn[groups[text]]))
    };
    let mut areas: Vec<f64> = (0..resamples).into_par_iter().filter_map(resample).collect();
    areas.sort_unstable_by(f64::total_cmp);
    let last = areas.len().checked_sub(1)? as f64;
    let quantile = |share: f64| areas[(share * last).round() as usize];
    Some((quantile((1.0 - level) / 2.0), quantile((1.0 + level) / 2.0)))
}

/// A text's place among all.
struct Entry {
    score: f64,
    machine: bool,
    /// Its number, machine texts after human ones.
    text: usize,
}

/// All texts by ascending score.
struct Ranking {
    entries: Vec<Entry>,
}

impl Ranking {
    fn of(human: &[f64], machine: &[f64]) -> Option<Self> {
        let scores = [clean(human)?, clean(machine)?].concat();
        let entry = |(text, score)| Entry { score, machine: text >= human.len(), text };
        let mut entries: Vec<Entry> = scores.into_iter().enumerate().map(entry).collect();
        entries.sort_by(|left, right| left.score.total_cmp(&right.score));
        Some(Self { entries })
    }

    /// The AUROC when each text counts `weight` times; `None` when a class does not count at all.
    fn weighted_auroc(&self, weight: impl Fn(usize) -> f64) -> Option<f64> {
        let (mut below, mut machines, mut area) = (0.0, 0.0, 0.0);
        for tie in self.entries.chunk_by(|left, right| left.score == right.score) {
            let mut tied = [0.0; 2];
            for entry in tie {
                tied[usize::from(entry.machine)] += weight(entry.text);
            }
            area += tied[1] * (below + tied[0] / 2.0);
            below += tied[0];
            machines += tied[1];
        }
        (below > 0.0 && machines > 0.0).then(|| area / (below * machines))
    }
}

/// The scores with one zero only; `None` when there are none or one is no number.
fn clean(scores: &[f64]) -> Option<Vec<f64>> {
    let usable = !scores.is_empty() && !scores.iter().any(|score| score.is_nan());
    usable.then(|| scores.iter().map(|score| score + 0.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random_scores(count: usize, seed: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| f64::from(random.random_range(-20..20_i32)) / 4.0).collect()
    }

    #[test]
    fn auroc_by_hand() {
        assert_eq!(auroc(&[1.0, 2.0], &[3.0, 4.0]), Some(1.0));
        assert_eq!(auroc(&[3.0, 4.0], &[1.0, 2.0]), Some(0.0));
        // Pairs: 2>1, 2=2, 4>1, 4>2: 3.5 of 4.
        assert_eq!(auroc(&[1.0, 2.0], &[2.0, 4.0]), Some(0.875));
        assert_eq!(auroc(&[7.0; 3], &[7.0; 5]), Some(0.5));
        assert_eq!(auroc(&[0.0], &[-0.0]), Some(0.5));
        assert_eq!(auroc(&[f64::NEG_INFINITY], &[f64::INFINITY]), Some(1.0));
        assert_eq!(auroc(&[], &[1.0]), None);
        assert_eq!(auroc(&[1.0], &[f64::NAN]), None);
    }

    #[test]
    fn auroc_obeys_its_laws() {
        let (human, machine) = (random_scores(70, 1), random_scores(50, 2));
        let area = auroc(&human, &machine).expect("both classes have scores");
        let mapped = |scores: &[f64], map: fn(f64) -> f64| scores.iter().map(|score| map(*score)).collect::<Vec<_>>();
        let negated = auroc(&mapped(&human, |score| -score), &mapped(&machine, |score| -score));
        assert!((negated.expect("as above") - (1.0 - area)).abs() < 1e-12);
        assert_eq!(auroc(&mapped(&human, f64::exp), &mapped(&machine, f64::exp)), Some(area));
        assert!((auroc(&machine, &human).expect("as above") - (1.0 - area)).abs() < 1e-12);
        let mut wins = 0.0;
        for (one, other) in machine.iter().flat_map(|one| human.iter().map(move |other| (one, other))) {
            wins += if one > other { 1.0 } else { f64::from(u8::from(one == other)) / 2.0 };
        }
        assert!((area - wins / 3500.0).abs() < 1e-12);
    }

    #[test]
    fn threshold_keeps_the_false_positive_rate() {
        let human = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(threshold_at_fpr(&human, 0.25), Some(3.0_f64.next_up()));
        assert_eq!(tpr_at_fpr(&human, &[3.0, 3.5, 4.0, 0.0], 0.25), Some(0.5));
        assert_eq!(threshold_at_fpr(&human, 0.2), None);
        assert_eq!(threshold_at_fpr(&human, 1.0), Some(f64::NEG_INFINITY));
        assert_eq!(tpr_at_fpr(&human, &[0.0], 1.0), Some(1.0));
        // The three tied at the top do not fit into half of five.
        assert_eq!(tpr_at_fpr(&[5.0, 5.0, 5.0, 1.0, 0.0], &[5.0, 6.0], 0.5), Some(0.5));
        assert_eq!(tpr_at_fpr(&[1.0; 9], &[1.0; 9], 0.5), Some(0.0));
        assert_eq!(threshold_at_fpr(&human, f64::NAN), None);
        let many: Vec<f64> = (0..100).map(f64::from).collect();
        for percent in 1..=100 {
            let threshold = threshold_at_fpr(&many, f64::from(percent) / 100.0).expect("a whole number of texts");
            assert_eq!(rate_above(&many, threshold), Some(f64::from(percent) / 100.0));
        }
        let (human, machine) = (random_scores(997, 3), random_scores(50, 4));
        for fpr in [0.002, 0.01, 0.05, 0.3, 0.9] {
            let threshold = threshold_at_fpr(&human, fpr).expect("997 texts suffice");
            assert!(rate_above(&human, threshold).is_some_and(|rate| rate <= fpr));
            assert!(rate_above(&human, threshold.next_down()).is_some_and(|rate| rate > fpr), "the smallest");
            assert_eq!(tpr_at_fpr(&human, &machine, fpr), rate_above(&machine, threshold));
        }
    }

    #[test]
    fn average_precision_by_hand() {
        // By falling score: machine, human, machine: (1/1 + 2/3) / 2.
        assert_eq!(average_precision(&[2.0], &[3.0, 1.0]), Some((1.0 + 2.0 / 3.0) / 2.0));
        assert_eq!(average_precision(&[1.0], &[2.0, 3.0]), Some(1.0));
        assert_eq!(average_precision(&[1.0; 3], &[1.0; 1]), Some(0.25));
        assert_eq!(average_precision(&[], &[1.0]), None);
    }

    #[test]
    fn wilson_by_hand() {
        let (low, high) = wilson(8, 10, 1.96);
        assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4, "{low} {high}");
        let (low, high) = wilson(0, 50, 1.96);
        assert!(low == 0.0 && (high - 0.0714).abs() < 1e-4);
        assert_eq!(wilson(0, 0, 1.96), (0.0, 1.0));
        assert_eq!(wilson(3, 4, 0.0), (0.75, 0.75));
    }

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
}
