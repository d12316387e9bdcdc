//! Verdicts for code hosts and editors: SARIF 2.1.0 (OASIS 2020), one result a text that is called machine, and one a sentence
//! that stands out in it.

use detector::{Explanation, Verdict};
use serde_json::{Value, json};

/// A text, where it lies and what was found.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// Its path as a relative URI.
    pub path: &'a str,
    /// The text.
    pub text: &'a str,
    /// What was found.
    pub explanation: &'a Explanation,
}

/// The log of a run, indented. Texts that are not called machine give no result.
#[must_use]
pub fn sarif(findings: &[Finding<'_>], fpr: f64, version: &str) -> String {
    let rule = |id: &str, text: String, level: &str| {
        json!({
            "id": id,
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
        })
    };
    let percent = (fpr * 1e6).round() / 1e4;
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "detect",
                "version": version,
                "rules": [
                    rule("machine-text", format!("At most {percent} % of human texts score this high"), "warning"),
                    rule("machine-sentence", "Stands out at a false-discovery rate of 10 %".to_owned(), "note"),
                ],
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().flat_map(results).collect::<Vec<Value>>(),
        }],
    });
    serde_json::to_string_pretty(&log).expect("a JSON value can be written") + "\n"
}

fn results(finding: &Finding<'_>) -> Vec<Value> {
    let Finding { path, text, explanation } = *finding;
    let detection = &explanation.detection;
    if detection.verdict != Verdict::Machine {
        return Vec::new();
    }
    let result = |rule: &str, message: String, start: usize, end: usize| {
        let (start, end) = (position(text, start), position(text, end));
        json!({
            "ruleId": rule,
            "message": {"text": message},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri(path)},
                "region": {"startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1},
            }}],
        })
    };
    let humans = detection.humans.map_or_else(String::new, |humans| {
        let [from, to] = humans.tokens;
        format!(": {} of {} human texts of {from}-{to} tokens score this high", humans.above, humans.of)
    });
    let mut results = vec![result("machine-text", format!("called machine{humans}"), 0, text.len())];
    for sentence in explanation.sentences.iter().filter(|sentence| sentence.stands_out) {
        let p_value = sentence.p_value.unwrap_or(1.0);
        let message = format!("with its neighbours it scores as high as {:.1} % of human texts do", p_value * 100.0);
        results.push(result("machine-sentence", message, sentence.start, sentence.end));
    }
    results
}

/// Line and column of a byte, both from 1, columns in code points.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..byte];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (1 + before.matches('\n').count(), 1 + before[line_start..].chars().count())
}

/// A path as a URI reference: forward slashes, the rest percent-encoded (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_code_points() {
        let text = "é a\nb\u{1F600}c";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, text.find('a').unwrap_or(0)), (1, 3));
        assert_eq!(position(text, text.len()), (2, 4));
        assert_eq!(uri("a b\\ç.txt"), "a%20b/%C3%A7.txt");
    }
}
