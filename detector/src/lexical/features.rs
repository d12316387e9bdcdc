//! The n-grams of a text, counted: all that training and scoring see of it.
//!
//! Holds no weights, and does not know where in the text an n-gram stood; evidence for single words needs `units`.

use super::BITS;
use super::units::Units;

/// A packed n-gram is its index (family, then bucket) above this many bits of count.
const COUNT_BITS: u32 = 11;
pub(super) const MAX_COUNT: u32 = (1 << COUNT_BITS) - 1;

/// The n-grams of one text: distinct indices in ascending order, each with its count. 4 bytes an n-gram; a text of
/// 200 words has some 3,500.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexicalFeatures {
    pub(super) bits: u32,
    packed: Vec<u32>,
}

impl LexicalFeatures {
    /// The n-grams of a normalised text.
    ///
    /// # Panics
    /// When `bits` is outside 8 to 20.
    #[must_use]
    pub fn of(text: &str, bits: u32) -> Self {
        assert!(BITS.contains(&bits), "a family has 2^8 to 2^20 buckets");
        let mut indices = Vec::with_capacity(6 * text.len());
        Units::of(text).each_gram(bits, |index, _| indices.push(index));
        indices.sort_unstable();
        let packed = indices
            .chunk_by(|left, right| left == right)
            .map(|equal| equal[0] << COUNT_BITS | (equal.len() as u32).min(MAX_COUNT))
            .collect();
        Self { bits, packed }
    }

    /// Index (word n-grams below 2^`bits`, character n-grams from there on) and count of each n-gram, counts
    /// above 2,047 cut.
    pub fn counts(&self) -> impl Iterator<Item = (u32, u32)> {
        self.packed.iter().map(|packed| (packed >> COUNT_BITS, packed & MAX_COUNT))
    }

    /// Number of distinct n-grams.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packed.len()
    }

    /// Whether the text had no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// 1 / norm of each family's values; 0 for a family without n-grams.
    pub(super) fn inverse_norms(&self) -> [f32; 2] {
        let mut squares = [0.0_f32; 2];
        for (index, count) in self.counts() {
            squares[family(index, self.bits)] += damped(count).powi(2);
        }
        squares.map(|sum| if sum > 0.0 { sum.sqrt().recip() } else { 0.0 })
    }
}

/// 0 for a word n-gram, 1 for a character n-gram.
pub(super) fn family(index: u32, bits: u32) -> usize {
    (index >> bits) as usize
}

/// The value of an n-gram that occurs `count` times, before the norm.
pub(super) fn damped(count: u32) -> f32 {
    if count == 1 { 1.0 } else { 1.0 + (count as f32).ln() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::testing::synthetic;

    #[test]
    fn features_are_sorted_counted_and_stable() {
        let features = LexicalFeatures::of("no no no", 19);
        let counts: Vec<(u32, u32)> = features.counts().collect();
        assert!(counts.windows(2).all(|pair| pair[0].0 < pair[1].0));
        // "no" 3, "no no" 2, "no no no" 1; then pairs " n" 3, "no" 3, "o " 3 and so on.
        let mut words: Vec<u32> =
            counts.iter().filter(|(index, _)| *index < 1 << 19).map(|(_, count)| *count).collect();
        words.sort_unstable();
        assert_eq!(words, [1, 2, 3]);
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u32>(), 6 + 9 + 8 + 7 + 6);
        assert!(LexicalFeatures::of(" \n", 19).is_empty());
        assert_eq!(LexicalFeatures::of("A  b\nc", 19), LexicalFeatures::of("a b c", 19));
    }

    #[test]
    #[ignore = "measures speed"]
    fn speed() {
        let (texts, _) = synthetic(2000, 1);
        let bytes: usize = texts.iter().map(String::len).sum();
        let seconds = || {
            let start = std::time::Instant::now();
            assert!(texts.iter().all(|text| !LexicalFeatures::of(text, 19).is_empty()));
            start.elapsed().as_secs_f64()
        };
        let rate = bytes as f64 / (0..5).map(|_| seconds()).fold(f64::INFINITY, f64::min) / 1e6;
        assert!(rate > 5.0, "{rate:.1} MB/s");
    }
}
