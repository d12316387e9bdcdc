//! How well scores tell machine from human: the area under the curve, true positives at a false-positive rate, how far
//! probabilities can be believed, and the uncertainty of it all. Pure functions of finished scores.
//!
//! Machine is the positive class and higher scores are more machine-like. A text is called machine when its score is at or
//! above the threshold, so texts of equal score are called the same. `None` is the answer where there is none: an
//! empty class, a score that is no number, too few texts for the rate asked for.
//! `ranking` needs no threshold, `rates` does; `probabilities` asks whether 0.9 means nine in ten; `multiple` is for many tests
//! at once, `bootstrap` for intervals over groups of texts. Held to scikit-learn and SciPy by `detector/tests/metrics.rs`.
//! Sources: Hanley and McNeil 1982 (AUROC as a probability), Wilson 1927 and Clopper and Pearson 1934 (intervals of a
//! share), Brier 1950, Benjamini and Hochberg 1995, Efron 1979 (bootstrap), Pearson 1900 with Fisher's permutations (gap).

mod bootstrap;
mod multiple;
mod probabilities;
mod ranking;
mod rates;

pub use bootstrap::{Grouped, Resampled, Resampling, auroc_bootstrap, quantile_interval};
pub use multiple::{benjamini_hochberg, gap_p_value};
pub use probabilities::{Bin, brier, reliability};
pub use ranking::{RocPoint, auroc, average_precision, roc};
pub use rates::{rate_above, texts_needed, threshold_at_fpr, tpr_at_fpr, upper_bound, wilson};

/// 95 % of a normal distribution lie within this many standard deviations.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// The scores with one zero only; `None` when there are none or one is no number.
fn clean(scores: &[f64]) -> Option<Vec<f64>> {
    let usable = !scores.is_empty() && !scores.iter().any(|score| score.is_nan());
    usable.then(|| scores.iter().map(|score| score + 0.0).collect())
}

#[cfg(test)]
mod testing {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Uniform in [-5, 5) in steps of a quarter, so that there are ties.
    pub(super) fn random_scores(count: usize, seed: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| f64::from(random.random_range(-20..20_i32)) / 4.0).collect()
    }
}
