//! The same network for reading texts on a CPU: plain loops around matrix products, one text a thread.
//!
//! A tensor library pays for shapes, tapes and temporaries at every step; reading needs none of these. What burn computes
//! is the reference: `tests/golden/laws.rs` holds the two to the same numbers. Training, generation and other devices stay with
//! burn. Products are `ndarray`'s (`matrixmultiply`), everything between them is compiled for the processor at hand by
//! `pulp`.
//!
//! `T` tokens, `C` channels, `H` heads, `D` head size, `V` vocabulary.

use crate::config::Gpt2Config;
use crate::error::{Error, Result};
use crate::language_model::{LanguageModel, Reading, Window, check_ids, windows};
use crate::model::Gpt2;
use crate::stats::{LANES, TokenStats, exp};
use crate::tokenizer::TokenId;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;

/// Rows of logits that are made at a time: fewer, and packing the head costs as much as using it.
const LOGIT_ROWS: usize = 256;
/// Queries of attention that are taken at a time.
const ROWS: usize = 64;

/// A GPT-2 laid out for reading.
#[derive(Debug)]
pub struct CpuModel {
    config: Gpt2Config,
    end_of_text: TokenId,
    wte: Array2<f32>, // (V, C)
    wpe: Array2<f32>, // (positions, C)
    blocks: Vec<Block>,
    ln_f: Norm,
}

#[derive(Debug)]
struct Block {
    ln_1: Norm,
    c_attn: Linear, // (C, 3C)
    attn_c_proj: Linear,
    ln_2: Norm,
    c_fc: Linear, // (C, inner)
    mlp_c_proj: Linear,
}

#[derive(Debug)]
struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
}

#[derive(Debug)]
struct Linear {
    weight: Array2<f32>,
    bias: Array1<f32>,
}

/// What one window gives: the statistics of its scored tokens, and sums of hidden states over them.
struct WindowReading {
    stats: Vec<TokenStats>,
    hidden: Vec<Array1<f32>>,
}

struct Tensors(BTreeMap<String, Vec<f32>>);

impl Tensors {
    fn vector(&mut self, name: &str) -> Array1<f32> {
        Array1::from(self.0.remove(name).expect("a model has every tensor of its configuration"))
    }

    fn matrix(&mut self, name: &str, columns: usize) -> Array2<f32> {
        let values = self.vector(name);
        let rows = values.len() / columns;
        values.into_shape_with_order((rows, columns)).expect("a model's tensors have the shapes of its configuration")
    }

    fn norm(&mut self, name: &str) -> Norm {
        Norm { weight: self.vector(&format!("{name}.weight")), bias: self.vector(&format!("{name}.bias")) }
    }

    fn linear(&mut self, name: &str) -> Linear {
        let bias = self.vector(&format!("{name}.bias"));
        Linear { weight: self.matrix(&format!("{name}.weight"), bias.len()), bias }
    }
}

impl CpuModel {
    /// Lays out a model; `end_of_text` is what the first token is scored after.
    #[must_use]
    pub fn new(model: &Gpt2, end_of_text: TokenId) -> Self {
        let config = model.config().clone();
        let named = model.named_tensors().into_iter().map(|(name, data)| (name, data.iter::<f32>().collect()));
        let mut tensors = Tensors(named.collect());
        let blocks = (0..config.n_layer).map(|layer| Block {
            ln_1: tensors.norm(&format!("h.{layer}.ln_1")),
            c_attn: tensors.linear(&format!("h.{layer}.attn.c_attn")),
            attn_c_proj: tensors.linear(&format!("h.{layer}.attn.c_proj")),
            ln_2: tensors.norm(&format!("h.{layer}.ln_2")),
            c_fc: tensors.linear(&format!("h.{layer}.mlp.c_fc")),
            mlp_c_proj: tensors.linear(&format!("h.{layer}.mlp.c_proj")),
        });
        let blocks = blocks.collect();
        Self {
            wte: tensors.matrix("wte.weight", config.n_embd),
            wpe: tensors.matrix("wpe.weight", config.n_embd),
            ln_f: tensors.norm("ln_f"),
            blocks,
            config,
            end_of_text,
        }
    }

    /// Reads the inputs of one window; the statistics are of the `targets`, the tokens one further on.
    fn read_window(&self, inputs: &[TokenId], targets: &[TokenId], window: Window, layers: &[usize]) -> WindowReading {
        let first = window.scored_from - window.start;
        let mut x = Array2::zeros((inputs.len(), self.config.n_embd)); // (T, C)
        for (position, (mut row, &id)) in x.rows_mut().into_iter().zip(inputs).enumerate() {
            row += &self.wte.row(id as usize);
            row += &self.wpe.row(position);
        }
        let mut hidden = vec![Array1::zeros(self.config.n_embd); layers.len()];
        for (index, block) in self.blocks.iter().enumerate() {
            block.forward(&mut x, &self.config);
            for (sum, _) in hidden.iter_mut().zip(layers).filter(|(_, layer)| **layer == index + 1) {
                *sum = rows(x.view(), first..inputs.len()).sum_axis(Axis(0));
            }
        }
        let features = self.ln_f.forward(rows(x.view(), first..inputs.len()), self.config.layer_norm_epsilon); // (scored, C)
        let mut stats = Vec::with_capacity(targets.len());
        let mut scratch = Vec::new();
        let mut logits = Array2::zeros((LOGIT_ROWS.min(targets.len()), self.config.vocab_size)); // (R, V)
        for (part, targets) in features.axis_chunks_iter(Axis(0), LOGIT_ROWS).zip(targets.chunks(LOGIT_ROWS)) {
            let mut logits = part_mut(logits.view_mut(), 0..targets.len(), 0..self.config.vocab_size);
            general_mat_mul(1.0, &part, &self.wte.t(), 0.0, &mut logits);
            for (row, &target) in logits.rows().into_iter().zip(targets) {
                let row = row.to_slice().expect("rows of logits are contiguous");
                stats.push(TokenStats::from_logits(row, target as usize, &mut scratch));
            }
        }
        WindowReading { stats, hidden }
    }
}

impl LanguageModel for CpuModel {
    fn read(&self, ids: &[TokenId], layers: &[usize]) -> Result<Reading> {
        check_ids(ids, self.config.vocab_size)?;
        if let Some(&found) = layers.iter().find(|&&layer| layer == 0 || layer > self.config.n_layer) {
            return Err(Error::Layer { found, layers: self.config.n_layer });
        }
        let inputs: Vec<TokenId> = std::iter::once(self.end_of_text).chain(ids.iter().copied()).collect();
        let read: Vec<WindowReading> = windows(ids.len(), self.config.n_positions)
            .into_par_iter()
            .map(|window| {
                let inputs = &inputs[window.start..window.end];
                self.read_window(inputs, &ids[window.scored_from..window.end], window, layers)
            })
            .collect();
        let mut reading =
            Reading { stats: Vec::with_capacity(ids.len()), hidden: vec![vec![0.0; self.config.n_embd]; layers.len()] };
        for window in read {
            reading.stats.extend(window.stats);
            for (mean, sum) in reading.hidden.iter_mut().zip(window.hidden) {
                mean.iter_mut().zip(sum).for_each(|(mean, sum)| *mean += sum / ids.len() as f32);
            }
        }
        Ok(reading)
    }
}

impl Block {
    /// x + attention(norm(x)), then x + mlp(norm(x)), in place: (T, C).
    fn forward(&self, x: &mut Array2<f32>, config: &Gpt2Config) {
        let epsilon = config.layer_norm_epsilon;
        let qkv = self.c_attn.forward(self.ln_1.forward(x.view(), epsilon).view()); // (T, 3C)
        let mixed = attention(qkv.view(), config.n_head);
        *x += &self.attn_c_proj.forward(mixed.view());
        let mut inner = self.c_fc.forward(self.ln_2.forward(x.view(), epsilon).view()); // (T, inner)
        Arch::new().dispatch(GeluNew(inner.as_slice_mut().expect("a new array is contiguous")));
        *x += &self.mlp_c_proj.forward(inner.view());
    }
}

/// Causal attention of all heads: (T, 3C) to (T, C). Queries are taken in blocks, against the keys up to the block's end.
fn attention(qkv: ArrayView2<'_, f32>, heads: usize) -> Array2<f32> {
    let (tokens, channels) = (qkv.nrows(), qkv.ncols() / 3);
    let head_size = channels / heads;
    let scale = 1.0 / (head_size as f32).sqrt();
    let mut mixed = Array2::zeros((tokens, channels));
    let mut scores = Array2::<f32>::zeros((ROWS, tokens));
    for head in 0..heads {
        let part = |third: usize| {
            let from = third * channels + head * head_size;
            columns(qkv, from..from + head_size) // (T, D)
        };
        let (q, k, v) = (part(0), part(1), part(2));
        for start in (0..tokens).step_by(ROWS) {
            let end = (start + ROWS).min(tokens);
            let mut scores = part_mut(scores.view_mut(), 0..end - start, 0..end); // (R, end)
            general_mat_mul(scale, &rows(q, start..end), &rows(k, 0..end).t(), 0.0, &mut scores);
            for (query, mut row) in scores.rows_mut().into_iter().enumerate() {
                let row = row.as_slice_mut().expect("rows of scores are contiguous");
                let (seen, future) = row.split_at_mut(start + query + 1);
                Arch::new().dispatch(Softmax(seen));
                future.fill(0.0);
            }
            let of_head = head * head_size..(head + 1) * head_size;
            let mut out = part_mut(mixed.view_mut(), start..end, of_head); // (R, D)
            general_mat_mul(1.0, &scores, &rows(v, 0..end), 0.0, &mut out);
        }
    }
    mixed
}

fn rows(matrix: ArrayView2<'_, f32>, range: Range<usize>) -> ArrayView2<'_, f32> {
    slice(matrix, Axis(0), range)
}

fn columns(matrix: ArrayView2<'_, f32>, range: Range<usize>) -> ArrayView2<'_, f32> {
    slice(matrix, Axis(1), range)
}

fn slice(mut matrix: ArrayView2<'_, f32>, axis: Axis, range: Range<usize>) -> ArrayView2<'_, f32> {
    matrix.slice_axis_inplace(axis, Slice::from(range));
    matrix
}

fn part_mut(mut matrix: ArrayViewMut2<'_, f32>, rows: Range<usize>, columns: Range<usize>) -> ArrayViewMut2<'_, f32> {
    matrix.slice_axis_inplace(Axis(0), Slice::from(rows));
    matrix.slice_axis_inplace(Axis(1), Slice::from(columns));
    matrix
}

impl Linear {
    /// (T, in) to (T, out).
    fn forward(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        let bias: ArrayView1<'_, f32> = self.bias.view();
        let mut out = bias.broadcast((x.nrows(), bias.len())).expect("a row can be repeated").to_owned();
        general_mat_mul(1.0, &x, &self.weight, 1.0, &mut out);
        out
    }
}

impl Norm {
    /// (T, C) to (T, C).
    fn forward(&self, x: ArrayView2<'_, f32>, epsilon: f64) -> Array2<f32> {
        let mut out = x.to_owned();
        for mut row in out.rows_mut() {
            let n = row.len() as f32;
            let mean = row.sum() / n;
            let variance = row.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / n;
            let scale = 1.0 / (variance + epsilon as f32).sqrt();
            row.iter_mut()
                .zip(self.weight.iter().zip(&self.bias))
                .for_each(|(value, (weight, bias))| *value = (*value - mean) * scale * weight + bias);
        }
        out
    }
}

/// x sigmoid(2 y), y = sqrt(2/pi) (x + 0.044715 x^3): GPT-2's GELU, in place.
struct GeluNew<'a>(&'a mut [f32]);

impl WithSimd for GeluNew<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const TWICE: f32 = 2.0 * 0.797_884_6; // 2 sqrt(2/pi)
        for x in self.0 {
            let twice_y = *x * (TWICE + TWICE * 0.044_715 * *x * *x);
            let small = exp(-twice_y.abs()); // e^-|2y|
            let numerator = if twice_y < 0.0 { small } else { 1.0 };
            *x *= numerator / (1.0 + small);
        }
    }
}

/// e^x / sum e^x of a row, in place.
struct Softmax<'a>(&'a mut [f32]);

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut most = [f32::NEG_INFINITY; LANES];
        for chunk in self.0.chunks(LANES) {
            for (most, &value) in most.iter_mut().zip(chunk) {
                *most = if value > *most { value } else { *most };
            }
        }
        let most = most.into_iter().fold(f32::NEG_INFINITY, f32::max);
        let mut total = [0.0_f32; LANES];
        for chunk in self.0.chunks_mut(LANES) {
            for (total, value) in total.iter_mut().zip(chunk) {
                *value = exp(*value - most);
                *total += *value;
            }
        }
        let scale = 1.0 / total.iter().sum::<f32>();
        self.0.iter_mut().for_each(|value| *value *= scale);
    }
}
