//! A matrix of weights, packed once into panels of 16 columns for [`PanelProduct`].

use super::tile::{PANEL, PanelProduct};
use pulp::Arch;

/// Steps of a sum that are taken at a time: a panel of so many rows (16 KiB) stays in the first-level cache while all rows of
/// `x` pass by.
const DEPTH: usize = 256;
/// Below so many multiplications a thread more costs more than it gives.
const WORTH_A_THREAD: usize = 1 << 20;
/// Up to so many rows, threads share the columns rather than each reading all weights.
const FEW_ROWS: usize = 24;

/// Weights (inputs, outputs), in panels of 16 outputs.
#[derive(Debug, Clone)]
pub(crate) struct Matrix {
    panels: Vec<f32>, // (outputs / 16, inputs, 16); the last panel is filled up with zeros
    inputs: usize,
    outputs: usize,
}

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
        Self { panels, inputs, outputs }
    }

    /// Columns of the product.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Panels of 16 outputs.
    pub(crate) fn panels(&self) -> usize {
        self.outputs.div_ceil(PANEL)
    }

    fn panel(&self, index: usize) -> &[f32] {
        &self.panels[index * self.inputs * PANEL..][..self.inputs * PANEL]
    }

    /// The weights of one output: a token's embedding. (inputs)
    pub(crate) fn add_output_to(&self, output: usize, row: &mut [f32]) {
        let panel = self.panel(output / PANEL);
        for (sum, weights) in row.iter_mut().zip(panel.chunks(PANEL)) {
            *sum += weights[output % PANEL];
        }
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
    pub(crate) fn multiply_panels(&self, x: &[f32], panels: std::ops::Range<usize>, out: Out<'_>) {
        let arch = Arch::new();
        let rows = x.len() / self.inputs;
        if rows == 0 {
            return;
        }
        for (place, index) in panels.enumerate() {
            for (part, panel) in self.panel(index).chunks(DEPTH * PANEL).enumerate() {
                arch.dispatch(PanelProduct {
                    x: &x[part * DEPTH..],
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
}
