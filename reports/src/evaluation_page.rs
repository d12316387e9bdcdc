//! The page of an evaluation: what was judged, what to beware of, the figures, every cell.

use crate::html::{escape, prose};
use crate::svg::{Figure, STYLE, round};
use detector::evaluation::{EvaluatedCell, Evaluation, RATES, Severity, Share, Stratum};
use std::fmt::Write;

/// The style of all pages.
pub(crate) const PAGE_STYLE: &str = include_str!("page.css");

/// The beginning of a page, up to its body.
pub(crate) fn head(title: &str, styles: &[&str]) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
        escape(title),
        styles.concat()
    )
}

/// A share as a percentage with one digit.
pub(crate) fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

pub(crate) fn page(evaluation: &Evaluation, figures: &[Figure], title: &str) -> String {
    let all = evaluation.all();
    let mut page = head(title, &[PAGE_STYLE, STYLE]);
    let _ = writeln!(page, "<h1>{}</h1>", escape(title));
    let _ = writeln!(page, "<p>{}</p>", prose(&summary(evaluation)));
    let _ = writeln!(page, "<p>{}</p>", escape(&worst_in_words(evaluation)));
    let warnings: Vec<_> = evaluation.notes.iter().filter(|note| note.severity == Severity::Warning).collect();
    if !warnings.is_empty() {
        page += "<ul class=\"notes\">\n";
        for note in warnings {
            let _ = writeln!(page, "<li>{}.</li>", prose(&note.text));
        }
        page += "</ul>\n";
    }
    page += "<div class=\"figures\">\n";
    for figure in figures {
        let _ = writeln!(
            page,
            "<figure>\n{}<figcaption>{}</figcaption>\n</figure>",
            figure.inline(),
            escape(&figure.caption)
        );
    }
    page += "</div>\n<h2>Every cell</h2>\n";
    let _ = writeln!(
        page,
        "<p class=\"muted\">Intervals are 95 %: of AUROC by drawing {} times with replacement among {} units ({}), of shares Wilson's. \
         AUROC of a cell without human texts is against all of them. More columns: <code>cells.csv</code>.</p>",
        evaluation.plan.resamples.number,
        evaluation.units,
        escape(&evaluation.plan.unit)
    );
    page += &table(evaluation, all.human_verdicts.called_machine().of + all.machine_verdicts.called_machine().of > 0);
    page += "</body>\n</html>\n";
    page
}

/// What was found, in two sentences.
#[must_use]
pub fn summary(evaluation: &Evaluation) -> String {
    let all = evaluation.all();
    let mut text = format!("{} human and {} machine texts.", all.humans, all.machines);
    if let Some(auroc) = all.auroc {
        let interval = all.auroc_interval.map_or_else(String::new, |(low, high)| format!(" ({low:.3} to {high:.3})"));
        let _ = write!(text, " AUROC is {auroc:.3}{interval}.");
    }
    let found: Vec<String> = (0..RATES.len())
        .filter_map(|rate| {
            let tpr = all.tpr[rate].rate()?;
            let realised = all.fpr[rate].rate().map_or_else(String::new, |fpr| format!(" (realised {})", percent(fpr)));
            Some(format!("{} at {} % false positives{realised}", percent(tpr), round(RATES[rate] * 100.0)))
        })
        .collect();
    if !found.is_empty() {
        let _ = write!(
            text,
            " Of the machine texts it finds {}; thresholds are from {}.",
            found.join(", "),
            evaluation.thresholds.origin
        );
    }
    text
}

/// The worst cells, always said.
#[must_use]
pub fn worst_in_words(evaluation: &Evaluation) -> String {
    let worst: Vec<String> = evaluation
        .worst
        .iter()
        .map(|worst| {
            let cell = &evaluation.cells[worst.cell];
            let value = if worst.what == "AUROC" { format!("{:.3}", worst.value) } else { percent(worst.value) };
            format!("{} {value} ({} {})", worst.what, cell.stratum.name(), cell.value)
        })
        .collect();
    if worst.is_empty() {
        "No cell has 20 texts of a class, so no worst cell can be named.".to_owned()
    } else {
        format!("Worst cells: {}.", worst.join(", "))
    }
}

fn table(evaluation: &Evaluation, verdicts: bool) -> String {
    let mut table = "<div class=\"wide\"><table>\n<thead><tr><th>cell</th><th>human</th><th>machine</th><th>AUROC</th>\
                     <th>TPR at 5 %</th><th>at 1 %</th><th>at 0.1 %</th><th>by domain<br>at 1 %</th><th>realised FPR<br>at 5 %</th>\
                     <th>at 1 %</th>"
        .to_owned();
    if verdicts {
        table += "<th>humans called<br>machine</th><th>machines called<br>machine</th><th>with a<br>verdict</th>";
    }
    table += "</tr></thead>\n<tbody>\n";
    for stratum in Stratum::EVERY {
        let mut cells = evaluation.of(stratum).peekable();
        if cells.peek().is_none() {
            continue;
        }
        if stratum != Stratum::All {
            let columns = if verdicts { 13 } else { 10 };
            let _ = writeln!(table, "<tr><th colspan=\"{columns}\">{}</th></tr>", stratum.name());
        }
        for cell in cells {
            table += &row(cell, verdicts);
        }
    }
    table + "</tbody>\n</table></div>\n"
}

fn row(cell: &EvaluatedCell, verdicts: bool) -> String {
    let auroc = match (cell.auroc, cell.auroc_interval) {
        (Some(auroc), Some((low, high))) => {
            format!("{auroc:.3} <span class=\"interval\">{low:.3}-{high:.3}</span>")
        }
        (Some(auroc), None) => format!("{auroc:.3}"),
        _ => String::new(),
    };
    let mut row = format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{auroc}</td>",
        escape(&cell.value),
        cell.humans,
        cell.machines
    );
    let mut columns: Vec<Share> = cell.tpr.to_vec();
    columns.extend([cell.tpr_by_domain[1], cell.fpr[0], cell.fpr[1]]);
    if verdicts {
        let decided = [cell.human_verdicts.decided(), cell.machine_verdicts.decided()];
        columns.extend([cell.human_verdicts.called_machine(), cell.machine_verdicts.called_machine()]);
        columns.push(Share { part: decided[0].part + decided[1].part, of: decided[0].of + decided[1].of });
    }
    for share in columns {
        row += &match share.rate() {
            Some(rate) => {
                let (low, high) = share.interval();
                let interval = format!("{:.0}-{:.0}", low * 100.0, high * 100.0);
                format!("<td>{} <span class=\"interval\">{interval}</span></td>", percent(rate))
            }
            None => "<td></td>".to_owned(),
        };
    }
    row + "</tr>\n"
}
