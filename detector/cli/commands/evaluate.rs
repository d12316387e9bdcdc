//! `detect evaluate`: labelled texts, or scores that any detector gave them, to a folder of tables, figures and one page.

use super::scores::{Columns, read_scores, with_labels};
use crate::args::EvaluateArgs;
use crate::output::{Exit, line};
use anyhow::{Context, Result, bail};
use detector::evaluation::{Evaluation, Plan, Resamples, ScoredText};
use reports::{summary, worst_in_words, write_evaluation};

/// Units of the column `source` from which on whole sources are drawn.
const ENOUGH_SOURCES: usize = 20;

pub(crate) fn run(args: &EvaluateArgs) -> Result<Exit> {
    let columns = Columns::of(args)?;
    let (mut texts, name) = match (&args.scores, args.texts.as_slice()) {
        (Some(path), []) => {
            let texts = match &args.labels {
                Some(labels) => with_labels(path, labels, &columns)?,
                None => read_scores(path, &columns)?,
            };
            (texts, path.display().to_string())
        }
        (None, []) => bail!("nothing to evaluate: name a file of labelled texts, or stored scores with `--scores`"),
        (None, paths) => {
            let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            (super::judging::judge_texts(paths, args, &columns)?, names.join(", "))
        }
        (Some(_), _) => bail!("`--scores` holds the scores of all texts: name no texts beside it"),
    };
    let unit = choose_unit(&mut texts);
    let plan = Plan {
        threshold_split: args.threshold_split.clone(),
        resamples: Resamples { number: args.resamples, seed: args.seed },
        unit,
    };
    let evaluation = Evaluation::new(&texts, plan).with_context(|| format!("cannot evaluate `{name}`"))?;
    let title = args.title.clone().unwrap_or_else(|| format!("Evaluation of {name}"));
    write_evaluation(&evaluation, &texts, &title, &args.output)?;
    line(&summary(&evaluation))?;
    line(&worst_in_words(&evaluation))?;
    for note in &evaluation.notes {
        line(&format!("note: {}", note.text))?;
    }
    line(&format!("wrote `{}`", args.output.join("index.html").display()))?;
    Ok(Exit::Done)
}

/// What is drawn together: the texts of one `unit` where the data say so, else of one source where there are enough sources,
/// else each text alone.
fn choose_unit(texts: &mut [ScoredText]) -> String {
    if texts.iter().any(|text| text.unit.is_some()) {
        return "texts of one unit as the data name it".to_owned();
    }
    let mut sources: Vec<&str> = texts.iter().filter_map(|text| text.source.as_deref()).collect();
    sources.sort_unstable();
    sources.dedup();
    if sources.len() < ENOUGH_SOURCES {
        return "single texts: neither units nor 20 sources are named, so twins count as independent".to_owned();
    }
    for text in texts {
        text.unit.clone_from(&text.source);
    }
    "texts of one source".to_owned()
}
