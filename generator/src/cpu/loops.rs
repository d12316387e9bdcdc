//! What lies between matrix products: norms, nonlinearities, softmax; each one pass over rows that are in the cache.

use pulp::{Simd, WithSimd};

/// e^x for x <= 0 to 2 units in the last place; below -87 as at -87. (Cephes' `expf`: x = k ln 2 + r, polynomial in r.)
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let round = simd.splat_f32s(12_582_912.0); // 1.5 x 2^23: adding it rounds to an integer
    let x = simd.max_f32s(x, simd.splat_f32s(-87.0));
    let shifted = simd.mul_add_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), round);
    let k = simd.sub_f32s(shifted, round);
    let r = simd.mul_add_f32s(k, simd.splat_f32s(-0.693_359_4), x);
    let r = simd.mul_add_f32s(k, simd.splat_f32s(2.121_944_4e-4), r);
    let mut polynomial = simd.splat_f32s(1.987_569_1e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        polynomial = simd.mul_add_f32s(polynomial, r, simd.splat_f32s(coefficient));
    }
    let one_and_r = simd.add_f32s(r, simd.splat_f32s(1.0));
    let polynomial = simd.mul_add_f32s(simd.mul_f32s(polynomial, r), r, one_and_r);
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(exponent, simd.splat_u32s(0x3F80_0000)));
    simd.mul_f32s(polynomial, power)
}

/// 1 / (1 + e^-x).
#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let small = exp(simd, simd.neg_f32s(simd.abs_f32s(x))); // e^-|x|
    let negative = simd.less_than_f32s(x, simd.splat_f32s(0.0));
    let numerator = simd.select_f32s(negative, small, one);
    simd.div_f32s(numerator, simd.add_f32s(one, small))
}

#[inline(always)]
fn gelu<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const TWICE: f32 = 2.0 * 0.797_884_6; // 2 sqrt(2/pi)
    let cubic = simd.splat_f32s(TWICE * 0.044_715);
    let slope = simd.mul_add_f32s(simd.mul_f32s(x, x), cubic, simd.splat_f32s(TWICE));
    simd.mul_f32s(x, sigmoid(simd, simd.mul_f32s(x, slope)))
}

/// x sigmoid(2 y), y = sqrt(2/pi) (x + 0.044715 x^3): GPT-2's GELU, in place.
pub(crate) struct GeluNew<'a>(pub(crate) &'a mut [f32]);

impl WithSimd for GeluNew<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (vectors, rest) = S::as_mut_simd_f32s(self.0);
        for x in vectors {
            *x = gelu(simd, *x);
        }
        let x = simd.partial_load_f32s(rest);
        simd.partial_store_f32s(rest, gelu(simd, x));
    }
}

/// silu(gate) up, silu(x) = x sigmoid(x): rows of gate and up side by side, (T, 2 inner) to (T, inner) (Shazeer 2020).
pub(crate) struct SwiGlu<'a> {
    pub(crate) gate_up: &'a [f32],
    pub(crate) out: &'a mut [f32],
    pub(crate) inner: usize,
}

impl WithSimd for SwiGlu<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (row, out) in self.gate_up.chunks(2 * self.inner).zip(self.out.chunks_mut(self.inner)) {
            let (gate, up) = row.split_at(self.inner);
            let ((gate, gate_rest), (up, up_rest)) = (S::as_simd_f32s(gate), S::as_simd_f32s(up));
            let (out, rest) = S::as_mut_simd_f32s(out);
            for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
                *out = simd.mul_f32s(simd.mul_f32s(gate, sigmoid(simd, gate)), up);
            }
            let (gate, up) = (simd.partial_load_f32s(gate_rest), simd.partial_load_f32s(up_rest));
            simd.partial_store_f32s(rest, simd.mul_f32s(simd.mul_f32s(gate, sigmoid(simd, gate)), up));
        }
    }
}

/// e^x / sum e^x of a row, in place. The row may end in minus infinities, which become next to nothing.
pub(crate) struct Softmax<'a> {
    /// A multiple of 16 numbers.
    pub(crate) row: &'a mut [f32],
    /// What they are multiplied by first.
    pub(crate) scale: f32,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (row, rest) = S::as_mut_simd_f32s(self.row);
        debug_assert!(rest.is_empty(), "rows of scores are whole panels");
        let mut most = simd.splat_f32s(f32::NEG_INFINITY);
        for &mut x in &mut *row {
            most = simd.max_f32s(most, x);
        }
        let scale = simd.splat_f32s(self.scale);
        let most = simd.splat_f32s(-simd.reduce_max_f32s(most) * self.scale);
        let mut total = simd.splat_f32s(0.0);
        for x in &mut *row {
            *x = exp(simd, simd.mul_add_f32s(*x, scale, most));
            total = simd.add_f32s(total, *x);
        }
        let scale = simd.splat_f32s(1.0 / simd.reduce_sum_f32s(total));
        for x in row {
            *x = simd.mul_f32s(*x, scale);
        }
    }
}

/// Rows brought to mean 0 and variance 1, times `weight`, plus `bias`: (T, C) to (T, C).
pub(crate) struct LayerNorm<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) out: &'a mut [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) epsilon: f32,
}

impl WithSimd for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.weight.len();
        let (weight, weight_rest) = S::as_simd_f32s(self.weight);
        let (bias, bias_rest) = S::as_simd_f32s(self.bias);
        for (x, out) in self.x.chunks(channels).zip(self.out.chunks_mut(channels)) {
            let (x, rest) = S::as_simd_f32s(x);
            let mut total = simd.splat_f32s(0.0);
            for &x in x {
                total = simd.add_f32s(total, x);
            }
            let mean = (simd.reduce_sum_f32s(total) + rest.iter().sum::<f32>()) / channels as f32;
            let means = simd.splat_f32s(mean);
            let mut squares = simd.splat_f32s(0.0);
            for &x in x {
                let distance = simd.sub_f32s(x, means);
                squares = simd.mul_add_f32s(distance, distance, squares);
            }
            let of_rest: f32 = rest.iter().map(|x| (x - mean) * (x - mean)).sum();
            let variance = (simd.reduce_sum_f32s(squares) + of_rest) / channels as f32;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            let scales = simd.splat_f32s(scale);
            let (out, out_rest) = S::as_mut_simd_f32s(out);
            for (((out, &x), &weight), &bias) in out.iter_mut().zip(x).zip(weight).zip(bias) {
                let normal = simd.mul_f32s(simd.sub_f32s(x, means), scales);
                *out = simd.mul_add_f32s(normal, weight, bias);
            }
            for (((out, x), weight), bias) in out_rest.iter_mut().zip(rest).zip(weight_rest).zip(bias_rest) {
                *out = (x - mean) * scale * weight + bias;
            }
        }
    }
}

/// Rows brought to a mean square of 1, times `weight`: (T, C) to (T, C) (Zhang and Sennrich 2019).
pub(crate) struct RmsNorm<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) out: &'a mut [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) epsilon: f32,
}

impl WithSimd for RmsNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.weight.len();
        let (weight, weight_rest) = S::as_simd_f32s(self.weight);
        for (x, out) in self.x.chunks(channels).zip(self.out.chunks_mut(channels)) {
            let (x, rest) = S::as_simd_f32s(x);
            let mut squares = simd.splat_f32s(0.0);
            for &x in x {
                squares = simd.mul_add_f32s(x, x, squares);
            }
            let total = simd.reduce_sum_f32s(squares) + rest.iter().map(|x| x * x).sum::<f32>();
            let scale = 1.0 / (total / channels as f32 + self.epsilon).sqrt();
            let scales = simd.splat_f32s(scale);
            let (out, out_rest) = S::as_mut_simd_f32s(out);
            for ((out, &x), &weight) in out.iter_mut().zip(x).zip(weight) {
                *out = simd.mul_f32s(simd.mul_f32s(x, scales), weight);
            }
            for ((out, x), weight) in out_rest.iter_mut().zip(rest).zip(weight_rest) {
                *out = x * scale * weight;
            }
        }
    }
}
