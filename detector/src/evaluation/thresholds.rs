//! Where the cut is, and whose human texts it was taken from.

use super::RATES;
use super::text::ScoredText;
use crate::metrics::threshold_at_fpr;
use std::collections::BTreeMap;

/// Thresholds at [`RATES`], with what they were taken from.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// In words: which human texts.
    pub origin: String,
    /// Human texts they were taken from.
    pub humans: usize,
    /// One for all texts; `None` where there are too few human texts.
    pub global: [Option<f64>; 3],
    /// One for each domain, with its human texts.
    pub by_domain: BTreeMap<String, (usize, [Option<f64>; 3])>,
}

impl Thresholds {
    /// The thresholds of the human texts among these.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a ScoredText>, origin: String) -> Self {
        let (mut all, mut domains) = (Vec::new(), BTreeMap::<String, Vec<f64>>::new());
        for text in texts.filter(|text| !text.is_machine()) {
            all.push(text.called());
            if let Some(domain) = &text.domain {
                domains.entry(domain.clone()).or_default().push(text.called());
            }
        }
        let at_rates = |scores: &[f64]| RATES.map(|rate| threshold_at_fpr(scores, rate));
        let of_domain = |(name, scores): (String, Vec<f64>)| (name, (scores.len(), at_rates(&scores)));
        Self {
            origin,
            humans: all.len(),
            global: at_rates(&all),
            by_domain: domains.into_iter().map(of_domain).collect(),
        }
    }

    /// The threshold of a text's domain; the one for all where it has no domain.
    pub(super) fn of_domain(&self, text: &ScoredText, rate: usize) -> Option<f64> {
        match &text.domain {
            Some(domain) => self.by_domain.get(domain).and_then(|(_, thresholds)| thresholds[rate]),
            None => self.global[rate],
        }
    }
}
