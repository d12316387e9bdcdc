//! What can be said with a threshold, and how sure a share is.

use super::clean;

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
    // At the ends the root is the centre but for rounding.
    let low = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    (low, high)
}

/// The rate that a share seen `successes` times in `trials` is below with the given confidence: Clopper and Pearson's
/// exact one-sided bound. 0 of 59 bounds 5 % at 95 %.
#[must_use]
pub fn upper_bound(successes: usize, trials: usize, confidence: f64) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    // 60 halvings are more than a double can hold.
    for _ in 0..60 {
        let rate = f64::midpoint(low, high);
        if binomial_at_most(successes, trials, rate) > 1.0 - confidence { low = rate } else { high = rate }
    }
    high
}

/// Human texts, all without alarm, that bound a rate at the given confidence: 59 for 5 %, 299 for 1 % at 95 %.
#[must_use]
pub fn texts_needed(rate: f64, confidence: f64) -> usize {
    ((1.0 - confidence).ln() / (-rate).ln_1p()).ceil() as usize
}

/// The chance of at most `successes` in `trials` independent trials of this rate, 0 < rate < 1.
fn binomial_at_most(successes: usize, trials: usize, rate: f64) -> f64 {
    let log_odds = (rate / (1.0 - rate)).ln();
    let mut log_term = trials as f64 * (-rate).ln_1p();
    let mut sum = log_term.exp();
    for count in 1..=successes {
        log_term += log_odds + ((trials - count + 1) as f64 / count as f64).ln();
        sum += log_term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::testing::random_scores;
    use super::*;

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
    fn wilson_by_hand() {
        let (low, high) = wilson(8, 10, 1.96);
        assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4, "{low} {high}");
        let (low, high) = wilson(0, 50, 1.96);
        assert!(low == 0.0 && (high - 0.0714).abs() < 1e-4);
        assert_eq!(wilson(0, 0, 1.96), (0.0, 1.0));
        assert_eq!(wilson(3, 4, 0.0), (0.75, 0.75));
    }

    #[test]
    fn what_texts_without_alarm_promise() {
        assert!(upper_bound(0, 59, 0.95) < 0.05 && upper_bound(0, 58, 0.95) > 0.05);
        assert!((upper_bound(0, 59, 0.95) - (1.0 - 0.05_f64.powf(1.0 / 59.0))).abs() < 1e-12);
        assert_eq!((texts_needed(0.05, 0.95), texts_needed(0.01, 0.95), texts_needed(0.001, 0.95)), (59, 299, 2995));
        assert_eq!((upper_bound(4, 4, 0.95), upper_bound(0, 0, 0.95)), (1.0, 1.0));
        assert!(upper_bound(3000, 40_000, 0.95) < 0.08, "no overflow with many texts");
    }
}
