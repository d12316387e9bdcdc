//! Quantised weights unpacked in registers: for many rows of a product a piece at a time into a room, for a single row, which would
//! use each weight once, within the sum itself. Writing one text reads all weights for each token, and this is then the time
//! that it takes.
//!
//! Both give the same bits as [`Block::plain_row`] and the sums of `tile.rs`, whatever the processor: a weight is rounded as
//! f32 before it is multiplied, and each column is one chain of fused multiply-adds.

use super::panels::{Block, Panels};
use super::tile::PANEL;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Unpacks as many rows as there is room for, (rows, 16).
pub(super) fn unpack<B: Unpack>(blocks: &[B], room: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(x86::Rows { simd, blocks, room });
    }
    Arch::new().dispatch(PlainRows { blocks, room });
}

/// `out` (16 x panels) += `x` (inputs) times some panels; false where there is no way to do so on this processor or with these
/// weights.
pub(super) fn multiply_row(panels: &Panels, range: Range<usize>, x: &[f32], out: &mut [f32]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        match panels {
            Panels::F32(_) => return false,
            Panels::Nibbles(blocks) => simd.vectorize(x86::Row { simd, blocks: of_panels(blocks, range, x), x, out }),
            Panels::Bytes(blocks) => simd.vectorize(x86::Row { simd, blocks: of_panels(blocks, range, x), x, out }),
            Panels::SixBits(blocks) => simd.vectorize(x86::Row { simd, blocks: of_panels(blocks, range, x), x, out }),
        }
        return true;
    }
    let _ = (panels, range, x, out);
    false
}

#[cfg(target_arch = "x86_64")]
fn of_panels<'a, B: Block>(blocks: &'a [B], range: Range<usize>, x: &[f32]) -> &'a [B] {
    let of_panel = x.len() / B::ROWS;
    &blocks[range.start * of_panel..range.end * of_panel]
}

/// What can be unpacked in registers, where there are such instructions.
#[cfg(not(target_arch = "x86_64"))]
pub(super) use super::panels::Block as Unpack;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::Unpack;

struct PlainRows<'a, B> {
    blocks: &'a [B],
    room: &'a mut [f32],
}

impl<B: Block> WithSimd for PlainRows<'_, B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.room.as_chunks_mut::<PANEL>().0;
        for (block, rows) in self.blocks.iter().zip(rows.chunks_mut(B::ROWS)) {
            rows.iter_mut().enumerate().for_each(|(row, out)| block.plain_row(row, out));
        }
    }
}

/// AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(clippy::needless_range_loop, reason = "loops of fixed length over several arrays at once")]

    use super::super::panels::{Block, ByteBlock, NibbleBlock, TWO_TO_112};
    use super::super::tile::PANEL;
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast};
    use std::arch::x86_64::{__m128i, __m256, __m256i};

    /// 16 numbers.
    type Pair = [__m256; 2];

    /// What can be unpacked in registers.
    pub(in crate::cpu) trait Unpack: Block {
        /// What the rows of a block have in common.
        type Scales: Copy;
        /// It, for a block.
        fn scales(&self, simd: V3) -> Self::Scales;
        /// The weights of a row.
        fn row(&self, simd: V3, row: usize, scales: &Self::Scales) -> Pair;
    }

    #[inline(always)]
    fn eight<const SIGNED: bool>(simd: V3, bytes: [u8; 8]) -> __m256i {
        let bytes: __m128i = cast([i64::from_le_bytes(bytes), 0]);
        if SIGNED { simd.avx2._mm256_cvtepi8_epi32(bytes) } else { simd.avx2._mm256_cvtepu8_epi32(bytes) }
    }

    /// Eight f16 that are finite, as `panels::widened` does it.
    #[inline(always)]
    fn widened(simd: V3, halves: __m128i) -> __m256 {
        let bits = simd.avx2._mm256_cvtepu16_epi32(halves);
        let sign = simd.avx2._mm256_and_si256(bits, simd.avx._mm256_set1_epi32(0x8000));
        let magnitude = simd.avx2._mm256_slli_epi32::<13>(simd.avx2._mm256_xor_si256(bits, sign));
        let magnitude = simd.avx._mm256_mul_ps(cast(magnitude), simd.avx._mm256_set1_ps(TWO_TO_112));
        simd.avx._mm256_or_ps(magnitude, cast(simd.avx2._mm256_slli_epi32::<16>(sign)))
    }

    #[inline(always)]
    fn pair(simd: V3, bits: &[u16; PANEL]) -> Pair {
        let [left, right]: [__m128i; 2] = cast(*bits);
        [widened(simd, left), widened(simd, right)]
    }

    impl Unpack for NibbleBlock {
        type Scales = [Pair; 2]; // d, m

        #[inline(always)]
        fn scales(&self, simd: V3) -> [Pair; 2] {
            [pair(simd, &self.scales), pair(simd, &self.least)]
        }

        #[inline(always)]
        fn row(&self, simd: V3, row: usize, [d, m]: &[Pair; 2]) -> Pair {
            let pairs = eight::<false>(simd, self.quants[row]);
            let low = simd.avx2._mm256_and_si256(pairs, simd.avx._mm256_set1_epi32(15));
            let (low, high) = (
                simd.avx._mm256_cvtepi32_ps(low),
                simd.avx._mm256_cvtepi32_ps(simd.avx2._mm256_srli_epi32::<4>(pairs)),
            );
            [
                simd.avx._mm256_add_ps(simd.avx._mm256_mul_ps(low, d[0]), m[0]),
                simd.avx._mm256_add_ps(simd.avx._mm256_mul_ps(high, d[1]), m[1]),
            ]
        }
    }

    impl<const ROWS: usize> Unpack for ByteBlock<ROWS> {
        type Scales = Pair;

        #[inline(always)]
        fn scales(&self, _: V3) -> Pair {
            cast(self.scales)
        }

        #[inline(always)]
        fn row(&self, simd: V3, row: usize, d: &Pair) -> Pair {
            let [left, right] = self.quants[row];
            let left = simd.avx._mm256_cvtepi32_ps(eight::<true>(simd, cast(left)));
            let right = simd.avx._mm256_cvtepi32_ps(eight::<true>(simd, cast(right)));
            [simd.avx._mm256_mul_ps(left, d[0]), simd.avx._mm256_mul_ps(right, d[1])]
        }
    }

    pub(super) struct Rows<'a, B> {
        pub(super) simd: V3,
        pub(super) blocks: &'a [B],
        pub(super) room: &'a mut [f32],
    }

    impl<B: Unpack> NullaryFnOnce for Rows<'_, B> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let rows = self.room.as_chunks_mut::<PANEL>().0;
            for (block, rows) in self.blocks.iter().zip(rows.chunks_mut(B::ROWS)) {
                let scales = block.scales(self.simd);
                for (row, out) in rows.iter_mut().enumerate() {
                    *out = cast(block.row(self.simd, row, &scales));
                }
            }
        }
    }

    pub(super) struct Row<'a, B> {
        pub(super) simd: V3,
        pub(super) blocks: &'a [B],
        pub(super) x: &'a [f32],
        pub(super) out: &'a mut [f32],
    }

    impl<B: Unpack> NullaryFnOnce for Row<'_, B> {
        type Output = ();

        /// Two panels at a time: sums of one would wait for each other, those of three have no registers.
        #[inline(always)]
        fn call(self) {
            let of_panel = self.x.len() / B::ROWS;
            for (blocks, out) in self.blocks.chunks(2 * of_panel).zip(self.out.chunks_mut(2 * PANEL)) {
                let (first, second) = blocks.split_at(of_panel);
                if second.is_empty() {
                    sums(self.simd, [first], self.x, out);
                } else {
                    sums(self.simd, [first, second], self.x, out);
                }
            }
        }
    }

    #[inline(always)]
    fn sums<B: Unpack, const P: usize>(simd: V3, panels: [&[B]; P], x: &[f32], out: &mut [f32]) {
        let out = &mut out.as_chunks_mut::<PANEL>().0[..P];
        let mut sums = [[simd.avx._mm256_setzero_ps(); 2]; P];
        for panel in 0..P {
            sums[panel] = cast(out[panel]);
        }
        for (at, x) in x.chunks_exact(B::ROWS).enumerate() {
            let mut blocks = [&panels[0][at]; P];
            let mut scales = [blocks[0].scales(simd); P];
            for panel in 1..P {
                blocks[panel] = &panels[panel][at];
                scales[panel] = blocks[panel].scales(simd);
            }
            for row in 0..B::ROWS {
                let x = simd.avx._mm256_set1_ps(x[row]);
                for panel in 0..P {
                    let [left, right] = blocks[panel].row(simd, row, &scales[panel]);
                    sums[panel][0] = simd.fma._mm256_fmadd_ps(x, left, sums[panel][0]);
                    sums[panel][1] = simd.fma._mm256_fmadd_ps(x, right, sums[panel][1]);
                }
            }
        }
        for panel in 0..P {
            out[panel] = cast(sums[panel]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::tile::PanelProduct;
    use crate::gguf::{NumberType, Tensor};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const INPUTS: usize = 512;
    const PANELS: usize = 3;

    /// Random bytes whose f16 are finite, as one number type reads them.
    fn panels(numbers: NumberType) -> Panels {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut bytes: Vec<u8> = (0..PANELS * PANEL * numbers.row_bytes(INPUTS)).map(|_| rng.random()).collect();
        for block in bytes.chunks_mut(numbers.block_bytes()) {
            let halves: &[usize] = match numbers {
                NumberType::Q4_1 => &[0, 2],
                NumberType::Q6_K => &[208],
                _ => &[0],
            };
            for &at in halves {
                let value =
                    half::f16::from_f32(rng.random_range(-0.1_f32..0.1) * 2.0_f32.powi(-rng.random_range(0..20)));
                block[at..at + 2].copy_from_slice(&value.to_le_bytes());
            }
        }
        let tensor = Tensor { numbers, rows: PANELS * PANEL, columns: INPUTS, bytes: &bytes };
        let panels = Panels::from_tensor(tensor, &|output| output);
        assert!(panels.is_finite());
        // as the file says, number by number
        let values = tensor.values();
        let mut room = vec![0.0; INPUTS * PANEL];
        for panel in 0..PANELS {
            let rows = panels.rows(panel, INPUTS, 0, INPUTS, &mut room);
            for (at, weight) in rows.iter().enumerate() {
                let expected = values[(panel * PANEL + at % PANEL) * INPUTS + at / PANEL];
                assert!((weight - expected).abs() <= 1e-6 * expected.abs(), "{numbers:?}: {weight}, {expected}");
            }
        }
        panels
    }

    fn check_unpacking<B: Unpack>(blocks: &[B]) {
        let mut rooms = [vec![1.0; (B::ROWS + 5) * PANEL], vec![2.0; (B::ROWS + 5) * PANEL]];
        unpack(blocks, &mut rooms[0]);
        Arch::new().dispatch(PlainRows { blocks, room: &mut rooms[1] });
        assert_eq!(rooms[0], rooms[1]);
    }

    /// In registers as one by one, bit by bit; and a sum of one row as that of a row among others.
    #[test]
    fn fused_is_plain() {
        for numbers in [NumberType::Q4_0, NumberType::Q4_1, NumberType::Q8_0, NumberType::Q6_K] {
            let panels = panels(numbers);
            match &panels {
                Panels::F32(_) => unreachable!("quantised"),
                Panels::Nibbles(blocks) => check_unpacking(blocks),
                Panels::Bytes(blocks) => check_unpacking(blocks),
                Panels::SixBits(blocks) => check_unpacking(blocks),
            }
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let x: Vec<f32> = (0..INPUTS).map(|_| rng.random_range(-1.0..1.0)).collect();
            let before: Vec<f32> = (0..PANELS * PANEL).map(|_| rng.random_range(-1.0..1.0)).collect();
            let (mut fused, mut plain) = (before.clone(), before);
            if !multiply_row(&panels, 0..PANELS, &x, &mut fused) {
                assert!(pulp::x86::V3::try_new().is_none(), "{numbers:?}");
                continue;
            }
            let mut room = vec![0.0; INPUTS * PANEL];
            for (index, out) in plain.chunks_mut(PANEL).enumerate() {
                let panel = panels.rows(index, INPUTS, 0, INPUTS, &mut room);
                let product =
                    PanelProduct { x: &x, x_stride: INPUTS, panel, out, out_stride: PANEL, width: PANEL, rows: 1 };
                Arch::new().dispatch(product);
            }
            assert_eq!(fused, plain, "{numbers:?}");
        }
    }
}
