//! Causal attention over keys and values that are kept packed, as the weights are: appending a token writes one column of
//! keys and one row of values, and one kernel serves a whole text as well as its next token.

use super::loops::Softmax;
use super::tile::{PANEL, PanelProduct};
use pulp::Arch;

/// Queries that are taken at a time.
pub(crate) const QUERIES: usize = 48;

/// Keys and values of the tokens of one text in one block.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyValues {
    heads: Vec<HeadKeyValues>,
    head_size: usize,
    tokens: usize,
}

#[derive(Debug, Clone, Default)]
struct HeadKeyValues {
    keys: Vec<f32>,        // (tokens / 16, D, 16)
    values: Vec<Vec<f32>>, // D / 16 panels of (tokens, 16)
}

/// How the numbers of one token lie in a row: queries, then keys, then values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heads {
    /// Heads that ask, `H`.
    pub(crate) queries: usize,
    /// Heads that answer; each serves `queries / keys` of the former (Ainslie et al. 2023).
    pub(crate) keys: usize,
    /// `D`.
    pub(crate) size: usize,
}

impl Heads {
    /// Numbers of a row.
    pub(crate) fn row(self) -> usize {
        (self.queries + 2 * self.keys) * self.size
    }

    /// Numbers of the part that asks.
    pub(crate) fn channels(self) -> usize {
        self.queries * self.size
    }
}

impl KeyValues {
    pub(crate) fn new(heads: Heads) -> Self {
        let panels = heads.size.div_ceil(PANEL);
        let head = HeadKeyValues { keys: Vec::new(), values: vec![Vec::new(); panels] };
        Self { heads: vec![head; heads.keys], head_size: heads.size, tokens: 0 }
    }

    /// Tokens so far.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Adds the keys and values of rows (T, row).
    pub(crate) fn append(&mut self, rows: &[f32], heads: Heads) {
        let d = self.head_size;
        let added = rows.len() / heads.row();
        let panels = (self.tokens + added).div_ceil(PANEL);
        for (index, head) in self.heads.iter_mut().enumerate() {
            head.keys.resize(panels * d * PANEL, 0.0);
            for (token, row) in (self.tokens..).zip(rows.chunks(heads.row())) {
                let of_head = &row[heads.channels() + index * d..];
                let panel = &mut head.keys[token / PANEL * d * PANEL..][..d * PANEL];
                for (keys, &key) in panel.chunks_mut(PANEL).zip(of_head) {
                    keys[token % PANEL] = key;
                }
                let of_head = &of_head[heads.keys * d..][..d];
                for (values, part) in head.values.iter_mut().zip(of_head.chunks(PANEL)) {
                    values.extend_from_slice(part);
                    values.resize(values.len().next_multiple_of(PANEL), 0.0);
                }
            }
        }
        self.tokens += added;
    }

    /// Mixes the values for some queries, the last of which is token `end - 1`: rows (T, row) to `mixed` (T, H D), which is
    /// zero before.
    pub(crate) fn attend(&self, rows: &[f32], heads: Heads, end: usize, mixed: &mut [f32], scratch: &mut Vec<f32>) {
        let arch = Arch::new();
        let d = self.head_size;
        let queries = rows.len() / heads.row();
        let stride = end.next_multiple_of(PANEL);
        for head in 0..heads.queries {
            let of_head = &self.heads[head * heads.keys / heads.queries];
            scratch.clear();
            scratch.resize(queries * stride, 0.0); // scores (T, end)
            for (place, panel) in of_head.keys.chunks(d * PANEL).take(stride / PANEL).enumerate() {
                arch.dispatch(PanelProduct {
                    x: &rows[head * d..],
                    x_stride: heads.row(),
                    panel,
                    out: &mut scratch[place * PANEL..],
                    out_stride: stride,
                    width: PANEL,
                    rows: queries,
                });
            }
            for (query, row) in scratch.chunks_mut(stride).enumerate() {
                let seen = end - queries + query + 1;
                let whole = seen.next_multiple_of(PANEL);
                row[seen..whole].fill(f32::NEG_INFINITY);
                arch.dispatch(Softmax { row: &mut row[..whole], scale: 1.0 / (d as f32).sqrt() });
                row[seen..].fill(0.0);
            }
            for (part, values) in of_head.values.iter().enumerate() {
                arch.dispatch(PanelProduct {
                    x: scratch,
                    x_stride: stride,
                    panel: &values[..end * PANEL],
                    out: &mut mixed[head * d + part * PANEL..],
                    out_stride: heads.channels(),
                    width: PANEL.min(d - part * PANEL),
                    rows: queries,
                });
            }
        }
    }
}
