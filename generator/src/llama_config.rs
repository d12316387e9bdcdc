//! The shape of a Llama, as `config.json` of Hugging Face or the metadata of a GGUF file states it.

use crate::error::{Error, Result};
use crate::gguf::Gguf;
use serde::Deserialize;

/// The numbers that define a Llama (Touvron et al. 2023). Field names are those of `config.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LlamaConfig {
    /// Tokens in the vocabulary, `V`.
    pub vocab_size: usize,
    /// Longest context in tokens.
    pub max_position_embeddings: usize,
    /// Channels, `C`.
    pub hidden_size: usize,
    /// Channels inside the MLP.
    pub intermediate_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Attention heads, `H`.
    pub num_attention_heads: usize,
    /// Heads of keys and values, each shared by some of the former; as many where absent.
    #[serde(default)]
    pub num_key_value_heads: Option<usize>,
    /// Numbers of a head, `D`; `C / H` where absent.
    #[serde(default)]
    pub head_dim: Option<usize>,
    /// Added to the mean square by the norms.
    pub rms_norm_eps: f64,
    /// The base of the rotary frequencies.
    #[serde(default)]
    pub rope_theta: Option<f64>,
    /// The same in newer files, with the way in which positions are stretched.
    #[serde(default)]
    pub rope_parameters: Option<RopeParameters>,
    /// How positions are stretched in older files; not at all is what can be read.
    #[serde(default)]
    pub rope_scaling: Option<serde_json::Value>,
    /// The nonlinearity; `silu`.
    #[serde(default = "silu")]
    pub hidden_act: String,
    /// Biases of attention; none.
    #[serde(default)]
    pub attention_bias: bool,
    /// Biases of the MLP; none.
    #[serde(default)]
    pub mlp_bias: bool,
    /// The token that begins a text.
    #[serde(default)]
    pub bos_token_id: Option<u32>,
}

/// Rotary positions in newer files.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RopeParameters {
    /// `default`.
    #[serde(default)]
    pub rope_type: Option<String>,
    /// The base of the frequencies.
    pub rope_theta: f64,
}

fn silu() -> String {
    "silu".to_owned()
}

impl LlamaConfig {
    /// Reads the metadata of a GGUF file.
    ///
    /// # Errors
    /// When a number is missing or makes no Llama.
    pub fn from_gguf(file: &Gguf) -> Result<Self> {
        let optional = |key: &str| if file.has(key) { file.count(key).map(Some) } else { Ok(None) };
        let config = Self {
            vocab_size: file.texts("tokenizer.ggml.tokens")?.len(),
            max_position_embeddings: file.count("llama.context_length")?,
            hidden_size: file.count("llama.embedding_length")?,
            intermediate_size: file.count("llama.feed_forward_length")?,
            num_hidden_layers: file.count("llama.block_count")?,
            num_attention_heads: file.count("llama.attention.head_count")?,
            num_key_value_heads: optional("llama.attention.head_count_kv")?,
            head_dim: optional("llama.attention.key_length")?,
            rms_norm_eps: file.number("llama.attention.layer_norm_rms_epsilon")?,
            rope_theta: file.has("llama.rope.freq_base").then(|| file.number("llama.rope.freq_base")).transpose()?,
            rope_parameters: None,
            rope_scaling: None,
            hidden_act: silu(),
            attention_bias: false,
            mlp_bias: false,
            bos_token_id: None,
        };
        if file.has("llama.rope.scaling.type") && file.text("llama.rope.scaling.type")? != "none" {
            let found = file.text("llama.rope.scaling.type")?;
            return Err(file.unusable("`llama.rope.scaling.type`".to_owned(), found, "`none`"));
        }
        config.check(file.origin())?;
        if let Some(turned) = optional("llama.rope.dimension_count")?
            && turned != config.head_size()
        {
            let expected = config.head_size().to_string();
            return Err(file.unusable("`llama.rope.dimension_count`".to_owned(), &turned.to_string(), &expected));
        }
        Ok(config)
    }

    /// Heads of keys and values.
    #[must_use]
    pub fn key_value_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Numbers of a head, `D`.
    #[must_use]
    pub fn head_size(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// The base of the rotary frequencies.
    #[must_use]
    pub fn theta(&self) -> f64 {
        self.rope_parameters.as_ref().map(|rope| rope.rope_theta).or(self.rope_theta).unwrap_or(10_000.0)
    }

    /// Checks that the numbers make a Llama of a size that can be held in memory.
    ///
    /// # Errors
    /// Names the first field that does not.
    pub fn check(&self, origin: &str) -> Result<()> {
        let bad = |field, found: String, expected: &str| {
            Err(Error::Config { origin: origin.to_owned(), field, found, expected: expected.to_owned() })
        };
        for (field, value, most) in [
            ("vocab_size", self.vocab_size, 1 << 20),
            ("max_position_embeddings", self.max_position_embeddings, 1 << 18),
            ("hidden_size", self.hidden_size, 1 << 14),
            ("intermediate_size", self.intermediate_size, 1 << 16),
            ("num_hidden_layers", self.num_hidden_layers, 512),
            ("num_attention_heads", self.num_attention_heads, 512),
            ("num_key_value_heads", self.key_value_heads(), 512),
            ("head_dim", self.head_size(), 1 << 10),
        ] {
            if value == 0 || value > most {
                return bad(field, value.to_string(), &format!("1 to {most}"));
            }
        }
        if !self.num_attention_heads.is_multiple_of(self.key_value_heads()) {
            let expected = format!("a divisor of num_attention_heads ({})", self.num_attention_heads);
            return bad("num_key_value_heads", self.key_value_heads().to_string(), &expected);
        }
        if !self.head_size().is_multiple_of(2) {
            return bad("head_dim", self.head_size().to_string(), "an even number");
        }
        if self.hidden_act != "silu" {
            return bad("hidden_act", format!("`{}`", self.hidden_act), "`silu`");
        }
        for (field, set) in [("attention_bias", self.attention_bias), ("mlp_bias", self.mlp_bias)] {
            if set {
                return bad(field, "true".to_owned(), "false");
            }
        }
        if let Some(scaling) = self.rope_scaling.as_ref().filter(|scaling| !scaling.is_null()) {
            return bad("rope_scaling", scaling.to_string(), "null");
        }
        let kind = self.rope_parameters.as_ref().and_then(|rope| rope.rope_type.as_deref()).unwrap_or("default");
        if kind != "default" {
            return bad("rope_parameters", format!("`{kind}`"), "`default`");
        }
        if !(self.theta() >= 1.0 && self.theta().is_finite()) {
            return bad("rope_theta", self.theta().to_string(), "a number from 1 up");
        }
        if !(self.rms_norm_eps >= 0.0 && self.rms_norm_eps < 1.0) {
            return bad("rms_norm_eps", self.rms_norm_eps.to_string(), "0 to 1");
        }
        Ok(())
    }
}
