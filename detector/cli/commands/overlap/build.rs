//! `detect overlap build` and `merge`: a corpus, or indexes of its shards, to an index.

use super::watch::{Watch, threads};
use crate::args::{BuildArgs, MergeArgs};
use crate::output::{Exit, line, note};
use anyhow::Result;
use datasets::overlap::{
    Boundaries, BuildOptions, Corpus, Header, Index, NgramOptions, Plan, Verify, build, plan, trial,
};
use std::path::Path;

pub(crate) fn run(args: &BuildArgs) -> Result<Exit> {
    let corpus = Corpus::open(&args.corpus)?;
    for file in corpus.left_out() {
        note(&format!("note: `{}` is left out, its extension is unknown", file.display()));
    }
    let boundaries = if args.across_documents { Boundaries::Corpus } else { Boundaries::Documents };
    let options = BuildOptions {
        ngrams: NgramOptions { boundaries, seed: args.seed, ..args.ngrams.options()? },
        rate: args.false_positives,
        expect: args.expect,
        memory: args.memory,
        threads: threads(args.threads),
    };
    let counting = Watch::new(0, "MB of text counted");
    let plan = plan(&corpus, &options, &counting)?;
    counting.finish();
    say(&plan, &corpus, &options, counting.bytes())?;
    let building = Watch::new(counting.bytes() * plan.passes, "MB of text");
    let header = build(&corpus, &plan, &options, &args.output, &building)?;
    let seconds = building.finish();
    let megabytes = header.tally.bytes as f64 / 1e6;
    note(&format!("built in {seconds:.1} s, {:.0} MB of text a second", plan.passes as f64 * megabytes / seconds));
    // Each pass meets the broken records again.
    let skipped = building.skipped() / plan.passes;
    if skipped > 0 {
        note(&format!("{skipped} broken {} left out", if skipped == 1 { "record" } else { "records" }));
    }
    wrote(&args.output, &header)?;
    Ok(if skipped > 0 && !args.skip_bad { Exit::Failed } else { Exit::Done })
}

/// Size and time, before the work begins.
fn say(plan: &Plan, corpus: &Corpus, options: &BuildOptions, counted: u64) -> Result<()> {
    let speed = trial(corpus, options)?;
    let whole = plan.expected as f64 * plan.passes as f64 / speed.ngrams_per_second;
    let passes = match plan.passes {
        1 => String::new(),
        passes => format!(", {passes} passes over the corpus"),
    };
    let basis = if counted > 0 { "counted" } else { "expected" };
    note(&format!(
        "{} {}-grams {basis}: an index of {}, {} bits each; some {:.0} s{passes}",
        plan.expected,
        options.ngrams.n,
        size(plan.file_bytes),
        plan.bits_per_ngram,
        whole.ceil()
    ));
    Ok(())
}

pub(crate) fn merge(args: &MergeArgs) -> Result<Exit> {
    let threads = threads(None);
    let open = |path| Index::open(path, Verify::All, threads);
    let indexes: Vec<Index> = args.indexes.iter().map(|path| open(path)).collect::<Result<_, _>>()?;
    if let Some(header) = datasets::overlap::merge(&indexes, &args.output, threads)? {
        wrote(&args.output, &header)?;
    }
    Ok(Exit::Done)
}

fn wrote(path: &Path, header: &Header) -> Result<()> {
    line(&format!(
        "{}: {} {}-grams of {} documents, {}",
        path.display(),
        header.tally.ngrams,
        header.ngrams.n,
        header.tally.documents,
        size(header.file_bytes())
    ))
}

/// A number of bytes with a unit; powers of 1000.
pub(crate) fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        1e9.. => format!("{:.1} GB", bytes / 1e9),
        1e6.. => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} kB", bytes / 1e3),
    }
}
