//! The overlap study: tables as CSV, figures as SVG, and one page with all of it.

mod chart;
mod figures;
mod page;
mod tables;

use crate::error::{self, Error};
use crate::png::png;
use std::path::Path;

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

/// Writes `table-6.csv`, and for each figure a CSV, an SVG and a PNG of the same name, and `overlap.html` with all of it.
///
/// # Errors
///
/// If a file cannot be written.
pub fn write(study: &OverlapStudy, folder: &Path) -> Result<(), Error> {
    let write = |name: &str, content: &str| error::write(&folder.join(name), content.as_bytes());
    for (name, content) in tables::all(study) {
        write(&format!("{name}.csv"), &content)?;
    }
    let figures = figures::all(study)?;
    for figure in &figures {
        write(&format!("{}.svg", figure.name), &figure.svg)?;
        error::write(&folder.join(format!("{}.png", figure.name)), &png(figure.name, &figure.svg)?)?;
    }
    write("overlap.html", &page::html(study, &figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study() -> OverlapStudy {
        let group = |name: &str, shares: Vec<f64>, median, none| Group { name: name.to_owned(), shares, median, none };
        let sampled = |name: &str, temperature, top_k, share| Sampled {
            name: name.to_owned(),
            temperature,
            top_k,
            texts: 2,
            ngrams: 400,
            share: Some(share),
        };
        let recitation = |occurrences, mean_occurrences, mean_copied_tokens| Recitation {
            prompt_tokens: 8,
            sampling: "greedy".to_owned(),
            occurrences,
            mean_occurrences,
            passages: 3,
            generated_tokens: 40,
            mean_copied_tokens,
            most_copied_tokens: 38,
        };
        OverlapStudy {
            model: "gpt2-2x64".to_owned(),
            corpora: vec!["letters, <1890>".to_owned()],
            tests: vec![
                TestSet {
                    name: "held out".to_owned(),
                    documents: 2,
                    ngrams: 900,
                    shares: vec![Some(0.0123), Some(0.5)],
                },
                TestSet { name: "too short".to_owned(), documents: 1, ngrams: 0, shares: vec![None, None] },
            ],
            groups: vec![
                group("true completions", vec![0.0, 0.02, 0.5], 0.02, 1.0 / 3.0),
                group("top-k 40", vec![0.0, 0.0, 0.0001], 0.0, 2.0 / 3.0),
            ],
            curves: ["true completions", "temperature 0.5", "top-k 40"]
                .map(|name| Curve { name: name.to_owned(), points: vec![(4, 0.75), (8, 0.25)] })
                .to_vec(),
            sampled: vec![
                sampled("true completions", None, None, 0.03),
                sampled("temperature 0.5", Some(0.5), None, 0.04),
                sampled("top-k 40", Some(1.0), Some(40.0), 0.01),
            ],
            recitation: vec![recitation((1, 1), 1.0, 0.5), recitation((64, u32::MAX), 100.0, 31.25)],
        }
    }

    fn written() -> (tempfile::TempDir, impl Fn(&str) -> String) {
        let folder = tempfile::tempdir().expect("a folder");
        write(&study(), folder.path()).expect("a study");
        let path = folder.path().to_owned();
        (folder, move |name: &str| std::fs::read_to_string(path.join(name)).expect("a file"))
    }

    #[test]
    fn the_tables() {
        let (_folder, read) = written();
        assert_eq!(
            read("table-6.csv"),
            "test_set,documents,8_grams,\"share_in_letters, <1890>\",share_in_all\n\
             held out,2,900,0.012300,0.500000\ntoo short,1,0,,\n"
        );
        assert_eq!(
            read("figure-5.csv"),
            "texts,share_of_8_grams,cumulative\ntrue completions,0.000000,0.333333\ntrue completions,0.020000,0.666667\n\
             true completions,0.500000,1.000000\ntop-k 40,0.000000,0.333333\ntop-k 40,0.000000,0.666667\n\
             top-k 40,0.000100,1.000000\n"
        );
        let of = |name: &str| format!("{name},4,0.750000\n{name},8,0.250000\n");
        let curves = ["true completions", "temperature 0.5", "top-k 40"].map(of).concat();
        assert_eq!(read("overlap-by-n.csv"), format!("texts,n,share\n{curves}"));
        assert_eq!(
            read("sampling.csv"),
            "texts,temperature,top_k,count,8_grams,share\ntrue completions,,,2,400,0.030000\n\
             temperature 0.5,0.5,,2,400,0.040000\ntop-k 40,1,40,2,400,0.010000\n"
        );
        assert_eq!(
            read("recitation.csv"),
            "prompt_tokens,sampling,occurrences_from,occurrences_to,mean_occurrences,passages,generated_tokens,\
             mean_copied_tokens,most_copied_tokens\n8,greedy,1,1,1.0,3,40,0.50,38\n8,greedy,64,,100.0,3,40,31.25,38\n"
        );
    }

    /// Lines are named in the figure itself, and the page asks for nothing from elsewhere.
    #[test]
    fn the_figures_and_the_page() {
        let (folder, read) = written();
        for (name, labels) in [
            ("figure-5", &["true completions", "top-k 40", "0.1 %", "100 %"][..]),
            ("overlap-by-n", &["top-k 40", "20"]),
            ("recitation", &["greedy, prompt of 8", "128"]),
            ("temperature", &["true, 8-grams", "samples, 4-grams", "1.0"]),
            ("top-k", &["true, 4-grams", "samples, 8-grams", "64"]),
        ] {
            let svg = read(&format!("{name}.svg"));
            for label in labels {
                assert!(svg.lines().any(|line| line.trim() == *label), "`{label}` is not in {name}: {svg}");
            }
        }
        let page = read("overlap.html");
        assert_eq!(page.matches("<svg ").count(), 5);
        assert!(
            page.contains("<th>letters, &lt;1890&gt;</th>") && page.contains("<td>1.23</td><td>50.00</td>"),
            "{page}"
        );
        let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http") && !elsewhere.contains("src=") && !elsewhere.contains("<link"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 16);
    }
}
