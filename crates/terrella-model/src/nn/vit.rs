//! The encoder of size `l`: the "tiny" vision transformer of the LeWM recipe (Dosovitskiy et al.
//! 2021, as configured by le-wm): pre-norm blocks, a class token, learnt positions, exact GELU.

use super::{attend, join_heads, split_heads};
use burn::module::{Module, Param};
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::gelu;

/// Layer-norm epsilon of the released encoder.
const EPSILON: f64 = 1e-12;

/// Shape of a [`Vit`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct VitShape {
    pub(crate) tokens: usize,
    pub(crate) patch_values: usize,
    pub(crate) width: usize,
    pub(crate) depth: usize,
    pub(crate) heads: usize,
}

/// Vision transformer; its output is the class token after the last norm.
#[derive(Module, Debug)]
pub(crate) struct Vit {
    class: Param<Tensor<2>>,
    position: Param<Tensor<2>>,
    patch: nn::Linear,
    blocks: Vec<VitBlock>,
    norm: nn::LayerNorm,
}

#[derive(Module, Debug)]
struct VitBlock {
    norm_before: nn::LayerNorm,
    query: nn::Linear,
    key: nn::Linear,
    value: nn::Linear,
    output: nn::Linear,
    norm_after: nn::LayerNorm,
    up: nn::Linear,
    down: nn::Linear,
    heads: usize,
}

impl Vit {
    pub(crate) fn new(shape: VitShape, device: &Device) -> Self {
        let VitShape { tokens, patch_values, width, depth, heads } = shape;
        let normal = nn::Initializer::Normal { mean: 0.0, std: 0.02 };
        let linear = |i, o| nn::LinearConfig::new(i, o).with_initializer(normal.clone()).init(device);
        let norm = || nn::LayerNormConfig::new(width).with_epsilon(EPSILON).init(device);
        Self {
            class: normal.init([1, width], device),
            position: normal.init([tokens + 1, width], device),
            patch: linear(patch_values, width),
            blocks: (0..depth)
                .map(|_| VitBlock {
                    norm_before: norm(),
                    query: linear(width, width),
                    key: linear(width, width),
                    value: linear(width, width),
                    output: linear(width, width),
                    norm_after: norm(),
                    up: linear(width, 4 * width),
                    down: linear(4 * width, width),
                    heads,
                })
                .collect(),
            norm: norm(),
        }
    }

    /// # Shapes
    /// `[rows, tokens, patch values]` (row-major patches) → `[rows, width]`.
    pub(crate) fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let x = self.patch.forward(x); // [rows, tokens, width]
        let [rows, _, width] = x.dims();
        let class = self.class.val().unsqueeze::<3>().expand([rows, 1, width]);
        let x = Tensor::cat(vec![class, x], 1) + self.position.val().unsqueeze();
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.norm.forward(x.narrow(1, 0, 1).flatten::<2>(1, 2))
    }
}

impl VitBlock {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let h = self.norm_before.forward(x.clone());
        let heads = |layer: &nn::Linear| split_heads(layer.forward(h.clone()), self.heads);
        let mixed = attend(heads(&self.query), heads(&self.key), heads(&self.value), None);
        let x = x + self.output.forward(join_heads(mixed));
        let h = self.norm_after.forward(x.clone());
        x + self.down.forward(gelu(self.up.forward(h)))
    }
}
