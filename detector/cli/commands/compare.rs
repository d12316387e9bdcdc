//! `detect compare A B`: two detectors on the same texts, by paired bootstrap.

use super::scores::{Columns, read_scores};
use crate::args::CompareArgs;
use crate::output::{Exit, line};
use anyhow::{Context, Result};
use detector::evaluation::{Difference, Resamples, ScoredText, compare};
use std::path::Path;

/// Cells that are printed, by the size of their difference; all are in the table.
const SHOWN: usize = 12;

pub(crate) fn run(args: &CompareArgs) -> Result<Exit> {
    if let Some(output) = &args.output {
        super::keep_inputs(output, &[args.first.clone(), args.second.clone()])?;
    }
    let (first, second) = (read(&args.first)?, read(&args.second)?);
    let resamples = Resamples { number: args.resamples, seed: args.seed };
    let comparison = compare(&first, &second, resamples)
        .with_context(|| format!("cannot compare `{}` and `{}`", args.first.display(), args.second.display()))?;
    line(&format!("{} texts of both", comparison.texts))?;
    for (only, path) in comparison.only.iter().zip([&args.first, &args.second]) {
        if *only > 0 {
            line(&format!("note: {only} texts are only in `{}` and left out", path.display()))?;
        }
    }
    let (all, mut cells): (Vec<&Difference>, Vec<&Difference>) =
        comparison.differences.iter().partition(|row| row.cell == "all texts");
    for row in all {
        line(&in_words(row))?;
    }
    cells.retain(|row| row.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0));
    cells.sort_by(|left, right| {
        let size = |row: &Difference| (row.second - row.first).abs();
        size(right).total_cmp(&size(left)).then(left.cell.cmp(&right.cell))
    });
    let tests = comparison.differences.len();
    line(&format!("cells whose interval excludes 0: {} of {tests} (by chance some {})", cells.len(), tests / 20))?;
    for row in cells.iter().take(SHOWN) {
        line(&in_words(row))?;
    }
    if let Some(path) = &args.output {
        super::explaining::write(path, &reports::comparison_table(&comparison))?;
        line(&format!("wrote `{}`", path.display()))?;
    }
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<Vec<ScoredText>> {
    let file = if path.is_dir() { path.join("texts.csv") } else { path.to_owned() };
    read_scores(&file, &Columns::new(&[])?)
}

fn in_words(row: &Difference) -> String {
    let interval = row.interval.map_or_else(String::new, |(low, high)| format!(" (95 %: {low:+.3} to {high:+.3})"));
    let difference = row.second - row.first;
    let [humans, machines] = row.texts;
    let (cell, metric) = (&row.cell, row.metric);
    let values = format!("{:.3} -> {:.3}, {difference:+.3}{interval}", row.first, row.second);
    format!("{cell}: {metric} {values}, {humans} human and {machines} machine texts")
}
