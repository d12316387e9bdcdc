//! The shape of a GPT-2, as `config.json` of Hugging Face states it.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The numbers that define a GPT-2 (Radford et al. 2019, table 2). Field names are those of `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gpt2Config {
    /// Tokens in the vocabulary, `V`.
    pub vocab_size: usize,
    /// Longest context in tokens.
    pub n_positions: usize,
    /// Channels, `C`.
    pub n_embd: usize,
    /// Blocks.
    pub n_layer: usize,
    /// Attention heads, `H`; divides `n_embd`.
    pub n_head: usize,
    /// Channels inside the MLP; 4 x `n_embd` where absent.
    #[serde(default)]
    pub n_inner: Option<usize>,
    /// Added to the variance by the layer norms.
    #[serde(default = "default_epsilon")]
    pub layer_norm_epsilon: f64,
    /// The nonlinearity; only the tanh form of GELU is GPT-2's.
    #[serde(default = "default_activation")]
    pub activation_function: String,
    /// Scores are divided by the root of the head size; GPT-2 always does.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub scale_attn_weights: bool,
    /// Scores are also divided by the block's number; GPT-2 never does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scale_attn_by_inverse_layer_idx: bool,
    /// Attention to an encoder; GPT-2 has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub add_cross_attention: bool,
    /// Always `gpt2`.
    #[serde(default = "default_model_type")]
    pub model_type: String,
    /// What `transformers` calls the class.
    #[serde(default = "default_architectures")]
    pub architectures: Vec<String>,
}

fn yes() -> bool {
    true
}
fn is_yes(value: &bool) -> bool {
    *value
}
fn default_epsilon() -> f64 {
    1e-5
}
fn default_activation() -> String {
    "gelu_new".to_owned()
}
fn default_model_type() -> String {
    "gpt2".to_owned()
}
fn default_architectures() -> Vec<String> {
    vec!["GPT2LMHeadModel".to_owned()]
}

impl Gpt2Config {
    /// A GPT-2 of the given shape with GPT-2's other settings.
    #[must_use]
    pub fn new(vocab_size: usize, n_positions: usize, n_embd: usize, n_layer: usize, n_head: usize) -> Self {
        Self {
            vocab_size,
            n_positions,
            n_embd,
            n_layer,
            n_head,
            n_inner: None,
            layer_norm_epsilon: default_epsilon(),
            activation_function: default_activation(),
            scale_attn_weights: true,
            scale_attn_by_inverse_layer_idx: false,
            add_cross_attention: false,
            model_type: default_model_type(),
            architectures: default_architectures(),
        }
    }

    /// The 124M model of the paper.
    #[must_use]
    pub fn gpt2() -> Self {
        Self::new(50_257, 1024, 768, 12, 12)
    }

    /// Channels inside the MLP.
    #[must_use]
    pub fn inner(&self) -> usize {
        self.n_inner.unwrap_or(4 * self.n_embd)
    }

    /// Channels of one head, `D`.
    #[must_use]
    pub fn head_size(&self) -> usize {
        self.n_embd / self.n_head
    }

    /// Reads and checks a `config.json`.
    ///
    /// # Errors
    /// When the file cannot be read, is no JSON of this form, or states a shape that no GPT-2 has.
    pub fn from_file(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
        let config: Self = serde_json::from_slice(&bytes).map_err(|source| Error::Json {
            path: path.into(),
            what: "GPT-2 config.json",
            source,
        })?;
        config.check(&path.display().to_string())?;
        Ok(config)
    }

    /// Checks that the numbers make a GPT-2 of a size that can be held in memory.
    ///
    /// # Errors
    /// Names the first field that does not.
    pub fn check(&self, origin: &str) -> Result<()> {
        let bad = |field, found: String, expected: &str| {
            Err(Error::Config { origin: origin.to_owned(), field, found, expected: expected.to_owned() })
        };
        if self.model_type != "gpt2" {
            return bad("model_type", format!("`{}`", self.model_type), "`gpt2`");
        }
        if !matches!(self.activation_function.as_str(), "gelu_new" | "gelu_pytorch_tanh") {
            return bad("activation_function", format!("`{}`", self.activation_function), "`gelu_new`");
        }
        for (field, value, expected) in [
            ("scale_attn_weights", self.scale_attn_weights, true),
            ("scale_attn_by_inverse_layer_idx", self.scale_attn_by_inverse_layer_idx, false),
            ("add_cross_attention", self.add_cross_attention, false),
        ] {
            if value != expected {
                return bad(field, value.to_string(), if expected { "true" } else { "false" });
            }
        }
        for (field, value, most) in [
            ("vocab_size", self.vocab_size, 1 << 20),
            ("n_positions", self.n_positions, 1 << 16),
            ("n_embd", self.n_embd, 1 << 14),
            ("n_layer", self.n_layer, 512),
            ("n_head", self.n_head, 512),
            ("n_inner", self.inner(), 1 << 16),
        ] {
            if value == 0 || value > most {
                return bad(field, value.to_string(), &format!("1 to {most}"));
            }
        }
        if !self.n_embd.is_multiple_of(self.n_head) {
            return bad("n_head", self.n_head.to_string(), &format!("a divisor of n_embd ({})", self.n_embd));
        }
        Ok(())
    }
}
