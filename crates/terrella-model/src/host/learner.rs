//! Layers that learn: forward, back, and the gradient of their own numbers, on rows of whole lanes.
//!
//! The gradients of all layers of a network stand in one buffer, each in a place of its own, so that those of several
//! pieces of a batch are added in one pass, and whoever holds the buffer can hand it back under the parameters' names.

use super::dense::numbers;
use super::lanes::{LANE, Lane, Left, flat, lanes, padded, product, product_onto, unpadded};
use super::layer::Layer;
use super::vector::add_rows;
use burn::module::Param;
use burn::nn::Linear;
use burn::optim::GradientsParams;
use burn::prelude::*;
use std::ops::Range;

/// Gives layers their places in a buffer of gradients.
#[derive(Default)]
pub(crate) struct Places(usize);

impl Places {
    /// Room for so many lanes.
    pub(crate) fn take(&mut self, lanes: usize) -> Range<usize> {
        let start = self.0;
        self.0 += lanes;
        start..self.0
    }

    /// Lanes that were given away.
    pub(crate) fn len(&self) -> usize {
        self.0
    }
}

/// A linear layer that learns.
#[derive(Debug)]
pub(crate) struct Learner {
    layer: Layer,
    /// The weight the other way round.
    turned: Vec<Lane>,
    /// Where the gradients of weight and bias stand.
    at: [Range<usize>; 2],
}

impl Learner {
    pub(crate) fn of(layer: &Linear, places: &mut Places) -> Self {
        let layer = Layer::of(layer);
        let at = [places.take(layer.input * layer.width()), places.take(layer.width())];
        Self { turned: layer.turned(), layer, at }
    }

    /// Numbers that go in.
    pub(crate) fn input(&self) -> usize {
        self.layer.input
    }

    /// Numbers that come out.
    pub(crate) fn output(&self) -> usize {
        self.layer.output
    }

    /// Lanes of a row that goes in.
    pub(crate) fn depth(&self) -> usize {
        lanes(self.layer.input)
    }

    /// Lanes of a row that comes out.
    pub(crate) fn width(&self) -> usize {
        self.layer.width()
    }

    /// `y` for these rows of `x`.
    pub(crate) fn forward(&self, rows: usize, x: &[Lane], y: &mut [Lane]) {
        self.layer.forward(rows, (flat(x), self.depth() * LANE), y);
    }

    /// The gradient of `x` for that of `y`.
    pub(crate) fn back(&self, rows: usize, y: &[Lane], x: &mut [Lane]) {
        product((rows, self.layer.output, self.depth()), self.left(y), &self.turned, None, x);
    }

    /// As [`Self::back`], added to what stands there.
    pub(crate) fn back_onto(&self, rows: usize, y: &[Lane], x: &mut [Lane]) {
        product_onto((rows, self.layer.output, self.depth()), self.left(y), &self.turned, x);
    }

    fn left<'a>(&self, y: &'a [Lane]) -> Left<'a> {
        Left { numbers: flat(y), rows: self.width() * LANE, depth: 1 }
    }

    /// Adds what these rows of `x` and of the gradient of `y` say about weight and bias.
    pub(crate) fn learn(&self, rows: Range<usize>, x: &[Lane], y: &[Lane], sums: &mut [Lane]) {
        let ([weight, bias], width) = (self.at.clone(), self.width());
        self.learn_block(0, rows.clone(), (x, y), &mut sums[weight]);
        add_rows(&mut sums[bias], &y[rows.start * width..rows.end * width]);
    }

    /// Adds what these rows say about the weights of some inputs, from the first one on, as many as there is room for.
    pub(crate) fn learn_block(&self, first: usize, rows: Range<usize>, (x, y): (&[Lane], &[Lane]), block: &mut [Lane]) {
        let (depth, width) = (self.depth(), self.width());
        let (x, y) = (&x[rows.start * depth..rows.end * depth], &y[rows.start * width..rows.end * width]);
        let left = Left { numbers: &flat(x)[first..], rows: 1, depth: depth * LANE };
        product_onto((block.len() / width, rows.len(), width), left, y, block);
    }

    /// The gradients under the names of the layer's parameters.
    pub(crate) fn hand(&self, layer: &Linear, sums: &[Lane], gradients: &mut GradientsParams, device: &Device) {
        let output = self.layer.output;
        hand(&layer.weight, &sums[self.at[0].clone()], output, gradients, device);
        if let Some(bias) = &layer.bias {
            hand(bias, &sums[self.at[1].clone()], output, gradients, device);
        }
    }
}

/// Gamma or beta of a norm.
type Row = Param<Tensor<1>>;

/// Scale and shift of a norm, which learn.
#[derive(Debug)]
pub(crate) struct Affine {
    pub(crate) scale: Vec<Lane>,
    pub(crate) shift: Vec<Lane>,
    /// Where the gradients of both stand, one behind the other.
    pub(crate) at: Range<usize>,
}

impl Affine {
    /// Of a norm's gamma and, where there is one, its beta.
    pub(crate) fn of(scale: &Row, shift: Option<&Row>, places: &mut Places) -> Self {
        let scale = numbers(scale.val());
        let shift = shift.map_or_else(|| vec![0.0; scale.len()], |shift| numbers(shift.val()));
        let [scale, shift] = [&scale, &shift].map(|x| padded(x, x.len()));
        Self { at: places.take(2 * scale.len()), scale, shift }
    }

    /// The gradients under the names of the norm's parameters.
    pub(crate) fn hand(
        &self,
        (scale, shift): (&Row, Option<&Row>),
        sums: &[Lane],
        gradients: &mut GradientsParams,
        device: &Device,
    ) {
        let (of_scale, of_shift) = sums[self.at.clone()].split_at(self.scale.len());
        let [width] = scale.val().dims();
        hand(scale, of_scale, width, gradients, device);
        if let Some(shift) = shift {
            hand(shift, of_shift, width, gradients, device);
        }
    }
}

/// Registers rows of so many numbers, padded to lanes, as the gradient of a parameter.
pub(crate) fn hand<const D: usize>(
    param: &Param<Tensor<D>>,
    rows: &[Lane],
    width: usize,
    gradients: &mut GradientsParams,
    device: &Device,
) {
    let gradient = Tensor::<D>::from_data(TensorData::new(unpadded(rows, width), param.val().dims()), device);
    gradients.register(param.id, gradient);
}
