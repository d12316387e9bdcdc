//! Panels of weights as they are kept: as f32, or in the 4 or 8 bits of a quantised file, 16 columns side by side, so that a row of
//! a panel is unpacked by a few vector instructions (`fused.rs`). Many rows of a product share what was unpacked, a piece at a time,
//! into the first-level cache; a single row takes it from the registers. Either way weights take as little memory, and as little
//! of its bandwidth, as in the file.

#![allow(clippy::needless_range_loop, reason = "loops of fixed length over several arrays at once")]

use super::fused;
use super::tile::PANEL;
use crate::gguf::numbers::{half, q6_k};
use crate::gguf::{NumberType, Tensor};
use half::f16;
use rayon::prelude::*;

/// Weights of a block of Q4_0, Q4_1 and Q8_0.
pub(super) const BLOCK: usize = 32;
/// Weights that share a scale in Q6_K.
pub(super) const Q6_BLOCK: usize = 16;

/// All panels of a matrix, one after another; of a panel, its blocks of rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Panels {
    /// (panels, inputs, 16)
    F32(Vec<f32>),
    /// Q4_0 and Q4_1.
    Nibbles(Vec<NibbleBlock>),
    /// Q8_0.
    Bytes(Vec<ByteBlock<BLOCK>>),
    /// Q6_K.
    SixBits(Vec<ByteBlock<Q6_BLOCK>>),
}

/// 32 rows of a panel: d q + m with q of 4 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NibbleBlock {
    pub(super) scales: [u16; PANEL],             // d, the bits of an f16
    pub(super) least: [u16; PANEL],              // m, the same
    pub(super) quants: [[u8; PANEL / 2]; BLOCK], // byte `c` of a row holds columns `c` and `c + 8`
}

/// Some rows of a panel: d q with q of 8 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ByteBlock<const ROWS: usize> {
    pub(super) scales: [f32; PANEL],
    pub(super) quants: [[[i8; PANEL / 2]; 2]; ROWS],
}

/// Rows of a panel that are packed together.
pub(super) trait Block: Copy + Send + Sync {
    /// How many they are.
    const ROWS: usize;
    /// No weights.
    const ZERO: Self;

    /// Takes a column of some blocks from one block of a file.
    fn pack(blocks: &mut [Self], column: usize, numbers: NumberType, bytes: &[u8]);

    /// The weights of a row, one by one: what `fused.rs` is held to.
    fn plain_row(&self, row: usize, out: &mut [f32; PANEL]);

    /// Whether all weights are numbers.
    fn is_finite(&self) -> bool;
}

/// Where the rows of a panel come from: row `output` of the matrix is row `order(output)` of the tensor.
pub(crate) type Order<'a> = &'a (dyn Fn(usize) -> usize + Sync);

impl Panels {
    /// Packs a tensor (outputs, inputs) without changing its numbers.
    pub(crate) fn from_tensor(tensor: Tensor<'_>, order: Order<'_>) -> Self {
        match tensor.numbers {
            NumberType::Q4_0 | NumberType::Q4_1 => Self::Nibbles(packed(tensor, order)),
            NumberType::Q8_0 => Self::Bytes(packed(tensor, order)),
            NumberType::Q6_K => Self::SixBits(packed(tensor, order)),
            NumberType::F32 | NumberType::F16 | NumberType::BF16 => Self::F32(plain(tensor, order)),
        }
    }

    /// Whether every weight is a number.
    pub(crate) fn is_finite(&self) -> bool {
        match self {
            Self::F32(values) => values.par_chunks(1 << 16).all(|part| part.iter().all(|value| value.is_finite())),
            Self::Nibbles(blocks) => blocks.par_iter().all(Block::is_finite),
            Self::Bytes(blocks) => blocks.par_iter().all(Block::is_finite),
            Self::SixBits(blocks) => blocks.par_iter().all(Block::is_finite),
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
        let first = index * inputs + from;
        let room = &mut room[..(to - from) * PANEL];
        match self {
            Self::F32(values) => return &values[first * PANEL..][..room.len()],
            Self::Nibbles(blocks) => fused::unpack(&blocks[first / BLOCK..], room),
            Self::Bytes(blocks) => fused::unpack(&blocks[first / BLOCK..], room),
            Self::SixBits(blocks) => fused::unpack(&blocks[first / Q6_BLOCK..], room),
        }
        room
    }
}

impl Block for NibbleBlock {
    const ROWS: usize = BLOCK;
    const ZERO: Self = Self { scales: [0; PANEL], least: [0; PANEL], quants: [[0; PANEL / 2]; BLOCK] };

    fn pack(blocks: &mut [Self], column: usize, numbers: NumberType, bytes: &[u8]) {
        let bits = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let (byte, shift) = (column % (PANEL / 2), column / (PANEL / 2) * 4);
        for block in blocks {
            block.scales[column] = bits(0);
            block.least[column] = match numbers {
                NumberType::Q4_1 => bits(2),
                _ => f16::from_f32(-8.0 * half(bytes)).to_bits(),
            };
            let (low, high) = block.quants.split_at_mut(BLOCK / 2);
            for ((low, high), pair) in low.iter_mut().zip(high).zip(&bytes[bytes.len() - BLOCK / 2..]) {
                low[byte] |= (pair & 15) << shift;
                high[byte] |= (pair >> 4) << shift;
            }
        }
    }

    #[inline(always)]
    fn plain_row(&self, row: usize, out: &mut [f32; PANEL]) {
        for column in 0..PANEL / 2 {
            let (q, high) = (self.quants[row][column], column + PANEL / 2);
            out[column] = f32::from(q & 15) * widened(self.scales[column]) + widened(self.least[column]);
            out[high] = f32::from(q >> 4) * widened(self.scales[high]) + widened(self.least[high]);
        }
    }

    fn is_finite(&self) -> bool {
        self.scales.iter().chain(&self.least).all(|bits| bits & 0x7C00 != 0x7C00)
    }
}

impl<const ROWS: usize> Block for ByteBlock<ROWS> {
    const ROWS: usize = ROWS;
    const ZERO: Self = Self { scales: [0.0; PANEL], quants: [[[0; PANEL / 2]; 2]; ROWS] };

    fn pack(blocks: &mut [Self], column: usize, numbers: NumberType, bytes: &[u8]) {
        let (side, at) = (column / (PANEL / 2), column % (PANEL / 2));
        if numbers == NumberType::Q8_0 {
            for block in blocks {
                block.scales[column] = half(bytes);
                block.quants.iter_mut().zip(&bytes[2..]).for_each(|(row, &q)| row[side][at] = q.cast_signed());
            }
            return;
        }
        let (whole, scales) = q6_k(bytes);
        for ((block, whole), scale) in blocks.iter_mut().zip(whole.chunks(ROWS)).zip(scales) {
            block.scales[column] = scale;
            block.quants.iter_mut().zip(whole).for_each(|(row, &q)| row[side][at] = q);
        }
    }

    #[inline(always)]
    fn plain_row(&self, row: usize, out: &mut [f32; PANEL]) {
        for column in 0..PANEL / 2 {
            let ([left, right], high) = (self.quants[row], column + PANEL / 2);
            out[column] = f32::from(left[column]) * self.scales[column];
            out[high] = f32::from(right[column]) * self.scales[high];
        }
    }

    fn is_finite(&self) -> bool {
        self.scales.iter().all(|scale| scale.is_finite())
    }
}

/// The difference of the biases of an f32's and an f16's exponent, 127 - 15, as a power of two.
pub(super) const TWO_TO_112: f32 = f32::from_bits((127 + 112) << 23);

/// A finite f16 as f32: its bits moved to where f32 has them, times 2^112 for the other bias of the exponent.
#[inline(always)]
pub(super) fn widened(bits: u16) -> f32 {
    let magnitude = f32::from_bits(u32::from(bits & 0x7FFF) << 13) * TWO_TO_112;
    f32::from_bits(magnitude.to_bits() | u32::from(bits & 0x8000) << 16)
}

fn plain(tensor: Tensor<'_>, order: Order<'_>) -> Vec<f32> {
    let inputs = tensor.columns;
    let mut panels = vec![0.0; tensor.rows.div_ceil(PANEL) * inputs * PANEL];
    panels.par_chunks_mut(inputs * PANEL).enumerate().for_each(|(index, panel)| {
        let mut row = vec![0.0; inputs];
        for output in index * PANEL..tensor.rows.min((index + 1) * PANEL) {
            tensor.row(order(output), &mut row);
            panel.iter_mut().skip(output % PANEL).step_by(PANEL).zip(&row).for_each(|(packed, value)| *packed = *value);
        }
    });
    panels
}

fn packed<B: Block>(tensor: Tensor<'_>, order: Order<'_>) -> Vec<B> {
    let (inputs, numbers) = (tensor.columns, tensor.numbers);
    let (row_bytes, blocks) = (numbers.row_bytes(inputs), inputs / B::ROWS);
    let mut panels = vec![B::ZERO; tensor.rows.div_ceil(PANEL) * blocks];
    panels.par_chunks_mut(blocks).enumerate().for_each(|(index, panel)| {
        for output in index * PANEL..tensor.rows.min((index + 1) * PANEL) {
            let row = &tensor.bytes[order(output) * row_bytes..][..row_bytes];
            let of_file = panel.chunks_mut(numbers.block() / B::ROWS).zip(row.chunks_exact(numbers.block_bytes()));
            of_file.for_each(|(blocks, bytes)| B::pack(blocks, output % PANEL, numbers, bytes));
        }
    });
    panels
}
