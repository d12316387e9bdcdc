//! `detect overlap info`: what an index holds and how full it is.

use super::build::size;
use super::tokens::unit_name;
use super::watch::threads;
use crate::args::InfoArgs;
use crate::output::{Exit, line};
use anyhow::Result;
use datasets::overlap::{Index, Verify};
use serde_json::json;

pub(crate) fn run(args: &InfoArgs) -> Result<Exit> {
    let threads = threads(None);
    let index = Index::open(&args.index, Verify::All, threads)?;
    let (header, condition) = (index.header(), index.condition(threads));
    let path = args.index.display().to_string();
    if args.json {
        let object = json!({
            "path": path,
            "bytes": header.file_bytes(),
            "options": header.ngrams,
            "expected": header.expected,
            "ngrams": header.tally.ngrams,
            "distinct": condition.distinct,
            "documents": header.tally.documents,
            "text_bytes": header.tally.bytes,
            "false_positives_promised": header.rate,
            "false_positives": condition.false_positive_rate,
        });
        line(&object.to_string())?;
        return Ok(Exit::Done);
    }
    let options = header.ngrams;
    let name = |option: &dyn std::fmt::Debug| format!("{option:?}").to_lowercase();
    line(&format!("{path}: {}, checksums right", size(header.file_bytes())))?;
    line(&format!(
        "  {}-grams of {}, apostrophes {}, alphabet {}, within {}, seed {}",
        options.n,
        unit_name(options.unit),
        name(&options.apostrophe),
        name(&options.alphabet),
        name(&options.boundaries),
        options.seed
    ))?;
    line(&format!(
        "  {} of them, some {} different, in {} documents of {}; made for {}",
        header.tally.ngrams,
        condition.distinct,
        header.tally.documents,
        size(header.tally.bytes),
        header.expected
    ))?;
    line(&format!(
        "  false positives: {:.1e} by the bits that are set, {:.0e} promised",
        condition.false_positive_rate, header.rate
    ))?;
    Ok(Exit::Done)
}
