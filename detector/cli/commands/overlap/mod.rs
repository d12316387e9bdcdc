//! `detect overlap`: how much of a text stands in a corpus, and where. One file a command.

mod answer;
mod ask;
mod build;
mod info;
mod passages;
mod recitation;
mod samples;
mod study;
pub(crate) mod tokens;
mod watch;

use crate::args::{OverlapArgs, OverlapCommand};
use crate::output::Exit;
use anyhow::Result;

pub(crate) use answer::{SpanLine, in_words, place_in_words, spans};
pub(crate) use watch::{Watch, threads};

pub(crate) fn run(args: &OverlapArgs) -> Result<Exit> {
    match &args.command {
        Some(OverlapCommand::Build(args)) => build::run(args),
        Some(OverlapCommand::Merge(args)) => build::merge(args),
        Some(OverlapCommand::Join(args)) => ask::join(args),
        Some(OverlapCommand::Info(args)) => info::run(args),
        Some(OverlapCommand::Study(args)) => study::run(args),
        None => ask::run(&args.ask),
    }
}
