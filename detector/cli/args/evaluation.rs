//! Counting how often a detector is right: `evaluate`, `compare`, `audit`, `calibrate`, `verify`.

use super::DetectorArgs;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Texts by people: .csv or .jsonl with `text`, each also .gz or .zst, or .parquet
    #[arg(required = true)]
    pub(crate) texts: Vec<PathBuf>,
    /// The column with the group that an author belongs to
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group: String,
    /// Exit with 1 when the false alarms of a group are above this share
    #[arg(long, value_name = "RATE")]
    pub(crate) limit: Option<f64>,
    /// Share of human texts that may be called machine
    #[arg(long, default_value_t = 0.01, value_name = "RATE", allow_negative_numbers = true)]
    pub(crate) fpr: f64,
    #[command(flatten)]
    pub(crate) detector: DetectorArgs,
    /// Count among one's own texts, by a file of `detect calibrate`
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Any other column: `FIELD=NAME`, e.g. `text=essay`
    #[arg(long, value_name = "FIELD=NAME")]
    pub(crate) column: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// Your texts: .csv, .jsonl or .parquet with `text` and perhaps `label`; without one they count as human
    #[arg(required = true)]
    pub(crate) texts: Vec<PathBuf>,
    /// The calibration
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) detector: DetectorArgs,
    /// Any other column: `FIELD=NAME`, e.g. `text=essay`
    #[arg(long, value_name = "FIELD=NAME")]
    pub(crate) column: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The folder of an evaluation, or a file of scores
    pub(crate) first: PathBuf,
    /// The other; differences are the second's minus the first's
    pub(crate) second: PathBuf,
    /// Write the differences as CSV
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Draws of the bootstrap
    #[arg(long, default_value_t = 1000)]
    pub(crate) resamples: usize,
    /// Seed of the draws
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The receipt
    pub(crate) receipt: PathBuf,
    /// The text it was written for
    pub(crate) text: PathBuf,
    #[command(flatten)]
    pub(crate) detector: DetectorArgs,
    /// One's own calibration, where the verdict rests on one
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Labelled texts to judge: .csv or .jsonl with `text` and `label`, each also .gz or .zst, or .parquet
    pub(crate) texts: Vec<PathBuf>,
    /// Stored scores of any detector instead: .csv or .jsonl with `label` and `score`, or RAID's predictions.json
    #[arg(long, value_name = "FILE")]
    pub(crate) scores: Option<PathBuf>,
    /// The labels of the scores, matched by `id`, where they lie in another file
    #[arg(long, value_name = "FILE", requires = "scores")]
    pub(crate) labels: Option<PathBuf>,
    /// Folder for the tables, figures and the page; judging goes on there where it stopped
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    /// Take thresholds from the human texts of this value of the column `split`, which are then not evaluated
    #[arg(long, value_name = "SPLIT")]
    pub(crate) threshold_split: Option<String>,
    /// Draws of the bootstrap
    #[arg(long, default_value_t = 1000)]
    pub(crate) resamples: usize,
    /// Seed of the draws
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Share of human texts that a verdict may call machine
    #[arg(long, default_value_t = 0.01, value_name = "RATE", allow_negative_numbers = true)]
    pub(crate) fpr: f64,
    #[command(flatten)]
    pub(crate) detector: DetectorArgs,
    /// Judge with one's own calibration, made by `detect calibrate`
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Heading of the page
    #[arg(long)]
    pub(crate) title: Option<String>,
}

/// What the columns are called in a file that was not made for this program.
#[derive(Debug, Args)]
pub(crate) struct ColumnArgs {
    /// The column that says who wrote a text: human or machine, 0 or 1
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// The column with the score, higher is more machine-like
    #[arg(long, value_name = "NAME")]
    pub(crate) score_column: Option<String>,
    /// The column with the group of people
    #[arg(long, value_name = "NAME")]
    pub(crate) group_column: Option<String>,
    /// Any other column: `FIELD=NAME`, e.g. `unit=source_id`
    #[arg(long, value_name = "FIELD=NAME")]
    pub(crate) column: Vec<String>,
}
