//! Panels of weights as they are kept: as f32, or in the 4 or 8 bits of a quantised file, 16 columns side by side, so that a row of
//! a panel is unpacked by one or two vector instructions. Quantised weights are unpacked a piece at a time into the
//! first-level cache, where all rows of a product use them: they take as little memory, and as little of its bandwidth, as in
//! the file.

#![allow(clippy::needless_range_loop, reason = "loops of fixed length over several arrays at once")]

use super::tile::PANEL;
use crate::gguf::numbers::{half, q6_k};
use crate::gguf::{NumberType, Tensor};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Weights of a block of Q4_0, Q4_1 and Q8_0.
const BLOCK: usize = 32;
/// Weights that share a scale in Q6_K.
const Q6_BLOCK: usize = 16;

/// All panels of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Panels {
    /// (panels, inputs, 16)
    F32(Vec<f32>),
    /// d q + m with q of 4 bits: byte `c` of a row holds columns `c` and `c + 8`.
    Nibbles {
        scales: Vec<f32>, // d: (panels, inputs / 32, 16)
        least: Vec<f32>,  // m: the same
        quants: Vec<u8>,  // (panels, inputs, 8)
    },
    /// d q with q of 8 bits.
    Bytes {
        block: usize,
        scales: Vec<f32>, // d: (panels, inputs / block, 16)
        quants: Vec<i8>,  // (panels, inputs, 16)
    },
}

/// Where the rows of a panel come from: row `output` of the matrix is row `order(output)` of the tensor.
pub(crate) type Order<'a> = &'a (dyn Fn(usize) -> usize + Sync);

impl Panels {
    /// Packs a tensor (outputs, inputs) without changing its numbers.
    pub(crate) fn from_tensor(tensor: Tensor<'_>, order: Order<'_>) -> Self {
        match tensor.numbers {
            NumberType::Q4_0 | NumberType::Q4_1 => nibbles(tensor, order),
            NumberType::Q8_0 => bytes(tensor, order, BLOCK),
            NumberType::Q6_K => bytes(tensor, order, Q6_BLOCK),
            NumberType::F32 | NumberType::F16 | NumberType::BF16 => plain(tensor, order),
        }
    }

    /// Whether every weight is a number.
    pub(crate) fn is_finite(&self) -> bool {
        let finite = |values: &[f32]| values.par_chunks(1 << 16).all(|part| part.iter().all(|value| value.is_finite()));
        match self {
            Self::F32(values) => finite(values),
            Self::Nibbles { scales, least, .. } => finite(scales) && finite(least),
            Self::Bytes { scales, .. } => finite(scales),
        }
    }

    /// Rows `from..to` of panel `index` of a matrix with so many inputs. `from` is at the beginning of a block.
    pub(crate) fn rows<'a>(
        &'a self,
        index: usize,
        inputs: usize,
        from: usize,
        to: usize,
        room: &'a mut [f32],
    ) -> &'a [f32] {
        if let Self::F32(values) = self {
            return &values[(index * inputs + from) * PANEL..(index * inputs + to) * PANEL];
        }
        let room = &mut room[..(to - from) * PANEL];
        Arch::new().dispatch(Unpack { panels: self, index, inputs, from, room: &mut *room });
        room
    }
}

struct Unpack<'a> {
    panels: &'a Panels,
    index: usize,
    inputs: usize,
    from: usize,
    room: &'a mut [f32],
}

impl WithSimd for Unpack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { panels, index, inputs, from, room } = self;
        let rows = index * inputs + from..index * inputs + from + room.len() / PANEL;
        let (room, _) = room.as_chunks_mut::<PANEL>();
        match panels {
            Panels::F32(_) => (),
            Panels::Nibbles { scales, least, quants } => {
                let (scales, least) = (scales.as_chunks::<PANEL>().0, least.as_chunks::<PANEL>().0);
                let quants = &quants.as_chunks::<{ PANEL / 2 }>().0[rows.clone()];
                let first = rows.start / BLOCK;
                for (block, (room, quants)) in room.chunks_mut(BLOCK).zip(quants.chunks(BLOCK)).enumerate() {
                    let (d, m) = (&scales[first + block], &least[first + block]);
                    for (out, q) in room.iter_mut().zip(quants) {
                        for column in 0..PANEL / 2 {
                            let high = column + PANEL / 2;
                            out[column] = f32::from(q[column] & 15) * d[column] + m[column];
                            out[high] = f32::from(q[column] >> 4) * d[high] + m[high];
                        }
                    }
                }
            }
            Panels::Bytes { block: size, scales, quants } => {
                let scales = scales.as_chunks::<PANEL>().0;
                let quants = &quants.as_chunks::<PANEL>().0[rows.clone()];
                let first = rows.start / size;
                for (block, (room, quants)) in room.chunks_mut(*size).zip(quants.chunks(*size)).enumerate() {
                    let d = &scales[first + block];
                    for (out, q) in room.iter_mut().zip(quants) {
                        for column in 0..PANEL {
                            out[column] = f32::from(q[column]) * d[column];
                        }
                    }
                }
            }
        }
    }
}

fn plain(tensor: Tensor<'_>, order: Order<'_>) -> Panels {
    let inputs = tensor.columns;
    let mut panels = vec![0.0; tensor.rows.div_ceil(PANEL) * inputs * PANEL];
    panels.par_chunks_mut(inputs * PANEL).enumerate().for_each(|(index, panel)| {
        let mut row = vec![0.0; inputs];
        for output in index * PANEL..tensor.rows.min((index + 1) * PANEL) {
            tensor.row(order(output), &mut row);
            panel.iter_mut().skip(output % PANEL).step_by(PANEL).zip(&row).for_each(|(packed, value)| *packed = *value);
        }
    });
    Panels::F32(panels)
}

fn nibbles(tensor: Tensor<'_>, order: Order<'_>) -> Panels {
    let (inputs, blocks) = (tensor.columns, tensor.columns / BLOCK);
    let panels = tensor.rows.div_ceil(PANEL);
    let mut scales = vec![0.0; panels * blocks * PANEL];
    let mut least = scales.clone();
    let mut quants = vec![0_u8; panels * inputs * PANEL / 2];
    let (size, row_bytes) = (tensor.numbers.block_bytes(), tensor.numbers.row_bytes(inputs));
    let parts = quants.par_chunks_mut(inputs * PANEL / 2);
    let parts = parts.zip(scales.par_chunks_mut(blocks * PANEL)).zip(least.par_chunks_mut(blocks * PANEL));
    parts.enumerate().for_each(|(index, ((quants, scales), least))| {
        for output in index * PANEL..tensor.rows.min((index + 1) * PANEL) {
            let (column, row) = (output % PANEL, &tensor.bytes[order(output) * row_bytes..][..row_bytes]);
            for (block, bytes) in row.chunks_exact(size).enumerate() {
                let d = half(bytes);
                scales[block * PANEL + column] = d;
                least[block * PANEL + column] = if size == 20 { half(&bytes[2..]) } else { -8.0 * d };
                let to = &mut quants[block * BLOCK * PANEL / 2..][..BLOCK * PANEL / 2];
                let (low, high) = to.split_at_mut(BLOCK / 2 * PANEL / 2);
                let places = low.chunks_exact_mut(PANEL / 2).zip(high.chunks_exact_mut(PANEL / 2));
                let (byte, shift) = (column % (PANEL / 2), column / (PANEL / 2) * 4);
                for ((low, high), &pair) in places.zip(&bytes[size - BLOCK / 2..]) {
                    low[byte] |= (pair & 15) << shift;
                    high[byte] |= (pair >> 4) << shift;
                }
            }
        }
    });
    Panels::Nibbles { scales, least, quants }
}

fn bytes(tensor: Tensor<'_>, order: Order<'_>, block: usize) -> Panels {
    let (inputs, blocks) = (tensor.columns, tensor.columns / block);
    let panels = tensor.rows.div_ceil(PANEL);
    let mut scales = vec![0.0; panels * blocks * PANEL];
    let mut quants = vec![0_i8; panels * inputs * PANEL];
    let row_bytes = tensor.numbers.row_bytes(inputs);
    let parts = quants.par_chunks_mut(inputs * PANEL).zip(scales.par_chunks_mut(blocks * PANEL));
    parts.enumerate().for_each(|(index, (quants, scales))| {
        for output in index * PANEL..tensor.rows.min((index + 1) * PANEL) {
            let (column, row) = (output % PANEL, &tensor.bytes[order(output) * row_bytes..][..row_bytes]);
            let mut quants = quants.iter_mut().skip(column).step_by(PANEL);
            let mut scales = scales.iter_mut().skip(column).step_by(PANEL);
            for bytes in row.chunks_exact(tensor.numbers.block_bytes()) {
                if block == BLOCK {
                    scales.by_ref().take(1).for_each(|scale| *scale = half(bytes));
                    quants.by_ref().zip(&bytes[2..]).for_each(|(to, &q)| *to = q.cast_signed());
                } else {
                    let (whole, of_blocks) = q6_k(bytes);
                    scales.by_ref().zip(of_blocks).for_each(|(to, scale)| *to = scale);
                    quants.by_ref().zip(whole).for_each(|(to, q)| *to = q);
                }
            }
        }
    });
    Panels::Bytes { block, scales, quants }
}
