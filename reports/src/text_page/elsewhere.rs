//! What of a text stands elsewhere, as an index or a corpus says.

use super::marks::shown;
use super::sentences::beginning;
use crate::html::prose;
use detector::{Detection, Kind, Verdict};
use std::fmt::Write;
use std::ops::Range;

/// What of a text stands elsewhere. The verdict is on the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Elsewhere {
    /// Words of an n-gram.
    pub n: usize,
    /// N-grams that were found.
    pub found: u64,
    /// N-grams of the text.
    pub total: u64,
    /// Where, in order; they may overlap.
    pub passages: Vec<FoundPassage>,
    /// Whether the whole text is called machine and most of it was found.
    pub is_memorised: bool,
    /// The verdict on the whole text, with what was found.
    pub whole: Detection,
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPassage {
    /// First byte in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Its words.
    pub words: usize,
    /// File, document and byte where they are known, names between backticks.
    pub place: Option<String>,
}

/// A part of the text that was found, and is not judged.
pub(super) struct Part {
    pub(super) bytes: Range<usize>,
    pub(super) tip: String,
}

impl Elsewhere {
    /// Passages that touch, put together.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for passage in &self.passages {
            let place = passage.place.as_deref().unwrap_or("the corpus of the index").replace('`', "");
            let tip = format!("{} words stand in {place}", passage.words);
            match parts.last_mut() {
                Some(last) if passage.start <= last.bytes.end => {
                    last.bytes.end = last.bytes.end.max(passage.end);
                    last.tip += &format!("\n{tip}");
                }
                _ => parts.push(Part { bytes: passage.start..passage.end, tip }),
            }
        }
        parts
    }

    /// How much was found, and what the verdict would be with it.
    pub(super) fn in_words(&self) -> String {
        let Self { n, found, total, .. } = self;
        if *found == 0 {
            return format!("<p>Nothing of it was found elsewhere, of {total} {n}-grams.</p>\n");
        }
        let share = 100.0 * *found as f64 / (*total).max(1) as f64;
        let whole = match (self.whole.verdict, self.whole.kind) {
            (Verdict::Machine, Some(Kind::Sampled)) => "machine, it reads like samples of a language model",
            (Verdict::Machine, _) => "machine, it reads like an assistant",
            (Verdict::Human, _) => "human",
            (Verdict::Undecided, _) => "undecided",
        };
        let score = self.whole.score.map_or_else(String::new, |score| format!(" (score {score:+.2})"));
        let memorised = if self.is_memorised {
            "<strong>Memorised</strong>: it is called machine with them, and at least half of it stands elsewhere; who recites it, nobody \
             can tell. "
        } else {
            ""
        };
        format!(
            "<p>{memorised}{found} of {total} {n}-grams ({share:.1} %) stand elsewhere. The verdict above is on the rest; with them it \
             would be {whole}{score}.</p>\n"
        )
    }

    pub(super) fn legend(&self) -> String {
        let words = if self.found > 0 {
            "<span class=\"o\">stands elsewhere</span> number: its passage in the list below the text"
        } else {
            "nothing of the text was found elsewhere"
        };
        format!("<div class=\"legend of-overlap\">Overlap: {words}</div>\n")
    }

    /// The passages with their places.
    pub(super) fn table(&self, text: &str) -> String {
        if self.passages.is_empty() {
            return String::new();
        }
        let mut html = "<h2>What stands elsewhere</h2>\n".to_owned();
        if self.passages.iter().all(|passage| passage.place.is_none()) {
            html += "<p class=\"muted\">An index does not know where; <code>--corpus</code> names the documents.</p>\n";
        }
        html += "<div class=\"wide\"><table class=\"passages\">\n<thead><tr><th></th><th>passage</th><th>words</th><th>stands in</th></tr></thead>\n\
                 <tbody>\n";
        let (mut number, mut end) = (0, 0);
        for passage in &self.passages {
            if number == 0 || passage.start > end {
                number += 1; // as the parts are numbered in the text
            }
            end = end.max(passage.end);
            let place = passage.place.as_deref().map_or_else(String::new, prose);
            let words = shown(&beginning(&text[passage.start..passage.end]));
            let _ = writeln!(
                html,
                "<tr><td>{number}</td><td><bdi>{words}</bdi></td><td>{}</td><td><bdi>{place}</bdi></td></tr>",
                passage.words
            );
        }
        html + "</tbody></table></div>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detector::{Detector, Options};

    fn elsewhere(passages: &[(usize, usize, Option<&str>)]) -> Elsewhere {
        let detector = Detector::embedded().expect("the embedded files are whole");
        let whole = detector.judge("It rained.", &Options::default()).expect("a text");
        let passage = |&(start, end, place): &(usize, usize, Option<&str>)| FoundPassage {
            start,
            end,
            words: 8,
            place: place.map(str::to_owned),
        };
        let passages: Vec<_> = passages.iter().map(passage).collect();
        Elsewhere { n: 8, found: passages.len() as u64, total: 9, passages, is_memorised: false, whole }
    }

    #[test]
    fn passages_that_touch_are_one_part_with_one_number() {
        let found = elsewhere(&[(0, 4, Some("`a<b>`")), (2, 8, Some("`c`")), (10, 12, None)]);
        let parts: Vec<_> = found.parts().into_iter().map(|part| (part.bytes, part.tip)).collect();
        let first = "8 words stand in a<b>\n8 words stand in c".to_owned();
        assert_eq!(parts, [(0..8, first), (10..12, "8 words stand in the corpus of the index".to_owned())]);
        let table = found.table("He said: it rained.");
        let numbers: Vec<&str> =
            table.split("<tr><td>").skip(1).filter_map(|row| row.split_once('<')).map(|row| row.0).collect();
        assert_eq!(numbers, ["1", "1", "2"]);
        assert!(table.contains("<code>a&lt;b&gt;</code>"), "{table}");
        assert!(found.in_words().contains("3 of 9 8-grams (33.3 %) stand elsewhere"));
        assert!(elsewhere(&[]).in_words().starts_with("<p>Nothing of it was found elsewhere, of 9 8-grams"));
    }
}
