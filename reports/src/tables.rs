//! The tables of an evaluation as CSV, and what their columns mean.

use detector::evaluation::{Comparison, EvaluatedCell, Evaluation, NUMBERS, ScoredText, Share};
use std::fmt::Write;

/// Rows under a header, RFC 4180 with `\n`.
pub(crate) fn csv_bytes(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes every record of the header's width");
    for row in rows {
        writer.write_record(&row).expect("memory takes every record of the header's width");
    }
    writer.into_inner().expect("memory can be flushed")
}

/// Columns of `cells.csv` and what they hold.
const CELLS: [(&str, &str); 38] = [
    ("stratum", "by what the texts are cut: all, source, domain, generator, attack, tokens, group"),
    ("value", "which source, domain, ...; a range of tokens"),
    ("human_texts", "count"),
    ("machine_texts", "count"),
    ("human_texts_without_score", "count; never called machine, below all in the ranking"),
    ("machine_texts_without_score", "count; missed"),
    (
        "human_texts_compared",
        "count of the human texts that AUROC is against: the cell's own, or all where it has none",
    ),
    ("auroc", "0 to 1, ties half"),
    ("auroc_low", "lower end of its 95 % bootstrap interval over units"),
    ("auroc_high", "upper end"),
    ("average_precision", "0 to 1; chance is machine_texts / (machine_texts + human_texts_compared)"),
    ("tpr_at_5_percent_fpr", "share of machine texts above the one threshold for all; empty where it cannot be shown"),
    ("tpr_at_5_percent_fpr_low", "lower end of Wilson's 95 % interval"),
    ("tpr_at_5_percent_fpr_high", "upper end"),
    ("tpr_at_1_percent_fpr", "the same at 1 %"),
    ("tpr_at_1_percent_fpr_low", ""),
    ("tpr_at_1_percent_fpr_high", ""),
    ("tpr_at_0.1_percent_fpr", "the same at 0.1 %"),
    ("tpr_at_0.1_percent_fpr_low", ""),
    ("tpr_at_0.1_percent_fpr_high", ""),
    ("tpr_at_5_percent_fpr_by_domain", "with the threshold of each text's own domain"),
    ("tpr_at_1_percent_fpr_by_domain", ""),
    ("tpr_at_0.1_percent_fpr_by_domain", ""),
    ("machine_texts_with_domain_threshold_at_1_percent", "count of those that the column before last is a share of"),
    ("realised_fpr_at_5_percent", "share of human texts above the one threshold for all"),
    ("realised_fpr_at_5_percent_low", "lower end of Wilson's 95 % interval"),
    ("realised_fpr_at_5_percent_high", "upper end"),
    ("realised_fpr_at_1_percent", ""),
    ("realised_fpr_at_1_percent_low", ""),
    ("realised_fpr_at_1_percent_high", ""),
    ("realised_fpr_at_0.1_percent", ""),
    ("realised_fpr_at_0.1_percent_low", ""),
    ("realised_fpr_at_0.1_percent_high", ""),
    ("brier", "mean squared error of the probabilities, 0 to 1; empty where scores are none"),
    ("human_texts_called_machine", "share, by the detector's own verdict"),
    ("human_texts_decided", "share with a verdict (coverage)"),
    ("machine_texts_called_machine", "share, by the detector's own verdict"),
    ("machine_texts_decided", "share with a verdict (coverage)"),
];

/// One row a cell, all texts first.
pub(crate) fn cells_table(evaluation: &Evaluation) -> Vec<u8> {
    csv_bytes(&CELLS.map(|column| column.0), evaluation.cells.iter().map(cell_row))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.6}"))
}

fn cell_row(cell: &EvaluatedCell) -> Vec<String> {
    let mut row = vec![cell.stratum.name().to_owned(), cell.value.clone()];
    row.extend(
        [cell.humans, cell.machines, cell.humans_missing, cell.machines_missing, cell.humans_compared]
            .map(|count| count.to_string()),
    );
    row.push(number(cell.auroc));
    row.push(number(cell.auroc_interval.map(|interval| interval.0)));
    row.push(number(cell.auroc_interval.map(|interval| interval.1)));
    row.push(number(cell.average_precision));
    let with_interval = |share: &Share| {
        let interval = share.rate().map(|_| share.interval());
        [share.rate(), interval.map(|ends| ends.0), interval.map(|ends| ends.1)].map(number)
    };
    row.extend(cell.tpr.iter().flat_map(with_interval));
    row.extend(cell.tpr_by_domain.iter().map(|share| number(share.rate())));
    row.push(cell.tpr_by_domain[1].of.to_string());
    row.extend(cell.fpr.iter().flat_map(with_interval));
    row.push(number(cell.brier));
    for verdicts in [&cell.human_verdicts, &cell.machine_verdicts] {
        row.push(number(verdicts.called_machine().rate()));
        row.push(number(verdicts.decided().rate()));
    }
    row
}

/// Columns of `texts.csv` before the evidence and statistics.
const TEXTS: [(&str, &str); 14] = [
    ("id", "as given"),
    ("label", "human or machine, as given"),
    ("score", "higher is more machine-like; of `detect`: log-odds; empty where there is none"),
    ("source", "as given"),
    ("domain", "as given"),
    ("generator", "as given"),
    ("attack", "as given"),
    ("group", "as given"),
    ("split", "as given"),
    ("unit", "texts of one unit are drawn together in intervals"),
    ("tokens", "count, of the detector's tokenizer"),
    ("verdict", "human, machine or undecided"),
    ("probability", "of machine, where the detector gives one"),
    ("p_value", "chance of such a score for a human text of this length"),
];

/// One row a text in the order given: what is known about it, its scores, and of `detect` its evidence and statistics.
pub(crate) fn texts_table(texts: &[ScoredText]) -> Vec<u8> {
    let known = |column: &&str| texts.iter().any(|text| text.numbers.contains_key(*column));
    let numbers: Vec<&str> = NUMBERS.iter().map(|number| number.1).filter(known).collect();
    let header: Vec<&str> = TEXTS.iter().map(|column| column.0).chain(numbers.iter().copied()).collect();
    let row = |text: &ScoredText| {
        let exact = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        let verdict = text.verdict.map_or("", |verdict| match verdict {
            detector::Verdict::Human => "human",
            detector::Verdict::Machine => "machine",
            detector::Verdict::Undecided => "undecided",
        });
        let mut row = vec![text.id.clone(), text.label.to_string(), exact(text.score)];
        row.extend([&text.source, &text.domain, &text.generator, &text.attack, &text.group].map(name));
        row.extend([&text.split, &text.unit].map(name));
        row.push(text.tokens.map_or_else(String::new, |tokens| tokens.to_string()));
        row.extend([verdict.to_owned(), exact(text.probability), exact(text.p_value)]);
        row.extend(numbers.iter().map(|column| exact(text.numbers.get(*column).copied())));
        row
    };
    csv_bytes(&header, texts.iter().map(row))
}

/// RAID's `predictions.json`: `[{"id", "score"}]`, `null` where there is no score.
pub(crate) fn predictions(texts: &[ScoredText]) -> String {
    let line = |text: &ScoredText| serde_json::json!({"id": text.id, "score": text.score}).to_string();
    format!("[\n{}\n]\n", texts.iter().map(line).collect::<Vec<_>>().join(",\n"))
}

/// What the columns of the tables mean.
#[must_use]
pub fn read_me() -> String {
    let mut text =
        "Tables of an evaluation by `detect evaluate`. UTF-8, comma separated, one header line; empty: no value.\n"
            .to_owned();
    let ditto = |meaning: &str| if meaning.is_empty() { "as above".to_owned() } else { meaning.to_owned() };
    for (name, what, columns) in
        [("cells.csv", "one row a cell, all texts first", &CELLS[..]), ("texts.csv", "one row a text", &TEXTS[..])]
    {
        let _ = writeln!(text, "\n{name}: {what}");
        for (column, meaning) in columns {
            let _ = writeln!(text, "  {column:50} {}", ditto(meaning));
        }
    }
    text += "  evidence_*_log_odds                                parts of the score; they add up to it\n";
    text +=
        "  *_nats, *_share, ...                               statistics of the tokens (detector/src/statistics.rs)\n";
    text += "\npredictions.json: [{\"id\", \"score\"}], the form that RAID's evaluation reads.\n";
    text
}

/// One row a metric and cell of a comparison.
#[must_use]
pub fn comparison_table(comparison: &Comparison) -> Vec<u8> {
    let header = [
        "metric",
        "cell",
        "human_texts",
        "machine_texts",
        "first",
        "second",
        "second_minus_first",
        "second_minus_first_low",
        "second_minus_first_high",
    ];
    let row = |row: &detector::evaluation::Difference| {
        vec![
            row.metric.to_owned(),
            row.cell.clone(),
            row.texts[0].to_string(),
            row.texts[1].to_string(),
            number(Some(row.first)),
            number(Some(row.second)),
            number(Some(row.second - row.first)),
            number(row.interval.map(|interval| interval.0)),
            number(row.interval.map(|interval| interval.1)),
        ]
    };
    csv_bytes(&header, comparison.differences.iter().map(row))
}
