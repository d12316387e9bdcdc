//! The leave-one-source-out table as CSV: one row a source and kind of evidence, units in the header, empty where there is no value.

use crate::error::{Error, write};
use crate::tables::csv_bytes;
use detector::Cell;
use std::path::Path;

const HEADER: [&str; 12] = [
    "source",
    "evidence",
    "human_texts",
    "machine_texts",
    "auroc",
    "tpr_at_1_percent_fpr",
    "tpr_at_5_percent_fpr",
    "realised_fpr_at_1_percent",
    "realised_fpr_at_5_percent",
    "humans_undecided",
    "machines_undecided",
    "machines_called_human",
];

/// Writes the table of sources to `path`, under a temporary name first.
///
/// # Errors
/// When the file cannot be written.
pub fn write_leave_one_source_out(cells: &[Cell], path: &Path) -> Result<(), Error> {
    write(path, &csv_bytes(&HEADER, cells.iter().map(row)))
}

/// Writes a table of groups of several kinds to `path`, under a temporary name first: the same columns behind `axis`, and `group` for
/// `source`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_protocol(cells: &[Cell], path: &Path) -> Result<(), Error> {
    let header = [&["axis", "group"], &HEADER[1..]].concat();
    let rows = cells.iter().map(|cell| [vec![cell.axis.to_owned()], row(cell)].concat());
    write(path, &csv_bytes(&header, rows))
}

fn row(cell: &Cell) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
    vec![
        cell.group.clone(),
        cell.evidence.to_owned(),
        cell.humans.to_string(),
        cell.machines.to_string(),
        number(cell.auroc),
        number(cell.tpr[0]),
        number(cell.tpr[1]),
        number(cell.fpr[0]),
        number(cell.fpr[1]),
        number(cell.humans_undecided),
        number(cell.machines_undecided),
        number(cell.machines_called_human),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_stable() {
        let cell = Cell {
            axis: "source",
            group: "letters, 1890".to_owned(),
            evidence: "verdict",
            humans: 12,
            machines: 0,
            auroc: None,
            tpr: [None, None],
            fpr: [Some(0.0), Some(1.0 / 12.0)],
            humans_undecided: Some(0.25),
            machines_undecided: None,
            machines_called_human: None,
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv");
        write_leave_one_source_out(&[cell], &path).expect("a table");
        let text = std::fs::read_to_string(&path).expect("the table");
        let expected = format!("{}\n\"letters, 1890\",verdict,12,0,,,,0.0000,0.0833,0.2500,,\n", HEADER.join(","));
        assert_eq!(text, expected);
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "no temporary file is left");
    }
}
