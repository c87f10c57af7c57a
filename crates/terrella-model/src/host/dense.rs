//! Linear layers and pointwise functions on plain rows of numbers.
//!
//! Products go through the `gemm` crate, which the CPU backend uses too. Loops are written so that
//! the compiler can turn them into vector instructions: sums in lanes, exponentials as polynomials.

use burn::nn::Linear;
use burn::prelude::*;
use std::ops::Range;

/// A linear layer; its weight is `[input, output]`.
#[derive(Debug)]
pub(crate) struct Dense {
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    input: usize,
    pub(crate) output: usize,
}

impl Dense {
    pub(crate) fn of(layer: &Linear) -> Self {
        let [input, output] = layer.weight.val().dims();
        Self { weight: numbers(layer.weight.val()), bias: layer.bias.as_ref().map(|b| numbers(b.val())), input, output }
    }

    /// This layer followed by `y · scale + shift` on each output.
    pub(crate) fn then(mut self, scale: &[f32], shift: &[f32]) -> Self {
        self.weight.chunks_mut(self.output).for_each(|row| row.iter_mut().zip(scale).for_each(|(w, s)| *w *= s));
        let bias = self.bias.unwrap_or_else(|| vec![0.0; self.output]);
        self.bias = Some(bias.iter().zip(scale).zip(shift).map(|((b, s), h)| b * s + h).collect());
        self
    }

    /// # Shapes
    /// `x`: `[rows, input]` → `y`: `[rows, output]`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        self.columns(0..self.output, x, y, self.output);
    }

    /// Two layers with a ReLU between.
    ///
    /// # Shapes
    /// `x`: `[rows, input of the first]` → `[rows, output of the second]`.
    pub(crate) fn perceptron([first, second]: &[Self; 2], x: &[f32]) -> Vec<f32> {
        let rows = x.len() / first.input;
        let mut hidden = vec![0.0; rows * first.output];
        let mut y = vec![0.0; rows * second.output];
        first.forward(x, &mut hidden);
        hidden.iter_mut().for_each(|h| *h = h.max(0.0));
        second.forward(&hidden, &mut y);
        y
    }

    /// Some of the outputs only, written to the same columns of `y`, whose rows are `stride` apart.
    #[allow(unsafe_code)]
    pub(crate) fn columns(&self, columns: Range<usize>, x: &[f32], y: &mut [f32], stride: usize) {
        let rows = x.len() / self.input;
        assert!(x.len() == rows * self.input && y.len() == rows * stride, "whole rows");
        assert!(columns.start < columns.end && columns.end <= self.output.min(stride), "columns of this layer");
        if rows == 0 {
            return;
        }
        if let Some(bias) = &self.bias {
            y.chunks_mut(stride).for_each(|row| row[columns.clone()].copy_from_slice(&bias[columns.clone()]));
        }
        let (into, weight) = (&mut y[columns.start..], &self.weight[columns.start..]);
        // SAFETY: by the assertions, row `i < rows` and column `j < columns.len()` of the result lie at
        // `i · stride + j` inside `into`, of `x` at `i · input + k` inside `x`, of the weight at
        // `k · output + j` inside `weight`; `into` is borrowed alone, so nothing overlaps it.
        unsafe {
            gemm::gemm(
                rows,
                columns.len(),
                self.input,
                into.as_mut_ptr(),
                1,
                stride as isize,
                self.bias.is_some(),
                x.as_ptr(),
                1,
                self.input as isize,
                weight.as_ptr(),
                1,
                self.output as isize,
                1.0f32,
                1.0f32,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}

/// The numbers of a tensor.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let floats = tensor.dtype() == burn::tensor::DType::F32;
    let data = tensor.into_data();
    if floats { data.try_into_vec().expect("32-bit floats") } else { data.iter::<f32>().collect() }
}

/// Numbers added up side by side.
const LANES: usize = 16;

/// `Σ f(x)`.
#[inline(always)]
pub(crate) fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|x| f(*x)).sum();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += f(*x));
    }
    lanes.iter().sum::<f32>() + rest
}

/// `Σ x · y`.
#[inline(always)]
pub(crate) fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest: f32 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in xs.zip(ys) {
        lanes.iter_mut().zip(x).zip(y).for_each(|((lane, x), y)| *lane += x * y);
    }
    lanes.iter().sum::<f32>() + rest
}

/// Mean of zero and variance of one, in place.
#[inline(always)]
pub(crate) fn standardize(row: &mut [f32], epsilon: f32) {
    let n = row.len() as f32;
    let mean = sum(row, |x| x) / n;
    row.iter_mut().for_each(|x| *x -= mean);
    let scale = 1.0 / (sum(row, |x| x * x) / n + epsilon).sqrt();
    row.iter_mut().for_each(|x| *x *= scale);
}

/// `eˣ` to two units in the last place: `2ⁿ · eʳ` with `|r| ≤ ln 2 / 2`, a polynomial for the second factor.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, so that the remainder is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let tail = 0.041_665_795 + r * (0.008_333_452 + r * (0.001_398_2 + r * 1.987_569_1e-4));
    let p = 1.0 + r + r * r * (0.5 + r * (0.166_666_65 + r * tail));
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits().wrapping_sub(ROUND.to_bits()) << 23))
}

/// `x · σ(x)`.
#[inline(always)]
pub(crate) fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// `x · Φ(x)`, with the error function of Abramowitz and Stegun 7.1.26 (within 1.5e-7).
#[inline(always)]
pub(crate) fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let tail = t * (0.254_829_6 + t * (-0.284_496_72 + t * (1.421_413_8 + t * (-1.453_152_1 + t * 1.061_405_4))));
    let erf = (1.0 - tail * exp(-z * z)).copysign(x);
    0.5 * x * (1.0 + erf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_and_gelu_are_what_the_definitions_say() {
        for i in -4000..=4000 {
            let x = i as f32 * 0.005;
            let want = f64::from(x).exp();
            assert!((f64::from(exp(x)) / want - 1.0).abs() < 3e-7, "exp({x}): {} against {want}", exp(x));
        }
        // Φ(1) and Φ(−0.5), to nine places.
        for (x, phi) in [(1.0f32, 0.841_344_746), (-0.5, 0.308_537_539), (0.0, 0.5), (6.0, 0.999_999_999), (-6.0, 0.0)]
        {
            assert!((f64::from(gelu(x)) - f64::from(x) * phi).abs() < 3e-7, "gelu({x}) is {}", gelu(x));
        }
    }

    #[test]
    fn a_layer_computes_any_of_its_columns() {
        let layer =
            Dense { weight: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], bias: Some(vec![0.5, 0.0, -0.5]), input: 2, output: 3 };
        let (x, mut y) = ([1.0, 1.0, 2.0, 0.0], [9.0; 6]);
        layer.columns(1..3, &x, &mut y, 3);
        assert_eq!(y, [9.0, 7.0, 8.5, 9.0, 4.0, 5.5], "column 0 is left alone");
        let layer = layer.then(&[2.0, 1.0, 1.0], &[1.0, 0.0, 0.0]);
        layer.forward(&x, &mut y);
        assert_eq!(y, [12.0, 7.0, 8.5, 6.0, 4.0, 5.5], "scaled, then shifted");
    }
}
