//! A model on disk, whatever its form, to something that reads and writes texts.
//!
//! | path | what it is |
//! |---|---|
//! | folder | Hugging Face: `config.json`, `model.safetensors` or its shards, `tokenizer.json` or `vocab.json` and `merges.txt` |
//! | `.gguf` file | llama.cpp: all in one |

use crate::config::Gpt2Config;
use crate::cpu::CpuModel;
use crate::cpu::llama::GgufWeights;
use crate::cpu::network::Network;
use crate::error::{Error, Result};
use crate::files::digest_of;
use crate::gguf::Gguf;
use crate::language_model::TensorModel;
use crate::llama::Llama;
use crate::llama_config::LlamaConfig;
use crate::model::Gpt2;
use crate::shards::Shards;
use crate::tokenizer::{TokenId, Tokenizer};
use burn::tensor::Device;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Architectures that are here.
const ARCHITECTURES: &str = "`gpt2` or `llama`";
/// A text that every byte-level tokenizer must give back.
pub(crate) const PROBE: &str = "It's 10 naïve cafés;\n\n\tété 😀";

/// A model with its tokenizer and its name.
#[derive(Debug)]
pub struct LoadedModel {
    /// Architecture, blocks, channels, and the first 12 digits of the SHA-256 of its weights.
    pub name: String,
    /// What all its files are known by, [`digest_of`] them: configuration, weights, tokenizer; of a `.gguf` file, that alone.
    pub sha256: String,
    /// Text to tokens.
    pub tokenizer: Tokenizer,
    /// Tokens to numbers and to more tokens.
    pub model: CpuModel,
}

impl LoadedModel {
    /// Loads a folder or a `.gguf` file for the CPU.
    ///
    /// # Errors
    /// When a file is missing, damaged, of an unknown kind, or does not belong to the others.
    pub fn open(path: &Path) -> Result<Self> {
        let loaded = if path.is_dir() { Self::from_folder(path)? } else { Self::from_gguf(&Gguf::open(path)?)? };
        loaded.check(&path.display().to_string())?;
        Ok(loaded)
    }

    /// Loads a GGUF file.
    ///
    /// # Errors
    /// When it is no language model of a known architecture.
    pub fn from_gguf(file: &Gguf) -> Result<Self> {
        let architecture = file.text("general.architecture")?;
        if architecture != "llama" {
            let (origin, found) = (file.origin().to_owned(), architecture.to_owned());
            return Err(Error::Architecture { origin, found, expected: "`llama` in a GGUF file" });
        }
        let config = LlamaConfig::from_gguf(file)?;
        let digest = || Sha256::digest(file.bytes()).into();
        let build = || {
            let tokenizer = file.tokenizer()?;
            let mut weights = GgufWeights { file, taken: Vec::new() };
            let network = Network::llama(&config, &mut weights)?;
            weights.all_taken()?;
            Ok((tokenizer, network))
        };
        let (digest, built) = rayon::join(digest, build);
        let (tokenizer, network) = built?;
        let name = name("llama", config.num_hidden_layers, config.hidden_size, digest);
        let sha256 = digest_of(&[digest]);
        let model =
            CpuModel::from_network(network, config.vocab_size, config.max_position_embeddings, tokenizer.end_of_text());
        Ok(Self { name, sha256, tokenizer, model })
    }

    fn from_folder(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let Kind { model_type } = json(&path, "config.json")?;
        let mut shards = Shards::open(folder)?;
        match model_type.as_str() {
            "gpt2" => {
                let config = Gpt2Config::from_file(&path)?;
                let tokenizer = Tokenizer::from_model_folder(folder, None)?;
                let network = gpt2(&config, &mut shards)?;
                let weights = shards.digest()?;
                let name = name("gpt2", config.n_layer, config.n_embd, weights);
                let sha256 = digest_of_folder(folder, weights)?;
                let model =
                    CpuModel::from_network(network, config.vocab_size, config.n_positions, tokenizer.end_of_text());
                Ok(Self { name, sha256, tokenizer, model })
            }
            "llama" => {
                let config: LlamaConfig = json(&path, "Llama config.json")?;
                config.check(&path.display().to_string())?;
                let tokenizer = Tokenizer::from_model_folder(folder, config.bos_token_id)?;
                let network = Network::llama(&config, &mut shards)?;
                shards.all_taken()?;
                let weights = shards.digest()?;
                let name = name("llama", config.num_hidden_layers, config.hidden_size, weights);
                let sha256 = digest_of_folder(folder, weights)?;
                let context = config.max_position_embeddings;
                let model = CpuModel::from_network(network, config.vocab_size, context, tokenizer.end_of_text());
                Ok(Self { name, sha256, tokenizer, model })
            }
            _ => Err(Error::Architecture {
                origin: path.display().to_string(),
                found: model_type,
                expected: ARCHITECTURES,
            }),
        }
    }

    /// Whether tokenizer and model belong together, as far as can be seen.
    fn check(&self, origin: &str) -> Result<()> {
        let unusable = |reason| Err(Error::Tokenizer { origin: origin.to_owned(), reason });
        let (tokens, vocabulary) = (self.tokenizer.vocabulary(), self.model.vocabulary());
        if tokens > vocabulary {
            return unusable(format!("it has {tokens} tokens, the model {vocabulary}"));
        }
        let back = self.tokenizer.decode(&self.tokenizer.encode(PROBE)?.ids);
        if back != PROBE {
            return unusable(format!("`{}` comes back as `{}`", PROBE.escape_debug(), back.escape_debug()));
        }
        Ok(())
    }
}

/// What `config.json` says of the architecture.
#[derive(serde::Deserialize)]
struct Kind {
    model_type: String,
}

impl TensorModel {
    /// A folder or `.gguf` file on a burn device, scored after `end_of_text`. What [`LoadedModel::open`] finds wrong is found
    /// there.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn open(path: &Path, device: &Device, end_of_text: TokenId) -> Result<Self> {
        if !path.is_dir() {
            return Ok(Self::new(Llama::from_gguf(&Gguf::open(path)?, device)?, end_of_text));
        }
        let Kind { model_type } = json(&path.join("config.json"), "config.json")?;
        Ok(match model_type.as_str() {
            "gpt2" => Self::new(Gpt2::from_folder(path, device)?, end_of_text),
            _ => Self::new(Llama::from_folder(path, device)?, end_of_text),
        })
    }
}

/// A GPT-2 whose head may be its own.
fn gpt2(config: &Gpt2Config, shards: &mut Shards) -> Result<Network> {
    for layer in 0..config.n_layer {
        shards.pass_over(&format!("h.{layer}.attn.bias"));
        shards.pass_over(&format!("h.{layer}.attn.masked_bias"));
    }
    if shards.are_equal("lm_head.weight", "wte.weight")? {
        shards.pass_over("lm_head.weight");
    }
    let mut network = Network::gpt2(config, shards)?;
    if shards.has("lm_head.weight") {
        let values = shards.take_values("lm_head.weight", &[config.vocab_size, config.n_embd])?;
        network.set_head(&values);
    }
    shards.all_taken()?;
    Ok(network)
}

pub(crate) fn json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Json { path: path.into(), what, source })
}

/// The files of a folder whose weights have this SHA-256.
fn digest_of_folder(folder: &Path, weights: [u8; 32]) -> Result<String> {
    let digest = |name: &str| -> Result<[u8; 32]> {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).map_err(|source| Error::Io { action: "read", path, source })?;
        Ok(Sha256::digest(bytes).into())
    };
    let mut files = vec![digest("config.json")?, weights];
    if folder.join("tokenizer.json").exists() {
        files.push(digest("tokenizer.json")?);
    } else {
        files.extend([digest("vocab.json")?, digest("merges.txt")?]);
    }
    Ok(digest_of(&files))
}

fn name(architecture: &str, layers: usize, channels: usize, digest: [u8; 32]) -> String {
    let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{architecture}-{layers}x{channels}-{hash}")
}
