//! Which documents are kept away from training, decided by their id alone.
//!
//! The same id is on the same side in every run, on every machine and in every order of the files, so the hash
//! is one with a published definition: FNV-1a with 64 bits (Fowler, Noll, Vo; RFC 9923), taken modulo 1000. Not
//! a secret and not a checksum. Changing it would move training texts of existing models to the held-out side.

const FNV_OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// Whether the document with this id is held out when `permille` of 1000 documents are.
///
/// A document held out at some share is held out at every larger one; at 1000 and above all are.
#[must_use]
pub fn is_held_out(id: &str, permille: u32) -> bool {
    fnv1a(id.as_bytes()) % 1000 < u64::from(permille)
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(FNV_OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the reference implementation's test suite (`test_fnv.c`, 64-bit FNV-1a).
    #[test]
    fn published_test_vectors() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    /// Computed with another implementation: the same lines in Python.
    #[test]
    fn the_split_never_changes() {
        let held_out: Vec<u32> = (0..100).filter(|n| is_held_out(&format!("document-{n}"), 100)).collect();
        assert_eq!(held_out, [9, 21, 34, 45, 50, 55, 64, 71, 85, 98]);
    }

    #[test]
    fn a_larger_share_contains_the_smaller() {
        for id in (0..1000).map(|n| n.to_string()) {
            let shares: Vec<bool> = (0..=1000).step_by(50).map(|p| is_held_out(&id, p)).collect();
            assert!(shares.is_sorted(), "{id}: {shares:?}");
            assert!(!shares[0] && shares[20] && is_held_out(&id, u32::MAX));
        }
    }

    /// Within four standard deviations of the binomial distribution, for ids that differ little.
    #[test]
    fn the_share_is_what_was_asked_for() {
        for prefix in ["", "raid/", "文"] {
            for permille in [1, 50, 100, 500] {
                let count = (0..100_000).filter(|n| is_held_out(&format!("{prefix}{n}"), permille)).count();
                let share = f64::from(permille) / 1000.0;
                let deviation = (1e5 * share * (1.0 - share)).sqrt();
                let distance = (count as f64 - 1e5 * share).abs();
                assert!(distance < 4.0 * deviation, "{prefix} {permille}: {count}");
            }
        }
    }
}
