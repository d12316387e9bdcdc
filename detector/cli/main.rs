//! The binary: parse, run, report. Exit codes: 0 done, 1 machine (with `--exit-code`) or a check that fails, 2 error.

mod args;
mod commands;
mod output;
mod registry;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Some(Command::Audit(args)) => commands::audit::run(args),
        Some(Command::Calibrate(args)) => commands::calibrate::run(args),
        Some(Command::Compare(args)) => commands::compare::run(args),
        Some(Command::Verify(args)) => commands::verify::run(args),
        Some(Command::Evaluate(args)) => commands::evaluate::run(args),
        Some(Command::Generate(args)) => commands::generate::run(args),
        Some(Command::Train(args)) => commands::train::run(args),
        Some(Command::TrainDetector(args)) => commands::train_detector::run(args),
        Some(Command::Overlap(args)) => commands::overlap::run(args),
        Some(Command::Model { command }) => commands::model::run(command),
        None => commands::judge::run(&cli.judge),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::report(&error);
            ExitCode::from(2)
        }
    }
}
