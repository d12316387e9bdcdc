//! Stored scores of any detector: `.csv`, `.jsonl`, or RAID's `predictions.json` with the labels elsewhere.

use crate::args::EvaluateArgs;
use anyhow::{Context, Result, bail, ensure};
use datasets::{FIELDS, Label, Row, open_rows};
use detector::evaluation::{NUMBERS, ScoredText};
use detector::{Verdict, stable_hash};
use std::collections::BTreeMap;
use std::path::Path;

/// What each field is called in the file at hand.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    names: BTreeMap<String, String>,
    /// Values of the label column that mean *machine*, and those that mean *human*.
    machine: Vec<String>,
    human: Vec<String>,
}

impl Columns {
    /// The names of the arguments: `--column FIELD=NAME`, and the shorter `--label-column NAME` and the like.
    pub(crate) fn of(args: &EvaluateArgs) -> Result<Self> {
        let mut pairs = args.columns.column.clone();
        for (field, column) in [
            ("label", &args.columns.label_column),
            ("score", &args.columns.score_column),
            ("group", &args.columns.group_column),
        ] {
            pairs.extend(column.iter().map(|column| format!("{field}={column}")));
        }
        Self::new(&pairs)
    }

    /// `FIELD=NAME` pairs; fields without one are called as they are.
    pub(crate) fn new(pairs: &[String]) -> Result<Self> {
        let mut names: BTreeMap<String, String> =
            FIELDS.iter().map(|field| ((*field).to_owned(), (*field).to_owned())).collect();
        for pair in pairs {
            let Some((field, column)) = pair.split_once('=') else {
                bail!("`--column {pair}` is not of the form `FIELD=NAME`");
            };
            let Some(name) = names.get_mut(field) else {
                bail!("`--column {pair}`: there is no field `{field}`; fields are {}", FIELDS.join(", "));
            };
            column.clone_into(name);
        }
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Ok(Self {
            names,
            machine: words(&["machine", "1", "1.0", "ai", "generated", "true"]),
            human: words(&["human", "0", "0.0", "false"]),
        })
    }

    /// The column of a field.
    pub(crate) fn name(&self, field: &str) -> &str {
        &self.names[field]
    }

    fn get<'a>(&self, row: &'a Row, field: &str) -> Option<&'a str> {
        row.get(self.name(field))
    }

    /// A text with all that its row says.
    pub(crate) fn text(&self, row: &Row, path: &Path) -> Result<ScoredText> {
        let mut text = ScoredText::new(self.id(row), self.label(row, path)?);
        text.score = self.number(row, "score", path)?;
        self.describe(row, &mut text);
        text.tokens = self.number(row, "tokens", path)?.map(|tokens| tokens as u32);
        text.probability = self.number(row, "probability", path)?;
        text.p_value = self.number(row, "p_value", path)?;
        text.verdict = match self.get(row, "verdict") {
            Some("machine") => Some(Verdict::Machine),
            Some("human") => Some(Verdict::Human),
            Some("undecided") => Some(Verdict::Undecided),
            _ => None,
        };
        for (_, column) in NUMBERS {
            if let Some(Ok(number)) = row.get(column).map(str::parse) {
                text.numbers.insert(column.to_owned(), number);
            }
        }
        if let Some(words) = self.get(row, "text") {
            text.hash = hash_of(words);
        }
        Ok(text)
    }

    /// The id, or else the line.
    pub(crate) fn id(&self, row: &Row) -> String {
        self.get(row, "id").map_or_else(|| row.line.to_string(), str::to_owned)
    }

    /// Enters source, domain and the like.
    pub(crate) fn describe(&self, row: &Row, text: &mut ScoredText) {
        let name = |field| self.get(row, field).map(str::to_owned);
        text.source = name("source");
        text.domain = name("domain");
        text.generator = name("generator").filter(|_| text.is_machine());
        text.attack = name("attack");
        text.group = name("group");
        text.split = name("split");
        text.unit = name("unit");
    }

    /// Who wrote it.
    pub(crate) fn label(&self, row: &Row, path: &Path) -> Result<Label> {
        let column = self.name("label");
        let Some(found) = row.get(column) else {
            bail!("`{}`, line {}: the column `{column}` is empty, expected human or machine", path.display(), row.line);
        };
        let word = found.trim().to_lowercase();
        if self.machine.contains(&word) {
            Ok(Label::Machine)
        } else if self.human.contains(&word) {
            Ok(Label::Human)
        } else {
            let (line, shown) = (row.line, found.chars().take(40).collect::<String>());
            bail!("`{}`, line {line}: unknown label `{shown}`, expected human or machine, 0 or 1", path.display());
        }
    }

    /// A number; empty, `NaN`, `null`, `None` and `NA` are no score, anything else is an error.
    fn number(&self, row: &Row, field: &str, path: &Path) -> Result<Option<f64>> {
        let Some(cell) = self.get(row, field).map(str::trim) else { return Ok(None) };
        if ["", "nan", "null", "none", "na", "n/a"].contains(&cell.to_lowercase().as_str()) {
            return Ok(None);
        }
        let number: f64 = cell.parse().ok().with_context(|| {
            let shown: String = cell.chars().take(40).collect();
            format!(
                "`{}`, line {}: `{shown}` in the column `{}` is no number",
                path.display(),
                row.line,
                self.name(field)
            )
        })?;
        Ok((!number.is_nan()).then_some(number))
    }
}

/// A hash of the words of a text, whatever stands between them.
pub(crate) fn hash_of(text: &str) -> u64 {
    let words: Vec<&str> = detector::words(text).collect();
    stable_hash(&words, 0).max(1)
}

/// The texts of a table of scores.
pub(crate) fn read_scores(path: &Path, columns: &Columns) -> Result<Vec<ScoredText>> {
    if path.extension().is_some_and(|extension| extension == "json") {
        bail!("`{}` has no labels: name the file that has with `--labels`", path.display());
    }
    let needed = [columns.name("label"), columns.name("score")];
    let texts = open_rows(path, &needed)?.map(|row| columns.text(&row?, path)).collect::<Result<Vec<_>>>()?;
    ensure!(!texts.is_empty(), "`{}` has a header and no rows", path.display());
    Ok(texts)
}

#[derive(serde::Deserialize)]
struct Prediction {
    id: serde_json::Value,
    score: Option<f64>,
}

/// The texts of a file of labels with the scores of RAID's `predictions.json` (or of a table), matched by id. A text without
/// prediction has no score.
pub(crate) fn with_labels(path: &Path, labels: &Path, columns: &Columns) -> Result<Vec<ScoredText>> {
    let mut scores: BTreeMap<String, Option<f64>> = BTreeMap::new();
    if path.extension().is_some_and(|extension| extension == "json") {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let predictions: Vec<Prediction> = serde_json::from_slice(&bytes)
            .with_context(|| format!("`{}` is not RAID's `[{{\"id\", \"score\"}}]`", path.display()))?;
        for Prediction { id, score } in predictions {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            ensure!(scores.insert(id.clone(), score).is_none(), "`{}`: the id `{id}` is there twice", path.display());
        }
    } else {
        for row in open_rows(path, &[columns.name("id"), columns.name("score")])? {
            let row = row?;
            let id = columns.id(&row);
            let score = columns.number(&row, "score", path)?;
            ensure!(scores.insert(id.clone(), score).is_none(), "`{}`: the id `{id}` is there twice", path.display());
        }
    }
    let mut texts = Vec::new();
    let mut known = 0;
    for row in open_rows(labels, &[columns.name("id"), columns.name("label")])? {
        let mut text = columns.text(&row?, labels)?;
        let found = scores.get(&text.id);
        known += usize::from(found.is_some());
        text.score = found.copied().flatten();
        texts.push(text);
    }
    ensure!(known > 0, "no id of `{}` is in `{}`", path.display(), labels.display());
    Ok(texts)
}
