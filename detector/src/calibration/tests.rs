use super::*;

/// 5,000 humans with scores 0..1 of both heads, 100 machines with scores 10..11.
fn calibration() -> Calibration {
    let text = |tokens: u32, score: f32| HeadScores { tokens, assistant: score, sampled: score, words: score };
    let humans = (0..5000).map(|index| text(100, (index * 1237 % 5000) as f32 / 5000.0)).collect();
    let machines = (0..100).map(|index| text(100, 10.0 + index as f32 / 100.0)).collect();
    Calibration::new(CalibrationScores { humans, machines }, 4.0)
}

#[test]
fn the_budget_is_kept() {
    let calibration = calibration();
    let above = |human: &&HeadScores| BUDGET.iter().any(|(kind, _)| calibration.above_threshold(human, *kind) > 0.0);
    // both heads give every text the same score: those above the lower threshold are the assistant head's 0.8 %
    assert_eq!(calibration.scores.humans.iter().filter(above).count(), 40);
    for (kind, share) in BUDGET {
        let above = |human: &&HeadScores| calibration.above_threshold(human, kind) > 0.0;
        let flagged = calibration.scores.humans.iter().filter(above).count();
        assert_eq!(flagged, (5000.0 * share).round() as usize, "{kind:?}");
    }
}

#[test]
fn a_share_of_the_values_exceeds_their_quantile() {
    let exceeding = |count: usize, share: f64| {
        let values: Vec<f64> = (0..count).map(|value| value as f64).collect();
        let quantile = upper_quantile(values.clone(), share);
        values.into_iter().filter(|value| *value > quantile).count()
    };
    let found = [(2_500, 0.002), (2_500, 0.008), (499, 0.002), (500, 0.002), (1, 0.5), (10, 0.0)];
    assert_eq!(found.map(|(count, share)| exceeding(count, share)), [5, 20, 0, 1, 0, 0]);
    assert_eq!(upper_quantile(Vec::new(), 0.1), 0.0);
}

#[test]
fn a_text_judged_by_its_words_is_counted_among_words() {
    let text = |words: f32, assistant: f32| HeadScores { tokens: 100, assistant, sampled: 0.0, words };
    let humans = (0..1000).map(|index| text(index as f32 / 1000.0, 7.0)).collect();
    let calibration = Calibration::new(CalibrationScores { humans, machines: vec![text(9.0, 9.0)] }, 4.0);
    let unread = text(9.5, 9.5);
    assert_eq!(calibration.p_value(&text(-50.0, 8.0), Kind::Assistant, 0.1), 1.0 / 1001.0, "by all it has");
    assert_eq!(calibration.clone().fast().p_value(&unread, Kind::Assistant, 0.1), 1.0 / 1001.0);
    let plain = text(-50.0, 8.0); // its words are clearly a person's, whatever else was read
    assert_eq!(calibration.fast().p_value(&plain, Kind::Assistant, 0.1), 1.0);
}

#[test]
fn human_asks_for_two_thirds_of_what_it_promises() {
    let machines = |below: usize| Machines { below, of: 899, tokens: [90, 110] };
    assert!(machines(29).call_human(), "{}", machines(29).p_value());
    assert!(!machines(30).call_human(), "{}", machines(30).p_value());
}

#[test]
fn the_score_is_a_smooth_maximum() {
    let calibration = calibration();
    let combined = |assistant: f32, sampled: f32| {
        let text = HeadScores { tokens: 100, assistant, sampled, words: 0.0 };
        let [a, s] = BUDGET.map(|(kind, _)| calibration.above_threshold(&text, kind));
        (calibration.combined(&text), a, s)
    };
    for (assistant, sampled) in [(0.3, 0.2), (5.0, -3.0), (-3.0, 5.0), (1.0, 1.0), (40.0, -40.0)] {
        let ((kind, score), a, s) = combined(assistant, sampled);
        assert!((score - (a.exp() + s.exp()).ln()).abs() < 1e-9, "{assistant} {sampled}: {score}");
        assert_eq!(kind == Kind::Sampled, s > a);
    }
}

#[test]
fn p_values_are_counts() {
    let calibration = calibration();
    let humans = calibration.humans(100, f64::INFINITY, 0.01);
    assert_eq!((humans.above, humans.of, humans.tokens), (0, 5000, [100, 100]));
    assert!((humans.p_value() - 1.0 / 5001.0).abs() < 1e-12);
    let all = calibration.humans(100, f64::NEG_INFINITY, 0.01);
    assert_eq!(all.above, all.of);
    assert!(calibration.machines(100, f64::NEG_INFINITY).p_value() < 0.05);
    assert!(calibration.machines(100, f64::INFINITY).p_value() > 0.99);
}

#[test]
fn a_higher_score_never_has_a_higher_p_value() {
    let calibration = calibration();
    let p = |score: f32| {
        let text = HeadScores { tokens: 120, assistant: score, sampled: 0.0, words: score };
        calibration.humans(120, calibration.combined(&text).1, 0.01).p_value()
    };
    let values: Vec<f64> = (0..20).map(|index| p(index as f32 / 20.0)).collect();
    assert!(values.is_sorted_by(|left, right| left >= right), "{values:?}");
}

#[test]
fn thresholds_hold_outside_of_the_table() {
    let calibration = calibration();
    for tokens in [1, 48, 49, 719, 720, 100_000] {
        assert!(calibration.threshold(tokens, Kind::Assistant).is_finite());
    }
}
