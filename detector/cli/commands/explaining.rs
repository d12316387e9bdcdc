//! `detect FILE --html PAGE`, `--show`, `--sarif LOG`, `--receipt FILE`: the same verdict with its reasons, for a reader, a
//! terminal, a code host, or somebody who wants to check it.

use crate::args::JudgeArgs;
use crate::output::{line, note, wants_colour};
use anyhow::{Result, ensure};
use detector::{Detector, Explanation, Masked, Options};
use reports::{Elsewhere, Finding, TextReport, sarif, show, text_page};
use std::ops::Range;
use std::path::Path;

/// Tokens that the page names as expected at each place.
const EXPECTED: usize = 4;

/// A text that was explained.
pub(crate) struct Explained {
    pub(crate) name: String,
    pub(crate) text: String,
    /// What part of the file the text is, where it is not all.
    pub(crate) cut: Option<String>,
    pub(crate) explanation: Explanation,
    /// What of it stands elsewhere, where that was asked.
    pub(crate) elsewhere: Option<Elsewhere>,
}

/// Whether reasons are asked for at all.
pub(crate) fn is_wanted(args: &JudgeArgs) -> bool {
    args.html.is_some() || args.show || args.sarif.is_some()
}

/// Refuses what cannot be meant.
pub(crate) fn check(args: &JudgeArgs) -> Result<()> {
    let reasons = is_wanted(args) || args.receipt.is_some();
    ensure!(
        !reasons || args.jsonl.is_none(),
        "`--html`, `--show`, `--sarif` and `--receipt` are for files, not for `--jsonl`"
    );
    for (name, wanted) in [("--html", args.html.is_some()), ("--receipt", args.receipt.is_some())] {
        ensure!(!wanted || args.files.len() == 1, "`{name}` is for one text, {} are named", args.files.len());
    }
    let outputs = [&args.html, &args.sarif, &args.receipt];
    outputs.into_iter().flatten().try_for_each(|output| super::keep_inputs(output, &args.files))
}

/// Explains a text without `parts` of it; for a page with what the model expected at each place.
pub(crate) fn explain(
    text: &str,
    parts: &[Range<usize>],
    args: &JudgeArgs,
    detector: &Detector,
    options: &Options,
) -> Result<Explanation> {
    let masked = Masked::new(text, parts);
    let mut explanation = detector.explain(&masked.text, options)?;
    if args.html.is_some() {
        explanation.predictions = detector.predictions(&masked.text, EXPECTED)?;
    }
    Ok(masked.original_explanation(explanation))
}

/// Prints the heat map.
pub(crate) fn report(explained: &Explained, args: &JudgeArgs) -> Result<()> {
    let Explained { text, explanation, .. } = explained;
    if args.show {
        line("")?;
        line(&show(text, explanation, wants_colour()))?;
    }
    Ok(())
}

/// Writes the page of a text, before anything is printed: it is there even where the reader of stdout has gone.
pub(crate) fn page(explained: &Explained, args: &JudgeArgs, fpr: f64) -> Result<()> {
    let Explained { name, text, cut, explanation, elsewhere } = explained;
    if let Some(path) = &args.html {
        let (elsewhere, cut) = (elsewhere.as_ref(), cut.as_deref());
        let page = text_page(&TextReport { name, text, cut, explanation, elsewhere, fpr });
        write(path, page.as_bytes())?;
        note(&format!("wrote `{}`", path.display()));
    }
    Ok(())
}

/// Writes the SARIF log of all texts.
pub(crate) fn log(explained: &[Explained], path: &Path, fpr: f64) -> Result<()> {
    let findings: Vec<Finding<'_>> = explained
        .iter()
        .map(|one| Finding { path: &one.name, text: &one.text, explanation: &one.explanation })
        .collect();
    write(path, sarif(&findings, fpr, env!("CARGO_PKG_VERSION")).as_bytes())?;
    note(&format!("wrote `{}`", path.display()));
    Ok(())
}

/// Writes a file that is whole or not there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(generator::write_atomically(path, bytes)?)
}
