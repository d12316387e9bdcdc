//! The one kernel: rows times a panel of 16 columns, with the sums kept in registers.
//!
//! A panel holds 16 neighbouring columns of a matrix row by row, so that a step of the sum reads one or two vectors of it and
//! one number of each row of `x`. Every sum runs over `k` from first to last in one chain of fused multiply-adds, whatever
//! the number of rows: a text has the same bits alone and among others, read at once or token by token.
//!
//! (Goto and van de Geijn 2008, *Anatomy of High-Performance Matrix Multiplication*: panels and register tiles.)

#![allow(
    clippy::needless_range_loop,
    clippy::manual_memcpy,
    reason = "loops of fixed length over several arrays at once"
)]

use pulp::{Simd, WithSimd};

/// Columns of a panel.
pub(crate) const PANEL: usize = 16;

/// `out` (R, up to 16 columns) += `x` (R, K) times `panel` (K, 16).
#[derive(Debug)]
pub(crate) struct PanelProduct<'a> {
    /// Rows of K numbers, each `x_stride` after the last.
    pub(crate) x: &'a [f32],
    pub(crate) x_stride: usize,
    /// K rows of 16 numbers.
    pub(crate) panel: &'a [f32],
    /// Rows, each `out_stride` after the last; the first of the panel's columns is at the front of each.
    pub(crate) out: &'a mut [f32],
    pub(crate) out_stride: usize,
    /// Columns of the panel that are wanted.
    pub(crate) width: usize,
    /// R.
    pub(crate) rows: usize,
}

impl WithSimd for PanelProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // rows and vectors of a tile: as many sums as there are registers for
        match S::F32_LANES {
            16 => self.tiles::<S, 12, 1>(simd),
            8 => self.tiles::<S, 6, 2>(simd),
            4 => self.tiles::<S, 4, 4>(simd),
            _ => self.tiles::<S, 1, 16>(simd),
        }
    }
}

impl PanelProduct<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const R: usize, const N: usize>(&mut self, simd: S) {
        let mut row = 0;
        while self.rows - row >= R {
            self.tile::<S, R, N>(simd, row);
            row += R;
        }
        while self.rows - row >= 4 {
            self.tile::<S, 4, N>(simd, row);
            row += 4;
        }
        if self.rows - row >= 2 {
            self.tile::<S, 2, N>(simd, row);
            row += 2;
        }
        if self.rows > row {
            self.tile::<S, 1, N>(simd, row);
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize, const N: usize>(&mut self, simd: S, first: usize) {
        let panel = pulp::as_arrays::<N, S::f32s>(S::as_simd_f32s(self.panel).0).0; // K x N vectors
        let k = panel.len();
        let mut rows: [&[f32]; R] = [&[]; R];
        for (row, slice) in rows.iter_mut().enumerate() {
            *slice = &self.x[(first + row) * self.x_stride..][..k];
        }
        let mut sums = [[simd.splat_f32s(0.0); N]; R];
        for (row, sums) in sums.iter_mut().enumerate() {
            let out = &self.out[(first + row) * self.out_stride..][..self.width];
            match out.as_array::<PANEL>() {
                Some(out) => load::<S, N>(out, sums),
                None => {
                    let mut padded = [0.0; PANEL];
                    padded[..out.len()].copy_from_slice(out);
                    load::<S, N>(&padded, sums);
                }
            }
        }
        for at in 0..k {
            for row in 0..R {
                let x = simd.splat_f32s(rows[row][at]);
                for column in 0..N {
                    sums[row][column] = simd.mul_add_f32s(x, panel[at][column], sums[row][column]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(first + row) * self.out_stride..][..self.width];
            match out.as_mut_array::<PANEL>() {
                Some(out) => store::<S, N>(sums, out),
                None => {
                    let mut padded = [0.0; PANEL];
                    store::<S, N>(sums, &mut padded);
                    out.copy_from_slice(&padded[..out.len()]);
                }
            }
        }
    }
}

#[inline(always)]
fn load<S: Simd, const N: usize>(from: &[f32; PANEL], sums: &mut [S::f32s; N]) {
    let (from, _) = S::as_simd_f32s(from);
    for column in 0..N {
        sums[column] = from[column];
    }
}

#[inline(always)]
fn store<S: Simd, const N: usize>(sums: &[S::f32s; N], to: &mut [f32; PANEL]) {
    let (to, _) = S::as_mut_simd_f32s(to);
    for column in 0..N {
        to[column] = sums[column];
    }
}

/// Panels that a single row takes at a time: with one, the sums of a row would wait for each other.
pub(crate) const GROUP: usize = 4;

/// `out` (64) += `x` (K) times four panels (K, 16) side by side; the sums run as those of [`PanelProduct`].
#[derive(Debug)]
pub(crate) struct RowProduct<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) panels: [&'a [f32]; GROUP],
    pub(crate) out: &'a mut [f32; GROUP * PANEL],
}

impl WithSimd for RowProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.sums::<S, 1>(simd),
            8 => self.sums::<S, 2>(simd),
            4 => self.sums::<S, 4>(simd),
            _ => self.sums::<S, 16>(simd),
        }
    }
}

impl RowProduct<'_> {
    #[inline(always)]
    fn sums<S: Simd, const N: usize>(self, simd: S) {
        let k = self.x.len();
        let mut panels: [&[[S::f32s; N]]; GROUP] = [&[]; GROUP];
        for (vectors, panel) in panels.iter_mut().zip(self.panels) {
            *vectors = &pulp::as_arrays::<N, S::f32s>(S::as_simd_f32s(panel).0).0[..k];
        }
        let (out, _) = self.out.as_chunks_mut::<PANEL>();
        let mut sums = [[simd.splat_f32s(0.0); N]; GROUP];
        for (sums, out) in sums.iter_mut().zip(&*out) {
            load::<S, N>(out, sums);
        }
        for at in 0..k {
            let x = simd.splat_f32s(self.x[at]);
            for panel in 0..GROUP {
                for column in 0..N {
                    sums[panel][column] = simd.mul_add_f32s(x, panels[panel][at][column], sums[panel][column]);
                }
            }
        }
        for (sums, out) in sums.iter().zip(out) {
            store::<S, N>(sums, out);
        }
    }
}
