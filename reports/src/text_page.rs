//! The page of one text: the verdict and its promise in words, then the text with the evidence of every word.
//!
//! One file without script or network. The views are radio buttons and style; tool tips and marks are attributes shown by
//! style, so that what is copied is the text alone.

mod elsewhere;
mod marks;
mod sentences;

use crate::evaluation_page::{PAGE_STYLE, head};
use crate::html::escape;
use detector::{Detection, Explanation, Kind, LEAST_TOKENS, Reason, StyleValue, Verdict};
pub use elsewhere::{Elsewhere, FoundPassage};
use std::fmt::Write;

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct TextReport<'a> {
    /// The name of the text.
    pub name: &'a str,
    /// The whole text that was judged.
    pub text: &'a str,
    /// What part of a longer text it is, where it is one.
    pub cut: Option<&'a str>,
    /// The verdict on it, or on what does not stand elsewhere, and why.
    pub explanation: &'a Explanation,
    /// What of it stands elsewhere, where that was asked.
    pub elsewhere: Option<&'a Elsewhere>,
    /// Share of human texts that may be called machine.
    pub fpr: f64,
}

/// The page.
#[must_use]
pub fn text_page(report: &TextReport<'_>) -> String {
    let TextReport { name, explanation, .. } = *report;
    let detection = &explanation.detection;
    let mut page = head(&format!("{name}: {}", word(detection.verdict)), &[PAGE_STYLE, include_str!("text_page.css")]);
    let _ = writeln!(page, "<h1><bdi>{}</bdi></h1>", escape(name));
    let _ = writeln!(page, "<div class=\"verdict {}\">", word(detection.verdict));
    let [verdict, promise] = verdict_and_promise(detection, report.fpr);
    let _ = writeln!(page, "<p><strong>{}</strong></p>\n<p>{}</p>", escape(&verdict), escape(&promise));
    if let Some(elsewhere) = report.elsewhere {
        page += &elsewhere.in_words();
    }
    if let Some(cut) = report.cut {
        let _ = writeln!(page, "<p>The text is longer: {}.</p>", escape(cut));
    }
    page += "</div>\n";
    page += &facts(explanation);
    let mut views = vec![("evidence", "evidence"), ("ranks", "rank (GLTR)")];
    views.extend(report.elsewhere.map(|_| ("overlap", "overlap")));
    views.push(("plain", "none"));
    for (id, _) in &views {
        let checked = if *id == "evidence" { " checked" } else { "" };
        let _ = writeln!(page, "<input type=\"radio\" name=\"view\" id=\"{id}\"{checked}>");
    }
    let labels = views.iter().map(|(id, name)| format!("<label for=\"{id}\">{name}</label>"));
    let _ = writeln!(page, "<div class=\"choice\">Colour: {}</div>", labels.collect::<String>());
    page += &legends(explanation.levels, report.elsewhere);
    page += "<div class=\"text\" lang=\"en\" dir=\"auto\">";
    page += &marks::text(report);
    page += "</div>\n";
    if let Some(elsewhere) = report.elsewhere {
        page += &elsewhere.table(report.text);
    }
    page += &sentences::table(report);
    page += "<h2>Limits</h2>\n<p>A verdict is a count among texts of known authors, not proof: some human texts do score like machine text, \
             and text of kinds or models that were not in the calibration may be judged wrongly. Never use it alone against a \
             person.</p>\n";
    let _ = writeln!(page, "<p class=\"muted\">Language model {}.</p>", escape(&detection.model));
    page + "</body>\n</html>\n"
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Human => "human",
        Verdict::Machine => "machine",
        Verdict::Undecided => "undecided",
    }
}

/// The answer in words, and what is promised with it.
fn verdict_and_promise(detection: &Detection, fpr: f64) -> [String; 2] {
    let counted = |what: &str, part: usize, of: usize, tokens: [u32; 2], end: &str| {
        format!("{part} of {of} {what} texts of {}-{} tokens score {end}.", tokens[0], tokens[1])
    };
    let humans = detection
        .humans
        .map_or_else(String::new, |humans| counted("human", humans.above, humans.of, humans.tokens, "this high"));
    let machines = detection.machines.map_or_else(String::new, |machines| {
        counted("machine", machines.below, machines.of, machines.tokens, "this low")
    });
    let rate = (fpr * 1e6).round() / 1e4;
    match (detection.verdict, detection.reason) {
        (Verdict::Machine, _) => {
            let kind = match detection.kind {
                Some(Kind::Sampled) => "samples of a language model",
                _ => "an assistant",
            };
            let promise =
                format!("{humans} At most {rate} % of human texts are called machine; this can still be one of them.");
            [format!("Machine: it reads like {kind}."), promise]
        }
        (Verdict::Human, _) => {
            let promise =
                format!("{machines} At most 5 % of machine texts are called human; this can still be one of them.");
            ["Human: hardly any machine text scores this low.".to_owned(), promise]
        }
        (Verdict::Undecided, Some(Reason::TooShort)) => [
            "Undecided: too short.".to_owned(),
            format!(
                "It has {} tokens, {LEAST_TOKENS} are needed; below, hardly any text can be told from its like.",
                detection.tokens
            ),
        ],
        (Verdict::Undecided, Some(Reason::NotEnglish)) => [
            "Undecided: not English prose.".to_owned(),
            "English prose is the only kind of text that was calibrated.".to_owned(),
        ],
        (Verdict::Undecided, Some(Reason::NothingLeft)) => [
            "Undecided: nothing is left of it to judge.".to_owned(),
            "All of its words stand elsewhere, word for word.".to_owned(),
        ],
        (Verdict::Undecided, Some(Reason::NoText)) => {
            ["Undecided: there are no words in it.".to_owned(), String::new()]
        }
        (Verdict::Undecided, _) => [
            "Undecided: both people and machines write texts that score like this.".to_owned(),
            format!("{humans} {machines}"),
        ],
    }
}

fn facts(explanation: &Explanation) -> String {
    let detection = &explanation.detection;
    let mut facts = vec![format!("<b>{}</b> words", detection.words), format!("<b>{}</b> tokens", detection.tokens)];
    if let Some(score) = detection.score {
        let parts: Vec<String> = detection.evidence.iter().map(|(name, part)| format!("{name} {part:+.2}")).collect();
        facts.push(format!("score <b>{score:+.2}</b> ({})", parts.join(", ")));
    }
    let style = |mark: &StyleValue| {
        let StyleValue { mark, value, human_median, log_odds } = mark;
        format!("{} {value:.2} (people {human_median:.2}) {log_odds:+.2}", escape(mark))
    };
    if !detection.style.is_empty() {
        let marks: Vec<String> = detection.style.iter().map(style).collect();
        facts.push(format!("style: {}", marks.join(", ")));
    }
    let judged = explanation.sentences.iter().filter(|sentence| sentence.p_value.is_some()).count();
    let short = explanation.sentences.len() - judged;
    if short > 0 {
        facts.push(format!("<b>{short}</b> of {} sentences not judged", explanation.sentences.len()));
    }
    if !explanation.quotations.is_empty() {
        let count = explanation.quotations.len();
        facts.push(format!("<b>{count}</b> quotations (dashed), judged as the author's own words"));
    }
    if explanation.invisible > 0 {
        facts.push(format!("<b>{}</b> invisible characters removed before judging", explanation.invisible));
    }
    if explanation.homoglyphs > 0 {
        facts.push(format!("<b>{}</b> look-alike letters replaced before judging", explanation.homoglyphs));
    }
    let facts: Vec<String> = facts.into_iter().map(|fact| format!("<span>{fact}</span>")).collect();
    format!("<div class=\"facts\">{}</div>\n", facts.join(""))
}

fn legends(levels: [f64; 3], elsewhere: Option<&Elsewhere>) -> String {
    let [faint, clear, strong] = levels;
    let evidence = [
        ("h3", format!("human, over {strong}")),
        ("h2", format!("over {clear}")),
        ("h1", format!("over {faint}")),
        ("m1", format!("over {faint}")),
        ("m2", format!("over {clear}")),
        ("m3", format!("machine, over {strong}")),
    ];
    let ranks = [("r0", "rank 1-10"), ("r1", "11-100"), ("r2", "101-1000"), ("r3", "beyond: a surprise")];
    let found = if elsewhere.is_some_and(|elsewhere| elsewhere.found > 0) {
        " <span class=\"o\">stands elsewhere, not judged</span>"
    } else {
        ""
    };
    let mut html = "<div class=\"legend of-evidence\">Evidence of a word, log-odds:".to_owned();
    for (class, label) in evidence {
        let _ = write!(html, " <span class=\"w {class}\">{label}</span>");
    }
    html += found;
    html += "</div>\n<div class=\"legend of-ranks\">Rank of a token among all that could follow:";
    for (class, label) in ranks {
        let _ = write!(html, " <span class=\"t {class}\">{label}</span>");
    }
    html += found;
    html += "</div>\n";
    if let Some(elsewhere) = elsewhere {
        html += &elsewhere.legend();
    }
    html
}

/// A p-value with as many digits as say something.
fn p_in_words(p_value: f64) -> String {
    if p_value < 0.01 { format!("{p_value:.4}") } else { format!("{p_value:.2}") }
}

fn reason_in_words(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::TooShort) => "too short",
        Some(Reason::NotEnglish) => "not English",
        _ => "no text",
    }
}
