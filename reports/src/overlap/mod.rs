//! The overlap study: tables as CSV, figures as SVG, and one page with all of it.

mod chart;
mod figures;
mod page;
mod tables;

use std::path::{Path, PathBuf};

/// What the study found; the numbers are finished.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlapStudy {
    /// The model that wrote the samples.
    pub model: String,
    /// The corpora it was trained on.
    pub corpora: Vec<String>,
    /// Table 6 of the GPT-2 paper.
    pub tests: Vec<TestSet>,
    /// Figure 5: documents of a kind.
    pub groups: Vec<Group>,
    /// Overlap by the length of n-grams.
    pub curves: Vec<Curve>,
    /// Overlap by the way of sampling.
    pub sampled: Vec<Sampled>,
    /// How far passages are recited.
    pub recitation: Vec<Recitation>,
}

/// A row of table 6.
#[derive(Debug, Clone, PartialEq)]
pub struct TestSet {
    /// What it is called.
    pub name: String,
    /// Its documents.
    pub documents: usize,
    /// Its 8-grams.
    pub ngrams: u64,
    /// The share of them found in each corpus, and in all together; 0 to 1, `None` where there is no 8-gram.
    pub shares: Vec<Option<f64>>,
}

/// Documents of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What they are called.
    pub name: String,
    /// The share of 8-grams of each that is found, 0 to 1, in ascending order.
    pub shares: Vec<f64>,
    /// Their median.
    pub median: f64,
    /// The share of documents of which nothing is found.
    pub none: f64,
}

/// The share found for each length of n-gram.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What the texts are called.
    pub name: String,
    /// n and the share, 0 to 1.
    pub points: Vec<(usize, f64)>,
}

/// Texts of one way of sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// What it is called.
    pub name: String,
    /// Logits are divided by this.
    pub temperature: Option<f64>,
    /// Only so many tokens are kept.
    pub top_k: Option<f64>,
    /// Texts.
    pub texts: usize,
    /// Their 8-grams.
    pub ngrams: u64,
    /// The share of them found, 0 to 1.
    pub share: Option<f64>,
}

/// How far passages of one class are recited.
#[derive(Debug, Clone, PartialEq)]
pub struct Recitation {
    /// Tokens of the passage that are given.
    pub prompt_tokens: usize,
    /// How the rest is sampled.
    pub sampling: String,
    /// How often such passages stand in the corpus: from, to.
    pub occurrences: (u32, u32),
    /// The same in the mean.
    pub mean_occurrences: f64,
    /// Passages.
    pub passages: usize,
    /// Tokens generated for each.
    pub generated_tokens: usize,
    /// Tokens that are the passage's own before the first that is not, in the mean.
    pub mean_copied_tokens: f64,
    /// The same of the passage that is recited furthest.
    pub most_copied_tokens: usize,
}

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table or the page.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A figure.
    #[error("cannot draw `{name}`: {reason}")]
    Draw {
        /// The figure.
        name: &'static str,
        /// What plotters said.
        reason: String,
    },
}

/// Writes `table-6.csv`, and for each figure a CSV and an SVG of the same name, and `overlap.html` with all of it.
///
/// # Errors
///
/// If a file cannot be written.
pub fn write(study: &OverlapStudy, folder: &Path) -> Result<(), Error> {
    let write = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(|source| Error::Write { path, source })
    };
    for (name, content) in tables::all(study) {
        write(&format!("{name}.csv"), &content)?;
    }
    let figures = figures::all(study)?;
    for figure in &figures {
        write(&format!("{}.svg", figure.name), &figure.svg)?;
    }
    write("overlap.html", &page::html(study, &figures))
}
