//! Made-up texts of two authors and a small model of them, for the unit tests of this folder.
//!
//! Not a measure of anything: real texts are in the corpora.

use super::training::{LexicalExample, LexicalTrainer};
use super::weights::LexicalWeights;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

/// Texts of two authors who share most of their words.
pub(super) fn synthetic(count: usize, seed: u64) -> (Vec<String>, Vec<bool>) {
    const SHARED: [&str; 12] =
        ["the", "house", "a", "tree", "goes", "under", "it", "and", "said", "don't", "café", "river"];
    const MARKS: [[&str; 4]; 2] = [["yeah", "kinda", ";", "mine"], ["delve", "tapestry", ", and", "moreover"]];
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let labels: Vec<bool> = (0..count).map(|at| at % 2 == 1).collect();
    let text = |machine: &bool| {
        let word = |random: &mut ChaCha8Rng| {
            let own = &MARKS[usize::from(*machine == random.random_bool(0.7))];
            let words: &[&str] = if random.random_bool(0.1) { own } else { &SHARED };
            words.choose(random).copied().unwrap_or_default()
        };
        (0..80).map(|_| word(&mut random)).collect::<Vec<_>>().join(" ")
    };
    let texts = labels.iter().map(text).collect();
    (texts, labels)
}

pub(super) fn small() -> LexicalTrainer {
    LexicalTrainer { bits: 12, ..LexicalTrainer::default() }
}

pub(super) fn trained(seed: u64) -> LexicalWeights {
    let (texts, labels) = synthetic(600, seed);
    let features = small().features(&texts);
    let examples: Vec<_> = features
        .iter()
        .zip(labels)
        .map(|(features, machine)| LexicalExample { features, machine, weight: 1.0, source: 0, domain: 0, register: 0 })
        .collect();
    small().train(&examples)
}
