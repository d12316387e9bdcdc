//! The human domains (a register of a source each), and weights that do not tell them apart.
//!
//! People who write in a way that was not learned from are called machines where the words that tell ways of writing apart
//! weigh. What is penalised is the variance of the mean scores of the domains that there are: nuisance attribute projection
//! (Solomonoff, Campbell and Boardman 2005), softly, as a proximal step between the steps of `training`. Machine texts take
//! no part: what tells one model from another is often what tells models from people.

use super::training::{Bucket, LexicalExample};
use crate::logistic::{cholesky, solve};
use std::collections::BTreeMap;

/// Human texts from which on a domain counts.
const LEAST_TEXTS: usize = 20;

/// How the mean values of the human domains differ from their common mean.
pub(super) struct Domains {
    /// The buckets that have weights.
    buckets: Vec<usize>,
    /// A row for each domain, a column for each of `buckets`: the difference times the root of the penalty, values times
    /// inverse document frequency.
    differences: Vec<Vec<f32>>,
    /// Cholesky factor of 1 + D Dᵀ, D being the differences.
    factor: Vec<f64>,
}

impl Domains {
    /// `valued` gives bucket and value of each n-gram of an example that has a weight.
    pub(super) fn of<V: Iterator<Item = (usize, f32)>>(
        examples: &[LexicalExample<'_>],
        buckets: &[Bucket],
        valued: impl Fn(usize) -> V,
        penalty: f32,
    ) -> Self {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, example) in examples.iter().enumerate().filter(|(_, example)| !example.machine) {
            members.entry(example.domain).or_default().push(at);
        }
        members.retain(|_, members| members.len() >= LEAST_TEXTS);
        let used: Vec<usize> = (0..buckets.len()).filter(|&bucket| buckets[bucket].idf > 0.0).collect();
        if penalty == 0.0 || members.len() < 2 {
            return Self { buckets: used, differences: Vec::new(), factor: Vec::new() };
        }
        let mut columns = vec![0; buckets.len()];
        used.iter().enumerate().for_each(|(column, &bucket)| columns[bucket] = column);
        let mean_of = |members: &Vec<usize>| {
            let mut mean = vec![0.0_f32; used.len()];
            for &at in members {
                valued(at).for_each(|(bucket, value)| mean[columns[bucket]] += value);
            }
            for (mean, &bucket) in mean.iter_mut().zip(&used) {
                *mean *= buckets[bucket].idf / members.len() as f32;
            }
            mean
        };
        let mut differences: Vec<Vec<f32>> = members.values().map(mean_of).collect();
        let (domains, root) = (differences.len() as f32, penalty.sqrt());
        for column in 0..used.len() {
            let mean = differences.iter().map(|row| row[column]).sum::<f32>() / domains;
            differences.iter_mut().for_each(|row| row[column] = (row[column] - mean) * root);
        }
        let factor = factor_of(&differences);
        Self { buckets: used, differences, factor }
    }

    /// Replaces the weights w (of values times inverse document frequency) by the v that minimise
    /// |v − w|²/2 + penalty/2 · Σ (v · difference of the domain)².
    pub(super) fn draw_together(&self, buckets: &mut [Bucket]) {
        if self.differences.is_empty() {
            return;
        }
        let weight = |&bucket: &usize| buckets[bucket].weight / buckets[bucket].idf;
        let weights: Vec<f32> = self.buckets.iter().map(weight).collect();
        let scores: Vec<f64> = self.differences.iter().map(|row| dot(row, &weights)).collect();
        let mut change = vec![0.0_f32; weights.len()];
        for (row, factor) in self.differences.iter().zip(solve(&self.factor, &scores)) {
            let factor = factor as f32;
            change.iter_mut().zip(row).for_each(|(change, difference)| *change += factor * difference);
        }
        for (&bucket, change) in self.buckets.iter().zip(change) {
            let bucket = &mut buckets[bucket];
            bucket.weight -= change * bucket.idf;
        }
    }
}

/// The Cholesky factor of 1 + D Dᵀ, row after row in a square.
fn factor_of(rows: &[Vec<f32>]) -> Vec<f64> {
    let size = rows.len();
    let mut matrix = vec![0.0; size * size];
    for (at, row) in rows.iter().enumerate() {
        for (column, other) in rows[..=at].iter().enumerate() {
            matrix[at * size + column] = dot(row, other);
        }
        matrix[at * size + at] += 1.0;
    }
    let positive = cholesky(&mut matrix, size, 0.0);
    debug_assert!(positive, "1 + D Dᵀ is positive definite");
    matrix
}

fn dot(left: &[f32], right: &[f32]) -> f64 {
    left.iter().zip(right).map(|(left, right)| f64::from(left * right)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::testing::small;
    use crate::lexical::{LexicalFeatures, LexicalTrainer, LexicalWeights};

    const WORDS: [&str; 6] = ["river", "stone", "bread", "window", "garden", "road"];

    /// Human texts of two domains, one of which says `whereas`, and machine texts, which all do, and half of which `delve`.
    fn texts() -> Vec<(String, bool, usize)> {
        let text = |at: usize| {
            let word = |step: usize| WORDS[(at / 3 * 7 + step * step * (at / 18 + 1)) % WORDS.len()];
            let plain = (0..30).map(word).collect::<Vec<_>>().join(" ");
            match at % 3 {
                0 => (plain, false, 0),
                1 => (format!("{plain} whereas"), false, 1),
                _ => (format!("{plain} whereas{}", if at.is_multiple_of(2) { " delve" } else { "" }), true, 2),
            }
        };
        (0..600).map(text).collect()
    }

    fn trained(penalty: f32) -> LexicalWeights {
        let texts = texts();
        let features: Vec<LexicalFeatures> = texts.iter().map(|(text, ..)| LexicalFeatures::of(text, 12)).collect();
        let example = |(features, (_, machine, domain)): (_, &(String, bool, usize))| LexicalExample {
            features,
            machine: *machine,
            weight: 1.0,
            source: 0,
            domain: *domain,
            register: 0,
        };
        let examples: Vec<LexicalExample<'_>> = features.iter().zip(&texts).map(example).collect();
        let without_columns = LexicalTrainer { domain_value: 0.0, register_value: 0.0, ..small() };
        LexicalTrainer { domain_penalty: penalty, epochs: 40, ..without_columns }.train(&examples)
    }

    /// The mean scores of the human texts of both domains, and of the machine texts.
    fn means(weights: &LexicalWeights) -> [f32; 3] {
        let texts = texts();
        [0, 1, 2].map(|wanted| {
            let of_domain = texts.iter().filter(|(.., domain)| *domain == wanted);
            let scores: Vec<f32> =
                of_domain.map(|(text, ..)| weights.score_features(&LexicalFeatures::of(text, 12))).collect();
            scores.iter().sum::<f32>() / scores.len() as f32
        })
    }

    #[test]
    fn penalised_domains_score_alike_and_machines_still_stand_out() {
        let [one, other, machine] = means(&trained(0.0));
        assert!(other - one > 0.3 * (machine - one), "{one} {other} {machine}");
        let [one, other, machine] = means(&trained(1e4));
        assert!((other - one).abs() < 0.05 * (machine - one), "{one} {other} {machine}");
    }

    #[test]
    fn a_step_is_the_minimum() {
        // One weight, two domains of differences d and -d: v = w / (1 + 2 penalty d²).
        let feature = |times: usize| LexicalFeatures::of(&"a ".repeat(times), 12);
        let features: Vec<LexicalFeatures> = (0..40).map(|_| feature(1)).collect();
        let examples: Vec<LexicalExample<'_>> = (0..40)
            .map(|at| LexicalExample {
                features: &features[at],
                machine: false,
                weight: 1.0,
                source: 0,
                domain: at / 20,
                register: 0,
            })
            .collect();
        let mut buckets = vec![Bucket::default(); 3];
        (buckets[1].weight, buckets[1].idf) = (3.0, 1.5);
        let value = |at: usize| std::iter::once((1, if at < 20 { 0.8 } else { 0.2 }));
        let domains = Domains::of(&examples, &buckets, value, 2.0);
        domains.draw_together(&mut buckets);
        let difference = 1.5 * 0.3_f32;
        assert!((buckets[1].weight - 3.0 / (1.0 + 2.0 * 2.0 * difference * difference)).abs() < 1e-5);
        assert_eq!(buckets[0].weight, 0.0);
    }
}
