//! Judgement: a text to statistics and words, to scores of two heads, to a calibrated verdict.

mod bundle;
mod calibration;
mod detector;
mod error;
mod evaluate;
mod examples;
mod fit;
mod fusion;
mod heads;
mod language;
mod lexical;
mod logistic;
pub mod metrics;
mod models;
mod normalize;
mod statistics;

pub use bundle::{EMBEDDED_HEADS, EMBEDDED_MODEL, HeadFiles, ModelFiles, Scorer, save};
pub use calibration::{BUDGET, Calibration, CalibrationScores, HeadScores, Humans, Machines};
pub use detector::{Detection, Detector, LEAST_TOKENS, MISSED_MACHINES, Options, PValues, Reason, TokenValue, Verdict};
pub use error::{Error, Result};
pub use evaluate::{Cell, EVIDENCE, leave_one_source_out, mean};
pub use examples::{Example, Kind, Selection, Selector, stable_hash};
pub use fit::{Fitted, Labelled, LabelledWords, OutOfFold, TASKS, fit, sources};
pub use fusion::Fusion;
pub use heads::{FittedHead, Head, HeadScore, LEXICAL_BITS, Measurement};
pub use language::{is_english, words};
pub use lexical::{LexicalError, LexicalExample, LexicalFeatures, LexicalModel, LexicalTrainer};
pub use logistic::{FitError, Logistic};
pub use normalize::{Normalized, normalize};
pub use statistics::{COLUMNS, Statistics};
