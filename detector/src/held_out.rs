//! Every labelled text as it was judged while its source was left out of training and calibration: the texts behind the
//! leave-one-source-out table, for `detect evaluate --scores`.

use crate::detector::{Options, Verdict};
use crate::evaluation::{NUMBERS, ScoredText};
use crate::examples::stable_hash;
use crate::fit::{Fitted, Labelled, OutOfFold, calibration_without, head_scores, sources};
use crate::language::words;
use datasets::Label;
use rayon::prelude::*;

/// One text after the other in the order given. Texts cut from one document are one unit.
#[must_use]
pub fn held_out(texts: &[Labelled], fitted: &Fitted) -> Vec<ScoredText> {
    let mut judged: Vec<(usize, ScoredText)> = sources(texts)
        .par_iter()
        .flat_map_iter(|source| {
            let calibration = calibration_without(texts, fitted, Some(source));
            let of_source = texts.iter().zip(&fitted.scores).enumerate();
            let of_source = of_source.filter(|(_, (text, _))| text.example.source == *source);
            let judge = |(index, (text, score)): (usize, (&Labelled, &OutOfFold))| {
                let of_heads = head_scores(text, score);
                let (_, combined) = calibration.combined(&of_heads);
                let fpr = Options::default().fpr;
                let humans = calibration.humans(of_heads.tokens, combined, fpr);
                let machines = calibration.machines(of_heads.tokens, combined);
                let mut scored = describe(text);
                scored.score = Some(combined);
                scored.p_value = Some(humans.p_value());
                scored.verdict = Some(match (calibration.calls_machine(&humans, fpr), machines.call_human()) {
                    (true, _) => Verdict::Machine,
                    (false, true) => Verdict::Human,
                    (false, false) => Verdict::Undecided,
                });
                (index, scored)
            };
            of_source.map(judge).collect::<Vec<_>>()
        })
        .collect();
    judged.sort_by_key(|(index, _)| *index);
    judged.into_iter().map(|(_, text)| text).collect()
}

fn describe(text: &Labelled) -> ScoredText {
    let example = &text.example;
    let label = if example.kind.is_some() { Label::Machine } else { Label::Human };
    let writer = example.generator.clone().unwrap_or_default();
    // Ids are unique within a source and writer at best.
    let mut scored = ScoredText::new(format!("{}/{}/{writer}", example.domain, example.id), label);
    scored.source = Some(example.source.clone());
    scored.domain = Some(example.domain.clone());
    scored.generator.clone_from(&example.generator);
    scored.unit = Some(format!("{:016x}", example.origin));
    scored.tokens = u32::try_from(text.measurement.tokens).ok();
    scored.hash = stable_hash(&words(&example.text).collect::<Vec<_>>(), 0).max(1);
    let statistics = serde_json::to_value(text.measurement.statistics).unwrap_or_default();
    for (name, column) in NUMBERS {
        if let Some(number) = statistics.get(name).and_then(serde_json::Value::as_f64) {
            scored.numbers.insert(column.to_owned(), number);
        }
    }
    scored
}
