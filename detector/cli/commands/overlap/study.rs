//! `detect overlap study`: the overlap analysis of the GPT-2 paper (section 4, table 6; appendix 8.2, figure 5) on a model and
//! the corpus it was trained on. Finished numbers go to `reports`.

use super::passages::passages;
use super::recitation::recitation;
use super::samples::{Lengths, Model, PAPER, PURE, TRUTH, make};
use super::watch::{Watch, threads};
use crate::args::StudyArgs;
use crate::output::{Exit, line, note};
use anyhow::{Context, Result, ensure};
use datasets::overlap::{Corpus, Count, NgramOptions, Part, count_by_length};
use datasets::{Document, Label};
use reports::overlap::{Curve, Group, OverlapStudy, Sampled, TestSet};
use std::path::{Path, PathBuf};

/// Lengths of the novelty curve.
const LENGTHS: usize = 20;
/// Where the 8-grams of the paper are among them.
const PAPER_N: usize = 8;
/// Passages of each class that are recited.
const PASSAGES: usize = 24;

pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    std::fs::create_dir_all(&args.output).with_context(|| format!("cannot create `{}`", args.output.display()))?;
    let threads = threads(args.threads);
    let whole = Corpus::open(&args.train)?;
    let train = whole.clone().part(Part::Training(args.held_out));
    let model = Model::load(args.model.as_deref())?;

    let tests = tests(args, threads)?;
    note(&format!("{} test sets against {} corpora", tests.len(), args.train.len()));
    let samples = samples(args, &model, whole.part(Part::HeldOut(args.held_out)))?;
    let texts: Vec<&str> = samples.iter().map(|sample| sample.text.as_str()).collect();
    let lengths: Vec<usize> = (1..=LENGTHS).collect();
    let counts = count(&texts, &train, &lengths, threads, "MB of the corpus read for the samples")?;
    let classes = passages(&train, PASSAGES)?;
    let recitation = recitation(&model, &classes, args.seed)?;

    let name = |path: &PathBuf| name(path);
    let study = OverlapStudy {
        model: model.name.clone(),
        corpora: args.train.iter().map(name).collect(),
        tests,
        groups: groups(&samples, &counts),
        curves: curves(&samples, &counts),
        sampled: sampled(&samples, &counts),
        recitation,
    };
    reports::overlap::write(&study, &args.output)?;
    for group in &study.groups {
        line(&format!(
            "{}: {} texts, median {:.2} %, none at all in {:.0} %",
            group.name,
            group.shares.len(),
            100.0 * group.median,
            100.0 * group.none
        ))?;
    }
    note(&format!("wrote `{}` with its tables and figures", args.output.join("overlap.html").display()));
    Ok(Exit::Done)
}

/// Table 6: the held-out documents of each corpus and the test sets, against each corpus and all of them.
fn tests(args: &StudyArgs, threads: usize) -> Result<Vec<TestSet>> {
    let mut sets: Vec<(String, Corpus)> = Vec::new();
    for path in &args.train {
        let corpus = Corpus::open(std::slice::from_ref(path))?.part(Part::HeldOut(args.held_out));
        sets.push((format!("held out of {}", name(path)), corpus));
    }
    for path in &args.test {
        sets.push((name(path), Corpus::open(std::slice::from_ref(path))?));
    }
    let mut texts = Vec::new();
    let mut owners = Vec::new();
    for (set, (_, corpus)) in sets.iter().enumerate() {
        for source in corpus.sources() {
            texts.push(source?.text);
            owners.push(set);
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut rows: Vec<TestSet> =
        sets.into_iter().map(|(name, _)| TestSet { name, documents: 0, ngrams: 0, shares: Vec::new() }).collect();
    owners.iter().for_each(|owner| rows[*owner].documents += 1);
    let corpora = args.train.iter().map(std::slice::from_ref).chain([args.train.as_slice()]);
    for paths in corpora {
        let corpus = Corpus::open(paths)?.part(Part::Training(args.held_out));
        let counts = count(&texts, &corpus, &[PAPER_N], threads, "MB of the corpora read for the test sets")?;
        let mut sums = vec![Count::default(); rows.len()];
        for (owner, count) in owners.iter().zip(&counts) {
            sums[*owner] = sums[*owner].and(count[0]);
        }
        for (row, sum) in rows.iter_mut().zip(sums) {
            row.ngrams = sum.total;
            row.shares.push(sum.share());
        }
    }
    Ok(rows)
}

fn count(
    texts: &[&str],
    corpus: &Corpus,
    lengths: &[usize],
    threads: usize,
    what: &'static str,
) -> Result<Vec<Vec<Count>>> {
    let watch = Watch::new(0, what);
    let counts = count_by_length(texts, corpus, NgramOptions::default(), lengths, threads, &watch)?;
    watch.finish();
    watch.tell_skipped();
    Ok(counts)
}

/// The samples of a file, or new ones, which are kept as `samples.jsonl`.
fn samples(args: &StudyArgs, model: &Model, held_out: Corpus) -> Result<Vec<Document>> {
    if let Some(path) = &args.samples {
        let samples: Vec<Document> = datasets::open(path)?.collect::<Result<_, _>>()?;
        let of = |label| samples.iter().filter(|sample| sample.label == Some(label)).count();
        let (human, machine) = (of(Label::Human), of(Label::Machine));
        ensure!(
            human > 0 && machine > 0,
            "`{}` has {machine} texts labelled machine and {human} labelled human, expected some of both",
            path.display()
        );
        return Ok(samples);
    }
    let lengths = Lengths { count: args.count, prompt: args.prompt_tokens, tokens: args.tokens, seed: args.seed };
    let samples = make(model, &held_out, lengths)?;
    ensure!(
        !samples.is_empty(),
        "no held-out document has {} tokens to be continued",
        args.prompt_tokens + args.tokens
    );
    let mut lines = String::new();
    for sample in &samples {
        lines += &(serde_json::to_string(sample)? + "\n");
    }
    let path = args.output.join("samples.jsonl");
    std::fs::write(&path, lines).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(samples)
}

fn domain(sample: &Document) -> &str {
    match sample.label {
        Some(Label::Human) => TRUTH,
        _ => sample.domain.as_deref().unwrap_or("samples"),
    }
}

/// The ways of sampling, true completions first, then in the order of the file.
fn domains(samples: &[Document]) -> Vec<String> {
    let mut domains = vec![TRUTH.to_owned()];
    for sample in samples {
        if !domains.iter().any(|known| known == domain(sample)) {
            domains.push(domain(sample).to_owned());
        }
    }
    domains
}

/// The counts of one way of sampling.
fn of<'a>(samples: &[Document], counts: &'a [Vec<Count>], name: &str) -> Vec<&'a Vec<Count>> {
    samples.iter().zip(counts).filter(|(sample, _)| domain(sample) == name).map(|(_, counts)| counts).collect()
}

/// Figure 5: shares of single documents, for the true completions and the paper's way of sampling; of a file that has not that
/// way, for all.
fn groups(samples: &[Document], counts: &[Vec<Count>]) -> Vec<Group> {
    let domains = domains(samples);
    let is_shown = |name: &String| name == TRUTH || name == PAPER || name == PURE;
    let all_known = domains.iter().any(|name| name == PAPER);
    let shown = domains.iter().filter(|name| !all_known || is_shown(name));
    shown
        .map(|name| {
            let counts = of(samples, counts, name);
            let mut shares: Vec<f64> = counts.iter().filter_map(|counts| counts[PAPER_N - 1].share()).collect();
            shares.sort_by(f64::total_cmp);
            let none = shares.iter().filter(|share| **share == 0.0).count() as f64 / shares.len().max(1) as f64;
            Group { name: name.clone(), median: median(&shares), none, shares }
        })
        .collect()
}

fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// The share found for each length, all texts of a way of sampling together.
fn curves(samples: &[Document], counts: &[Vec<Count>]) -> Vec<Curve> {
    let curve = |name: String| {
        let counts = of(samples, counts, &name);
        let sum = |n: usize| counts.iter().map(|counts| counts[n - 1]).fold(Count::default(), Count::and);
        let points = (1..=LENGTHS).filter_map(|n| Some((n, sum(n).share()?))).collect();
        Curve { name, points }
    };
    domains(samples).into_iter().map(curve).collect()
}

fn sampled(samples: &[Document], counts: &[Vec<Count>]) -> Vec<Sampled> {
    let row = |name: String| {
        let counts = of(samples, counts, &name);
        let eight = counts.iter().map(|counts| counts[PAPER_N - 1]).fold(Count::default(), Count::and);
        let number = |word: &str| name.strip_prefix(word).and_then(|number| number.trim().parse().ok());
        let temperature = number("temperature").or_else(|| number("top-k").map(|_: f64| 1.0));
        let share = eight.share();
        Sampled { temperature, top_k: number("top-k"), texts: counts.len(), ngrams: eight.total, share, name }
    };
    domains(samples).into_iter().map(row).collect()
}

/// A file's name without its extensions.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    [".zst", ".gz", ".jsonl", ".csv", ".txt"]
        .iter()
        .fold(name, |name, extension| name.strip_suffix(extension).map_or(name.clone(), str::to_owned))
}
