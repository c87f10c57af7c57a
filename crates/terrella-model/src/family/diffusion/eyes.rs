//! Eyes that tell the logged state from a frame, real or dreamt.
//!
//! They are taught by recorded frames alone and send nothing back to the world, so what they read off a dream was painted there.

use crate::nn::rowwise;
use burn::module::{Module, Param};
use burn::nn;
use burn::nn::Initializer;
use burn::prelude::*;
use burn::tensor::activation::relu;

/// Width of what a patch says, and of what all say together.
const PATCH: usize = 48;
const WHOLE: usize = 256;

/// A perceptron on patches, and one on what they say together.
#[derive(Module, Debug)]
pub(super) struct Eyes {
    pub(super) patch: nn::Linear,
    pub(super) again: nn::Linear,
    pub(super) place: Param<Tensor<2>>,
    pub(super) whole: nn::Linear,
    pub(super) tell: nn::Linear,
}

impl Eyes {
    pub(super) fn new((tokens, values): (usize, usize), features: usize, device: &Device) -> Self {
        let linear = |i, o| nn::LinearConfig::new(i, o).init(device);
        Self {
            patch: linear(values, 2 * PATCH),
            again: linear(2 * PATCH, PATCH),
            place: Initializer::Normal { mean: 0.0, std: 0.5 }.init([tokens, 2 * PATCH], device),
            whole: linear(tokens * PATCH, WHOLE),
            tell: linear(WHOLE, features),
        }
    }

    /// # Shapes
    /// `[frames, tokens, values]` → `[frames, features]`.
    pub(super) fn forward(&self, frames: Tensor<3>) -> Tensor<2> {
        let [n, tokens, _] = frames.dims();
        let seen = relu(rowwise(&self.patch, frames) + self.place.val().unsqueeze());
        let seen = relu(rowwise(&self.again, seen)).reshape([n, tokens * PATCH]);
        self.tell.forward(relu(self.whole.forward(seen)))
    }
}
