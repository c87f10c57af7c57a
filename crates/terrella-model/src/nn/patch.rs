//! The encoder of the CPU sizes: look at every patch, then look for a few things.
//!
//! Convolutions are slow on the CPU backend, and attention between hundreds of tokens is slower
//! still. Here overlapping patches pass through two linear layers, and a handful of learnt queries
//! each choose where to look: a softmax over patches whose expected content and expected position
//! are read off (spatial softmax, Finn et al. 2016, with contents beside coordinates). Finding a
//! thing in one place so teaches finding it everywhere. On a CPU [`crate::host::look`] does the same without tensors.

use super::{rowwise, still};
use crate::host::dense::numbers;
use crate::host::gather::Gather;
use crate::host::grid::Grid;
use crate::host::lanes::Lane;
use crate::host::layer::Layer;
use crate::host::learner::{Affine, Learner, Places};
use crate::host::look::Look;
use crate::host::look_back::Slopes;
use burn::module::{Module, Param};
use burn::nn;
use burn::optim::GradientsParams;
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

    /// [`Self::look`] on plain rows over this grid of cells, if widths allow.
    pub(crate) fn look_on_host(&self, grid: Grid) -> Option<Look> {
        let hidden = numbers(self.position.val());
        let bias = self.embed.bias.as_ref().map_or_else(Vec::new, |bias| numbers(bias.val()));
        let place: Vec<f32> = hidden.iter().zip(bias.iter().cycle()).map(|(p, b)| p + b).collect();
        let mut queries = Layer::of(&self.queries);
        let sharpen = |x: &mut Lane| x.0.iter_mut().for_each(|x| *x *= SHARPNESS as f32);
        queries.weight.iter_mut().chain(&mut queries.bias).for_each(sharpen);
        let embed = numbers(self.embed.weight.val());
        Look::new(grid, (&embed, &place), (Layer::of(&self.content), queries), coordinates(grid.tokens()))
    }

    /// [`Self::gather`] on plain rows, with a ReLU behind each layer and the norm, which no longer moves, in the first.
    pub(crate) fn gather_on_host(&self) -> [Layer; 2] {
        let (scale, shift) = still(&self.norm);
        [Layer::of(&self.mix).after(&scale, &shift), Layer::of(&self.head)]
    }

    /// [`Self::gather`] as it learns on plain rows, followed by this layer.
    pub(crate) fn gathering(&self, project: &nn::Linear) -> Gather {
        let mut places = Places::default();
        let norm = Affine::of(&self.norm.gamma, Some(&self.norm.beta), &mut places);
        let layers = [&self.mix, &self.head, project].map(|layer| Learner::of(layer, &mut places));
        Gather { norm, epsilon: self.norm.epsilon as f32, layers, lanes: places.len() }
    }

    /// Moves the norm's statistics as a step of training does, by mean and variance of what was seen.
    pub(crate) fn remember(&self, [mean, variance]: [Vec<f32>; 2]) {
        let momentum = self.norm.momentum;
        for (state, new) in [(&self.norm.running_mean, mean), (&self.norm.running_var, variance)] {
            let old = state.value_sync();
            let new = Tensor::<1>::from_data(TensorData::new(new, old.dims()), &old.device());
            state.update((old * (1.0 - momentum) + new * momentum).detach());
        }
    }

    /// Gradients found by [`Gather::back`], under the names of their parameters.
    pub(crate) fn hand(
        &self,
        (gather, project): (&Gather, &nn::Linear),
        sums: &[Lane],
        gradients: &mut GradientsParams,
        device: &Device,
    ) {
        gather.norm.hand((&self.norm.gamma, Some(&self.norm.beta)), sums, gradients, device);
        for (own, layer) in gather.layers.iter().zip([&self.mix, &self.head, project]) {
            own.hand(layer, sums, gradients, device);
        }
    }

    /// Gradients found by [`Look::learn`], under the names of their parameters.
    pub(crate) fn slopes(&self, slopes: Slopes, device: &Device) -> GradientsParams {
        let mut gradients = GradientsParams::new();
        let device = &device.clone().without_autodiff();
        let mut matrix = |param: &Param<Tensor<2>>, data: Vec<f32>| {
            let gradient = Tensor::<2>::from_data(TensorData::new(data, param.val().dims()), device);
            gradients.register(param.id, gradient);
        };
        let sharpen = |x: Vec<f32>| x.into_iter().map(|x| x * SHARPNESS as f32).collect::<Vec<f32>>();
        let ([content, content_bias], [queries, queries_bias]) = (slopes.content, slopes.queries.map(sharpen));
        matrix(&self.embed.weight, slopes.embed);
        matrix(&self.position, slopes.place);
        matrix(&self.content.weight, content);
        matrix(&self.queries.weight, queries);
        let biases = [(&self.embed, slopes.bias), (&self.content, content_bias), (&self.queries, queries_bias)];
        for (layer, data) in biases {
            if let Some(bias) = &layer.bias {
                gradients.register(bias.id, Tensor::<1>::from_data(TensorData::new(data, bias.val().dims()), device));
            }
        }
        gradients
    }
}

/// [`coordinates`] as a tensor.
fn places(tokens: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(coordinates(tokens), [tokens, PLACE]), device)
}

/// Coordinates of the patches in `[-1, 1]`, and their second-order products, `[tokens, PLACE]`.
fn coordinates(tokens: usize) -> Vec<f32> {
    let side = tokens.isqrt();
    let at = |i: usize| (2 * i + 1) as f32 / side as f32 - 1.0;
    let rows = (0..tokens).flat_map(|token| {
        let (y, x) = (at(token / side), at(token % side));
        [x, y, x * y, x * x, y * y]
    });
    rows.collect()
}
