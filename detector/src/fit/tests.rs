use super::*;
use crate::heads::words_of;
use crate::statistics::Statistics;
use generator::TokenStats;

/// A text whose first hidden state is `planted`, and whose second tells machines from people a little.
fn text(number: usize, source: &str, kind: Option<Kind>, planted: f32) -> Labelled {
    let noise = |salt: usize| (stable(number, salt) % 1000) as f32 / 1000.0;
    let (lexical, style) = words_of("The rain had stopped, and nobody was in the street but a dog.");
    let hidden = vec![planted, noise(1) + if kind.is_some() { 0.3 } else { 0.0 }];
    let example = Example {
        id: number.to_string(),
        text: String::new(),
        kind,
        source: source.to_owned(),
        domain: format!("{source}/{}", number % 2),
        generator: kind.is_some().then(|| "gpt-4".to_owned()),
        origin: stable(number, 2),
    };
    let token =
        |at: usize| TokenStats { log_prob: -1.0 - noise(at), rank: 1, expected_log_prob: -1.5, log_prob_variance: 1.0 };
    let statistics = Statistics::of(&[token(3), token(4), token(5)], &[1, 2, 3], 12).expect("three tokens");
    Labelled { example, measurement: Measurement { tokens: 100, statistics, hidden, lexical, style } }
}

fn stable(number: usize, salt: usize) -> u64 {
    crate::examples::stable_hash(&[&number.to_string(), &salt.to_string()], 0)
}

/// Three sources; only the machine texts of `marked` are marked. One of them, and one human text, stand in `other` too.
fn texts() -> Vec<Labelled> {
    let mut texts = Vec::new();
    for (at, source) in ["marked", "other", "third"].into_iter().enumerate() {
        for number in at * 100..at * 100 + 60 {
            let kind = (number % 2 == 0).then_some(Kind::Assistant);
            let planted = if kind.is_some() && source == "marked" { 10.0 } else { 0.0 };
            texts.push(text(number, source, kind, planted));
        }
        texts.extend((0..10).map(|number| text(at * 100 + 70 + number, source, Some(Kind::Sampled), 0.0)));
    }
    for number in [0, 1] {
        let twin = Labelled {
            example: Example { source: "other".to_owned(), ..texts[number].example.clone() },
            ..texts[number].clone()
        };
        texts.push(twin);
    }
    texts
}

#[test]
fn what_is_left_out_is_not_seen_wherever_it_stands() {
    let texts = texts();
    let fitted = fit(&[], &texts, Reader::Large, 1, &|| ()).expect("both classes");
    let [plain, marked] = [0.0, 10.0].map(|planted| text(1000, "marked", Some(Kind::Assistant), planted).measurement);
    let difference = |source: &str| {
        let [plain, marked] = [&plain, &marked].map(|measurement| fitted.folds.score(source, measurement).probe[0]);
        marked - plain
    };
    assert_eq!(difference("marked"), 0.0, "the mark was seen");
    assert!(difference("third") > 0.5, "{}", difference("third"));

    let humans = |left_out| calibration_scores(&texts, &fitted.scores, left_out).humans.len();
    assert_eq!(humans(None), 91);
    assert_eq!(humans(Some("third")), 61);
    assert_eq!(humans(Some("marked")), 60, "its 30, and the one that stands elsewhere");
    let cells = crate::evaluate::leave_one_source_out(&texts, &fitted);
    assert_eq!(cells.len(), 3 * crate::evaluate::EVIDENCE.len());
    assert_eq!(calibrations(&texts, &fitted)["marked"].counts(), [60, 80]);
}
