//! GPT-2: the whole network (Radford et al. 2019, section 2.3), named like the checkpoint.
//!
//! Shapes: `B` batch, `T` tokens, `C` channels, `H` heads, `D` = C/H head size, `V` vocabulary.
//! Weights of `c_attn`, `c_proj`, `c_fc` are [in, out], as Hugging Face's Conv1D stores them and as
//! burn's `Linear` expects them: nothing is transposed on the way in or out.

use crate::cache::KvCache;
use crate::config::Gpt2Config;
use crate::error::Result;
use burn::module::{Module, Param, ParamId};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Queries that attention takes at a time.
const QUERY_BLOCK: usize = 128;

/// A GPT-2 language model with a tied head.
#[derive(Module, Debug)]
pub struct Gpt2 {
    wte: Param<Tensor<2>>, // (V, C) token embeddings, and the head
    wpe: Param<Tensor<2>>, // (positions, C)
    h: Vec<Block>,
    ln_f: LayerNorm,
    #[module(skip)]
    config: Gpt2Config,
}

#[derive(Module, Debug)]
struct Block {
    ln_1: LayerNorm,
    attn: CausalSelfAttention,
    ln_2: LayerNorm,
    mlp: Mlp,
}

#[derive(Module, Debug)]
struct CausalSelfAttention {
    c_attn: Linear, // (C, 3C)
    c_proj: Linear, // (C, C)
    n_head: usize,
}

#[derive(Module, Debug)]
struct Mlp {
    c_fc: Linear,   // (C, inner)
    c_proj: Linear, // (inner, C)
}

/// Where the weights of a model come from: the tensor of this name and shape, row-major f32.
pub(crate) trait Weights {
    /// The values of tensor `name`, which must have `shape`.
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>>;
}

/// Hands out parameters in the order of the checkpoint, with ids that depend on that order only, so
/// that an optimizer's state can be saved and found again.
struct Builder<'a> {
    weights: &'a mut dyn Weights,
    device: &'a Device,
    next_id: u64,
}

impl Builder<'_> {
    fn param<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Param<Tensor<D>>> {
        let values = self.weights.take(name, &shape)?;
        self.next_id += 1;
        let tensor = Tensor::from_data(TensorData::new(values, shape), self.device);
        let tensor = if self.device.is_autodiff() { tensor.require_grad() } else { tensor };
        Ok(Param::initialized(ParamId::from(self.next_id), tensor))
    }

    fn linear(&mut self, name: &str, input: usize, output: usize) -> Result<Linear> {
        Ok(Linear {
            weight: self.param(&format!("{name}.weight"), [input, output])?,
            bias: Some(self.param(&format!("{name}.bias"), [output])?),
        })
    }

    fn layer_norm(&mut self, name: &str, config: &Gpt2Config) -> Result<LayerNorm> {
        let mut norm = LayerNormConfig::new(config.n_embd).with_epsilon(config.layer_norm_epsilon).init(self.device);
        norm.gamma = self.param(&format!("{name}.weight"), [config.n_embd])?;
        norm.beta = Some(self.param(&format!("{name}.bias"), [config.n_embd])?);
        Ok(norm)
    }
}

/// What a forward pass gives.
#[derive(Debug)]
pub struct Output {
    /// After each block, before `ln_f`, only where asked for: (B, T, C).
    pub hidden: Vec<Tensor<3>>,
    /// (B, T, C), after `ln_f`: what the head reads.
    pub last: Tensor<3>,
}

impl Gpt2 {
    /// Builds the model from `weights`, tensor by tensor.
    pub(crate) fn build(config: &Gpt2Config, weights: &mut dyn Weights, device: &Device) -> Result<Self> {
        let mut builder = Builder { weights, device, next_id: 0 };
        let channels = config.n_embd;
        let wte = builder.param("wte.weight", [config.vocab_size, channels])?;
        let wpe = builder.param("wpe.weight", [config.n_positions, channels])?;
        let mut h = Vec::with_capacity(config.n_layer);
        for layer in 0..config.n_layer {
            let name = |part: &str| format!("h.{layer}.{part}");
            h.push(Block {
                ln_1: builder.layer_norm(&name("ln_1"), config)?,
                attn: CausalSelfAttention {
                    c_attn: builder.linear(&name("attn.c_attn"), channels, 3 * channels)?,
                    c_proj: builder.linear(&name("attn.c_proj"), channels, channels)?,
                    n_head: config.n_head,
                },
                ln_2: builder.layer_norm(&name("ln_2"), config)?,
                mlp: Mlp {
                    c_fc: builder.linear(&name("mlp.c_fc"), channels, config.inner())?,
                    c_proj: builder.linear(&name("mlp.c_proj"), config.inner(), channels)?,
                },
            });
        }
        let ln_f = builder.layer_norm("ln_f", config)?;
        Ok(Self { wte, wpe, h, ln_f, config: config.clone() })
    }

    /// The model's shape.
    #[must_use]
    pub fn config(&self) -> &Gpt2Config {
        &self.config
    }

    /// Where the weights lie.
    #[must_use]
    pub fn device(&self) -> Device {
        self.wte.val().device()
    }

    /// The network up to the head. With a cache, `ids` follow the tokens already in it.
    ///
    /// # Shapes
    /// - `ids`: (B, T)
    /// - output: (B, T, C), and one such tensor a block where `keep_hidden`
    #[must_use]
    pub fn features(&self, ids: Tensor<2, Int>, mut cache: Option<&mut KvCache>, keep_hidden: bool) -> Output {
        let [_, tokens] = ids.dims();
        let past = cache.as_deref().map_or(0, KvCache::tokens);
        let positions = self.wpe.val().slice([past..past + tokens, 0..self.config.n_embd]); // (T, C)
        let mut x = burn::tensor::module::embedding(self.wte.val(), ids) + positions.unsqueeze::<3>(); // (B, T, C)
        let mask = causal_mask(tokens, past, &x.device()); // (1, 1, T, past + T)
        let mut hidden = Vec::new();
        for (layer, block) in self.h.iter().enumerate() {
            x = block.forward(x, &mask, cache.as_deref_mut().map(|cache| (cache, layer)));
            if keep_hidden {
                hidden.push(x.clone());
            }
        }
        if let Some(cache) = cache {
            cache.advance(tokens);
        }
        Output { hidden, last: self.ln_f.forward(x) }
    }

    /// The tied head: features times the transposed token embeddings.
    ///
    /// # Shapes
    /// - `features`: (B, T, C)
    /// - output: (B, T, V)
    #[must_use]
    pub fn head(&self, features: Tensor<3>) -> Tensor<3> {
        features.matmul(self.wte.val().transpose().unsqueeze::<3>())
    }

    /// The token embeddings, which are the head too: (V, C).
    pub(crate) fn token_embeddings(&self) -> Tensor<2> {
        self.wte.val()
    }

    /// Logits of every position.
    ///
    /// # Shapes
    /// - `ids`: (B, T)
    /// - output: (B, T, V)
    #[must_use]
    pub fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        self.head(self.features(ids, None, false).last)
    }

    /// Every tensor with its checkpoint name, in checkpoint order.
    #[must_use]
    pub fn named_tensors(&self) -> Vec<(String, TensorData)> {
        let mut named = vec![
            ("wte.weight".to_owned(), self.wte.val().into_data()),
            ("wpe.weight".to_owned(), self.wpe.val().into_data()),
        ];
        let norm = |named: &mut Vec<_>, name: String, norm: &LayerNorm| {
            named.push((format!("{name}.weight"), norm.gamma.val().into_data()));
            named.extend(norm.beta.as_ref().map(|beta| (format!("{name}.bias"), beta.val().into_data())));
        };
        let linear = |named: &mut Vec<_>, name: String, linear: &Linear| {
            named.push((format!("{name}.weight"), linear.weight.val().into_data()));
            named.extend(linear.bias.as_ref().map(|bias| (format!("{name}.bias"), bias.val().into_data())));
        };
        for (layer, block) in self.h.iter().enumerate() {
            norm(&mut named, format!("h.{layer}.ln_1"), &block.ln_1);
            linear(&mut named, format!("h.{layer}.attn.c_attn"), &block.attn.c_attn);
            linear(&mut named, format!("h.{layer}.attn.c_proj"), &block.attn.c_proj);
            norm(&mut named, format!("h.{layer}.ln_2"), &block.ln_2);
            linear(&mut named, format!("h.{layer}.mlp.c_fc"), &block.mlp.c_fc);
            linear(&mut named, format!("h.{layer}.mlp.c_proj"), &block.mlp.c_proj);
        }
        norm(&mut named, "ln_f".to_owned(), &self.ln_f);
        named
    }
}

impl Block {
    /// x + attention(norm(x)), then x + mlp(norm(x)): (B, T, C) to (B, T, C).
    fn forward(&self, x: Tensor<3>, mask: &Tensor<4>, cache: Option<(&mut KvCache, usize)>) -> Tensor<3> {
        let x = x.clone() + self.attn.forward(self.ln_1.forward(x), mask, cache);
        x.clone() + self.mlp.forward(self.ln_2.forward(x))
    }
}

impl CausalSelfAttention {
    /// The only layer that moves information between tokens: (B, T, C) to (B, T, C).
    fn forward(&self, x: Tensor<3>, mask: &Tensor<4>, cache: Option<(&mut KvCache, usize)>) -> Tensor<3> {
        let [batch, tokens, channels] = x.dims();
        let head_size = channels / self.n_head;
        let heads = |x: Tensor<3>| x.reshape([batch, tokens, self.n_head, head_size]).swap_dims(1, 2);

        let mut qkv = self.c_attn.forward(x).chunk(3, 2).into_iter(); // 3 x (B, T, C)
        let mut next = || qkv.next().expect("c_attn gives three parts");
        let (q, k, v) = (heads(next()), heads(next()), heads(next())); // (B, H, T, D)
        let (k, v) = match cache {
            Some((cache, layer)) => cache.append(layer, k, v), // (B, H, past + T, D)
            None => (k, v),
        };
        let q = q / (head_size as f64).sqrt();
        let past = mask.dims()[3] - tokens;
        // Queries in blocks, each against the keys up to its own end only: the future would be masked anyway.
        let blocks = (0..tokens).step_by(QUERY_BLOCK).map(|start| {
            let end = (start + QUERY_BLOCK).min(tokens);
            let q = q.clone().slice_dim(2, start..end); // (B, H, block, D)
            let k = k.clone().slice_dim(2, 0..past + end); // (B, H, past + end, D)
            let v = v.clone().slice_dim(2, 0..past + end);
            let mask = mask.clone().slice([0..1, 0..1, start..end, 0..past + end]);
            softmax(q.matmul(k.transpose()) + mask, 3).matmul(v) // (B, H, block, D)
        });
        let mixed = Tensor::cat(blocks.collect(), 2); // (B, H, T, D)
        self.c_proj.forward(mixed.swap_dims(1, 2).reshape([batch, tokens, channels]))
    }
}

impl Mlp {
    /// (B, T, C) to (B, T, C).
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.c_proj.forward(gelu_new(self.c_fc.forward(x)))
    }
}

/// GPT-2's GELU, 0.5 x (1 + tanh(y)) with y = sqrt(2/pi) (x + 0.044715 x^3), written as x sigmoid(2 y): fewer passes over the
/// largest activation, and products for the cube, where burn's `gelu_approximate` takes a power.
fn gelu_new(x: Tensor<3>) -> Tensor<3> {
    let twice = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let slope = (x.clone() * x.clone()) * (twice * 0.044_715) + twice;
    x.clone() * sigmoid(x * slope)
}

/// 0 where a query may look, -1e9 where the key lies in its future: (1, 1, T, past + T).
pub(crate) fn causal_mask(tokens: usize, past: usize, device: &Device) -> Tensor<4> {
    let keys = past + tokens;
    let values: Vec<f32> =
        (0..tokens).flat_map(|query| (0..keys).map(move |key| if key > past + query { -1e9 } else { 0.0 })).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, tokens, keys]), device)
}
