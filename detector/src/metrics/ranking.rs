//! What can be said without a threshold: is a machine text above a human one?

use super::clean;

/// The probability that a machine text scores above a human one, ties counting half. 0.5 is chance.
#[must_use]
pub fn auroc(human: &[f64], machine: &[f64]) -> Option<f64> {
    let ranking = Ranking::of(human, machine)?;
    ranking.weighted_auroc(|_| 1.0)
}

/// The mean precision over the machine texts, each taken at its own score as the threshold. Depends on the share of
/// machine texts, which is also its value at chance.
#[must_use]
pub fn average_precision(human: &[f64], machine: &[f64]) -> Option<f64> {
    let ranking = Ranking::of(human, machine)?;
    let (mut called, mut found, mut sum) = (0_usize, 0_usize, 0.0);
    for tie in ranking.ties().rev() {
        let machines = tie.iter().filter(|entry| entry.machine).count();
        called += tie.len();
        found += machines;
        sum += machines as f64 * found as f64 / called as f64;
    }
    Some(sum / machine.len() as f64)
}

/// One point of the ROC curve: what a threshold at `score` calls machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// Share of human texts at or above the score.
    pub fpr: f64,
    /// Share of machine texts at or above the score.
    pub tpr: f64,
    /// The threshold; infinite at the first point, where nothing is called machine.
    pub score: f64,
}

/// The ROC curve by falling threshold, from (0, 0) to (1, 1), one point a distinct score.
#[must_use]
pub fn roc(human: &[f64], machine: &[f64]) -> Option<Vec<RocPoint>> {
    let ranking = Ranking::of(human, machine)?;
    let mut points = vec![RocPoint { fpr: 0.0, tpr: 0.0, score: f64::INFINITY }];
    let (mut alarms, mut found) = (0_usize, 0_usize);
    for tie in ranking.ties().rev() {
        let machines = tie.iter().filter(|entry| entry.machine).count();
        found += machines;
        alarms += tie.len() - machines;
        let (fpr, tpr) = (alarms as f64 / human.len() as f64, found as f64 / machine.len() as f64);
        points.push(RocPoint { fpr, tpr, score: tie[0].score });
    }
    Some(points)
}

/// A text's place among all.
pub(super) struct Entry {
    pub(super) score: f64,
    pub(super) machine: bool,
    /// Its number, machine texts after human ones.
    pub(super) text: usize,
}

/// All texts by ascending score.
pub(super) struct Ranking {
    pub(super) entries: Vec<Entry>,
}

impl Ranking {
    pub(super) fn of(human: &[f64], machine: &[f64]) -> Option<Self> {
        let scores = [clean(human)?, clean(machine)?].concat();
        let entry = |(text, score)| Entry { score, machine: text >= human.len(), text };
        let mut entries: Vec<Entry> = scores.into_iter().enumerate().map(entry).collect();
        entries.sort_by(|left, right| left.score.total_cmp(&right.score));
        Some(Self { entries })
    }

    /// Texts of equal score, by ascending score.
    fn ties(&self) -> impl DoubleEndedIterator<Item = &[Entry]> {
        self.entries.chunk_by(|left, right| left.score == right.score)
    }

    /// The AUROC when each text counts `weight` times; `None` when a class does not count at all.
    pub(super) fn weighted_auroc(&self, weight: impl Fn(usize) -> f64) -> Option<f64> {
        let (mut below, mut machines, mut area) = (0.0, 0.0, 0.0);
        for tie in self.ties() {
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

    /// The share of machine texts above the threshold that at most the share `fpr` of human texts reach, when each text
    /// counts `weight` times. `None` when `fpr` is below one human text or a class does not count at all.
    pub(super) fn weighted_tpr(&self, fpr: f64, weight: impl Fn(usize) -> f64) -> Option<f64> {
        let mut all = [0.0; 2];
        for entry in &self.entries {
            all[usize::from(entry.machine)] += weight(entry.text);
        }
        let allowed = (fpr * all[0] * (1.0 + 1e-12)).floor();
        if allowed < 1.0 || all[1] == 0.0 {
            return None;
        }
        let (mut alarms, mut found) = (0.0, 0.0);
        for tie in self.ties().rev() {
            let mut tied = [0.0; 2];
            for entry in tie {
                tied[usize::from(entry.machine)] += weight(entry.text);
            }
            if alarms + tied[0] > allowed {
                break;
            }
            alarms += tied[0];
            found += tied[1];
        }
        Some(found / all[1])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::random_scores;
    use super::*;

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
    fn the_curve_holds_the_area() {
        let (human, machine) = (random_scores(90, 7), random_scores(40, 8));
        let points = roc(&human, &machine).expect("both classes have scores");
        let trapezoid = |pair: &[RocPoint]| (pair[1].fpr - pair[0].fpr) * (pair[1].tpr + pair[0].tpr) / 2.0;
        let area: f64 = points.windows(2).map(trapezoid).sum();
        assert!((area - auroc(&human, &machine).expect("as above")).abs() < 1e-12);
        assert_eq!(points.last().map(|point| (point.fpr, point.tpr)), Some((1.0, 1.0)));
    }

    #[test]
    fn average_precision_by_hand() {
        // By falling score: machine, human, machine: (1/1 + 2/3) / 2.
        assert_eq!(average_precision(&[2.0], &[3.0, 1.0]), Some((1.0 + 2.0 / 3.0) / 2.0));
        assert_eq!(average_precision(&[1.0], &[2.0, 3.0]), Some(1.0));
        assert_eq!(average_precision(&[1.0; 3], &[1.0; 1]), Some(0.25));
        assert_eq!(average_precision(&[], &[1.0]), None);
    }
}
