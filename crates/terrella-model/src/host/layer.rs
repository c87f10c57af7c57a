//! A linear layer whose rows are whole lanes.

use super::dense::numbers;
use super::lanes::{LANE, Lane, Left, flat, flat_mut, lanes, padded, product};
use burn::nn::Linear;

/// A layer whose rows are whole lanes.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// `[input, output]`.
    pub(crate) weight: Vec<Lane>,
    pub(crate) bias: Vec<Lane>,
    pub(crate) input: usize,
    pub(crate) output: usize,
}

impl Layer {
    pub(crate) fn of(layer: &Linear) -> Self {
        let [input, output] = layer.weight.val().dims();
        let bias = layer.bias.as_ref().map_or_else(|| vec![0.0; output], |bias| numbers(bias.val()));
        Self { weight: padded(&numbers(layer.weight.val()), output), bias: padded(&bias, output), input, output }
    }

    /// This layer behind `x · scale + shift` on each input.
    pub(crate) fn after(mut self, scale: &[f32], shift: &[f32]) -> Self {
        let width = self.width() * LANE;
        let mut bias: Vec<f64> = flat(&self.bias).iter().map(|b| f64::from(*b)).collect();
        for ((row, scale), shift) in flat_mut(&mut self.weight).chunks_exact_mut(width).zip(scale).zip(shift) {
            bias.iter_mut().zip(&*row).for_each(|(b, w)| *b += f64::from(shift * w));
            row.iter_mut().for_each(|w| *w *= scale);
        }
        flat_mut(&mut self.bias).iter_mut().zip(bias).for_each(|(to, b)| *to = b as f32);
        self
    }

    /// Lanes of an output row.
    pub(crate) fn width(&self) -> usize {
        lanes(self.output)
    }

    /// The layer of `rows` rows, of which numbers stand `stride` apart.
    pub(crate) fn forward(&self, rows: usize, (x, stride): (&[f32], usize), out: &mut [Lane]) {
        let left = Left { numbers: x, rows: stride, depth: 1 };
        product((rows, self.input, self.width()), left, &self.weight, Some(&self.bias), out);
    }

    /// The weight the other way round, `[output, input]` in lanes.
    pub(crate) fn turned(&self) -> Vec<Lane> {
        let (from, to) = (self.width() * LANE, lanes(self.input) * LANE);
        let mut turned = vec![Lane::default(); self.output * lanes(self.input)];
        let (weight, into) = (flat(&self.weight), flat_mut(&mut turned));
        // A lane of columns at a time, so that what is written stays at hand.
        for first in (0..self.output).step_by(LANE) {
            for i in 0..self.input {
                for o in first..self.output.min(first + LANE) {
                    into[o * to + i] = weight[i * from + o];
                }
            }
        }
        turned
    }
}
