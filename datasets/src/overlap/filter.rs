//! A blocked Bloom filter of two cache lines an n-gram (Putze, Sanders and Singler 2007): which bits, and how many.
//!
//! A line is 512 bits, eight words of 64. An n-gram sets one bit in each word of two different lines, 16 bits in all. What is
//! absent is mostly found out at the first line, one access to memory; a plain Bloom filter needs 38.3 bits an n-gram
//! for 1e-8 and two accesses or more, one line alone needs 66 bits.

use super::hash::mix;
use super::prefetch::prefetch;

/// Bytes of a line.
pub(crate) const LINE_BYTES: usize = 64;
/// Words of 64 bits in a line.
const LINE_WORDS: usize = 8;
/// Fewest lines: below, the lines of a pair are too much alike.
const LEAST_LINES: u64 = 64;
/// Most lines: 64 TiB. Keeps the arithmetic on sizes far from overflow.
pub(crate) const MOST_LINES: u64 = 1 << 40;
/// The rates of false positives that can be promised.
pub(crate) const RATES: std::ops::RangeInclusive<f64> = 1e-12..=1e-2;

/// One line as it lies in the file: eight words, little-endian.
pub(crate) type Line = [u8; LINE_BYTES];

/// Where the bits of an n-gram are: two lines, and six bits for each word of each that say which one of its 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) bits: u64,
}

/// The first line of an n-gram.
#[inline]
pub(crate) fn first(ngram: u64, lines: u64) -> Place {
    Place { line: scale(ngram, lines), bits: folded(ngram ^ 0x8538_ecb5_bd45_6ea3, 0x9fb2_1c65_1e98_df25) }
}

/// The second line of an n-gram, another than the first.
#[inline]
pub(crate) fn second(ngram: u64, lines: u64) -> Place {
    let hash = mix(ngram ^ 0x6c62_272e_07bb_0142);
    let distance = 1 + scale(hash, lines - 1);
    let line = scale(ngram, lines) + distance;
    let line = if line >= lines { line - lines } else { line };
    Place { line, bits: folded(hash ^ 0x1b87_3593_cc9e_2d51, 0xa24b_aed4_963e_e407) }
}

/// A hash to 0..end, evenly (Lemire 2019).
#[inline]
fn scale(hash: u64, end: u64) -> u64 {
    ((u128::from(hash) * u128::from(end)) >> 64) as u64
}

/// Both halves of a product of 128 bits.
#[inline]
fn folded(hash: u64, factor: u64) -> u64 {
    let product = u128::from(hash) * u128::from(factor);
    (product >> 64) as u64 ^ product as u64
}

/// Whether all bits of a place are set in its line.
#[inline(always)]
pub(crate) fn is_set(line: &Line, bits: u64) -> bool {
    let words = line.as_chunks::<8>().0;
    let mut missing = 0;
    for (index, word) in words.iter().enumerate() {
        missing |= !u64::from_le_bytes(*word) & mask(bits, index);
    }
    missing == 0
}

/// Sets all bits of a place in its line.
#[inline(always)]
pub(crate) fn set(line: &mut Line, bits: u64) {
    for (index, word) in line.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        *word = (u64::from_le_bytes(*word) | mask(bits, index)).to_le_bytes();
    }
}

/// How many places ahead a line is asked for.
const AHEAD: usize = 16;

/// Sets the bits of many places, given as lines of this part of a filter and bits.
pub(crate) fn set_all(lines: &mut [Line], places: &[(u32, u64)]) {
    #[inline(always)]
    fn work(lines: &mut [Line], places: &[(u32, u64)]) {
        for (index, (line, bits)) in places.iter().enumerate() {
            if let Some((next, _)) = places.get(index + AHEAD) {
                prefetch(lines, *next as usize);
            }
            set(&mut lines[*line as usize], *bits);
        }
    }
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(lines: &mut [Line], places: &[(u32, u64)]) {
            work(lines, places);
        }
        if std::is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "a function for processors with AVX2, which this one has")]
            // SAFETY: AVX2 was detected.
            return unsafe { with_avx2(lines, places) };
        }
    }
    work(lines, places);
}

#[inline(always)]
fn mask(bits: u64, word: usize) -> u64 {
    1 << ((bits >> (6 * word)) & 63)
}

// ---- Sizes ----------------------------------------------------------------------------------------------------------

/// Bits an n-gram for a rate of false positives: the fewest whole number that the formula gives no higher rate for.
pub(crate) fn bits_per_ngram(rate: f64) -> u64 {
    (8..1024).find(|bits| false_positive_rate(*bits as f64) <= rate).unwrap_or(1024)
}

/// Lines for so many n-grams at so many bits each.
pub(crate) fn lines_for(ngrams: u64, bits: u64) -> u64 {
    let lines = (u128::from(ngrams) * u128::from(bits)).div_ceil(8 * LINE_BYTES as u128);
    u64::try_from(lines).unwrap_or(u64::MAX).max(LEAST_LINES)
}

/// The rate of false positives of a filter filled with one n-gram in so many bits.
///
/// Each line gets Poisson(λ) n-grams, λ = 2 · 512 / bits, and each of its words as many bits, one of them being set with
/// probability 1 - (63/64)ᶜ for c of them; both lines have to agree.
pub(crate) fn false_positive_rate(bits: f64) -> f64 {
    let load = 2.0 * 8.0 * LINE_BYTES as f64 / bits;
    let mut probability = (-load).exp();
    let mut line = 0.0;
    for count in 1..2_000_u32 {
        probability *= load / f64::from(count);
        line += probability * (1.0 - (63.0_f64 / 64.0).powi(count as i32)).powi(LINE_WORDS as i32);
    }
    line * line
}

/// How full the lines of a filter are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fill {
    lines: u64,
    /// Sum over lines of the chance that an absent n-gram finds its bits set there.
    passes: f64,
    /// Sum over lines of the estimated number of n-grams.
    load: f64,
}

impl Fill {
    pub(crate) fn add(&mut self, line: &Line) {
        let set = line.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word).count_ones());
        let (mut pass, mut bits) = (1.0, 0);
        for ones in set {
            pass *= f64::from(ones) / 64.0;
            bits += ones;
        }
        let empty = f64::from(512 - bits).max(1.0) / 512.0;
        self.lines += 1;
        self.passes += pass;
        self.load += empty.ln() / (63.0_f64 / 64.0).ln();
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self { lines: self.lines + other.lines, passes: self.passes + other.passes, load: self.load + other.load }
    }

    /// The rate of false positives by the bits that are set.
    pub(crate) fn false_positive_rate(&self) -> f64 {
        (self.passes / self.lines.max(1) as f64).powi(2)
    }

    /// How many different n-grams were put in, by the bits that are set (Swamidass and Baldi 2007).
    pub(crate) fn distinct(&self) -> f64 {
        self.load / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::testing::Random;

    fn filled(lines: u64, ngrams: u64) -> Vec<Line> {
        let mut filter = vec![[0; LINE_BYTES]; lines as usize];
        let mut random = Random::new(1);
        for _ in 0..ngrams {
            let ngram = random.next();
            for place in [first(ngram, lines), second(ngram, lines)] {
                set(&mut filter[place.line as usize], place.bits);
            }
        }
        filter
    }

    fn fill(filter: &[Line]) -> Fill {
        let mut fill = Fill::default();
        filter.iter().for_each(|line| fill.add(line));
        fill
    }

    fn contains(filter: &[Line], ngram: u64) -> bool {
        let lines = filter.len() as u64;
        let at = |place: Place| is_set(&filter[place.line as usize], place.bits);
        at(first(ngram, lines)) && at(second(ngram, lines))
    }

    #[test]
    fn sizes() {
        assert_eq!(bits_per_ngram(1e-8), 48);
        assert_eq!(lines_for(0, 48), 64);
        assert_eq!(lines_for(1_000_000, 48), 93_750);
        let bits: Vec<u64> = (2..=12).map(|digits| bits_per_ngram(10_f64.powi(-digits))).collect();
        assert!(bits.is_sorted(), "{bits:?}");
    }

    #[test]
    fn lines_of_a_pair_differ_and_lie_within() {
        let mut random = Random::new(2);
        for lines in [64, 65, 1000, 1 << 33] {
            for _ in 0..1000 {
                let ngram = random.next();
                let (first, second) = (first(ngram, lines), second(ngram, lines));
                assert!(first.line < lines && second.line < lines && first.line != second.line);
            }
        }
    }

    /// At a rate high enough to be counted: 20,000 n-grams at 16 bits, four million absent ones. The formula, the fill and the
    /// count agree within five standard deviations.
    #[test]
    fn the_rate_is_what_the_formula_says() {
        let filter = filled(lines_for(20_000, 16), 20_000);
        let formula = false_positive_rate(16.0);
        let by_fill = fill(&filter).false_positive_rate();
        assert!((by_fill / formula - 1.0).abs() < 0.1, "{by_fill}, formula {formula}");
        let mut random = Random::new(3);
        let probes = 4_000_000;
        let found = (0..probes).filter(|_| contains(&filter, random.next())).count() as f64;
        let expected = by_fill * f64::from(probes);
        assert!((found - expected).abs() < 5.0 * expected.sqrt(), "{found} found, {expected} expected");
    }

    #[test]
    fn what_was_put_in_is_found_and_counted() {
        let filter = filled(lines_for(50_000, 48), 50_000);
        let mut random = Random::new(1);
        assert!((0..50_000).all(|_| contains(&filter, random.next())));
        let distinct = fill(&filter).distinct();
        assert!((distinct - 50_000.0).abs() < 500.0, "{distinct}");
    }
}
