//! The command line: the only file that names clap.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Tells human from machine text, offline.
#[derive(Debug, Parser)]
#[command(name = "detect", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a GPT-2 from scratch on a corpus; goes on where an earlier run stopped
    Train(TrainArgs),
}

/// How the learning rate falls.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Schedule {
    /// Constant, then a straight line to zero over the last --decay steps
    Constant,
    /// Half a cosine over the whole run
    Cosine,
}

impl From<Schedule> for generator::Schedule {
    fn from(schedule: Schedule) -> Self {
        match schedule {
            Schedule::Constant => Self::Constant,
            Schedule::Cosine => Self::Cosine,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Files or folders: .txt, .jsonl, .csv, each also .gz or .zst
    #[arg(required = true)]
    pub(crate) corpus: Vec<PathBuf>,
    /// Folder for the vocabulary, tokens, checkpoints, log and model
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    /// Tokens in the vocabulary
    #[arg(long, default_value_t = 8192)]
    pub(crate) vocabulary: usize,
    /// Blocks
    #[arg(long, default_value_t = 6)]
    pub(crate) layers: usize,
    /// Channels
    #[arg(long, default_value_t = 256)]
    pub(crate) channels: usize,
    /// Attention heads
    #[arg(long, default_value_t = 4)]
    pub(crate) heads: usize,
    /// Longest context in tokens
    #[arg(long, default_value_t = 512)]
    pub(crate) context: usize,
    /// Sequences a step
    #[arg(long, default_value_t = 4)]
    pub(crate) batch: usize,
    /// Tokens a sequence
    #[arg(long, default_value_t = 512)]
    pub(crate) tokens: usize,
    /// Steps of the whole run
    #[arg(long, default_value_t = 10_000)]
    pub(crate) steps: usize,
    /// Steps over which the learning rate rises
    #[arg(long, default_value_t = 200)]
    pub(crate) warmup: usize,
    /// Steps at the end over which it falls to zero
    #[arg(long, default_value_t = 2_000)]
    pub(crate) decay: usize,
    /// How the learning rate falls
    #[arg(long, value_enum, default_value = "constant")]
    pub(crate) schedule: Schedule,
    /// The highest learning rate
    #[arg(long, default_value_t = 1e-3)]
    pub(crate) learning_rate: f64,
    /// Seed of the weights and the order of the text
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// cpu, ndarray, or where built in wgpu, tch
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    /// Steps between held-out scores
    #[arg(long, default_value_t = 250)]
    pub(crate) evaluate_every: usize,
    /// Steps between checkpoints
    #[arg(long, default_value_t = 500)]
    pub(crate) save_every: usize,
    /// Go on from this checkpoint rather than the newest of the output folder
    #[arg(long, value_name = "CHECKPOINT")]
    pub(crate) from: Option<PathBuf>,
}
