//! The command line: the only file, with those in its folder, that names clap.

mod evaluation;
mod overlap;

use clap::{Args, Parser, Subcommand, ValueEnum};
pub(crate) use evaluation::*;
pub(crate) use overlap::*;
use std::path::PathBuf;

/// Tells human from machine text, offline: human, machine or undecided, each with its promise
#[derive(Debug, Parser)]
#[command(name = "detect", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count the false alarms on texts that people of known groups wrote; exit 1 above a limit
    Audit(AuditArgs),
    /// Count among your own human texts from then on: your own promise
    Calibrate(CalibrateArgs),
    /// Compare two evaluations of the same texts: where and by how much they differ
    Compare(CompareArgs),
    /// Check a receipt against the text it was written for; exit 1 if it does not hold
    Verify(VerifyArgs),
    /// Measure a detector on labelled texts, or any detector by the scores it gave: tables, figures, one page
    Evaluate(EvaluateArgs),
    /// Sample text from the GPT-2
    Generate(GenerateArgs),
    /// Train a GPT-2 from scratch on a corpus; goes on where an earlier run stopped
    Train(TrainArgs),
    /// Train the two heads, the lexical weights and the calibration on labelled texts
    TrainDetector(TrainDetectorArgs),
    /// Say how much of a text stands in a corpus, and where
    Overlap(OverlapArgs),
    /// Models on disk that have a name
    Model {
        #[command(subcommand)]
        command: ModelCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// All of them
    List,
    /// What a model is
    Info {
        /// Folder, .gguf file or name
        model: PathBuf,
    },
    /// Give a model a name, which then works wherever a path does
    Add(ModelAddArgs),
    /// How well a model predicts texts: bits per byte, perplexity, last words
    Evaluate(ModelEvaluateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ModelEvaluateArgs {
    /// Texts that the model was not trained on: .jsonl, .csv, .txt, each also .gz or .zst, or .parquet
    #[arg(required = true)]
    pub(crate) texts: Vec<PathBuf>,
    /// Folder, .gguf file or name of a model, in place of the embedded one
    #[arg(long)]
    pub(crate) model: Option<PathBuf>,
    /// Also say of how many texts the model predicts the last word, as in LAMBADA
    #[arg(long)]
    pub(crate) last_word: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ModelAddArgs {
    /// Folder with config.json, model.safetensors and tokenizer.json, or .gguf file
    pub(crate) path: PathBuf,
    /// The name
    #[arg(long)]
    pub(crate) name: String,
    /// Folder with the heads that `detect train-detector` made for it
    #[arg(long, value_name = "DIR")]
    pub(crate) heads: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    /// Texts to judge; `-` is standard input. A file called like a command: `./train`
    pub(crate) files: Vec<PathBuf>,
    /// Many texts: one {"id", "text"} a line in, one JSON object a line out, in order; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub(crate) jsonl: Option<PathBuf>,
    /// One JSON object a text, one a line
    #[arg(long)]
    pub(crate) json: bool,
    /// JSON with one value a token
    #[arg(long)]
    pub(crate) tokens: bool,
    /// Share of human texts that may be called machine
    #[arg(long, default_value_t = 0.01, value_name = "RATE", allow_negative_numbers = true)]
    pub(crate) fpr: f64,
    #[command(flatten)]
    pub(crate) detector: DetectorArgs,
    /// Judge by words alone where they are clear, and read only the rest: many more texts a second, samples of plain
    /// language models are hardly found
    #[arg(long, conflicts_with_all = ["tokens", "show", "html", "sarif", "receipt"])]
    pub(crate) fast: bool,
    /// A second model with the same tokenizer: the JSON gets the statistics of Fast-DetectGPT and Binoculars with two models
    #[arg(long, value_name = "MODEL", requires = "model")]
    pub(crate) reference_model: Option<PathBuf>,
    /// cpu, ndarray, or where built in wgpu: what reads the texts
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    /// Exit with 1 if a text is judged machine
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Do not judge what stands in this index of `detect overlap build`: quotations, and what was memorised
    #[arg(long, value_name = "INDEX", conflicts_with_all = ["jsonl", "corpus", "receipt"])]
    pub(crate) index: Option<PathBuf>,
    /// Do not judge what stands in this corpus, and name the documents
    #[arg(long, value_name = "CORPUS", conflicts_with_all = ["jsonl", "receipt"])]
    pub(crate) corpus: Vec<PathBuf>,
    /// Print the text with the evidence of every word
    #[arg(long)]
    pub(crate) show: bool,
    /// Write the page of one text: the verdict in words, the evidence as a heat map, the sentences that stand out
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write a SARIF log of the texts and sentences that are called machine, for code hosts and editors
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write what the verdict on one text rests on, for `detect verify`
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    /// Count among one's own texts, by a file of `detect calibrate`
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
}

/// With what to judge.
#[derive(Debug, Args)]
pub(crate) struct DetectorArgs {
    /// Folder, .gguf file or name of a model, in place of the embedded one
    #[arg(long)]
    pub(crate) model: Option<PathBuf>,
    /// Folder with the heads that `detect train-detector` made for the model
    #[arg(long, value_name = "DIR")]
    pub(crate) heads: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// What the text begins with
    #[arg(default_value = "")]
    pub(crate) prompt: String,
    /// Most tokens of a sample; it may end before
    #[arg(short = 'n', long, default_value_t = 200)]
    pub(crate) tokens: usize,
    /// Samples, each with the next seed
    #[arg(long, default_value_t = 1)]
    pub(crate) samples: u64,
    /// Same seed, same text
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Logits are divided by this; below 1 is more predictable, 0 is greedy
    #[arg(long, default_value_t = 1.0)]
    pub(crate) temperature: f64,
    /// Only the k most likely tokens; 0 keeps all
    #[arg(long, default_value_t = 40)]
    pub(crate) top_k: usize,
    /// Only the most likely tokens that together have this probability
    #[arg(long, default_value_t = 1.0)]
    pub(crate) top_p: f64,
    /// Above 1: tokens already there become less likely
    #[arg(long, default_value_t = 1.0)]
    pub(crate) repetition_penalty: f64,
    /// Always the most likely token
    #[arg(long)]
    pub(crate) greedy: bool,
    /// Folder, .gguf file or name of a model, in place of the embedded one
    #[arg(long)]
    pub(crate) model: Option<PathBuf>,
    /// cpu, ndarray, or where built in wgpu, tch
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    /// Say how fast it was
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TrainDetectorArgs {
    /// Labelled texts, and corpora without labels, which count as human: .jsonl, .csv, .txt, each also .gz or .zst,
    /// or .parquet
    #[arg(required = true)]
    pub(crate) texts: Vec<PathBuf>,
    /// Folder for the heads, the calibration and the leave-one-source-out table
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    /// Folder, .gguf file or name of a model, in place of the embedded one
    #[arg(long)]
    pub(crate) model: Option<PathBuf>,
    /// Texts that the model itself writes, as machine texts to be calibrated and judged by
    #[arg(long, default_value_t = 1200)]
    pub(crate) own_samples: usize,
    /// The blocks whose hidden states are probed, from 1, as 14,20; the one two thirds of the way up where not given
    #[arg(long, value_delimiter = ',')]
    pub(crate) layers: Vec<usize>,
    /// Take this share of the texts: for a quick try
    #[arg(long, default_value_t = 1.0)]
    pub(crate) fraction: f64,
    /// Of these, the share that the model reads, where that takes long; of all of them words are counted
    #[arg(long, default_value_t = 1.0)]
    pub(crate) read_fraction: f64,
    /// Also leave out each maker of models and each kind of human writing, learn one set of recent models from the other,
    /// and judge texts by length and under attacks: protocol.csv
    #[arg(long)]
    pub(crate) protocol: bool,
    /// Texts of each source and class that each attack changes, which the model then reads again
    #[arg(long, default_value_t = 25, requires = "protocol", value_name = "COUNT")]
    pub(crate) attacked_texts: usize,
    /// Also learn from texts that were changed to mislead (`attack` is set)
    #[arg(long)]
    pub(crate) attacked: bool,
    /// Seed of the choice of texts, the samples and the order of training
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
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
    /// Files or folders: .txt, .jsonl, .csv, each also .gz or .zst, or .parquet
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
    /// Go on from this checkpoint rather than the newest of the output folder; from a model without a checkpoint's state
    /// (config.json, model.safetensors, vocabulary), with a new optimizer and from step 0
    #[arg(long, value_name = "CHECKPOINT")]
    pub(crate) from: Option<PathBuf>,
}
