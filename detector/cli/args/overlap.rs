//! The command line of `detect overlap`.

use crate::commands::overlap::tokens::vocabulary;
use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use datasets::overlap::{Alphabet, Apostrophe, Boundaries, Counting, DEFAULT_SEED, NgramOptions, Unit};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct OverlapArgs {
    #[command(subcommand)]
    pub(crate) command: Option<OverlapCommand>,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OverlapCommand {
    /// Build an index of a corpus
    Build(BuildArgs),
    /// Read a corpus and say where in it the texts stand: exact, no index
    Join(JoinArgs),
    /// Merge indexes of shards into the index of the whole
    Merge(MergeArgs),
    /// Say what an index holds and how full it is
    Info(InfoArgs),
    /// The overlap analysis of the GPT-2 paper on a model and its corpus: CSV, SVG, one HTML page
    Study(StudyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// Texts to look up; `-` is standard input. Of .jsonl and .csv each document is a text
    pub(crate) files: Vec<PathBuf>,
    /// An index that `detect overlap build` wrote
    #[arg(long, value_name = "INDEX")]
    pub(crate) index: Option<PathBuf>,
    /// Do not read all of the index to verify it: for one larger than memory
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Folder with the tokenizer.json that an index of tokens was built with, if not the embedded one
    #[arg(long, value_name = "FOLDER")]
    pub(crate) tokenizer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}

/// How to answer.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// One JSON object a text, one a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Count each different n-gram of a text once, not as often as it stands there
    #[arg(long)]
    pub(crate) distinct: bool,
    /// Leave out broken records without counting that as a failure
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Threads; all of the machine where not given
    #[arg(long)]
    pub(crate) threads: Option<usize>,
}

impl AnswerArgs {
    pub(crate) fn counting(&self) -> Counting {
        if self.distinct { Counting::Distinct } else { Counting::Occurrences }
    }
}

/// What becomes of an apostrophe.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ApostropheArg {
    /// It separates: don't is two words, as in the paper's rule
    Split,
    /// It vanishes: don't is dont
    Drop,
}

/// Which characters words are made of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AlphabetArg {
    /// Letters and digits of all scripts
    Unicode,
    /// A-Z, a-z and 0-9 only
    Ascii,
}

/// What n-grams are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnitArg {
    /// Words: one index serves every model
    Words,
    /// Tokens of a tokenizer, by default that of the embedded GPT-2
    Tokens,
}

/// What an n-gram is.
#[derive(Debug, Args)]
pub(crate) struct NgramArgs {
    /// Words or tokens in an n-gram, 1 to 64; the GPT-2 paper has 8
    #[arg(long, default_value_t = 8)]
    pub(crate) n: usize,
    /// What n-grams are made of
    #[arg(long, value_enum, default_value = "words")]
    pub(crate) unit: UnitArg,
    /// Folder with the tokenizer.json whose tokens are meant
    #[arg(long, value_name = "FOLDER")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// What becomes of an apostrophe
    #[arg(long, value_enum, default_value = "split")]
    pub(crate) apostrophe: ApostropheArg,
    /// Which characters words are made of
    #[arg(long, value_enum, default_value = "unicode")]
    pub(crate) alphabet: AlphabetArg,
}

impl NgramArgs {
    pub(crate) fn options(&self) -> Result<NgramOptions> {
        if self.unit == UnitArg::Words && self.tokenizer.is_some() {
            bail!("words need no tokenizer: leave out `--tokenizer`, or take `--unit tokens`");
        }
        Ok(NgramOptions {
            n: self.n,
            unit: match self.unit {
                UnitArg::Words => Unit::Words,
                UnitArg::Tokens => Unit::Tokens(vocabulary(self.tokenizer.as_deref())?),
            },
            apostrophe: match self.apostrophe {
                ApostropheArg::Split => Apostrophe::Split,
                ApostropheArg::Drop => Apostrophe::Drop,
            },
            alphabet: match self.alphabet {
                AlphabetArg::Unicode => Alphabet::Unicode,
                AlphabetArg::Ascii => Alphabet::Ascii,
            },
            boundaries: Boundaries::Documents,
            seed: DEFAULT_SEED,
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Files, folders or patterns: .txt, .jsonl, .csv, each also .gz or .zst, or .parquet
    #[arg(required = true)]
    pub(crate) corpus: Vec<PathBuf>,
    /// The index
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) ngrams: NgramArgs,
    /// Let n-grams lie across documents, read as one text in this order; such indexes cannot be merged
    #[arg(long)]
    pub(crate) across_documents: bool,
    /// Rate of false positives that is promised, 1e-12 to 0.01
    #[arg(long, default_value_t = 1e-8, value_name = "RATE")]
    pub(crate) false_positives: f64,
    /// N-grams there will be; saves counting them first. To merge shards give each that of the whole
    #[arg(long, value_name = "N")]
    pub(crate) expect: Option<u64>,
    /// Memory for the filter, such as 500M or 4G; a larger one is built in several passes over the corpus
    #[arg(long, default_value = "4G", value_parser = bytes)]
    pub(crate) memory: u64,
    /// Seed of all hashes
    #[arg(long, default_value_t = DEFAULT_SEED)]
    pub(crate) seed: u64,
    /// Leave out broken records without counting that as a failure
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Threads beside the one that reads; all of the machine where not given
    #[arg(long)]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// Texts to look up; of .jsonl and .csv each document is a text
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) queries: Vec<PathBuf>,
    /// Files, folders or patterns: .txt, .jsonl, .csv, each also .gz or .zst, or .parquet
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) corpus: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) ngrams: NgramArgs,
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// Indexes of shards, built with the same options and the same --expect
    #[arg(required = true, num_args = 2..)]
    pub(crate) indexes: Vec<PathBuf>,
    /// The index of the whole
    #[arg(short, long)]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// The index
    pub(crate) index: PathBuf,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StudyArgs {
    /// What the model was trained on, each file a column of the table
    #[arg(long, required = true, num_args = 1.., value_name = "CORPUS")]
    pub(crate) train: Vec<PathBuf>,
    /// Test sets, each a row of the table
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) test: Vec<PathBuf>,
    /// Samples (label machine) and true completions (label human), domain being the way of sampling; made where not given
    #[arg(long, value_name = "FILE")]
    pub(crate) samples: Option<PathBuf>,
    /// Folder for the tables, figures and the page
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    /// Documents in 1000 of the corpus that the model was not trained on
    #[arg(long, default_value_t = 5)]
    pub(crate) held_out: u32,
    /// Samples for each way of sampling
    #[arg(long, default_value_t = 64)]
    pub(crate) count: usize,
    /// Tokens of a held-out document that a sample continues
    #[arg(long, default_value_t = 64)]
    pub(crate) prompt_tokens: usize,
    /// Tokens of a sample
    #[arg(long, default_value_t = 192)]
    pub(crate) tokens: usize,
    /// Folder with config.json, model.safetensors and tokenizer.json, in place of the embedded model
    #[arg(long)]
    pub(crate) model: Option<PathBuf>,
    /// Seed of the samples and of the choice of passages
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Threads; all of the machine where not given
    #[arg(long)]
    pub(crate) threads: Option<usize>,
}

/// A size such as `500M` or `4G`; powers of 1024.
fn bytes(text: &str) -> std::result::Result<u64, String> {
    let wrong = || format!("`{text}` is no size; write it like 500M or 4G");
    let (digits, power) = match text.char_indices().last() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => {
            let power = "KMGT".find(unit.to_ascii_uppercase()).ok_or_else(wrong)? + 1;
            (&text[..at], power as u32)
        }
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << (10 * power)).ok_or_else(wrong)
}
