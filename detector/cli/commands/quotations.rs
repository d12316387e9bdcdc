//! `detect FILE... --index` or `--corpus`: what stands elsewhere is looked up first and kept out of the verdict.
//!
//! The verdict is on the rest: a person who quotes is not flagged for what is quoted. The whole text is judged too, and where
//! it is called machine and at least half of its n-grams are found, it is *memorised*: recited, whoever recites.

use super::explaining::{self, Explained};
use super::judge::{Outcome, cut_in_words, read_file};
use super::overlap::tokens::{open, unit_name};
use super::overlap::{SpanLine, Watch, in_words, place_in_words, spans, threads};
use crate::args::JudgeArgs;
use crate::output::{describe, line, report, verdict_in_words};
use anyhow::{Context, Result, bail};
use datasets::TextFile;
use datasets::overlap::{
    Corpus, Counting, FilterEngine, JoinEngine, NgramOptions, Overlap, OverlapEngine, Span, Verify,
};
use detector::{Detection, Detector, Kind, Masked, Options, Reason, Verdict};
use reports::{Elsewhere, FoundPassage};
use serde::Serialize;

/// The share of its n-grams from which on a machine text is called memorised.
const MEMORISED: f64 = 0.5;
/// Spans that are printed in words.
const PRINTED: usize = 5;

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    /// Bytes that were judged, where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_bytes: Option<u64>,
    #[serde(flatten)]
    detection: &'a Detection,
    overlap: OverlapLine<'a>,
}

/// What was found, and the verdict on the text with it.
#[derive(Serialize)]
struct OverlapLine<'a> {
    share: Option<f64>,
    found: u64,
    total: u64,
    longest: usize,
    memorised: bool,
    whole: Whole,
    spans: Vec<SpanLine<'a>>,
}

#[derive(Serialize)]
struct Whole {
    verdict: Verdict,
    reason: Option<Reason>,
    kind: Option<Kind>,
    score: Option<f64>,
    p_value: Option<f64>,
}

/// A text with what was found in it and what it is called.
struct Judged<'a> {
    name: &'a str,
    file: &'a TextFile,
    overlap: &'a Overlap,
    rest: Detection,
    whole: Detection,
}

pub(super) fn judge(
    args: &JudgeArgs,
    detector: &Detector,
    options: &Options,
    outcome: &mut Outcome,
) -> Result<Vec<Explained>> {
    if args.files.is_empty() {
        bail!("no text to judge: name a file, `-` for standard input, or `--help`");
    }
    let mut files = Vec::new();
    for path in &args.files {
        match read_file(path) {
            Ok(file) => files.push(file),
            Err(error) => {
                report(&error);
                outcome.failed = true;
            }
        }
    }
    let watch = Watch::new(0, "MB of the corpus read");
    let engine: Box<dyn OverlapEngine> = match &args.index {
        Some(path) => {
            let threads = threads(None);
            Box::new(FilterEngine { index: open(path, Verify::All, threads, None)?, threads })
        }
        None => Box::new(JoinEngine {
            corpus: Corpus::open(&args.corpus)?,
            ngrams: NgramOptions::default(),
            threads: threads(None),
            observer: &watch,
        }),
    };
    let texts: Vec<&str> = files.iter().map(|(_, file)| file.text.as_str()).collect();
    let overlaps = engine.overlaps(&texts, Counting::Occurrences)?;
    watch.finish();
    outcome.failed |= watch.tell_skipped();
    let ngrams = engine.ngrams();
    let mut all = Vec::new();
    for ((name, file), overlap) in files.iter().zip(&overlaps) {
        let failed = || format!("cannot judge `{name}`");
        let judged = judge_one(name, file, overlap, detector, options).with_context(failed)?;
        outcome.machine |= judged.rest.verdict == Verdict::Machine;
        let mut explained = None;
        if explaining::is_wanted(args) {
            let found = judged.explain(ngrams.n, args, detector, options).with_context(failed)?;
            explaining::page(&found, args, options.fpr)?;
            explained = Some(found);
        }
        if args.json || args.tokens {
            judged.print_json()?
        } else {
            judged.print(ngrams, options.fpr)?
        }
        if let Some(found) = explained {
            explaining::report(&found, args)?;
            all.push(found);
        }
    }
    Ok(all)
}

fn judge_one<'a>(
    name: &'a str,
    file: &'a TextFile,
    overlap: &'a Overlap,
    detector: &Detector,
    options: &Options,
) -> Result<Judged<'a>> {
    let whole = detector.judge(&file.text, &Options { tokens: false, ..*options })?;
    let masked = Masked::new(&file.text, &overlap.covered());
    let mut rest = detector.judge(&masked.text, options)?;
    say_nothing_is_left(&mut rest, overlap);
    for value in rest.token_values.iter_mut().flatten() {
        let range = masked.original_range(value.start..value.end);
        (value.start, value.end) = (range.start + file.start, range.end + file.start);
    }
    Ok(Judged { name, file, overlap, rest, whole })
}

/// A text without words is one thing, a text all of which was found another.
fn say_nothing_is_left(rest: &mut Detection, overlap: &Overlap) {
    if rest.reason == Some(Reason::NoText) && overlap.found > 0 {
        rest.reason = Some(Reason::NothingLeft);
    }
}

impl Judged<'_> {
    /// The reasons for the verdict on the rest, and what was found where.
    fn explain(&self, n: usize, args: &JudgeArgs, detector: &Detector, options: &Options) -> Result<Explained> {
        let text = &self.file.text;
        let mut explanation = explaining::explain(text, &self.overlap.covered(), args, detector, options)?;
        say_nothing_is_left(&mut explanation.detection, self.overlap);
        let passage = |span: &Span| FoundPassage {
            start: span.bytes.start,
            end: span.bytes.end,
            words: span.words,
            place: span.place.as_ref().map(place_in_words),
        };
        let elsewhere = Elsewhere {
            n,
            found: self.overlap.found,
            total: self.overlap.total,
            passages: self.overlap.spans.iter().map(passage).collect(),
            is_memorised: self.is_memorised(),
            whole: self.whole.clone(),
        };
        let (name, text, cut) = (self.name.to_owned(), text.clone(), cut_in_words(self.file));
        Ok(Explained { name, text, cut, explanation, elsewhere: Some(elsewhere) })
    }

    fn is_memorised(&self) -> bool {
        self.whole.verdict == Verdict::Machine && self.overlap.share().is_some_and(|share| share >= MEMORISED)
    }

    fn print_json(&self) -> Result<()> {
        let whole = &self.whole;
        let object = Line {
            path: self.name,
            judged_bytes: (!self.file.is_whole()).then_some(self.file.read),
            detection: &self.rest,
            overlap: OverlapLine {
                share: self.overlap.share(),
                found: self.overlap.found,
                total: self.overlap.total,
                longest: self.overlap.longest,
                memorised: self.is_memorised(),
                whole: Whole {
                    verdict: whole.verdict,
                    reason: whole.reason,
                    kind: whole.kind,
                    score: whole.score,
                    p_value: whole.p_value,
                },
                spans: spans(self.overlap, self.file.start),
            },
        };
        line(&serde_json::to_string(&object)?)
    }

    fn print(&self, ngrams: NgramOptions, fpr: f64) -> Result<()> {
        let (n, unit) = (ngrams.n, unit_name(ngrams.unit));
        let share = match self.overlap.share() {
            Some(share) if self.overlap.found > 0 => 100.0 * share,
            _ => return line(&(describe(self.name, &self.rest, fpr) + "\n  nothing of it was found elsewhere")),
        };
        let (found, total, longest) = (self.overlap.found, self.overlap.total, self.overlap.longest);
        let quoted = format!(
            "{found} of {total} {n}-grams ({share:.1} %) found elsewhere, the longest span has {longest} {unit}"
        );
        let mut text = if self.is_memorised() {
            format!("{}: memorised, {quoted}\n", reports::harmless(self.name))
                + &describe("  without what was found", &self.rest, fpr)
        } else {
            describe(self.name, &self.rest, fpr) + &format!("\n  judged without what is quoted: {quoted}")
        };
        let score = self.whole.score.map_or_else(String::new, |score| format!(", score {score:+.2}"));
        text += &format!("\n  with it: {}{score}", verdict_in_words(&self.whole));
        for span in self.overlap.spans.iter().take(PRINTED) {
            text += &format!("\n  {}", in_words(span, unit, &self.file.text, self.file.start));
        }
        if self.overlap.spans.len() > PRINTED {
            text += &format!("\n  and {} more spans (`--json` gives all)", self.overlap.spans.len() - PRINTED);
        }
        line(&text)
    }
}
