//! The program as its users meet it: run as a process, judged by its exit code, stdout and stderr. What a function
//! computes is tested beside the function; here belongs only what needs the whole binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// What every test needs: a folder of files, the program, and what it printed.
mod harness;

/// Files and options that are wrong, odd or huge: the exact message, the exit code, and that the rest goes on.
mod bad_input;
/// `detect evaluate` and `compare`: detectors whose evaluation is known, tables that are wrong or odd, a run that is killed.
mod evaluate;
/// `detect generate`: seeds, lengths, greedy text; and the help of all commands.
mod generate;
/// What a run must not do: write over what it reads, judge a table as a text, pass on what acts on a terminal.
mod harmless;
/// Models that users bring: by path, by name, without a calibration, changed or missing.
mod models;
/// `detect overlap`: indexes, the join, quotations in the verdict; and what it says about bad input.
mod overlap;
/// `detect train`: what a model recites of its training text, and a run that goes on from its weights.
mod recitation;
/// Pages, logs, receipts, calibration and audit: what is written for people, and that it cannot be abused.
mod reports;
/// The JSON that other programs read: keys, types, sums, offsets, order.
mod schema;
/// `detect train-detector`, whole, with a tiny model.
mod train_detector;
/// Whole texts and what is to be said about them.
mod verdicts;
