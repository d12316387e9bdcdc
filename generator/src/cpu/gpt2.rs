//! A GPT-2 laid out for the CPU, tensor by tensor, named like the checkpoint.

use super::attention::Heads;
use super::matrix::Matrix;
use super::network::{Activation, Block, Linear, Network, Norm, Positions};
use crate::config::Gpt2Config;
use crate::error::Result;
use crate::model::Weights;

impl Network {
    /// Takes the weights of a GPT-2.
    pub(crate) fn gpt2(config: &Gpt2Config, weights: &mut dyn Weights) -> Result<Self> {
        let c = config.n_embd;
        let embeddings = Matrix::from_outputs(&weights.take("wte.weight", &[config.vocab_size, c])?, c);
        let positions = Positions::Learned(weights.take("wpe.weight", &[config.n_positions, c])?);
        let linear = |weights: &mut dyn Weights, name: String, inputs: usize, outputs: usize| -> Result<Linear> {
            let weight = weights.take(&format!("{name}.weight"), &[inputs, outputs])?;
            let bias = weights.take(&format!("{name}.bias"), &[outputs])?;
            Ok(Linear { weights: vec![Matrix::from_inputs(&weight, outputs)], bias: Some(bias) })
        };
        let norm = |weights: &mut dyn Weights, name: String| -> Result<Norm> {
            let weight = weights.take(&format!("{name}.weight"), &[c])?;
            let bias = weights.take(&format!("{name}.bias"), &[c])?;
            Ok(Norm { weight, bias: Some(bias), epsilon: config.layer_norm_epsilon as f32 })
        };
        let mut blocks = Vec::with_capacity(config.n_layer);
        for layer in 0..config.n_layer {
            let name = |part: &str| format!("h.{layer}.{part}");
            blocks.push(Block {
                norm_1: norm(weights, name("ln_1"))?,
                attention_in: linear(weights, name("attn.c_attn"), c, 3 * c)?,
                attention_out: linear(weights, name("attn.c_proj"), c, c)?,
                norm_2: norm(weights, name("ln_2"))?,
                mlp_in: linear(weights, name("mlp.c_fc"), c, config.inner())?,
                activation: Activation::GeluNew,
                mlp_out: linear(weights, name("mlp.c_proj"), config.inner(), c)?,
            });
        }
        let last_norm = norm(weights, "ln_f".to_owned())?;
        let heads = Heads { queries: config.n_head, keys: config.n_head, size: config.head_size() };
        Ok(Self { embeddings, head: None, positions, blocks, last_norm, heads, channels: c })
    }
}
