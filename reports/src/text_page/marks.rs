//! The text with the marks of its words, tokens and sentences, and of what stands elsewhere.

use super::{Elsewhere, TextReport, p_in_words, reason_in_words};
use crate::html::{escape, is_hidden};
use detector::{SentenceValue, WordValue};
use std::fmt::Write;
use std::ops::Range;

/// The text in spans: sentences, in them words, in them tokens; between them what belongs to no token.
pub(super) fn text(report: &TextReport<'_>) -> String {
    let explanation = report.explanation;
    let mut html = String::new();
    let (mut at, mut words) = (0, explanation.words.iter().peekable());
    for sentence in &explanation.sentences {
        html += &between(report, at..sentence.start.max(at));
        at = at.max(sentence.start);
        html += if sentence.stands_out { "<span class=\"s out\">" } else { "<span class=\"s\">" };
        while let Some(word) = words.next_if(|word| word.start < sentence.end) {
            html += &between(report, at..word.start.max(at));
            at = at.max(word.start);
            html += &marked_word(report, sentence, word, &mut at);
        }
        html += &between(report, at..sentence.end.max(at));
        at = at.max(sentence.end);
        if let Some(p_value) = sentence.p_value.filter(|_| sentence.stands_out) {
            let _ = write!(html, "<span class=\"mark\" data-mark=\"p {}\"></span>", p_in_words(p_value));
        }
        html += "</span>";
    }
    html + &between(report, at..report.text.len())
}

/// What belongs to no word: white space, and what stands elsewhere, which has no evidence.
fn between(report: &TextReport<'_>, range: Range<usize>) -> String {
    let (mut html, mut at) = (String::new(), range.start);
    for (number, part) in report.elsewhere.map(Elsewhere::parts).unwrap_or_default().iter().enumerate() {
        let (start, end) = (part.bytes.start.max(at), part.bytes.end.min(range.end));
        if start >= end {
            continue;
        }
        html += &shown(&report.text[at..start]);
        let tip = escape(&part.tip).replace('\n', "&#10;");
        let _ = write!(html, "<span class=\"o\" data-tip=\"{tip}\">{}</span>", shown(&report.text[start..end]));
        if end == part.bytes.end {
            let _ = write!(html, "<span class=\"mark of-overlap\" data-mark=\"{}\"></span>", number + 1);
        }
        at = end;
    }
    html + &shown(&report.text[at..range.end.max(at)])
}

fn marked_word(report: &TextReport<'_>, sentence: &SentenceValue, word: &WordValue, at: &mut usize) -> String {
    let TextReport { text, explanation, .. } = *report;
    let values = explanation.detection.token_values.as_deref().unwrap_or_default();
    let level = match word.level {
        0 => String::new(),
        level if level > 0 => format!(" m{level}"),
        level => format!(" h{}", -level),
    };
    let is_quoted = explanation.quotations.iter().any(|quoted| quoted.contains(&word.start));
    let quoted = if is_quoted { " q" } else { "" };
    let mut html = format!("<span class=\"w{level}{quoted}\">");
    for index in word.tokens.clone() {
        let value = &values[index];
        let (start, end) = (value.start.max(*at), value.end.max(*at).min(word.end));
        if start >= end {
            continue; // a line break after the word, or part of a character that is already there
        }
        html += &shown(&text[*at..start]);
        let rank = match value.rank {
            0..=10 => 0,
            11..=100 => 1,
            101..=1000 => 2,
            _ => 3,
        };
        let tip = escape(&tip(report, sentence, word, index)).replace('\n', "&#10;");
        let _ = write!(html, "<span class=\"t r{rank}\" data-tip=\"{tip}\">{}</span>", shown(&text[start..end]));
        *at = end;
    }
    html + "</span>"
}

/// What is known about a token, for its tool tip.
fn tip(report: &TextReport<'_>, sentence: &SentenceValue, word: &WordValue, index: usize) -> String {
    let TextReport { text, explanation, .. } = *report;
    let Some(value) = explanation.detection.token_values.as_ref().and_then(|values| values.get(index)) else {
        return String::new();
    };
    let probability = value.log_probability.map_or_else(
        || "first token, nothing before it".to_owned(),
        |log| format!("probability {}", share_in_words(f64::from(log).exp())),
    );
    let mut tip = format!(
        "\u{201C}{}\u{201D}: {probability}, rank {}, entropy {:.1} nats. The word \u{201C}{}\u{201D}: evidence {:+.3} log-odds",
        text[value.start..value.end].trim(),
        value.rank,
        value.entropy,
        text[word.start..word.end].trim(),
        word.evidence
    );
    if let Some(expected) = explanation.predictions.get(index).filter(|expected| !expected.is_empty()) {
        let expected: Vec<String> = expected
            .iter()
            .map(|token| {
                format!("{} {}", token.text.trim_start().escape_debug(), share_in_words(f64::from(token.probability)))
            })
            .collect();
        let _ = write!(tip, "\nexpected here: {}", expected.join(", "));
    }
    let passage = match (sentence.p_value, sentence.adjusted) {
        (Some(p_value), Some(adjusted)) => format!("p {}, adjusted {}", p_in_words(p_value), p_in_words(adjusted)),
        _ => format!("not judged, {}", reason_in_words(sentence.reason)),
    };
    let _ = write!(tip, "\npassage around this sentence, {} tokens: {passage}", sentence.tokens);
    tip
}

fn share_in_words(share: f64) -> String {
    match share {
        share if share >= 0.1 => format!("{:.0} %", share * 100.0),
        share if share >= 0.001 => format!("{:.1} %", share * 100.0),
        share => format!("1 in {:.0}", 1.0 / share),
    }
}

/// A piece of the text; hidden characters are shown by number.
pub(super) fn shown(text: &str) -> String {
    let mut html = String::new();
    let mut plain = String::new();
    for character in text.chars() {
        if is_hidden(character) {
            html += &escape(&std::mem::take(&mut plain));
            let _ = write!(html, "<span class=\"hidden-character\">U+{:04X}</span>", character as u32);
        } else {
            plain.push(character);
        }
    }
    html + &escape(&plain)
}
