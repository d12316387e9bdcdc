//! Columns that examples have only while training: one for each domain, one for each kind of writing.
//!
//! Where all texts of a kind of writing are by machines, its words would be taken for theirs, and people who write so for
//! machines. The column takes up what the kind alone explains and is left out afterwards, so that words are judged by
//! what they tell within a kind: softly, an intercept for each stratum (conditional logistic regression; Breslow and Day 1980, chapter 7).

use super::training::{Bucket, LexicalExample};

/// The columns of the domains, then those of the kinds of writing.
pub(super) struct Columns {
    buckets: [Vec<Bucket>; 2],
    /// What an example has in its columns; 0 for none.
    values: [f32; 2],
}

impl Columns {
    pub(super) fn of(examples: &[LexicalExample<'_>], values: [f32; 2]) -> Self {
        let buckets = [0, 1].map(|kind| {
            let count = examples.iter().map(|example| numbers(example)[kind] + 1).max().unwrap_or(0);
            vec![Bucket::column(); count]
        });
        Self { buckets, values }
    }

    /// What the columns of an example add to its score.
    pub(super) fn score(&self, example: &LexicalExample<'_>) -> f32 {
        let of_kind = |kind: usize| self.buckets[kind][numbers(example)[kind]].weight * self.values[kind];
        of_kind(0) + of_kind(1)
    }

    /// The buckets and the values of an example's columns.
    pub(super) fn of_example(&mut self, example: &LexicalExample<'_>) -> impl Iterator<Item = (&mut Bucket, f32)> {
        let valued = self.buckets.iter_mut().zip(self.values).zip(numbers(example));
        valued.filter(|((_, value), _)| *value > 0.0).map(|((buckets, value), number)| (&mut buckets[number], value))
    }
}

fn numbers(example: &LexicalExample<'_>) -> [usize; 2] {
    [example.domain, example.register]
}

#[cfg(test)]
mod tests {
    use crate::lexical::testing::small;
    use crate::lexical::{LexicalExample, LexicalFeatures, LexicalTrainer};

    /// How much more than a plain text one with each word scores, when essays are by both authors, of whom the machine
    /// says `delve`, and laws, which say `whereas`, by the machine alone.
    fn excess(domain_value: f32, register_value: f32) -> [f32; 2] {
        let plain = |at: usize| format!("{} stone and bread", ["river", "window", "garden"][at % 3]).repeat(10);
        let text = |at: usize| match at % 3 {
            0 => (plain(at / 3), false, 0),
            1 => (format!("{} delve", plain(at / 3)), true, 0),
            _ => (format!("{} whereas", plain(at / 3)), true, 1),
        };
        let texts: Vec<(String, bool, usize)> = (0..600).map(text).collect();
        let features: Vec<LexicalFeatures> = texts.iter().map(|(text, ..)| LexicalFeatures::of(text, 12)).collect();
        let example = |(features, (_, machine, kind)): (_, &(String, bool, usize))| LexicalExample {
            features,
            machine: *machine,
            weight: 1.0,
            source: 0,
            domain: *kind,
            register: *kind,
        };
        let examples: Vec<LexicalExample<'_>> = features.iter().zip(&texts).map(example).collect();
        let weights = LexicalTrainer { domain_value, register_value, epochs: 40, ..small() }.train(&examples);
        let score = |text: &str| weights.score_features(&LexicalFeatures::of(text, 12));
        ["delve", "whereas"].map(|word| score(&format!("{} {word}", plain(0))) - score(&plain(0)))
    }

    #[test]
    fn what_a_kind_of_writing_explains_is_not_learned_by_its_words() {
        let [delve, whereas] = excess(0.0, 0.0);
        assert!(whereas > 0.6 * delve, "{delve} {whereas}");
        for (domain, register) in [(5.0, 0.0), (0.0, 5.0), (4.0, 3.0), (2.0, 1.5)] {
            let [of_author, of_kind] = excess(domain, register);
            assert!(of_kind / of_author < 0.5 * whereas / delve, "{domain} {register}: {of_author} {of_kind}");
        }
    }
}
