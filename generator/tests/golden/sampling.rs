use generator::{Sampler, Sampling, TokenId};
use std::collections::BTreeMap;

const DRAWS: usize = 20_000;

/// ln of 0.5, 0.3, 0.15 and 0.05, in the order 2, 0, 3, 1.
fn four_tokens() -> Vec<f32> {
    [0.3_f32, 0.05, 0.5, 0.15].iter().map(|probability| probability.ln()).collect()
}

/// How often each token is drawn, as a share.
fn shares(logits: &[f32], seen: &[TokenId], sampling: Sampling) -> BTreeMap<TokenId, f64> {
    let mut sampler = Sampler::new(sampling, 7).unwrap();
    let mut shares = BTreeMap::new();
    for _ in 0..DRAWS {
        *shares.entry(sampler.sample(logits, seen)).or_insert(0.0) += 1.0 / DRAWS as f64;
    }
    shares
}

fn drawn(logits: &[f32], sampling: Sampling) -> Vec<TokenId> {
    shares(logits, &[], sampling).into_keys().collect()
}

/// 20,000 draws of probability p deviate by at most 0.0036; four deviations are allowed.
#[track_caller]
fn assert_shares(found: &BTreeMap<TokenId, f64>, expected: &[(TokenId, f64)]) {
    let ids: Vec<TokenId> = expected.iter().map(|(id, _)| *id).collect();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), ids, "{found:?}");
    for (id, share) in expected {
        assert!((found[id] - share).abs() < 0.0145, "token {id}: found {}, expected {share}", found[id]);
    }
}

fn greedy() -> Sampling {
    Sampling { temperature: 0.0, ..Sampling::default() }
}

#[test]
fn greedy_takes_the_most_likely_and_of_equals_the_first() {
    assert_eq!(drawn(&four_tokens(), greedy()), [2]);
    assert_eq!(drawn(&[0.5, 2.0, 2.0, -1.0], greedy()), [1]);
}

#[test]
fn pure_sampling_follows_the_model() {
    let found = shares(&four_tokens(), &[], Sampling::default());
    assert_shares(&found, &[(0, 0.3), (1, 0.05), (2, 0.5), (3, 0.15)]);
}

/// Temperature 0.5 squares the probabilities: 0.25, 0.09, 0.0225, 0.0025, which sum to 0.365.
#[test]
fn temperature_sharpens() {
    let found = shares(&four_tokens(), &[], Sampling { temperature: 0.5, ..Sampling::default() });
    assert_shares(&found, &[(0, 0.09 / 0.365), (1, 0.0025 / 0.365), (2, 0.25 / 0.365), (3, 0.0225 / 0.365)]);
}

#[test]
fn top_k_keeps_the_k_most_likely_in_proportion() {
    let top = |top_k| Sampling { top_k, ..Sampling::default() };
    assert_eq!(drawn(&four_tokens(), top(1)), [2]);
    assert_shares(&shares(&four_tokens(), &[], top(2)), &[(0, 0.375), (2, 0.625)]);
    assert_eq!(drawn(&four_tokens(), top(3)), [0, 2, 3]);
    assert_eq!(drawn(&four_tokens(), top(4)), [0, 1, 2, 3]);
    assert_eq!(drawn(&four_tokens(), top(99)), [0, 1, 2, 3]);
    let many: Vec<f32> = (0..1000).map(|id| ((id * 7) % 1000) as f32 / 1000.0).collect();
    let mut most: Vec<TokenId> = (0..1000).collect();
    most.sort_by(|left, right| many[*right as usize].total_cmp(&many[*left as usize]));
    most.truncate(40);
    most.sort_unstable();
    assert_eq!(drawn(&many, top(40)), most);
}

#[test]
fn top_p_keeps_the_fewest_that_reach_the_mass() {
    let top = |top_p| Sampling { top_p, ..Sampling::default() };
    assert_eq!(drawn(&four_tokens(), top(0.01)), [2]);
    assert_eq!(drawn(&four_tokens(), top(0.45)), [2]);
    assert_shares(&shares(&four_tokens(), &[], top(0.7)), &[(0, 0.375), (2, 0.625)]);
    assert_eq!(drawn(&four_tokens(), top(0.85)), [0, 2, 3]);
    assert_eq!(drawn(&four_tokens(), top(0.96)), [0, 1, 2, 3]);
}

/// Of the 3 most likely, 0.5 + 0.3 are 84 % of what is left: top-p counts after top-k.
#[test]
fn top_p_counts_what_top_k_left() {
    let both = |top_p| Sampling { top_k: 3, top_p, ..Sampling::default() };
    assert_eq!(drawn(&four_tokens(), both(0.82)), [0, 2]);
    assert_eq!(drawn(&four_tokens(), both(0.86)), [0, 2, 3]);
}

#[test]
fn a_repetition_penalty_lowers_what_was_seen_once() {
    let penalty = |repetition_penalty| Sampling { repetition_penalty, ..greedy() };
    let next = |logits: &[f32], seen: &[TokenId], sampling| Sampler::new(sampling, 1).unwrap().sample(logits, seen);
    let (positive, negative) = ([2.0, 1.2], [-1.0, -1.5]);
    assert_eq!(next(&positive, &[0], penalty(1.0)), 0);
    assert_eq!(next(&positive, &[0], penalty(2.0)), 1, "2 / 2 is less than 1.2");
    assert_eq!(next(&positive, &[0, 0, 0], penalty(1.5)), 0, "2 / 1.5 is more than 1.2, however often it was seen");
    assert_eq!(next(&negative, &[0], penalty(2.0)), 1, "-1 x 2 is less than -1.5");
    assert_eq!(next(&negative, &[1], penalty(2.0)), 0);
    let sampling = Sampling { repetition_penalty: 1.5, ..Sampling::default() };
    let (free, penalised) = (shares(&four_tokens(), &[], sampling), shares(&four_tokens(), &[2], sampling));
    assert!(penalised[&2] < free[&2] - 0.05, "{penalised:?} after {free:?}");
}

#[test]
fn the_seed_decides() {
    let logits: Vec<f32> = (0..300).map(|id| ((id * 31) % 17) as f32 / 8.0).collect();
    let draw = |seed| -> Vec<TokenId> {
        let mut sampler = Sampler::new(Sampling::default(), seed).unwrap();
        (0..50).map(|_| sampler.sample(&logits, &[])).collect()
    };
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
}

#[test]
fn options_out_of_range_are_named() {
    let message = |sampling| Sampler::new(sampling, 1).unwrap_err().to_string();
    let pure = Sampling::default();
    assert_eq!(
        message(Sampling { temperature: -0.5, ..pure }),
        "`--temperature` is -0.5, expected a number from 0 (greedy) up"
    );
    assert_eq!(
        message(Sampling { temperature: f64::NAN, ..pure }),
        "`--temperature` is NaN, expected a number from 0 (greedy) up"
    );
    assert_eq!(message(Sampling { top_p: 0.0, ..pure }), "`--top-p` is 0, expected a number above 0, up to 1");
    assert_eq!(message(Sampling { top_p: 1.1, ..pure }), "`--top-p` is 1.1, expected a number above 0, up to 1");
    assert_eq!(
        message(Sampling { repetition_penalty: 0.0, ..pure }),
        "`--repetition-penalty` is 0, expected a number above 0 (1 changes nothing)"
    );
}
