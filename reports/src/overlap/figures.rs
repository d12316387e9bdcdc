//! Which lines each figure has.

use super::chart::{Axis, Line, draw};
use super::{Error, OverlapStudy, Recitation, Sampled};

/// A figure with what is said under it.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) caption: String,
    pub(super) svg: String,
}

/// The left end of the logarithmic axis of figure 5: 0.1 %. Documents of which nothing is found lie there.
const LEAST_PERCENT: f64 = 0.1;

/// All figures.
pub(super) fn all(study: &OverlapStudy) -> Result<Vec<Figure>, Error> {
    Ok(vec![figure_5(study)?, by_n(study)?, recitation(study)?, temperature(study)?, top_k(study)?])
}

fn percent(value: f64) -> String {
    format!("{} %", (value * 100.0).round() / 100.0)
}

/// A value on an axis of logarithms of percent.
fn percent_of_log(value: f64) -> String {
    percent(10_f64.powf(value))
}

fn figure_5(study: &OverlapStudy) -> Result<Figure, Error> {
    let x = Axis {
        name: "8-grams of a text that stand in the training corpus (logarithmic; 0 at the left end)",
        from: LEAST_PERCENT.log10(),
        to: 2.0,
        labels: 4,
        format: percent_of_log,
    };
    let y = Axis { name: "texts with so many or fewer", from: 0.0, to: 100.0, labels: 6, format: percent };
    let line = |group: &super::Group| {
        let count = group.shares.len().max(1) as f64;
        let mut points = vec![(LEAST_PERCENT.log10(), 100.0 * group.none)];
        let mut height = 100.0 * group.none;
        for (index, share) in group.shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let at = (100.0 * share).max(LEAST_PERCENT).log10();
            points.push((at, height));
            height = 100.0 * (index + 1) as f64 / count;
            points.push((at, height));
        }
        points.push((2.0, height));
        Line { name: group.name.clone(), points, marks: false }
    };
    let lines: Vec<Line> = study.groups.iter().map(line).collect();
    let said: Vec<String> = study
        .groups
        .iter()
        .map(|group| {
            let (median, none) = (100.0 * group.median, 100.0 * group.none);
            format!("{} ({} texts): median {median:.2} %, none at all in {none:.0} %", group.name, group.shares.len())
        })
        .collect();
    Ok(Figure {
        name: "figure-5",
        title: "How much of each text is copied",
        caption: said.join("; ")
            + ". In the paper the median of true completions is 2.6 %, most samples are below \
            1 % and more than 30 % of them have none.",
        svg: draw("figure-5", &x, &y, &lines)?,
    })
}

fn by_n(study: &OverlapStudy) -> Result<Figure, Error> {
    let x = Axis { name: "n, words in an n-gram", from: 1.0, to: 20.0, labels: 20, format: |n| format!("{n:.0}") };
    let y = Axis { name: "n-grams in the training corpus", from: 0.0, to: 100.0, labels: 6, format: percent };
    let shown = |name: &str| study.groups.iter().any(|group| group.name == name);
    let lines: Vec<Line> = study
        .curves
        .iter()
        .filter(|curve| shown(&curve.name))
        .map(|curve| Line {
            name: curve.name.clone(),
            points: curve.points.iter().map(|(n, share)| (*n as f64, 100.0 * share)).collect(),
            marks: true,
        })
        .collect();
    Ok(Figure {
        name: "overlap-by-n",
        title: "Overlap by the length of n-grams",
        caption: "The lower a line, the more is new (Merrill et al. 2024). The CSV has all ways of sampling.".into(),
        svg: draw("overlap-by-n", &x, &y, &lines)?,
    })
}

fn recitation(study: &OverlapStudy) -> Result<Figure, Error> {
    let power = |value: f64| format!("{:.0}", 2_f64.powf(value));
    let most = study.recitation.iter().map(|row| row.mean_occurrences).fold(2.0, f64::max);
    let generated = study.recitation.iter().map(|row| row.generated_tokens).max().unwrap_or(1) as f64;
    let highest = study.recitation.iter().map(|row| row.mean_copied_tokens).fold(1.0, f64::max);
    let to = most.log2().ceil().max(1.0);
    let x = Axis {
        name: "times the passage stands in the training corpus (logarithmic)",
        from: 0.0,
        to,
        labels: to as usize + 1,
        format: power,
    };
    let y = Axis {
        name: "tokens copied before it drifts, mean",
        from: 0.0,
        to: (1.1 * highest).min(generated),
        labels: 6,
        format: |value| format!("{}", (value * 10.0).round() / 10.0),
    };
    let mut lines: Vec<Line> = Vec::new();
    for row in &study.recitation {
        let name = format!("{}, prompt of {}", row.sampling, row.prompt_tokens);
        let point = (row.mean_occurrences.log2(), row.mean_copied_tokens);
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { name, points: vec![point], marks: true }),
        }
    }
    let furthest = study.recitation.iter().max_by_key(|row| row.most_copied_tokens);
    let said = furthest.map_or_else(String::new, |row: &Recitation| {
        format!(
            "The furthest any passage was recited: {} of {} tokens ({}, {} to start with). ",
            row.most_copied_tokens, row.generated_tokens, row.sampling, row.prompt_tokens
        )
    });
    Ok(Figure {
        name: "recitation",
        title: "How far the model recites",
        caption: said + "Prompts are the first tokens of passages of 64 words of the corpus.",
        svg: draw("recitation", &x, &y, &lines)?,
    })
}

/// Lengths of n-grams that are drawn against the way of sampling: the paper's, and one of which a small model copies some too.
const DRAWN: [usize; 2] = [8, 4];

fn temperature(study: &OverlapStudy) -> Result<Figure, Error> {
    let of = |row: &Sampled| row.top_k.is_none().then_some(row.temperature).flatten();
    let to = study.sampled.iter().filter_map(of).fold(1.0, f64::max);
    let x = Axis { name: "temperature, no top-k", from: 0.0, to, labels: 6, format: |value| format!("{value:.1}") };
    Ok(Figure {
        name: "temperature",
        title: "Overlap against temperature",
        caption: "0 is greedy: always the most likely token. All texts of a temperature together.".into(),
        svg: against(study, "temperature", &x, of)?,
    })
}

fn top_k(study: &OverlapStudy) -> Result<Figure, Error> {
    let of = |row: &Sampled| row.top_k.map(f64::log2);
    let values = || study.sampled.iter().filter_map(of);
    let from = values().fold(f64::INFINITY, f64::min).floor().clamp(0.0, 9.0);
    let to = values().fold(from + 1.0, f64::max).ceil();
    let x = Axis {
        name: "k, tokens to choose from (logarithmic), temperature 1",
        from,
        to,
        labels: (to - from) as usize + 1,
        format: |value| format!("{:.0}", 2_f64.powf(value)),
    };
    Ok(Figure {
        name: "top-k",
        title: "Overlap against top-k",
        caption: "The fewer tokens to choose from, the closer to what was read.".into(),
        svg: against(study, "top-k", &x, of)?,
    })
}

/// Samples as lines, true completions as level ones.
fn against(
    study: &OverlapStudy,
    name: &'static str,
    x: &Axis,
    of: impl Fn(&Sampled) -> Option<f64>,
) -> Result<String, Error> {
    let share = |name: &str, n: usize| {
        let curve = study.curves.iter().find(|curve| curve.name == name)?;
        curve.points.iter().find(|point| point.0 == n).map(|point| 100.0 * point.1)
    };
    let mut lines = Vec::new();
    for n in DRAWN {
        let truth = study.sampled.iter().find(|row| row.temperature.is_none());
        if let Some(truth) = truth.and_then(|row| share(&row.name, n)) {
            let points = vec![(x.from, truth), (x.to, truth)];
            lines.push(Line { name: format!("true, {n}-grams"), points, marks: false });
        }
        let mut points: Vec<(f64, f64)> =
            study.sampled.iter().filter_map(|row| Some((of(row)?, share(&row.name, n)?))).collect();
        points.sort_by(|left, right| left.0.total_cmp(&right.0));
        lines.push(Line { name: format!("samples, {n}-grams"), points, marks: true });
    }
    let highest = lines.iter().flat_map(|line| &line.points).map(|point| point.1).fold(0.01, f64::max);
    let y = Axis { name: "n-grams in the corpus", from: 0.0, to: 1.1 * highest, labels: 6, format: percent };
    draw(name, x, &y, &lines)
}
