//! Detectors whose evaluation is known beforehand.

use super::*;
use crate::metrics::auroc;
use datasets::Label;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn plan(split: Option<&str>) -> Plan {
    Plan {
        threshold_split: split.map(str::to_owned),
        resamples: Resamples { number: 200, seed: 1 },
        unit: "text".to_owned(),
    }
}

/// `count` texts of each class in two domains, scored by `score(is_machine, random in [0, 1))`.
fn texts(count: usize, score: impl Fn(bool, f64) -> f64) -> Vec<ScoredText> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let text = |index: usize| {
        let label = if index.is_multiple_of(2) { Label::Human } else { Label::Machine };
        let mut text = ScoredText::new(format!("text-{index}"), label);
        text.score = Some(score(index % 2 == 1, random.random()));
        text.domain = Some(["news", "mail"][index / 2 % 2].to_owned());
        text
    };
    (0..2 * count).map(text).collect()
}

fn warnings(evaluation: &Evaluation) -> String {
    evaluation.notes.iter().map(|note| note.text.clone() + "\n").collect()
}

#[test]
fn a_perfect_detector() {
    let evaluation =
        Evaluation::new(&texts(1000, |machine, noise| f64::from(u8::from(machine)) + noise / 2.0), plan(None));
    let evaluation = evaluation.expect("texts of both classes");
    let all = evaluation.all();
    assert_eq!((all.auroc, all.auroc_interval), (Some(1.0), Some((1.0, 1.0))));
    assert_eq!(all.tpr.map(|share| share.rate()), [Some(1.0); 3]);
    assert_eq!(evaluation.of(Stratum::Domain).count(), 2);
}

#[test]
fn an_inverted_detector() {
    let evaluation =
        Evaluation::new(&texts(500, |machine, noise| noise / 2.0 - f64::from(u8::from(machine))), plan(None));
    let evaluation = evaluation.expect("texts of both classes");
    assert_eq!(evaluation.all().auroc, Some(0.0));
    assert_eq!(evaluation.all().tpr[0].rate(), Some(0.0));
    assert!(warnings(&evaluation).contains("AUROC is below 0.5"));
}

#[test]
fn a_random_detector() {
    let evaluation = Evaluation::new(&texts(1000, |_, noise| noise), plan(None)).expect("texts of both classes");
    let all = evaluation.all();
    let (low, high) = all.auroc_interval.expect("both classes are drawn");
    assert!(low < 0.5 && 0.5 < high && high - low < 0.08, "{low} {high}");
    let tpr = all.tpr[0].rate().expect("1000 humans show 5 %");
    assert!((0.02..0.09).contains(&tpr), "{tpr}");
}

#[test]
fn a_constant_detector_ranks_nothing() {
    let evaluation = Evaluation::new(&texts(300, |_, _| 0.7), plan(None)).expect("texts of both classes");
    assert_eq!(evaluation.all().auroc, Some(0.5));
    assert_eq!(evaluation.all().tpr[0].rate(), Some(0.0), "ties that do not fit the rate are not called");
    assert!(warnings(&evaluation).contains("all scores are equal"));
}

#[test]
fn thresholds_of_a_named_split() {
    let mut texts = texts(400, |machine, noise| noise + f64::from(u8::from(machine)) / 2.0);
    for text in texts.iter_mut().take(400) {
        text.split = Some("calibration".to_owned());
    }
    let evaluation = Evaluation::new(&texts, plan(Some("calibration"))).expect("a split of 200 humans");
    assert_eq!((evaluation.thresholds.humans, evaluation.all().humans, evaluation.all().machines), (200, 200, 200));
    assert!(!warnings(&evaluation).contains("thresholds were taken"));
    assert!(warnings(&evaluation).contains("0.1 % needs 1000 human texts, there are 200"));
    let own = Evaluation::new(&texts, plan(None)).expect("the same texts");
    assert!(warnings(&own).contains("thresholds were taken from the evaluated human texts themselves"));

    assert!(matches!(Evaluation::new(&texts, plan(Some("dev"))), Err(Error::NoSuchSplit { .. })));
    texts[500].hash = 5;
    texts[3].hash = 5;
    let shared = Evaluation::new(&texts, plan(Some("calibration")));
    assert!(matches!(shared, Err(Error::SharedTexts { count: 1, .. })), "{shared:?}");
}

#[test]
fn missing_scores_are_misses() {
    let mut texts = texts(200, |machine, noise| f64::from(u8::from(machine)) + noise / 2.0);
    for text in texts.iter_mut().filter(|text| text.is_machine()).take(50) {
        text.score = None;
    }
    let evaluation = Evaluation::new(&texts, plan(None)).expect("texts of both classes");
    let all = evaluation.all();
    assert_eq!((all.machines, all.machines_missing), (200, 50));
    assert_eq!((all.auroc, all.tpr[0]), (Some(0.75), Share { part: 150, of: 200 }));
    assert!(warnings(&evaluation).contains("50 of 200 machine texts have no score: counted as missed"));
}

#[test]
fn one_class_is_said_to_be_one() {
    let mut texts = texts(100, |_, noise| noise);
    texts.retain(|text| !text.is_machine());
    let evaluation = Evaluation::new(&texts, plan(None)).expect("texts");
    assert_eq!((evaluation.all().auroc, evaluation.all().tpr[0].rate()), (None, None));
    assert!(warnings(&evaluation).contains("there are no machine texts"));
    assert!(matches!(Evaluation::new(&[], plan(None)), Err(Error::NothingToEvaluate { .. })));
}

#[test]
fn the_worst_cell_is_found() {
    let mut texts = texts(200, |machine, noise| f64::from(u8::from(machine)) + noise / 2.0);
    for text in texts.iter_mut().filter(|text| text.is_machine() && text.domain.as_deref() == Some("mail")) {
        text.score = text.score.map(|score| score - 1.0);
    }
    let evaluation = Evaluation::new(&texts, plan(None)).expect("texts of both classes");
    let worst = &evaluation.worst[0];
    assert_eq!((worst.what, evaluation.cells[worst.cell].value.as_str()), ("AUROC", "mail"));
}

#[test]
fn a_detector_does_not_differ_from_itself() {
    let one = texts(150, |machine, noise| noise + f64::from(u8::from(machine)) / 4.0);
    let mut better = one.clone();
    for text in better.iter_mut().filter(|text| text.is_machine()) {
        text.score = text.score.map(|score| score + 0.3);
    }
    let resamples = Resamples { number: 300, seed: 1 };
    let same = compare(&one, &one, resamples).expect("the same texts");
    assert!(same.differences.iter().all(|row| row.first == row.second && row.interval == Some((0.0, 0.0))));
    let found = compare(&one, &better, resamples).expect("the same texts");
    let area = &found.differences[0];
    let scores = |machine: bool| -> Vec<f64> {
        better.iter().filter(|text| text.is_machine() == machine).filter_map(|text| text.score).collect()
    };
    assert_eq!(Some(area.second), auroc(&scores(false), &scores(true)));
    assert!(area.interval.is_some_and(|(low, _)| low > 0.0), "{area:?}");
    better[0].id = "another".to_owned();
    assert_eq!(compare(&one, &better, resamples).expect("299 texts").only, [1, 1]);
    better[1].label = Label::Human;
    assert!(matches!(compare(&one, &better, resamples), Err(Error::LabelsDiffer { .. })));
}
