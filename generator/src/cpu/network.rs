//! A decoder on the CPU: rows of numbers through norms, products and attention, for whole texts and for next tokens.
//!
//! `T` rows, `C` channels, `H` heads, `D` head size, `V` vocabulary. Rows are taken in parts that stay in the cache from one
//! product to the next, and threads take parts; what is computed for a row does not depend on the rows beside it.

use super::attention::{Heads, KeyValues, QUERIES};
use super::loops::{GeluNew, LayerNorm, RmsNorm, SwiGlu};
use super::matrix::Matrix;
use super::rotary::Rotary;
use crate::tokenizer::TokenId;
use pulp::Arch;
use rayon::prelude::*;

/// Most rows that go through a chain of products at a time.
pub(crate) const ROWS: usize = 96;
/// Up to so many rows, threads share the columns of each product instead.
const FEW_ROWS: usize = 24;

/// A decoder's weights.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) embeddings: Matrix,   // (C, V)
    pub(crate) head: Option<Matrix>, // (C, V); the embeddings where there is none
    pub(crate) positions: Positions,
    pub(crate) blocks: Vec<Block>,
    pub(crate) last_norm: Norm,
    pub(crate) heads: Heads,
    pub(crate) channels: usize,
}

/// x + attention(norm(x)), then x + mlp(norm(x)).
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) norm_1: Norm,
    pub(crate) attention_in: Linear, // (C, (H + 2 keys) D)
    pub(crate) attention_out: Linear,
    pub(crate) norm_2: Norm,
    pub(crate) mlp_in: Linear, // (C, inner), of SwiGLU (C, 2 inner)
    pub(crate) activation: Activation,
    pub(crate) mlp_out: Linear,
}

/// How a token knows where it stands.
#[derive(Debug)]
pub(crate) enum Positions {
    /// Learned, added to the embeddings: (context, C).
    Learned(Vec<f32>),
    /// Queries and keys are turned.
    Rotary(Rotary),
}

/// Layer norm with a bias, RMS norm without.
#[derive(Debug)]
pub(crate) struct Norm {
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Option<Vec<f32>>,
    pub(crate) epsilon: f32,
}

/// One product, or several side by side, whose results share a row.
#[derive(Debug)]
pub(crate) struct Linear {
    pub(crate) weights: Vec<Matrix>,
    pub(crate) bias: Option<Vec<f32>>,
}

/// What stands between the two products of the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// GPT-2's GELU.
    GeluNew,
    /// SiLU of the first half of a row times the second.
    SwiGlu,
}

/// The keys and values of one text in every block.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Vec<KeyValues>);

impl Memory {
    /// Tokens read so far.
    pub(crate) fn tokens(&self) -> usize {
        self.0.first().map_or(0, KeyValues::tokens)
    }

    /// Drops what a block remembers, where nothing is to follow: of a long text this is as much as a small model.
    pub(crate) fn forget(&mut self, block: usize) {
        self.0[block] = KeyValues::default();
    }
}

/// Rows that one thread takes at a time.
fn part(rows: usize) -> usize {
    if rows <= FEW_ROWS {
        return FEW_ROWS;
    }
    rows.div_ceil(rayon::current_num_threads()).next_multiple_of(12).min(ROWS)
}

impl Network {
    /// What turns features into logits.
    pub(crate) fn head(&self) -> &Matrix {
        self.head.as_ref().unwrap_or(&self.embeddings)
    }

    /// Takes a head of its own (V, C), unless it is that of the embeddings.
    pub(crate) fn set_head(&mut self, values: &[f32]) {
        let head = Matrix::from_outputs(values, self.channels);
        self.head = (head != self.embeddings).then_some(head);
    }

    /// Nothing read so far.
    pub(crate) fn memory(&self) -> Memory {
        Memory(self.blocks.iter().map(|_| KeyValues::new(self.heads)).collect())
    }

    /// Embeddings of tokens of which the first stands at `position`: (T, C).
    pub(crate) fn embed(&self, ids: &[TokenId], position: usize, x: &mut Vec<f32>) {
        for (position, &id) in (position..).zip(ids) {
            let start = x.len();
            match &self.positions {
                Positions::Learned(rows) => x.extend_from_slice(&rows[position * self.channels..][..self.channels]),
                Positions::Rotary(_) => x.resize(start + self.channels, 0.0),
            }
            self.embeddings.add_output_to(id as usize, &mut x[start..]);
        }
    }

    /// One block over the rows of several texts, in place. Text `i` has `tokens[i]` new rows and remembers in `memories[i]`.
    pub(crate) fn block(&self, index: usize, x: &mut [f32], tokens: &[usize], memories: &mut [&mut Memory]) {
        let block = &self.blocks[index];
        let (c, row) = (self.channels, self.heads.row());
        let part = part(x.len() / c);
        let mut rows = vec![0.0; x.len() / c * row]; // (T, (H + 2 keys) D)
        rows.par_chunks_mut(part * row).zip(x.par_chunks(part * c)).for_each(|(rows, x)| {
            block.attention_in.add(&block.norm_1.forward(x), rows);
        });
        let mut mixed = vec![0.0; x.len() / c * self.heads.channels()]; // (T, H D)
        self.attend(index, &mut rows, &mut mixed, tokens, memories);
        x.par_chunks_mut(part * c).zip(mixed.par_chunks(part * self.heads.channels())).for_each(|(x, mixed)| {
            block.attention_out.add(mixed, x);
            let mut inner = vec![0.0; x.len() / c * block.mlp_in.outputs()];
            block.mlp_in.add(&block.norm_2.forward(x), &mut inner);
            block.mlp_out.add(&block.activation.apply(inner, block.mlp_in.outputs()), x);
        });
    }

    fn attend(
        &self,
        block: usize,
        rows: &mut [f32],
        mixed: &mut [f32],
        tokens: &[usize],
        memories: &mut [&mut Memory],
    ) {
        let (row, channels) = (self.heads.row(), self.heads.channels());
        let mut texts = Vec::with_capacity(tokens.len());
        let (mut rest, mut mixed_rest) = (rows, mixed);
        for (&tokens, memory) in tokens.iter().zip(memories) {
            let (of_text, mixed_of_text);
            (of_text, rest) = rest.split_at_mut(tokens * row);
            (mixed_of_text, mixed_rest) = mixed_rest.split_at_mut(tokens * channels);
            texts.push((of_text, mixed_of_text, &mut memory.0[block]));
        }
        texts.into_par_iter().for_each(|(rows, mixed, memory)| {
            let past = memory.tokens();
            if let Positions::Rotary(rotary) = &self.positions {
                rotary.turn(rows, past, self.heads);
            }
            let rows = &*rows;
            memory.append(rows, self.heads);
            let memory = &*memory;
            let parts = rows.par_chunks(QUERIES * row).zip(mixed.par_chunks_mut(QUERIES * channels)).enumerate();
            parts.for_each_init(Vec::new, |scratch, (part, (rows, mixed))| {
                let end = past + part * QUERIES + rows.len() / row;
                memory.attend(rows, self.heads, end, mixed, scratch);
            });
        });
    }
}

impl Activation {
    /// (T, columns) to what the second product reads.
    fn apply(self, mut x: Vec<f32>, columns: usize) -> Vec<f32> {
        match self {
            Self::GeluNew => {
                Arch::new().dispatch(GeluNew(&mut x));
                x
            }
            Self::SwiGlu => {
                let mut out = vec![0.0; x.len() / 2];
                Arch::new().dispatch(SwiGlu { gate_up: &x, out: &mut out, inner: columns / 2 });
                out
            }
        }
    }
}

impl Linear {
    /// Numbers of a row of results.
    fn outputs(&self) -> usize {
        self.weights.iter().map(Matrix::outputs).sum()
    }

    /// `out` (T, outputs) += x (T, inputs) times the weights, plus the bias.
    fn add(&self, x: &[f32], out: &mut [f32]) {
        let stride = self.outputs();
        if let Some(bias) = &self.bias {
            for row in out.chunks_mut(stride) {
                row.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
            }
        }
        Matrix::multiply_add_all(&self.weights, x, out);
    }
}

impl Norm {
    /// (T, C) to (T, C).
    pub(crate) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        let (weight, epsilon) = (&self.weight, self.epsilon);
        match &self.bias {
            Some(bias) => Arch::new().dispatch(LayerNorm { x, out: &mut out, weight, bias, epsilon }),
            None => Arch::new().dispatch(RmsNorm { x, out: &mut out, weight, epsilon }),
        }
        out
    }
}
