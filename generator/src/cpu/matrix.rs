//! A matrix of weights, packed once into panels of 16 columns for [`PanelProduct`].

use super::fused;
use super::panels::{Order, Panels};
use super::tile::{GROUP, PANEL, PanelProduct, RowProduct};
use crate::gguf::Tensor;
use pulp::Arch;
use rayon::prelude::*;
use std::ops::Range;

/// Steps of a sum that are taken at a time: a panel of so many rows (16 KiB) stays in the first-level cache while all rows of
/// `x` pass by.
const DEPTH: usize = 256;
/// Below so many multiplications a thread more costs more than it gives.
const WORTH_A_THREAD: usize = 1 << 20;
/// The same for a single row, which waits for the weights rather than for the arithmetic.
const WORTH_A_THREAD_OF_ROW: usize = 1 << 17;
/// Parts that a single row's product is cut into, so that a thread that was late leaves some to the other.
const PARTS_A_THREAD: usize = 2;
/// Up to so many rows, threads share the columns rather than each reading all weights.
const FEW_ROWS: usize = 24;

/// Weights (inputs, outputs), in panels of 16 outputs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    panels: Panels, // the last is filled up with zeros
    inputs: usize,
    outputs: usize,
}

/// Some panels of a matrix, and the part of a row that they give.
type Share<'a> = (&'a Matrix, Range<usize>, &'a mut [f32]);

/// A part of a larger array of rows: from `column` on, rows `stride` apart.
#[derive(Debug)]
pub(crate) struct Out<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) column: usize,
}

impl Matrix {
    /// Packs weights that are stored (inputs, outputs), as GPT-2's are.
    pub(crate) fn from_inputs(values: &[f32], outputs: usize) -> Self {
        let inputs = values.len() / outputs;
        Self::pack(inputs, outputs, |input, output| values[input * outputs + output])
    }

    /// Packs weights that are stored (outputs, inputs), as embeddings and most other models' are.
    pub(crate) fn from_outputs(values: &[f32], inputs: usize) -> Self {
        let outputs = values.len() / inputs;
        Self::pack(inputs, outputs, |input, output| values[output * inputs + input])
    }

    fn pack(inputs: usize, outputs: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let mut panels = vec![0.0; outputs.div_ceil(PANEL) * inputs * PANEL];
        for (index, panel) in panels.chunks_mut(inputs * PANEL).enumerate() {
            for (input, row) in panel.chunks_mut(PANEL).enumerate() {
                for (output, packed) in (index * PANEL..outputs).zip(row) {
                    *packed = value(input, output);
                }
            }
        }
        Self { panels: Panels::F32(panels), inputs, outputs }
    }

    /// Packs a tensor (outputs, inputs) as it is; row `output` is row `order(output)` of the tensor.
    pub(crate) fn from_tensor(tensor: Tensor<'_>, order: Order<'_>) -> Self {
        Self { panels: Panels::from_tensor(tensor, order), inputs: tensor.columns, outputs: tensor.rows }
    }

    /// Whether every weight is a number.
    pub(crate) fn is_finite(&self) -> bool {
        self.panels.is_finite()
    }

    /// Columns of the product.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Panels of 16 outputs.
    pub(crate) fn panels(&self) -> usize {
        self.outputs.div_ceil(PANEL)
    }

    /// `out` (rows, all outputs) += `x` (rows, inputs) times matrices side by side.
    pub(crate) fn multiply_add_all(matrices: &[Self], x: &[f32], out: &mut [f32]) {
        let stride = matrices.iter().map(Self::outputs).sum();
        if matrices.first().is_some_and(|matrix| matrix.inputs == x.len()) {
            return Self::multiply_row_shared(matrices, x, out);
        }
        let mut column = 0;
        for matrix in matrices {
            matrix.multiply_add(x, Out { values: &mut *out, stride, column });
            column += matrix.outputs;
        }
    }

    /// One row: each thread takes some panels of each matrix.
    fn multiply_row_shared(matrices: &[Self], x: &[f32], out: &mut [f32]) {
        let work = x.len() * out.len();
        let parts = (work / WORTH_A_THREAD_OF_ROW).clamp(1, PARTS_A_THREAD * rayon::current_num_threads());
        let mut shares: Vec<Vec<Share<'_>>> = (0..parts).map(|_| Vec::new()).collect();
        let mut rest = out;
        for matrix in matrices {
            let (of_matrix, after) = rest.split_at_mut(matrix.outputs);
            rest = after;
            let panels = matrix.panels().div_ceil(parts);
            for (part, values) in of_matrix.chunks_mut(panels * PANEL).enumerate() {
                let range = part * panels..((part + 1) * panels).min(matrix.panels());
                shares[part].push((matrix, range, values));
            }
        }
        shares.into_par_iter().flatten_iter().for_each(|(matrix, range, values)| {
            let stride = values.len();
            matrix.multiply_panels(x, range, Out { values, stride, column: 0 });
        });
    }

    /// Adds the weights of one output, a token's embedding, to a row (inputs).
    pub(crate) fn add_output_to(&self, output: usize, row: &mut [f32]) {
        let mut room = [0.0; DEPTH * PANEL];
        for (part, row) in row.chunks_mut(DEPTH).enumerate() {
            let (from, to) = (part * DEPTH, part * DEPTH + row.len());
            let panel = self.panels.rows(output / PANEL, self.inputs, from, to, &mut room);
            row.iter_mut().zip(panel.chunks(PANEL)).for_each(|(sum, weights)| *sum += weights[output % PANEL]);
        }
    }

    /// All weights (outputs, inputs).
    pub(crate) fn values(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.outputs * self.inputs];
        values.par_chunks_mut(self.inputs).enumerate().for_each(|(output, row)| self.add_output_to(output, row));
        values
    }

    /// `out` (rows, outputs) += `x` (rows, inputs) times the weights, on as many threads as pay.
    pub(crate) fn multiply_add(&self, x: &[f32], out: Out<'_>) {
        let rows = x.len() / self.inputs;
        let work = rows * self.inputs * self.outputs;
        let parts = (work / WORTH_A_THREAD).min(rayon::current_num_threads()).min(self.panels());
        if rows > FEW_ROWS || parts < 2 {
            self.multiply_panels(x, 0..self.panels(), out);
        } else {
            self.multiply_shared(x, out, parts);
        }
    }

    /// Each thread takes some of the panels.
    fn multiply_shared(&self, x: &[f32], out: Out<'_>, parts: usize) {
        let panels = self.panels().div_ceil(parts);
        let mut columns: Vec<(usize, Vec<&mut [f32]>)> = Vec::new();
        for row in out.values.chunks_mut(out.stride) {
            let row = &mut row[out.column..][..self.outputs];
            for (part, piece) in row.chunks_mut(panels * PANEL).enumerate() {
                match columns.get_mut(part) {
                    Some((_, pieces)) => pieces.push(piece),
                    None => columns.push((part, vec![piece])),
                }
            }
        }
        rayon::scope(|scope| {
            for (part, mut pieces) in columns {
                scope.spawn(move |_| {
                    let range = part * panels..((part + 1) * panels).min(self.panels());
                    let mut values = pieces.concat();
                    let stride = pieces.first().map_or(1, |piece| piece.len());
                    self.multiply_panels(x, range, Out { values: &mut values, stride, column: 0 });
                    for (piece, row) in pieces.iter_mut().zip(values.chunks(stride)) {
                        piece.copy_from_slice(row);
                    }
                });
            }
        });
    }

    /// `out` (rows, 16 x panels) += `x` (rows, inputs) times some of the panels.
    pub(crate) fn multiply_panels(&self, x: &[f32], panels: Range<usize>, out: Out<'_>) {
        let arch = Arch::new();
        let rows = x.len() / self.inputs;
        if rows == 0 {
            return;
        }
        let single = if rows == 1 { self.multiply_row(x, panels.clone(), &mut out.values[out.column..]) } else { 0 };
        let mut room = [0.0; DEPTH * PANEL];
        for (place, index) in panels.enumerate().skip(single) {
            for from in (0..self.inputs).step_by(DEPTH) {
                let panel = self.panels.rows(index, self.inputs, from, (from + DEPTH).min(self.inputs), &mut room);
                arch.dispatch(PanelProduct {
                    x: &x[from..],
                    x_stride: self.inputs,
                    panel,
                    out: &mut out.values[out.column + place * PANEL..],
                    out_stride: out.stride,
                    width: PANEL.min(self.outputs - index * PANEL),
                    rows,
                });
            }
        }
    }

    /// One row times whole panels; gives the number of panels done.
    fn multiply_row(&self, x: &[f32], panels: Range<usize>, out: &mut [f32]) -> usize {
        let whole = panels.end.min(self.outputs / PANEL).saturating_sub(panels.start);
        if fused::multiply_row(&self.panels, panels.start..panels.start + whole, x, &mut out[..whole * PANEL]) {
            return whole;
        }
        self.multiply_groups(x, panels, out)
    }

    /// One row times as many whole groups of panels as there are; gives the number of panels done.
    fn multiply_groups(&self, x: &[f32], panels: Range<usize>, out: &mut [f32]) -> usize {
        const STEPS: usize = DEPTH / GROUP;
        let whole = panels.end.min(self.outputs / PANEL).saturating_sub(panels.start);
        let groups = out.as_chunks_mut::<{ GROUP * PANEL }>().0.iter_mut().take(whole / GROUP);
        let mut room = [[0.0; STEPS * PANEL]; GROUP];
        for (out, first) in groups.zip((panels.start..).step_by(GROUP)) {
            for (part, x) in x.chunks(STEPS).enumerate() {
                let (from, to) = (part * STEPS, part * STEPS + x.len());
                let mut panels: [&[f32]; GROUP] = [&[]; GROUP];
                for ((panel, room), index) in panels.iter_mut().zip(&mut room).zip(first..) {
                    *panel = self.panels.rows(index, self.inputs, from, to, room);
                }
                Arch::new().dispatch(RowProduct { x, panels, out });
            }
        }
        whole / GROUP * GROUP
    }
}
