//! What the plots of an evaluation show, as finished numbers.

use super::cell::Share;
use super::text::ScoredText;
use crate::metrics::{Bin, RocPoint, reliability, roc};

/// Most points of a curve; more cannot be seen.
const MOST_POINTS: usize = 400;
/// Bins of a histogram.
const HISTOGRAM_BINS: usize = 40;
/// Bins of the reliability diagram.
const RELIABILITY_BINS: usize = 10;
/// Rates at which the promise of p-values is checked.
const PROMISES: [f64; 9] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5];

/// The scores of both classes in bins of equal width.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Lower end of the first bin; lower scores are in it too.
    pub from: f64,
    /// Upper end of the last bin; higher scores are in it too.
    pub to: f64,
    /// Human texts in each bin.
    pub human: Vec<usize>,
    /// Machine texts in each bin.
    pub machine: Vec<usize>,
}

/// What p-values promise and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// At most this share of human texts should have a p-value up to it.
    pub promised: f64,
    /// Those that have.
    pub realised: Share,
}

/// The mean shares of tokens by rank, of one class (GLTR, Gehrmann et al. 2019): 1, 2-10, 11-100, beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankShares {
    /// Texts with ranks.
    pub texts: usize,
    /// The shares; they add up to 1.
    pub shares: [f64; 4],
}

/// All of them; empty where there is nothing to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// The ROC curve.
    pub roc: Vec<RocPoint>,
    /// The histogram of scores.
    pub histogram: Option<Histogram>,
    /// The reliability of probabilities.
    pub reliability: Vec<Bin>,
    /// The reliability of p-values: promised and realised false-alarm rates.
    pub promises: Vec<Promise>,
    /// Shares of ranks of human and of machine texts.
    pub ranks: Option<[RankShares; 2]>,
}

impl Curves {
    pub(super) fn of(texts: &[&ScoredText]) -> Self {
        let scores = |machine: bool| {
            texts.iter().filter(|text| text.is_machine() == machine).map(|text| text.called()).collect::<Vec<f64>>()
        };
        let (human, machine) = (scores(false), scores(true));
        let probabilities: Option<Vec<f64>> = texts.iter().map(|text| text.probability).collect();
        let labels: Vec<bool> = texts.iter().map(|text| text.is_machine()).collect();
        Self {
            roc: thin(roc(&human, &machine).unwrap_or_default()),
            histogram: histogram(&human, &machine),
            reliability: probabilities
                .and_then(|probabilities| reliability(&probabilities, &labels, RELIABILITY_BINS))
                .unwrap_or_default(),
            promises: promises(texts),
            ranks: ranks(texts),
        }
    }
}

/// Keeps the points that differ by a pixel on a logarithmic axis: both ends of every step that is left out.
fn thin(points: Vec<RocPoint>) -> Vec<RocPoint> {
    if points.len() <= MOST_POINTS {
        return points;
    }
    let place = |point: &RocPoint| {
        let across = (point.fpr.max(1e-5).log10() / 5.0 + 1.0) * MOST_POINTS as f64;
        (across as usize, (point.tpr * MOST_POINTS as f64) as usize)
    };
    let last = points.len() - 1;
    let keep = |index: usize| {
        index == 0
            || index == last
            || place(&points[index]) != place(&points[index - 1])
            || place(&points[index]) != place(&points[index + 1])
    };
    (0..points.len()).filter(|&index| keep(index)).map(|index| points[index]).collect()
}

/// From the 0.5th to the 99.5th percentile of all scores, so that one stray text does not flatten the rest.
fn histogram(human: &[f64], machine: &[f64]) -> Option<Histogram> {
    let mut all: Vec<f64> = human.iter().chain(machine).copied().filter(|score| score.is_finite()).collect();
    all.sort_unstable_by(f64::total_cmp);
    let last = all.len().checked_sub(1)?;
    let at = |share: f64| all[(share * last as f64).round() as usize];
    let (from, to) = (at(0.005), at(0.995));
    if from >= to {
        return None;
    }
    let count = |scores: &[f64]| {
        let mut bins = vec![0; HISTOGRAM_BINS];
        for &score in scores.iter().filter(|score| score.is_finite()) {
            let place = (score.clamp(from, to) - from) / (to - from) * HISTOGRAM_BINS as f64;
            bins[(place as usize).min(HISTOGRAM_BINS - 1)] += 1;
        }
        bins
    };
    Some(Histogram { from, to, human: count(human), machine: count(machine) })
}

fn promises(texts: &[&ScoredText]) -> Vec<Promise> {
    let humans: Vec<f64> = texts.iter().filter(|text| !text.is_machine()).filter_map(|text| text.p_value).collect();
    let realised = |rate: f64| humans.iter().filter(|p_value| **p_value <= rate).count();
    let promise = |promised: f64| Promise { promised, realised: Share { part: realised(promised), of: humans.len() } };
    PROMISES.into_iter().filter(|rate| rate * humans.len() as f64 >= 1.0).map(promise).collect()
}

fn ranks(texts: &[&ScoredText]) -> Option<[RankShares; 2]> {
    let of = |machine: bool| -> Option<RankShares> {
        let (mut sums, mut count) = ([0.0; 3], 0_usize);
        for text in texts.iter().filter(|text| text.is_machine() == machine) {
            let number = |name: &str| text.numbers.get(name).copied();
            let (Some(first), Some(ten), Some(hundred)) =
                (number("rank_1_share"), number("rank_10_share"), number("rank_100_share"))
            else {
                continue;
            };
            count += 1;
            sums.iter_mut().zip([first, ten, hundred]).for_each(|(sum, share)| *sum += share);
        }
        let [first, ten, hundred] = sums.map(|sum| sum / count as f64);
        (count > 0).then_some(RankShares { texts: count, shares: [first, ten - first, hundred - ten, 1.0 - hundred] })
    };
    Some([of(false)?, of(true)?])
}
