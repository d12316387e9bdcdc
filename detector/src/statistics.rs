//! What the language model's four numbers a token say about a whole text: the zero-shot criteria of the field and the
//! shape of the surprisal. Nats throughout; whether machine text is high or low differs by model and register, which
//! is for the heads to learn.

use generator::{TokenId, TokenStats};
use serde::{Deserialize, Serialize};

/// Statistics of a text of `n` scored tokens with log-probability `l`, entropy `H` and rank `r`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Mean `l`, nats a token.
    pub log_likelihood: f32,
    /// Mean `ln r` (Su et al. 2023, DetectLLM).
    pub log_rank: f32,
    /// Mean `H`, nats.
    pub entropy: f32,
    /// `Σ(l + H) / √ΣVar[l]`: analytic Fast-DetectGPT (Bao et al. 2024, eq. 5), in deviations. Grows with √n.
    pub curvature: f32,
    /// -Σl / Σ ln r (DetectLLM's LRR); 0 where every token has rank 1.
    pub lrr: f32,
    /// Share of tokens of rank 1.
    pub rank_1: f32,
    /// Share of tokens up to rank 10 (GLTR, Gehrmann et al. 2019).
    pub rank_10: f32,
    /// Share of tokens up to rank 100.
    pub rank_100: f32,
    /// Standard deviation of `l`, nats.
    pub surprisal_deviation: f32,
    /// Mean |difference| of neighbouring `l`, nats (UID; Venkatraman et al. 2024).
    pub surprisal_difference: f32,
    /// Skewness of the surprisal -l (DivEye; Basani and Chen 2025).
    pub surprisal_skewness: f32,
    /// ln(1 + fourth standardised moment) of the surprisal.
    pub surprisal_kurtosis: f32,
    /// Correlation of neighbouring l + H.
    pub autocorrelation: f32,
    /// Standard deviation of `H`, nats.
    pub entropy_deviation: f32,
    /// Standard deviation of `(l + H) / √Var[l]`.
    pub curvature_deviation: f32,
    /// Σl / -ΣH: log-perplexity over cross-entropy with one model as both (Hans et al. 2024, Binoculars).
    pub perplexity_ratio: f32,
    /// The 90th percentile of the surprisal, nats.
    pub surprisal_90: f32,
    /// The median of the surprisal, nats.
    pub surprisal_50: f32,
    /// Bytes of text a token.
    pub bytes_per_token: f32,
    /// Share of tokens that occurred among the 100 tokens before.
    pub repetition: f32,
}

/// Names of [`Statistics::row`]'s columns.
pub const COLUMNS: [&str; 21] = [
    "log_likelihood",
    "log_rank",
    "entropy",
    "curvature_per_root_token",
    "lrr",
    "rank_1",
    "rank_10",
    "rank_100",
    "surprisal_deviation",
    "surprisal_difference",
    "surprisal_skewness",
    "surprisal_kurtosis",
    "autocorrelation",
    "entropy_deviation",
    "curvature_deviation",
    "perplexity_ratio",
    "surprisal_90",
    "surprisal_50",
    "bytes_per_token",
    "repetition",
    "log_tokens",
];

impl Statistics {
    /// The statistics of a text; `None` below two tokens, which have no neighbours to differ from.
    #[must_use]
    pub fn of(stats: &[TokenStats], ids: &[TokenId], text_bytes: usize) -> Option<Self> {
        if stats.len() < 2 {
            return None;
        }
        let n = stats.len() as f64;
        let mean = |value: &dyn Fn(&TokenStats) -> f64| stats.iter().map(value).sum::<f64>() / n;
        let surprisal: Vec<f64> = stats.iter().map(|token| -f64::from(token.log_prob)).collect();
        let entropy: Vec<f64> = stats.iter().map(|token| -f64::from(token.expected_log_prob)).collect();
        let excess: Vec<f64> = entropy.iter().zip(&surprisal).map(|(entropy, surprisal)| entropy - surprisal).collect();
        let standard: Vec<f64> =
            stats.iter().zip(&excess).map(|(token, excess)| excess / deviation_of(token).max(1e-3)).collect();
        let log_rank = mean(&|token| f64::from(token.rank).ln());
        let variance: f64 = stats.iter().map(|token| f64::from(token.log_prob_variance)).sum();
        let share = |most: u32| mean(&|token| f64::from(u8::from(token.rank <= most)));
        let moments = Moments::of(&surprisal);
        let mut sorted = surprisal.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |share: f64| sorted[((n - 1.0) * share).round() as usize];
        let differences = surprisal.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>() / (n - 1.0);
        let statistics = Self {
            log_likelihood: -moments.mean as f32,
            log_rank: log_rank as f32,
            entropy: (entropy.iter().sum::<f64>() / n) as f32,
            curvature: (excess.iter().sum::<f64>() / variance.sqrt().max(1e-6)) as f32,
            lrr: if log_rank > 0.0 { (moments.mean / log_rank) as f32 } else { 0.0 },
            rank_1: share(1) as f32,
            rank_10: share(10) as f32,
            rank_100: share(100) as f32,
            surprisal_deviation: moments.deviation as f32,
            surprisal_difference: differences as f32,
            surprisal_skewness: moments.skewness as f32,
            surprisal_kurtosis: moments.kurtosis.ln_1p() as f32,
            autocorrelation: autocorrelation(&excess) as f32,
            entropy_deviation: Moments::of(&entropy).deviation as f32,
            curvature_deviation: Moments::of(&standard).deviation as f32,
            perplexity_ratio: (surprisal.iter().sum::<f64>() / entropy.iter().sum::<f64>().max(1e-6)) as f32,
            surprisal_90: quantile(0.9) as f32,
            surprisal_50: quantile(0.5) as f32,
            bytes_per_token: (text_bytes as f64 / n) as f32,
            repetition: repetition(ids) as f32,
        };
        Some(statistics)
    }

    /// The columns that the heads read, in the order of [`COLUMNS`].
    #[must_use]
    pub fn row(&self, tokens: usize) -> [f32; COLUMNS.len()] {
        let n = tokens as f32;
        [
            self.log_likelihood,
            self.log_rank,
            self.entropy,
            self.curvature / n.sqrt(),
            self.lrr,
            self.rank_1,
            self.rank_10,
            self.rank_100,
            self.surprisal_deviation,
            self.surprisal_difference,
            self.surprisal_skewness,
            self.surprisal_kurtosis,
            self.autocorrelation,
            self.entropy_deviation,
            self.curvature_deviation,
            self.perplexity_ratio,
            self.surprisal_90,
            self.surprisal_50,
            self.bytes_per_token,
            self.repetition,
            n.ln(),
        ]
    }
}

fn deviation_of(token: &TokenStats) -> f64 {
    f64::from(token.log_prob_variance).sqrt()
}

struct Moments {
    mean: f64,
    deviation: f64,
    skewness: f64,
    kurtosis: f64,
}

impl Moments {
    /// Population moments, the higher ones standardised; 0 where there is no spread.
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let moment = |power| values.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / n;
        let deviation = moment(2).sqrt();
        let standard = |power: i32| if deviation > 1e-9 { moment(power) / deviation.powi(power) } else { 0.0 };
        Self { mean, deviation, skewness: standard(3), kurtosis: standard(4) }
    }
}

fn autocorrelation(values: &[f64]) -> f64 {
    let Moments { mean, deviation, .. } = Moments::of(values);
    if deviation < 1e-9 {
        return 0.0;
    }
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    products / (values.len() - 1) as f64 / deviation.powi(2)
}

fn repetition(ids: &[TokenId]) -> f64 {
    const SPAN: usize = 100;
    let repeated = ids.iter().enumerate().filter(|(index, id)| ids[index.saturating_sub(SPAN)..*index].contains(id));
    repeated.count() as f64 / ids.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(log_prob: f32, entropy: f32, variance: f32, rank: u32) -> TokenStats {
        TokenStats { log_prob, expected_log_prob: -entropy, log_prob_variance: variance, rank }
    }

    #[test]
    fn hand_computed() {
        let stats = [token(-1.0, 2.0, 1.0, 1), token(-3.0, 2.0, 3.0, 12)];
        let statistics = Statistics::of(&stats, &[5, 5], 9).expect("two tokens");
        let near = |found: f32, expected: f64| {
            assert!((f64::from(found) - expected).abs() < 1e-6, "found {found}, expected {expected}");
        };
        near(statistics.log_likelihood, -2.0);
        near(statistics.log_rank, 12_f64.ln() / 2.0);
        near(statistics.entropy, 2.0);
        near(statistics.curvature, 0.0 / 2.0); // (2-1) + (2-3) = 0
        near(statistics.lrr, 4.0 / 12_f64.ln());
        near(statistics.rank_1, 0.5);
        near(statistics.rank_10, 0.5);
        near(statistics.rank_100, 1.0);
        near(statistics.surprisal_deviation, 1.0);
        near(statistics.surprisal_difference, 2.0);
        near(statistics.surprisal_skewness, 0.0);
        near(statistics.surprisal_kurtosis, 2_f64.ln()); // two points: fourth standardised moment 1
        near(statistics.autocorrelation, -1.0);
        near(statistics.perplexity_ratio, 1.0);
        near(statistics.bytes_per_token, 4.5);
        near(statistics.repetition, 0.5);
    }

    #[test]
    fn one_token_has_no_statistics() {
        assert_eq!(Statistics::of(&[token(-1.0, 2.0, 1.0, 1)], &[5], 4), None);
    }

    #[test]
    fn constant_surprisal_is_no_division_by_zero() {
        let stats = [token(0.0, 0.0, 0.0, 1); 5];
        let row = Statistics::of(&stats, &[1; 5], 5).expect("five tokens").row(5);
        assert!(row.iter().all(|value| value.is_finite()), "{row:?}");
    }
}
