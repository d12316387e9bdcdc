//! What was found in a text, in words and as JSON.

use super::tokens::unit_name;
use crate::args::AnswerArgs;
use crate::output::line;
use anyhow::Result;
use datasets::overlap::{NgramOptions, Overlap, Place, Span};
use serde::Serialize;

/// Spans that are printed in words.
const PRINTED: usize = 10;
/// Chars of a span that are printed.
const SHOWN: usize = 60;

/// A text that is looked up.
pub(crate) struct Asked {
    /// Its file.
    pub(crate) path: String,
    /// Its document, where a file holds many.
    pub(crate) id: Option<String>,
    pub(crate) text: String,
    /// The byte of the file at which the text begins.
    pub(crate) start: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    share: Option<f64>,
    found: u64,
    total: u64,
    longest: usize,
    spans: Vec<SpanLine<'a>>,
}

/// One span as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct SpanLine<'a> {
    start: usize,
    end: usize,
    /// Words, or tokens where those are counted.
    words: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

/// The spans as JSON, `start` bytes further on.
pub(crate) fn spans(overlap: &Overlap, start: usize) -> Vec<SpanLine<'_>> {
    let line = |span: &'_ Span| -> SpanLine<'_> {
        let place: Option<&Place> = span.place.as_ref();
        SpanLine {
            start: span.bytes.start + start,
            end: span.bytes.end + start,
            words: span.words,
            document: None,
            file: place.map(|place| place.path.display().to_string()),
            offset: place.map(|place| place.offset),
        }
    };
    overlap
        .spans
        .iter()
        .map(|span| SpanLine { document: span.place.as_ref().map(|place| place.document.as_str()), ..line(span) })
        .collect()
}

pub(crate) fn print(asked: &Asked, overlap: &Overlap, ngrams: NgramOptions, args: &AnswerArgs) -> Result<()> {
    let (n, unit) = (ngrams.n, unit_name(ngrams.unit));
    if args.json {
        let Overlap { found, total, longest, .. } = *overlap;
        let (id, spans) = (asked.id.as_deref(), spans(overlap, asked.start));
        let object = Line { path: &asked.path, id, share: overlap.share(), found, total, longest, spans };
        return line(&serde_json::to_string(&object)?);
    }
    let name = match &asked.id {
        Some(id) => format!("{}, {id}", asked.path),
        None => asked.path.clone(),
    };
    let Some(share) = overlap.share() else {
        return line(&format!("{name}: no {n}-gram, too short"));
    };
    let mut text = format!("{name}: {:.1} % found, {} of {} {n}-grams", 100.0 * share, overlap.found, overlap.total);
    if overlap.longest > 0 {
        text += &format!("; the longest span has {} {unit}", overlap.longest);
    }
    for span in overlap.spans.iter().take(PRINTED) {
        text += &format!("\n  {}", in_words(span, unit, &asked.text, asked.start));
    }
    if overlap.spans.len() > PRINTED {
        text += &format!("\n  and {} more spans (`--json` gives all)", overlap.spans.len() - PRINTED);
    }
    line(&text)
}

/// File, document where that is another name, and byte.
pub(crate) fn place_in_words(place: &Place) -> String {
    let file = place.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let document = if file == place.document { String::new() } else { format!(", document `{}`", place.document) };
    format!("`{}`{document} at byte {}", place.path.display(), place.offset)
}

/// A span in one line: bytes, words, where, and how it begins.
pub(crate) fn in_words(span: &Span, unit: &str, text: &str, start: usize) -> String {
    let slice = &text[span.bytes.clone()];
    let words: Vec<&str> = slice.split_whitespace().collect();
    let mut shown: String = words.join(" ");
    if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    let place = span.place.as_ref().map_or_else(String::new, |place| format!(" in {}", place_in_words(place)));
    let [from, to] = [span.bytes.start, span.bytes.end].map(|byte| byte + start);
    reports::harmless(&format!("bytes {from}-{to}, {} {unit}{place}: {shown}", span.words))
}
