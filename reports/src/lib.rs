//! What a reader sees: numbers that were finished elsewhere, as tables, figures and pages. Nothing is computed here but
//! where a number goes on the page.
//!
//! `tables` are CSV (RFC 4180, `\n`, UTF-8, one header line, numbers with a point, empty where there is no value); `figures`
//! are SVG that follows the light or dark theme of its reader, and PNG; `evaluation_page` and `text_page` are each one HTML file that
//! needs no script and no network; `terminal` and `sarif` say the same of one text elsewhere. The same input gives the same
//! bytes.

mod error;
mod evaluation_page;
mod figures;
mod html;
mod leave_one_source_out;
pub mod overlap;
mod png;
mod sarif;
mod svg;
mod tables;
mod terminal;
mod text_page;

pub use error::Error;
pub use evaluation_page::{summary, worst_in_words};
pub use leave_one_source_out::{write_leave_one_source_out, write_protocol};
pub use sarif::{Finding, sarif};
pub use tables::{comparison_table, read_me};
pub use terminal::{harmless, show};
pub use text_page::{Elsewhere, FoundPassage, TextReport, text_page};

use detector::evaluation::{Evaluation, ScoredText};
use std::path::Path;

/// Writes the table of texts alone, to be evaluated later.
///
/// # Errors
/// When the file cannot be written.
pub fn write_scores(texts: &[ScoredText], path: &Path) -> Result<(), Error> {
    error::write(path, &tables::texts_table(texts))
}

/// Writes everything about an evaluation into a folder: `index.html`, `cells.csv`, `texts.csv`, `predictions.json`, an SVG and a
/// PNG of each figure, and `README.txt`, which documents the columns.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_evaluation(
    evaluation: &Evaluation,
    texts: &[ScoredText],
    title: &str,
    folder: &Path,
) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    let put = |name: &str, content: &[u8]| error::write(&folder.join(name), content);
    put("cells.csv", &tables::cells_table(evaluation))?;
    put("texts.csv", &tables::texts_table(texts))?;
    put("predictions.json", tables::predictions(texts).as_bytes())?;
    put("README.txt", read_me().as_bytes())?;
    let figures = figures::all(evaluation);
    for figure in &figures {
        let svg = figure.standalone();
        put(&format!("{}.svg", figure.name), svg.as_bytes())?;
        put(&format!("{}.png", figure.name), &png::png(figure.name, &svg)?)?;
    }
    put("index.html", evaluation_page::page(evaluation, &figures, title).as_bytes())
}
