//! The encoder of the CPU sizes: look at every patch, then look for a few things.
//!
//! Convolutions are slow on the CPU backend, and attention between hundreds of tokens is slower
//! still. Here overlapping patches pass through two linear layers, and a handful of learnt queries
//! each choose where to look: a softmax over patches whose expected content and expected position
//! are read off (spatial softmax, Finn et al. 2016, with contents beside coordinates). Finding a
//! thing in one place so teaches finding it everywhere.

use super::rowwise;
use burn::module::{Module, Param};
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::{relu, softmax};

/// Widths of a [`PatchEncoder`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatchShape {
    /// Patches in a picture.
    pub(crate) tokens: usize,
    /// Numbers in a patch.
    pub(crate) values: usize,
    /// First layer.
    pub(crate) hidden: usize,
    /// Second layer: the content of a patch.
    pub(crate) content: usize,
    /// Number of queries.
    pub(crate) queries: usize,
    /// Width of the output.
    pub(crate) output: usize,
}

/// Patches, queries, one wide layer.
#[derive(Module, Debug)]
pub(crate) struct PatchEncoder {
    embed: nn::Linear,
    position: Param<Tensor<2>>,
    content: nn::Linear,
    queries: nn::Linear,
    norm: nn::BatchNorm,
    mix: nn::Linear,
    head: nn::Linear,
}

/// Scale of the queries' scores: fresh queries should already differ in what they look at.
const SHARPNESS: f64 = 4.0;

/// Coordinates and their products: what a position is expected over.
const PLACE: usize = 5;

impl PatchEncoder {
    pub(crate) fn new(shape: PatchShape, device: &Device) -> Self {
        let PatchShape { tokens, values, hidden, content, queries, output } = shape;
        let linear = |i, o| nn::LinearConfig::new(i, o).init(device);
        Self {
            embed: linear(values, hidden),
            position: nn::Initializer::Normal { mean: 0.0, std: 0.1 }.init([tokens, hidden], device),
            content: linear(hidden, content),
            queries: linear(content, queries),
            norm: nn::BatchNormConfig::new(queries * (content + PLACE)).init(device),
            mix: linear(queries * (content + PLACE), output),
            head: linear(output, output),
        }
    }

    /// What the queries see in each picture.
    ///
    /// # Shapes
    /// `[rows, tokens, patch values]` → `[rows, queries · (content + place)]`.
    pub(crate) fn look(&self, x: Tensor<3>) -> Tensor<2> {
        let [rows, tokens, _] = x.dims();
        let x = relu(rowwise(&self.embed, x) + self.position.val().unsqueeze()); // [rows, tokens, hidden]
        let x = relu(rowwise(&self.content, x)); // [rows, tokens, content]
        let scores = rowwise(&self.queries, x.clone()) * SHARPNESS;
        let looks = softmax(scores.swap_dims(1, 2), 2); // [rows, queries, tokens]
        let [_, queries, _] = looks.dims();
        let places = places(tokens, &x.device()).unsqueeze::<3>().expand([rows, tokens, PLACE]);
        let seen = looks.matmul(Tensor::cat(vec![x, places], 2)); // [rows, queries, content + place]
        let [_, _, width] = seen.dims();
        seen.reshape([rows, queries * width])
    }

    /// One vector from what the queries saw. Fresh queries look everywhere, so what they see hardly
    /// differs between pictures: the norm makes the difference visible from the first step.
    ///
    /// # Shapes
    /// `[rows, queries · (content + place)]` → `[rows, output]`.
    pub(crate) fn gather(&self, seen: Tensor<2>) -> Tensor<2> {
        let h = relu(self.mix.forward(self.norm.forward(seen)));
        relu(self.head.forward(h))
    }
}

/// Coordinates of the patches in `[-1, 1]`, and their second-order products, `[tokens, PLACE]`.
fn places(tokens: usize, device: &Device) -> Tensor<2> {
    let side = tokens.isqrt();
    let at = |i: usize| (2 * i + 1) as f32 / side as f32 - 1.0;
    let rows = (0..tokens).flat_map(|token| {
        let (y, x) = (at(token / side), at(token % side));
        [x, y, x * y, x * x, y * y]
    });
    Tensor::from_data(TensorData::new(rows.collect::<Vec<f32>>(), [tokens, PLACE]), device)
}
