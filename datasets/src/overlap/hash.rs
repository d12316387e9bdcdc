//! Hashes of words and n-grams: 64 bits, by the definition below for ever, since they stand in files.
//!
//! - A word is its lower-cased UTF-8, cut into pieces of 8 bytes, the last one filled up with zeros, each read as a
//!   little-endian integer. From `h = seed`, each piece makes `h = mix(h ^ piece)`. `mix` is a bijection, so words
//!   of up to 8 bytes never share a hash.
//! - An n-gram is `mix(Σ wᵢ · Bⁿ⁻¹⁻ⁱ)` modulo 2⁶⁴ (Karp and Rabin 1987) with an odd `B`, so that two n-grams that differ in one
//!   word of up to 8 bytes never share a hash, and others do by chance, 2⁻⁶⁴ or little more.
//!
//! At N n-grams a foreign one is taken for one of them with probability N / 2⁶⁴: 4e-10 for WebText's 7e9, far below the
//! 1e-8 that is promised; 1e-6 for 1e13, which is why the join compares the texts themselves.

/// `B`: 2⁶⁴ over the golden ratio, odd.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// A bijection that spreads every bit over all others: the finaliser of SplitMix64 (Steele et al. 2014, variant 13 of
/// Stafford).
#[inline]
pub(crate) const fn mix(mut hash: u64) -> u64 {
    hash ^= hash >> 30;
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^= hash >> 27;
    hash = hash.wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// The hash of a word, given as its lower-cased bytes.
#[inline]
pub(crate) fn word(seed: u64, bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(seed, |hash, chunk| {
        let mut piece = [0; 8];
        piece[..chunk.len()].copy_from_slice(chunk);
        mix(hash ^ u64::from_le_bytes(piece))
    })
}

/// The hashes of all n-grams of a sequence of word hashes, appended to `ngrams`: `words.len() - n + 1` of them, or none.
#[inline]
pub(crate) fn ngrams(words: &[u64], n: usize, ngrams: &mut Vec<u64>) {
    if words.len() < n {
        return;
    }
    let power = (0..n).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let first = words[..n].iter().fold(0_u64, |sum, word| sum.wrapping_mul(BASE).wrapping_add(*word));
    ngrams.reserve(words.len() - n + 1);
    ngrams.push(mix(first));
    let mut sum = first;
    ngrams.extend(words.iter().zip(&words[n..]).map(|(old, new)| {
        sum = sum.wrapping_mul(BASE).wrapping_add(new.wrapping_sub(old.wrapping_mul(power)));
        mix(sum)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::testing::Random;

    /// Computed with another implementation: the definition above in Python, with the default seed.
    #[test]
    fn hashes_never_change() {
        let seed = crate::overlap::DEFAULT_SEED;
        assert_eq!(word(seed, b"a"), PYTHON[0]);
        assert_eq!(word(seed, b"overlapped"), PYTHON[1]);
        assert_eq!(word(seed, "é".as_bytes()), PYTHON[2]);
        let words = ["to", "be", "or", "not"].map(|text| word(seed, text.as_bytes()));
        let mut found = Vec::new();
        ngrams(&words, 3, &mut found);
        assert_eq!(found, PYTHON[3..]);
    }

    const PYTHON: [u64; 5] = [
        0x1522_d520_9d0f_40cd,
        0x560c_1f86_e4e0_6f31,
        0xa045_cd8e_b3ce_46e9,
        0x8167_ccb2_f981_b138,
        0xd883_7c9d_9755_39dd,
    ];

    #[test]
    fn rolling_is_hashing_each_alone() {
        let mut random = Random::new(1);
        let words: Vec<u64> = (0..200).map(|_| random.next()).collect();
        for n in [1, 2, 3, 8, 64, 200] {
            let mut rolled = Vec::new();
            ngrams(&words, n, &mut rolled);
            let mut alone = Vec::new();
            words.windows(n).for_each(|window| ngrams(window, n, &mut alone));
            assert_eq!(rolled, alone, "n = {n}");
            assert_eq!(rolled.len(), 201 - n);
        }
        let mut none = Vec::new();
        ngrams(&words[..7], 8, &mut none);
        assert_eq!(none, [0_u64; 0]);
    }

    /// Swapped words, moved words and repeated words are the weak side of sums.
    #[test]
    fn the_order_of_words_counts() {
        let mut seen = std::collections::BTreeSet::new();
        let letters = [word(1, b"a"), word(1, b"b"), word(1, b"c")];
        for number in 0..3_usize.pow(8) {
            let words: Vec<u64> = (0..8).map(|place| letters[number / 3_usize.pow(place) % 3]).collect();
            let mut hash = Vec::new();
            ngrams(&words, 8, &mut hash);
            seen.extend(hash);
        }
        assert_eq!(seen.len(), 6561);
    }
}
