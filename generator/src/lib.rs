//! GPT-2 in burn: the model, its tokens, its training, its samples.

mod cache;
mod checkpoint;
mod config;
mod cpu;
mod device;
pub mod embedded;
mod error;
mod files;
mod generation;
mod language_model;
mod loss;
mod model;
mod predictions;
mod sampling;
mod shard;
mod stats;
mod tokenizer;
mod training;
mod training_config;

pub use cache::KvCache;
pub use checkpoint::Precision;
pub use config::Gpt2Config;
pub use cpu::CpuModel;
pub use device::device;
pub use error::{Error, Result};
pub use files::write_atomically;
pub use generation::{Generation, generate_batch};
pub use language_model::{LanguageModel, Reading, TensorModel};
pub use model::{Gpt2, Output};
pub use predictions::predictions;
pub use sampling::{Sampler, Sampling};
pub use shard::{ShardWriter, TokenShard, tokenizer_digest};
pub use stats::TokenStats;
pub use tokenizer::{END_OF_TEXT, Encoding, TokenId, Tokenizer};
pub use training::{Step, Trainer};
pub use training_config::{Schedule, TrainingConfig};
