//! How GGUF writes numbers: plain, or in blocks that share a scale.
//!
//! | type | block | bytes | value |
//! |---|---|---|---|
//! | Q8_0 | 32 | f16 d, 32 x i8 | d q |
//! | Q4_0 | 32 | f16 d, 32 x 4 bits | d (q - 8) |
//! | Q4_1 | 32 | f16 d, f16 m, 32 x 4 bits | d q + m |
//! | Q6_K | 256 | 256 x 4 low bits, 256 x 2 high bits, 16 x i8 scale, f16 d | d scale (q - 32) |
//!
//! Nibbles: the low halves of 16 bytes are numbers 0-15 of a block, the high halves 16-31.
//! (`ggml-quants.c`, `dequantize_row_*`.)

use half::{bf16, f16};

/// A type of numbers that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "the names of the format")]
pub enum NumberType {
    /// 32 bits.
    F32,
    /// 16 bits, IEEE.
    F16,
    /// The upper 16 bits of an F32.
    BF16,
    /// 4.5 bits.
    Q4_0,
    /// 5 bits.
    Q4_1,
    /// 8.5 bits.
    Q8_0,
    /// 6.5625 bits.
    Q6_K,
}

/// All codes of the format with the types that are not read, to be able to name them.
const OTHERS: [(u32, &str); 24] = [
    (6, "Q5_0"),
    (7, "Q5_1"),
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (12, "Q4_K"),
    (13, "Q5_K"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
];

impl NumberType {
    /// The types that are read, for messages.
    pub(crate) const NAMES: &str = "F32, F16, BF16, Q4_0, Q4_1, Q8_0 or Q6_K";

    pub(super) fn from_code(code: u32) -> Result<Self, String> {
        Ok(match code {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            8 => Self::Q8_0,
            14 => Self::Q6_K,
            30 => Self::BF16,
            other => {
                let known = OTHERS.iter().find(|(code, _)| *code == other);
                return Err(known.map_or_else(|| format!("number {other}"), |(_, name)| (*name).to_owned()));
            }
        })
    }

    /// Numbers of a block.
    #[must_use]
    pub fn block(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q8_0 => 32,
            Self::Q6_K => 256,
        }
    }

    /// Bytes of a block.
    #[must_use]
    pub fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q8_0 => 34,
            Self::Q6_K => 210,
        }
    }

    /// Bytes of a row of so many numbers, whole blocks.
    #[must_use]
    pub fn row_bytes(self, columns: usize) -> usize {
        columns / self.block() * self.block_bytes()
    }

    pub(super) fn checked_row_bytes(self, columns: usize) -> Option<usize> {
        (columns / self.block()).checked_mul(self.block_bytes())
    }

    /// Numbers of whole blocks.
    pub(crate) fn read(self, bytes: &[u8], out: &mut [f32]) {
        for (bytes, out) in bytes.chunks_exact(self.block_bytes()).zip(out.chunks_mut(self.block())) {
            match self {
                Self::F32 => out[0] = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
                Self::F16 => out[0] = half(bytes),
                Self::BF16 => out[0] = bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32(),
                Self::Q8_0 => {
                    let d = half(bytes);
                    out.iter_mut().zip(&bytes[2..]).for_each(|(out, &q)| *out = d * f32::from(q.cast_signed()));
                }
                Self::Q4_0 => {
                    let d = half(bytes);
                    nibbles(&bytes[2..], out, |q| d * (f32::from(q) - 8.0));
                }
                Self::Q4_1 => {
                    let (d, m) = (half(bytes), half(&bytes[2..]));
                    nibbles(&bytes[4..], out, |q| d * f32::from(q) + m);
                }
                Self::Q6_K => {
                    let (whole, scales) = q6_k(bytes);
                    out.iter_mut().enumerate().for_each(|(at, out)| *out = scales[at / 16] * f32::from(whole[at]));
                }
            }
        }
    }
}

pub(crate) fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
}

fn nibbles(bytes: &[u8], out: &mut [f32], value: impl Fn(u8) -> f32) {
    let (low, high) = out.split_at_mut(16);
    for ((low, high), &byte) in low.iter_mut().zip(high).zip(bytes) {
        (*low, *high) = (value(byte & 15), value(byte >> 4));
    }
}

/// The whole numbers of a Q6_K block, and a scale for each 16 of them.
///
/// Two halves of 128 numbers; in each, four runs of 32 whose low bits lie in two nibbles of 64 bytes, and whose high bits in four
/// pairs of 32 bytes.
pub(crate) fn q6_k(bytes: &[u8]) -> ([i8; 256], [f32; 16]) {
    let (low, high, scales, d) = (&bytes[..128], &bytes[128..192], &bytes[192..208], half(&bytes[208..]));
    let mut whole = [0; 256];
    for (at, whole) in whole.iter_mut().enumerate() {
        let (part, run, place) = (at / 128, at / 32 % 4, at % 32);
        let low = low[part * 64 + run % 2 * 32 + place] >> (run / 2 * 4) & 15;
        let high = high[part * 32 + place] >> (run * 2) & 3;
        *whole = (low | high << 4).cast_signed() - 32;
    }
    (whole, std::array::from_fn(|at| d * f32::from(scales[at].cast_signed())))
}
