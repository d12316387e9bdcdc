//! Many tests at once: sentences of a text, groups of people.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The p-values adjusted by Benjamini and Hochberg (1995): of the tests whose adjusted p-value is at most `q`, at most the
/// share `q` is expected to be false alarms, for independent tests and positively dependent ones (Benjamini and Yekutieli
/// 2001). In the order given.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&left, &right| p_values[right].total_cmp(&p_values[left]));
    let (mut adjusted, mut least) = (vec![1.0; p_values.len()], 1.0_f64);
    for (place, &index) in order.iter().enumerate() {
        let rank = p_values.len() - place;
        least = least.min(p_values[index] * p_values.len() as f64 / rank as f64);
        adjusted[index] = least;
    }
    adjusted
}

/// The chance that groups which do not differ show as uneven rates as these: Pearson's X² of `(alarms, texts)` a group,
/// against `permutations` random deals of the alarms, (as uneven + 1) / (permutations + 1). `None` with fewer than two
/// groups, 1 where all or no texts are alarms.
#[must_use]
pub fn gap_p_value(groups: &[(usize, usize)], permutations: usize, seed: u64) -> Option<f64> {
    let groups: Vec<(usize, usize)> = groups.iter().copied().filter(|group| group.1 > 0).collect();
    let (alarms, texts) = groups.iter().fold((0, 0), |sum, group| (sum.0 + group.0, sum.1 + group.1));
    if groups.len() < 2 {
        return None;
    }
    let rate = alarms as f64 / texts as f64;
    // Pearson's X² but for the factor 1 / (rate (1 - rate)), which all deals share.
    let unevenness = |counts: &mut dyn Iterator<Item = usize>| -> f64 {
        let square = |(&(_, texts), alarms): (&(usize, usize), usize)| {
            (alarms as f64 - rate * texts as f64).powi(2) / texts as f64
        };
        groups.iter().zip(counts).map(square).sum()
    };
    let seen = unevenness(&mut groups.iter().map(|group| group.0));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut owners: Vec<usize> = groups.iter().enumerate().flat_map(|(index, group)| vec![index; group.1]).collect();
    let mut as_uneven = 0_usize;
    for _ in 0..permutations {
        let (dealt, _) = owners.partial_shuffle(&mut random, alarms);
        let mut counts = vec![0; groups.len()];
        dealt.iter().for_each(|owner| counts[*owner] += 1);
        as_uneven += usize::from(unevenness(&mut counts.into_iter()) >= seen * (1.0 - 1e-12));
    }
    Some((as_uneven + 1) as f64 / (permutations + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusting_by_hand() {
        // 0.01 * 4 / 1, 0.02 * 4 / 2, 0.03 * 4 / 3 and 0.5.
        let adjusted = benjamini_hochberg(&[0.03, 0.5, 0.01, 0.02]);
        for (found, expected) in adjusted.iter().zip([0.04, 0.5, 0.04, 0.04]) {
            assert!((found - expected).abs() < 1e-15, "{adjusted:?}");
        }
        assert!(benjamini_hochberg(&[]).is_empty());
        assert_eq!(benjamini_hochberg(&[1.0, 1.0]), [1.0, 1.0]);
    }

    /// Fisher's exact test of 8 of 10 against 1 of 10 gives 0.0055 (two-sided).
    #[test]
    fn a_gap_is_found_and_none_is_not() {
        let found = gap_p_value(&[(8, 10), (1, 10)], 20_000, 1).expect("two groups");
        assert!((found - 0.0055).abs() < 0.0015, "{found}");
        let none = gap_p_value(&[(2, 40), (3, 60), (1, 20)], 2_000, 1).expect("three groups");
        assert!(none > 0.9, "{none}");
        assert_eq!(gap_p_value(&[(2, 40)], 100, 1), None);
        assert_eq!(gap_p_value(&[(0, 40), (0, 3)], 100, 1), Some(1.0));
    }
}
