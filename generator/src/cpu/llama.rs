//! A Llama laid out for the CPU: RMS norms, rotary positions, shared key-value heads, SwiGLU (Touvron et al. 2023). Names are those of
//! Hugging Face's checkpoints; [`gguf_name`] gives llama.cpp's.

use super::attention::Heads;
use super::matrix::Matrix;
use super::network::{Activation, Block, Linear, Network, Norm, Positions};
use super::rotary::Rotary;
use crate::error::{Error, Result};
use crate::gguf::Gguf;
use crate::llama_config::LlamaConfig;
use crate::shards::Shards;

/// Where the weights of a Llama come from.
pub(crate) trait LlamaWeights {
    /// A vector of this many numbers.
    fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>>;
    /// A matrix (outputs, inputs). Where `turned` is the number of heads, its outputs are turned by position.
    fn matrix(&mut self, name: &str, shape: [usize; 2], turned: Option<usize>) -> Result<Matrix>;
    /// Whether there is a head of its own.
    fn has_head(&self) -> bool;
}

impl Network {
    /// Takes the weights of a Llama.
    pub(crate) fn llama(config: &LlamaConfig, weights: &mut dyn LlamaWeights) -> Result<Self> {
        let (c, inner, v) = (config.hidden_size, config.intermediate_size, config.vocab_size);
        let heads =
            Heads { queries: config.num_attention_heads, keys: config.key_value_heads(), size: config.head_size() };
        let (queries, keys) = (heads.channels(), heads.keys * heads.size);
        let norm = |weights: &mut dyn LlamaWeights, name: &str| -> Result<Norm> {
            Ok(Norm { weight: weights.vector(name, c)?, bias: None, epsilon: config.rms_norm_eps as f32 })
        };
        let linear = |weights: Vec<Matrix>| Linear { weights, bias: None };
        let embeddings = weights.matrix("model.embed_tokens", [v, c], None)?;
        let mut blocks = Vec::with_capacity(config.num_hidden_layers);
        for layer in 0..config.num_hidden_layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}");
            let mut matrix = |part: &str, shape, turned| weights.matrix(&name(part), shape, turned);
            let attention_in = linear(vec![
                matrix("self_attn.q_proj", [queries, c], Some(heads.queries))?,
                matrix("self_attn.k_proj", [keys, c], Some(heads.keys))?,
                matrix("self_attn.v_proj", [keys, c], None)?,
            ]);
            let attention_out = linear(vec![matrix("self_attn.o_proj", [c, queries], None)?]);
            let gate = matrix("mlp.gate_proj", [inner, c], None)?;
            let mlp_in = linear(vec![gate, matrix("mlp.up_proj", [inner, c], None)?]);
            let mlp_out = linear(vec![matrix("mlp.down_proj", [c, inner], None)?]);
            blocks.push(Block {
                norm_1: norm(weights, &name("input_layernorm"))?,
                attention_in,
                attention_out,
                norm_2: norm(weights, &name("post_attention_layernorm"))?,
                mlp_in,
                activation: Activation::SwiGlu,
                mlp_out,
            });
        }
        let last_norm = norm(weights, "model.norm")?;
        let head = weights.has_head().then(|| weights.matrix("lm_head", [v, c], None)).transpose()?;
        let positions = Rotary::new(config.max_position_embeddings, heads.size, config.theta());
        Ok(Self { embeddings, head, positions: Positions::Rotary(positions), blocks, last_norm, heads, channels: c })
    }
}

/// The name of a tensor in a GGUF file.
fn gguf_name(name: &str) -> String {
    let mut name = name.replace("model.layers.", "blk.");
    for (theirs, ours) in [
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", "output"),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ] {
        name = name.replace(theirs, ours);
    }
    name + ".weight"
}

/// The tensors of a GGUF file that were taken.
pub(crate) struct GgufWeights<'a> {
    pub(crate) file: &'a Gguf,
    pub(crate) taken: Vec<String>,
}

impl GgufWeights<'_> {
    fn not_finite(&self, tensor: String) -> Error {
        Error::NotFinite { origin: self.file.origin().to_owned(), tensor }
    }

    /// Fails when a tensor of the file has no place in the model.
    pub(crate) fn all_taken(&self) -> Result<()> {
        // factors for stretched contexts: all 1 where nothing is stretched, which the configuration has checked
        let left = |name: &&str| *name != "rope_freqs.weight" && !self.taken.iter().any(|taken| taken == name);
        let left: Vec<&str> = self.file.tensor_names().filter(left).collect();
        match left.first() {
            None => Ok(()),
            Some(first) => Err(Error::UnknownTensors {
                origin: self.file.origin().to_owned(),
                count: left.len(),
                first: (*first).to_owned(),
            }),
        }
    }
}

impl LlamaWeights for GgufWeights<'_> {
    fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        let name = gguf_name(name);
        let values = self.file.tensor(&name, &[length])?.values();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.not_finite(name));
        }
        self.taken.push(name);
        Ok(values)
    }

    /// llama.cpp interleaves the halves of a head that are turned together: row `2 i + half` there is row `half D/2 + i` here.
    fn matrix(&mut self, name: &str, shape: [usize; 2], turned: Option<usize>) -> Result<Matrix> {
        let name = gguf_name(name);
        let tensor = self.file.tensor(&name, &shape)?;
        let matrix = match turned {
            None => Matrix::from_tensor(tensor, &|output| output),
            Some(heads) => {
                let size = shape[0] / heads;
                let order = |output: usize| {
                    let (head, at) = (output / size, output % size);
                    head * size + at % (size / 2) * 2 + at / (size / 2)
                };
                Matrix::from_tensor(tensor, &order)
            }
        };
        if !matrix.is_finite() {
            return Err(self.not_finite(name));
        }
        self.taken.push(name);
        Ok(matrix)
    }

    fn has_head(&self) -> bool {
        self.file.has_tensor("output.weight")
    }
}

impl LlamaWeights for Shards {
    fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        self.take_values(&format!("{name}.weight"), &[length])
    }

    fn matrix(&mut self, name: &str, shape: [usize; 2], _: Option<usize>) -> Result<Matrix> {
        Ok(Matrix::from_outputs(&self.take_values(&format!("{name}.weight"), &shape)?, shape[1]))
    }

    fn has_head(&self) -> bool {
        self.has("lm_head.weight")
    }
}
