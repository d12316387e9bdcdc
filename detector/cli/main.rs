//! The binary: parse, run, report.

mod args;
mod commands;
mod output;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Some(Command::Train(args)) => commands::train::run(args),
        None => Ok(output::Exit::Done),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}
