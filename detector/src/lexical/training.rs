//! Training: AdaGrad (Duchi et al. 2011, with a diagonal matrix), one example at a time in seeded random order.
//!
//! Every [`BETWEEN_DOMAINS`] examples `domains` draws the mean scores of the human domains together; what a domain or a kind
//! of writing explains by itself `columns` take up. One thread, so that the result does not depend on their number; only
//! extraction is parallel. The choice of examples and of their weights is the caller's.

use super::columns::Columns;
use super::domains::Domains;
use super::features::{LexicalFeatures, MAX_COUNT, damped, family};
use super::weights::LexicalWeights;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Examples between two steps of the penalty on domains.
const BETWEEN_DOMAINS: usize = 2_000;

/// A text to learn from.
#[derive(Debug, Clone, Copy)]
pub struct LexicalExample<'a> {
    /// Its n-grams.
    pub features: &'a LexicalFeatures,
    /// Whether a machine wrote it.
    pub machine: bool,
    /// How much it counts against others; only ratios matter.
    pub weight: f32,
    /// Number of its source, below 64.
    pub source: usize,
    /// Number of its domain (a register of a source), counted from 0.
    pub domain: usize,
    /// Number of its kind of writing, counted from 0.
    pub register: usize,
}

/// How a [`LexicalModel`](super::LexicalModel) is trained. The objective is the weighted mean logistic loss +
/// `l2`/2 · Σ w², where w are the weights of the values times inverse document frequency; the penalty on domains is a
/// step of its own. The same seed gives the same bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalTrainer {
    /// Binary logarithm of the number of buckets of each family, from 8 to 20.
    pub bits: u32,
    /// Passes over the examples.
    pub epochs: usize,
    /// AdaGrad's step.
    pub learning_rate: f32,
    /// Strength of the penalty.
    pub l2: f32,
    /// Seed of the order of the examples.
    pub seed: u64,
    /// N-grams found in at least two examples each of fewer sources than this get no weight: they tell sources apart, not
    /// authors. Never more than half of the sources.
    pub least_sources: u32,
    /// Penalty on how far the mean scores of the human domains lie apart: what tells one kind of human writing from another is
    /// not to tell a person from a machine. 0 for none.
    pub domain_penalty: f32,
    /// The value of a column of its own that each domain has while training, and that is left out afterwards: part of what
    /// tells a domain of people from a domain of machines is learned there, and not by the words of its subject. 0 for none.
    pub domain_value: f32,
    /// The same for each kind of writing.
    pub register_value: f32,
}

impl Default for LexicalTrainer {
    fn default() -> Self {
        Self {
            bits: 19,
            epochs: 4,
            learning_rate: 0.01,
            l2: 1e-3,
            seed: 0,
            least_sources: 10,
            domain_penalty: 0.1,
            domain_value: 2.0,
            register_value: 1.5,
        }
    }
}

/// One bucket while training.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    /// Weight of the value before inverse document frequency: what the model keeps.
    pub(super) weight: f32,
    /// Sum of squared gradients.
    squares: f32,
    /// Inverse document frequency; 0 where the bucket is empty.
    pub(super) idf: f32,
    /// `l2` over the share of examples that have the bucket, so that each visit pays for the misses.
    decay: f32,
}

impl Bucket {
    /// Of a column, which has no penalty.
    pub(super) fn column() -> Self {
        Self { idf: 1.0, ..Self::default() }
    }
}

impl LexicalTrainer {
    /// The n-grams of many normalised texts, in parallel and in order.
    #[must_use]
    pub fn features<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Vec<LexicalFeatures> {
        texts.par_iter().map(|text| LexicalFeatures::of(text.as_ref(), self.bits)).collect()
    }

    /// Trains on examples. Without any, the model is 0 everywhere.
    ///
    /// # Panics
    /// When the features have other `bits` than the trainer.
    #[must_use]
    pub fn train(&self, examples: &[LexicalExample<'_>]) -> LexicalWeights {
        assert!(
            examples.iter().all(|example| example.features.bits == self.bits),
            "features are of the trainer's size"
        );
        let documents = self.document_frequencies(examples);
        let mut buckets = self.buckets(&documents, examples.len());
        let total: f64 = examples.iter().map(|example| f64::from(example.weight)).sum();
        let mean_weight = ((total / examples.len().max(1) as f64) as f32).max(f32::MIN_POSITIVE);
        let machines = examples.iter().filter(|example| example.machine).count();
        let mut bias = Bucket { weight: prior(examples), ..Bucket::column() };
        let mut columns = Columns::of(examples, [self.domain_value, self.register_value]);

        let norms: Vec<[f32; 2]> = examples.par_iter().map(|example| example.features.inverse_norms()).collect();
        let values: &[f32] = &(0..=MAX_COUNT).map(damped).collect::<Vec<f32>>();
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let valued = |at: usize| {
            let norms = norms[at];
            let weigh = move |(index, count): (u32, u32)| {
                (index as usize, values[count as usize] * norms[family(index, self.bits)])
            };
            examples[at].features.counts().map(weigh).filter(|(index, _)| documents[*index] > 0)
        };
        let domains = Domains::of(examples, &buckets, valued, self.domain_penalty);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        for _ in 0..self.epochs {
            order.shuffle(&mut random);
            for part in order.chunks(BETWEEN_DOMAINS) {
                for &at in part {
                    let example = &examples[at];
                    let known = bias.weight + columns.score(example);
                    let score = known + valued(at).map(|(index, value)| buckets[index].weight * value).sum::<f32>();
                    let excess = logistic(score) - f32::from(u8::from(example.machine));
                    let slope = excess * example.weight / mean_weight;
                    for (index, value) in valued(at) {
                        self.step(&mut buckets[index], slope * value);
                    }
                    self.step(&mut bias, slope);
                    for (column, value) in columns.of_example(example) {
                        self.step(column, slope * value);
                    }
                }
                domains.draw_together(&mut buckets);
            }
        }
        LexicalWeights {
            bits: self.bits,
            bias: bias.weight,
            texts: [examples.len() - machines, machines].map(|count| count as u32),
            weights: buckets.into_iter().map(|bucket| bucket.weight).collect(),
            documents,
        }
    }

    /// AdaGrad on w = weight / idf; `gradient` is that of the loss by the value before inverse document frequency.
    fn step(&self, bucket: &mut Bucket, gradient: f32) {
        let gradient = gradient * bucket.idf + bucket.decay * bucket.weight / bucket.idf;
        bucket.squares += gradient * gradient;
        bucket.weight -= self.learning_rate * bucket.idf * gradient / (bucket.squares.sqrt() + 1e-8);
    }

    /// How many examples have each bucket; 0 for those that too few sources have.
    fn document_frequencies(&self, examples: &[LexicalExample<'_>]) -> Vec<u32> {
        let mut documents = vec![0_u32; 2 << self.bits];
        let (mut once, mut twice) = (vec![0_u64; 2 << self.bits], vec![0_u64; 2 << self.bits]);
        let mut sources = 0_u64;
        for example in examples {
            let source = 1_u64 << example.source;
            sources |= source;
            for (index, _) in example.features.counts() {
                let index = index as usize;
                documents[index] += 1;
                twice[index] |= once[index] & source;
                once[index] |= source;
            }
        }
        let least = self.least_sources.min(sources.count_ones() / 2);
        for (documents, twice) in documents.iter_mut().zip(twice) {
            if twice.count_ones() < least {
                *documents = 0;
            }
        }
        documents
    }

    fn buckets(&self, documents: &[u32], examples: usize) -> Vec<Bucket> {
        let bucket = |frequency: &u32| match *frequency {
            0 => Bucket::default(),
            frequency => Bucket {
                idf: 1.0 + ((1.0 + examples as f32) / (1.0 + frequency as f32)).ln(),
                decay: self.l2 * examples as f32 / frequency as f32,
                ..Bucket::default()
            },
        };
        documents.iter().map(bucket).collect()
    }
}

/// Log-odds of the classes' total weights; 0 when there is one class only.
fn prior(examples: &[LexicalExample<'_>]) -> f32 {
    let total = |machine: bool| -> f32 {
        examples.iter().filter(|example| example.machine == machine).map(|example| example.weight).sum()
    };
    let odds = total(true) / total(false);
    if odds.is_finite() && odds > 0.0 { odds.ln() } else { 0.0 }
}

fn logistic(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::testing::{small, synthetic, trained};

    #[test]
    fn training_separates_and_is_deterministic() {
        let weights = trained(1);
        assert_eq!(weights, trained(1));
        let (texts, labels) = synthetic(400, 2);
        let features = small().features(&texts);
        let right = features
            .iter()
            .zip(&labels)
            .filter(|(features, machine)| (weights.score_features(features) > 0.0) == **machine)
            .count();
        assert!(right > 340, "{right} of 400");
        let model = weights.quantize();
        assert!(model.score("we delve into the tapestry, and moreover the river") > 0.5);
        assert!(model.score("yeah kinda mine; yeah") < -0.5);
    }

    #[test]
    fn weights_of_examples_count() {
        let features = [LexicalFeatures::of("same", 12), LexicalFeatures::of("same", 12)];
        let example = |machine: bool, weight| LexicalExample {
            features: &features[0],
            machine,
            weight,
            source: 0,
            domain: 0,
            register: 0,
        };
        let trainer = LexicalTrainer { epochs: 200, l2: 0.0, domain_value: 0.0, register_value: 0.0, ..small() };
        let weights = trainer.train(&[example(true, 3.0), example(false, 1.0)]);
        assert!((weights.score_features(&features[1]) - 3.0_f32.ln()).abs() < 0.2);
        assert_eq!(small().train(&[]).score_features(&features[0]), 0.0);
    }
}
