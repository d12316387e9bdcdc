//! The page of one text: the verdict and its promise in words, then the text with the evidence of every word.
//!
//! One file without script or network. The three views are radio buttons and style; the tool tip is an attribute shown by
//! style, so that what is copied is the text alone.

use crate::evaluation_page::{PAGE_STYLE, head};
use crate::html::{escape, is_hidden};
use detector::{
    Detection, Explanation, FALSE_DISCOVERY_RATE, Kind, LEAST_TOKENS, LEVELS, Reason, SentenceValue, Verdict, WordValue,
};
use std::fmt::Write;

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct TextReport<'a> {
    /// The name of the text.
    pub name: &'a str,
    /// The text as it was judged.
    pub text: &'a str,
    /// What was found.
    pub explanation: &'a Explanation,
    /// Share of human texts that may be called machine.
    pub fpr: f64,
}

/// Characters of a sentence in the table.
const SHOWN: usize = 160;

/// The page.
#[must_use]
pub fn text_page(report: &TextReport<'_>) -> String {
    let TextReport { name, explanation, .. } = *report;
    let detection = &explanation.detection;
    let mut page = head(&format!("{name}: {}", word(detection.verdict)), &[PAGE_STYLE, include_str!("text_page.css")]);
    let _ = writeln!(page, "<h1><bdi>{}</bdi></h1>", escape(name));
    let _ = writeln!(page, "<div class=\"verdict {}\">", word(detection.verdict));
    let [verdict, promise] = verdict_and_promise(detection, report.fpr);
    let _ = writeln!(page, "<p><strong>{}</strong></p>\n<p>{}</p>\n</div>", escape(&verdict), escape(&promise));
    page += &facts(explanation);
    for (id, checked) in [("evidence", " checked"), ("ranks", ""), ("plain", "")] {
        let _ = writeln!(page, "<input type=\"radio\" name=\"view\" id=\"{id}\"{checked}>");
    }
    page += "<div class=\"choice\">Colour: <label for=\"evidence\">evidence</label><label for=\"ranks\">rank (GLTR)</label>\
             <label for=\"plain\">none</label></div>\n";
    page += &legends();
    page += "<div class=\"text\" lang=\"en\" dir=\"auto\">";
    page += &marked_text(report);
    page += "</div>\n";
    page += &sentence_table(report);
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
    let judged = explanation.sentences.iter().filter(|sentence| sentence.p_value.is_some()).count();
    let short = explanation.sentences.len() - judged;
    if short > 0 {
        facts.push(format!("<b>{short}</b> of {} sentences not judged", explanation.sentences.len()));
    }
    if !explanation.quotations.is_empty() {
        let count = explanation.quotations.len();
        facts.push(format!("<b>{count}</b> quotations (dotted), judged as the author's own words"));
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

fn legends() -> String {
    let [faint, clear, strong] = LEVELS;
    let evidence = [
        ("h3", format!("human, over {strong}")),
        ("h2", format!("over {clear}")),
        ("h1", format!("over {faint}")),
        ("m1", format!("over {faint}")),
        ("m2", format!("over {clear}")),
        ("m3", format!("machine, over {strong}")),
    ];
    let ranks = [("r0", "rank 1-10"), ("r1", "11-100"), ("r2", "101-1000"), ("r3", "beyond: a surprise")];
    let mut html = "<div class=\"legend of-evidence\">Evidence of a word, log-odds:".to_owned();
    for (class, label) in evidence {
        let _ = write!(html, " <span class=\"w {class}\">{label}</span>");
    }
    html += "</div>\n<div class=\"legend of-ranks\">Rank of a token among all that could follow:";
    for (class, label) in ranks {
        let _ = write!(html, " <span class=\"t {class}\">{label}</span>");
    }
    html + "</div>\n"
}

/// The text in spans: sentences, in them words, in them tokens; between them what belongs to no token.
fn marked_text(report: &TextReport<'_>) -> String {
    let TextReport { text, explanation, .. } = *report;
    let mut html = String::new();
    let (mut at, mut words) = (0, explanation.words.iter().peekable());
    for sentence in &explanation.sentences {
        html += &shown(&text[at..sentence.start.max(at)]);
        at = at.max(sentence.start);
        html += if sentence.stands_out { "<span class=\"s out\">" } else { "<span class=\"s\">" };
        while let Some(word) = words.next_if(|word| word.start < sentence.end) {
            html += &shown(&text[at..word.start.max(at)]);
            at = at.max(word.start);
            html += &marked_word(report, word, &mut at);
        }
        html += &shown(&text[at..sentence.end.max(at)]);
        at = at.max(sentence.end);
        if let Some(p_value) = sentence.p_value.filter(|_| sentence.stands_out) {
            let _ = write!(html, "<span class=\"mark\">&#8201;p&#8201;{}</span>", p_in_words(p_value));
        }
        html += "</span>";
    }
    html + &shown(&text[at..])
}

fn marked_word(report: &TextReport<'_>, word: &WordValue, at: &mut usize) -> String {
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
        let tip = escape(&tip(report, word, index)).replace('\n', "&#10;");
        let _ = write!(html, "<span class=\"t r{rank}\" data-tip=\"{tip}\">{}</span>", shown(&text[start..end]));
        *at = end;
    }
    html + "</span>"
}

/// What is known about a token, for its tool tip.
fn tip(report: &TextReport<'_>, word: &WordValue, index: usize) -> String {
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
fn shown(text: &str) -> String {
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

fn p_in_words(p_value: f64) -> String {
    if p_value < 0.01 { format!("{p_value:.3}") } else { format!("{p_value:.2}") }
}

fn sentence_table(report: &TextReport<'_>) -> String {
    let TextReport { text, explanation, .. } = *report;
    let out = explanation.sentences.iter().filter(|sentence| sentence.stands_out).count();
    let judged = explanation.sentences.iter().filter(|sentence| sentence.p_value.is_some()).count();
    let mut html = "<h2>Sentence by sentence</h2>\n".to_owned();
    if judged == 0 {
        return html + "<p>No sentence could be judged, not even with its neighbours.</p>\n";
    }
    let _ = writeln!(
        html,
        "<p>{out} of {judged} sentences look machine-made, at a false-discovery rate of {:.0} % (Benjamini-Hochberg): of \
         the sentences so marked at most that share is expected to be a person's. A sentence is judged with its neighbours, as a passage of \
         {LEAST_TOKENS} tokens or more; p is the share of human texts of that length that score as high.</p>",
        FALSE_DISCOVERY_RATE * 100.0
    );
    html += "<div class=\"wide\"><table class=\"sentences\">\n<thead><tr><th>sentence</th><th>passage,<br>tokens</th><th>p</th>\
             <th>adjusted</th></tr></thead>\n<tbody>\n";
    for sentence in &explanation.sentences {
        let SentenceValue { start, end, tokens, p_value, adjusted, stands_out, reason } = sentence;
        let words: String = text[*start..*end].chars().take(SHOWN).collect();
        let more = if text[*start..*end].chars().count() > SHOWN { " ..." } else { "" };
        let [p_value, adjusted] = match (p_value, adjusted) {
            (Some(p_value), Some(adjusted)) => [p_in_words(*p_value), p_in_words(*adjusted)],
            _ => [reason_in_words(*reason).to_owned(), String::new()],
        };
        let class = if *stands_out { " class=\"out\"" } else { "" };
        let _ = writeln!(
            html,
            "<tr{class}><td><bdi>{}{more}</bdi></td><td>{tokens}</td><td>{p_value}</td><td>{adjusted}</td></tr>",
            shown(&words)
        );
    }
    html + "</tbody></table></div>\n"
}

fn reason_in_words(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::TooShort) => "too short",
        Some(Reason::NotEnglish) => "not English",
        _ => "no text",
    }
}
