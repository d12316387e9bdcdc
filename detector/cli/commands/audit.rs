//! `detect audit HUMANS.csv --group COLUMN`: false alarms by group of people.

use super::LIMIT_BYTES;
use super::scores::Columns;
use crate::args::AuditArgs;
use crate::output::{Exit, line, progress_bar};
use anyhow::{Context, Result, bail, ensure};
use datasets::{Label, Row, open_rows};
use detector::{Audit, AuditedGroup, Options, Verdict};
use rayon::prelude::*;

/// Texts that are in memory at a time.
const BATCH: usize = 64;
/// Seed of the test of a gap.
const SEED: u64 = 1;

pub(crate) fn run(args: &AuditArgs) -> Result<Exit> {
    let columns = Columns::new(&args.column)?;
    let (detector, _) = super::detector(&args.detector, args.calibration.as_deref())?;
    let options = Options { fpr: args.fpr, tokens: false };
    detector.check(&options)?;
    let bar = progress_bar(0, "texts judged");
    let mut verdicts = Vec::new();
    for path in &args.texts {
        let mut rows = open_rows(path, &[columns.name("text"), &args.group])?;
        let has_labels = rows.columns().iter().any(|column| column == columns.name("label"));
        loop {
            let batch: Vec<Row> = rows.by_ref().take(BATCH).collect::<datasets::Result<_>>()?;
            if batch.is_empty() {
                break;
            }
            let judge = |row: &Row| -> Result<(String, Verdict)> {
                let place = || format!("`{}`, line {}", path.display(), row.line);
                if has_labels && columns.label(row, path)? == Label::Machine {
                    bail!("{}: labelled machine, an audit is of texts by people", place());
                }
                let text = row.get(columns.name("text")).unwrap_or_default();
                let text = &text[..text.floor_char_boundary(LIMIT_BYTES as usize)];
                let found =
                    detector.judge(text, &options).with_context(|| format!("{}: cannot judge the text", place()))?;
                bar.inc(1);
                Ok((row.get(&args.group).unwrap_or("(none)").to_owned(), found.verdict))
            };
            verdicts.extend(batch.par_iter().map(judge).collect::<Result<Vec<_>>>()?);
        }
    }
    bar.finish_and_clear();
    ensure!(!verdicts.is_empty(), "there are no texts in the files named");
    let audit = Audit::new(&verdicts, SEED);
    print(&audit, args)?;
    let Some(limit) = args.limit else { return Ok(Exit::Done) };
    let above = audit.above(limit);
    for group in &above {
        line(&format!("above the limit of {} %: {}", limit * 100.0, group.name))?;
    }
    Ok(if above.is_empty() { Exit::Done } else { Exit::Refuted })
}

fn print(audit: &Audit, args: &AuditArgs) -> Result<()> {
    line(&format!("{:24} texts  called machine  95 % interval    below, 95 % sure  undecided", args.group))?;
    for group in audit.groups.iter().chain([&audit.all]) {
        line(&row(group))?;
    }
    match audit.gap_p_value {
        Some(p_value) => line(&format!("a gap as large as this between groups that do not differ: p = {p_value:.4}"))?,
        None => line("one group only: there is no gap to test")?,
    }
    let least = audit.groups.iter().map(|group| group.alarms.of).min().unwrap_or(0);
    line(&format!(
        "the smallest group has {least} texts: no alarm among them would bound its rate at {:.1} %, with 95 % confidence",
        detector::metrics::upper_bound(0, least, 0.95) * 100.0
    ))
}

fn row(group: &AuditedGroup) -> String {
    let percent = |value: f64| format!("{:.1} %", value * 100.0);
    let (low, high) = group.alarms.interval();
    let name: String = group.name.chars().take(24).collect();
    let [alarms, undecided] = [group.alarms, group.undecided].map(|share| percent(share.rate().unwrap_or(0.0)));
    let counted = format!("{} ({alarms})", group.alarms.part);
    let interval = format!("{} to {}", percent(low), percent(high));
    format!("{name:24} {:5}  {counted:14}  {interval:15}  {:16}  {undecided}", group.alarms.of, percent(group.bound))
}
