//! The table of sentences.

use super::marks::shown;
use super::{TextReport, p_in_words, reason_in_words};
use detector::{FALSE_DISCOVERY_RATE, LEAST_TOKENS, SentenceValue};
use std::fmt::Write;

/// Characters of a sentence in a table.
const SHOWN: usize = 160;

/// The beginning of a sentence or passage, in one line.
pub(super) fn beginning(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut words = words.join(" ");
    if let Some((end, _)) = words.char_indices().nth(SHOWN) {
        words.truncate(end);
        words.push_str(" ...");
    }
    words
}

pub(super) fn table(report: &TextReport<'_>) -> String {
    let TextReport { text, explanation, .. } = *report;
    let out = explanation.sentences.iter().filter(|sentence| sentence.stands_out).count();
    let judged = explanation.sentences.iter().filter(|sentence| sentence.p_value.is_some()).count();
    let mut html = "<h2>Sentence by sentence</h2>\n".to_owned();
    if judged == 0 {
        return html + "<p>No sentence could be judged, not even with its neighbours.</p>\n";
    }
    let _ = writeln!(
        html,
        "<p>{out} of {judged} sentences stand out as machine-made, at a false-discovery rate of {:.0} % (Benjamini-Hochberg). A \
         sentence alone is too short to be judged: what is judged is the <em>passage</em> around it, with as many neighbours as it takes, \
         {LEAST_TOKENS} tokens or more. <em>p</em> is the share of human texts of the passage's length that score as high as the \
         passage; <em>adjusted</em>, it allows for the number of sentences. So the rate is that of passages: of those marked at most that share \
         is expected to be wholly a person's, but a person's sentence beside a machine's may be marked too. <em>Evidence</em> is of the \
         sentence's own words, in log-odds.</p>",
        FALSE_DISCOVERY_RATE * 100.0
    );
    html += "<div class=\"wide\"><table class=\"sentences\">\n<thead><tr><th>sentence</th><th>evidence</th><th>passage,<br>tokens</th>\
             <th>p of the<br>passage</th><th>adjusted</th></tr></thead>\n<tbody>\n";
    for sentence in &explanation.sentences {
        let SentenceValue { start, end, evidence, tokens, p_value, adjusted, stands_out, reason } = sentence;
        let words = beginning(&text[*start..*end]);
        let [p_value, adjusted] = match (p_value, adjusted) {
            (Some(p_value), Some(adjusted)) => [p_in_words(*p_value), p_in_words(*adjusted)],
            _ => [reason_in_words(*reason).to_owned(), String::new()],
        };
        let class = if *stands_out { " class=\"out\"" } else { "" };
        let _ = writeln!(
            html,
            "<tr{class}><td><bdi>{}</bdi></td><td>{evidence:+.2}</td><td>{tokens}</td><td>{p_value}</td><td>{adjusted}</td></tr>",
            shown(&words)
        );
    }
    html + "</tbody></table></div>\n"
}
