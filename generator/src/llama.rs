//! Llama in burn, for reading on any device (Touvron et al. 2023): the reference that the plain loops of `cpu/llama.rs` are held to.
//!
//! Shapes: `B` batch, `T` tokens, `C` channels, `H` heads, `K` heads of keys and values, `D` head size, `V` vocabulary. Weights are
//! [out, in], as the checkpoint stores them.

use crate::cpu::llama::{GgufWeights, LlamaWeights};
use crate::error::Result;
use crate::gguf::Gguf;
use crate::llama_config::LlamaConfig;
use crate::model::{Output, causal_mask};
use crate::shards::Shards;
use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use std::path::Path;

/// A Llama language model.
#[derive(Debug)]
pub struct Llama {
    config: LlamaConfig,
    embed_tokens: Tensor<2>,    // (V, C)
    lm_head: Option<Tensor<2>>, // (V, C); the embeddings where there is none
    layers: Vec<Layer>,
    norm: Tensor<1>,
}

#[derive(Debug)]
struct Layer {
    input_layernorm: Tensor<1>,
    q_proj: Tensor<2>, // (H D, C)
    k_proj: Tensor<2>, // (K D, C)
    v_proj: Tensor<2>, // (K D, C)
    o_proj: Tensor<2>, // (C, H D)
    post_attention_layernorm: Tensor<1>,
    gate_proj: Tensor<2>, // (inner, C)
    up_proj: Tensor<2>,   // (inner, C)
    down_proj: Tensor<2>, // (C, inner)
}

impl Llama {
    /// Loads `config.json` and the weights of a folder.
    ///
    /// # Errors
    /// When a file is missing or damaged, or the weights are not those of the configuration.
    pub fn from_folder(folder: &Path, device: &Device) -> Result<Self> {
        let path = folder.join("config.json");
        let config: LlamaConfig = crate::load::json(&path, "Llama config.json")?;
        config.check(&path.display().to_string())?;
        let mut shards = Shards::open(folder)?;
        let model = Self::build(config, &mut shards, device)?;
        shards.all_taken()?;
        Ok(model)
    }

    /// Takes the weights of a GGUF file.
    ///
    /// # Errors
    /// When it holds no Llama.
    pub fn from_gguf(file: &Gguf, device: &Device) -> Result<Self> {
        let mut weights = GgufWeights { file, taken: Vec::new() };
        let model = Self::build(LlamaConfig::from_gguf(file)?, &mut weights, device)?;
        weights.all_taken()?;
        Ok(model)
    }

    fn build(config: LlamaConfig, weights: &mut dyn LlamaWeights, device: &Device) -> Result<Self> {
        let (c, inner, v) = (config.hidden_size, config.intermediate_size, config.vocab_size);
        let (heads, key_heads) = (config.num_attention_heads, config.key_value_heads());
        let (queries, keys) = (heads * config.head_size(), key_heads * config.head_size());
        let vector = |weights: &mut dyn LlamaWeights, name: &str| -> Result<Tensor<1>> {
            Ok(Tensor::from_data(TensorData::new(weights.vector(name, c)?, [c]), device))
        };
        let matrix = |weights: &mut dyn LlamaWeights, name: &str, shape, turned| -> Result<Tensor<2>> {
            let values = weights.matrix(name, shape, turned)?.values();
            Ok(Tensor::from_data(TensorData::new(values, shape), device))
        };
        let embed_tokens = matrix(weights, "model.embed_tokens", [v, c], None)?;
        let mut layers = Vec::with_capacity(config.num_hidden_layers);
        for layer in 0..config.num_hidden_layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}");
            layers.push(Layer {
                input_layernorm: vector(weights, &name("input_layernorm"))?,
                q_proj: matrix(weights, &name("self_attn.q_proj"), [queries, c], Some(heads))?,
                k_proj: matrix(weights, &name("self_attn.k_proj"), [keys, c], Some(key_heads))?,
                v_proj: matrix(weights, &name("self_attn.v_proj"), [keys, c], None)?,
                o_proj: matrix(weights, &name("self_attn.o_proj"), [c, queries], None)?,
                post_attention_layernorm: vector(weights, &name("post_attention_layernorm"))?,
                gate_proj: matrix(weights, &name("mlp.gate_proj"), [inner, c], None)?,
                up_proj: matrix(weights, &name("mlp.up_proj"), [inner, c], None)?,
                down_proj: matrix(weights, &name("mlp.down_proj"), [c, inner], None)?,
            });
        }
        let norm = vector(weights, "model.norm")?;
        let lm_head = weights.has_head().then(|| matrix(weights, "lm_head", [v, c], None)).transpose()?;
        Ok(Self { config, embed_tokens, lm_head, layers, norm })
    }

    /// The model's shape.
    #[must_use]
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// Where the weights lie.
    #[must_use]
    pub fn device(&self) -> Device {
        self.norm.device()
    }

    /// The network up to the head.
    ///
    /// # Shapes
    /// - `ids`: (B, T)
    /// - output: (B, T, C), and one such tensor a block where `keep_hidden`
    #[must_use]
    pub fn features(&self, ids: Tensor<2, Int>, keep_hidden: bool) -> Output {
        let [_, tokens] = ids.dims();
        let mut x = burn::tensor::module::embedding(self.embed_tokens.clone(), ids); // (B, T, C)
        let mask = causal_mask(tokens, 0, &x.device()); // (1, 1, T, T)
        let turns = self.turns(tokens);
        let mut hidden = Vec::new();
        for layer in &self.layers {
            let normal = rms_norm(x.clone(), &layer.input_layernorm, self.config.rms_norm_eps);
            x = x + layer.attention(normal, &self.config, &turns, mask.clone());
            let normal = rms_norm(x.clone(), &layer.post_attention_layernorm, self.config.rms_norm_eps);
            x = x + layer.mlp(normal);
            if keep_hidden {
                hidden.push(x.clone());
            }
        }
        Output { hidden, last: rms_norm(x, &self.norm, self.config.rms_norm_eps) }
    }

    /// Features times the transposed head.
    ///
    /// # Shapes
    /// - `features`: (B, T, C)
    /// - output: (B, T, V)
    #[must_use]
    pub fn head(&self, features: Tensor<3>) -> Tensor<3> {
        project(features, self.lm_head.as_ref().unwrap_or(&self.embed_tokens))
    }

    /// Cosines and sines of positions times frequencies: 2 x (1, 1, T, D / 2).
    fn turns(&self, tokens: usize) -> [Tensor<4>; 2] {
        let size = self.config.head_size();
        let theta = self.config.theta() as f32;
        let angle = |position: usize, at: usize| position as f32 * (1.0 / theta.powf(2.0 * at as f32 / size as f32));
        [f32::cos, f32::sin].map(|turn: fn(f32) -> f32| {
            let values: Vec<f32> =
                (0..tokens).flat_map(|position| (0..size / 2).map(move |at| turn(angle(position, at)))).collect();
            Tensor::from_data(TensorData::new(values, [1, 1, tokens, size / 2]), &self.device())
        })
    }
}

impl Layer {
    /// (B, T, C) to (B, T, C).
    fn attention(&self, x: Tensor<3>, config: &LlamaConfig, turns: &[Tensor<4>; 2], mask: Tensor<4>) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let (heads, key_heads, size) = (config.num_attention_heads, config.key_value_heads(), config.head_size());
        let split = |x: Tensor<3>, heads: usize| x.reshape([batch, tokens, heads, size]).swap_dims(1, 2);
        // each head of keys and values serves H / K neighbouring heads of queries
        let shared = |x: Tensor<4>| {
            let copies = x.reshape([batch, key_heads, 1, tokens * size]).repeat_dim(2, heads / key_heads);
            copies.reshape([batch, heads, tokens, size])
        };
        let q = turned(split(project(x.clone(), &self.q_proj), heads), turns); // (B, H, T, D)
        let k = shared(turned(split(project(x.clone(), &self.k_proj), key_heads), turns));
        let v = shared(split(project(x, &self.v_proj), key_heads));
        let scores = q.matmul(k.transpose()) / (size as f64).sqrt() + mask; // (B, H, T, T)
        let mixed = softmax(scores, 3).matmul(v).swap_dims(1, 2).reshape([batch, tokens, heads * size]);
        project(mixed, &self.o_proj)
    }

    /// (B, T, C) to (B, T, C).
    fn mlp(&self, x: Tensor<3>) -> Tensor<3> {
        project(silu(project(x.clone(), &self.gate_proj)) * project(x, &self.up_proj), &self.down_proj)
    }
}

/// (B, T, in) times the transpose of (out, in).
fn project(x: Tensor<3>, weight: &Tensor<2>) -> Tensor<3> {
    x.matmul(weight.clone().transpose().unsqueeze::<3>())
}

/// (B, T, C), each row brought to a mean square of 1, times `weight`.
fn rms_norm(x: Tensor<3>, weight: &Tensor<1>, epsilon: f64) -> Tensor<3> {
    let mean_square = (x.clone() * x.clone()).mean_dim(2);
    x / (mean_square + epsilon).sqrt() * weight.clone().unsqueeze::<3>()
}

/// Number `i` and number `i + D / 2` of each head turned by the angle of their position: (B, H, T, D).
fn turned(x: Tensor<4>, [cosine, sine]: &[Tensor<4>; 2]) -> Tensor<4> {
    let half = x.dims()[3] / 2;
    let (left, right) = (x.clone().slice_dim(3, 0..half), x.slice_dim(3, half..2 * half));
    let first = left.clone() * cosine.clone() - right.clone() * sine.clone();
    Tensor::cat(vec![first, right * cosine.clone() + left * sine.clone()], 3)
}
