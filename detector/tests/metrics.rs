//! The metrics against scikit-learn's and SciPy's: `tests/fixtures/metrics.json`, made by `make_metrics.py` beside it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use detector::metrics::{Z_95, auroc, average_precision, benjamini_hochberg, brier, tpr_at_fpr, upper_bound, wilson};
use serde::Deserialize;

/// Sums of a few dozen doubles below 1 in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Fixture {
    rates: Vec<f64>,
    cases: Vec<Case>,
    wilson: Vec<(usize, usize, f64, f64)>,
    upper_bound: Vec<(usize, usize, f64)>,
    adjusted: Vec<(Vec<f64>, Vec<f64>)>,
}

#[derive(Deserialize)]
struct Case {
    human: Vec<f64>,
    machine: Vec<f64>,
    auroc: f64,
    average_precision: f64,
    tpr: Vec<Option<f64>>,
    brier: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../tests/fixtures/metrics.json")).unwrap()
}

#[track_caller]
fn assert_close(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() < TOLERANCE, "{what}: {found}, expected {expected}");
}

#[test]
fn ranking_and_rates_are_those_of_scikit_learn() {
    let Fixture { rates, cases, .. } = fixture();
    assert_eq!(cases.len(), 200);
    for (number, case) in cases.iter().enumerate() {
        let (human, machine) = (&case.human, &case.machine);
        assert_close(&format!("case {number}, AUROC"), auroc(human, machine).unwrap(), case.auroc);
        let precision = average_precision(human, machine).unwrap();
        assert_close(&format!("case {number}, average precision"), precision, case.average_precision);
        for (rate, expected) in rates.iter().zip(&case.tpr) {
            let found = tpr_at_fpr(human, machine, *rate);
            assert_eq!(found.is_some(), expected.is_some(), "case {number}, TPR at {rate}");
            assert_close(&format!("case {number}, TPR at {rate}"), found.unwrap_or(0.0), expected.unwrap_or(0.0));
        }
        let probabilities: Vec<f64> = human.iter().chain(machine).map(|score| score / 12.0).collect();
        let labels: Vec<bool> = (0..probabilities.len()).map(|index| index >= human.len()).collect();
        assert_close(&format!("case {number}, Brier"), brier(&probabilities, &labels).unwrap(), case.brier);
    }
}

#[test]
fn intervals_and_adjusted_p_values_are_those_of_scipy() {
    let Fixture { wilson: intervals, upper_bound: bounds, adjusted, .. } = fixture();
    for (successes, trials, low, high) in intervals {
        let found = wilson(successes, trials, Z_95);
        assert_close(&format!("low end of {successes} of {trials}"), found.0, low);
        assert_close(&format!("high end of {successes} of {trials}"), found.1, high);
    }
    for (successes, trials, bound) in bounds {
        // SciPy inverts a beta distribution by iteration, to some 1e-12.
        let found = upper_bound(successes, trials, 0.95);
        assert!((found - bound).abs() < 1e-10, "bound of {successes} of {trials}: {found}, expected {bound}");
    }
    for (p_values, expected) in adjusted {
        for (found, expected) in benjamini_hochberg(&p_values).iter().zip(&expected) {
            assert_close(&format!("{p_values:?}"), *found, *expected);
        }
    }
}
