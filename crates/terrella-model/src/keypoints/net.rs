//! The network: pictures to heatmaps, heatmaps to places (a spatial soft-argmax: Finn et al. 2016, arXiv:1509.06113), and places back to
//! what stands out from the ground (as Jakab et al. 2018, arXiv:1806.07823, and Minderer et al. 2019, arXiv:1906.07889, do).
//!
//! A heatmap is a softmax over all cells and one more, “nowhere”: its share is what a keypoint's presence lacks, and the mean place of
//! the other shares is where it is. Cells that show nothing but ground weigh nothing, so no keypoint can rest on what never changes. All that
//! the part that draws is told of a picture are these three numbers a keypoint, and how its thing looked elsewhere in the episode.

use super::config::{CELL, KeypointConfig};
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::prelude::*;
use burn::tensor::activation::{relu, sigmoid};

/// Numbers of a cell that are looked at: its pixels, and how they differ from the ground.
pub(super) const SEEN: usize = 2 * DRAWN;
/// Numbers of a cell that are drawn: how its pixels differ from the ground.
pub(super) const DRAWN: usize = CELL * CELL * 3;

/// Heat lies within so much of that of nowhere.
const HOT: f64 = 12.0;
/// Heat is as many times what the last layer says, so that keypoints begin on different things.
const EAGER: f64 = 2.0;

/// Pictures to keypoints, and keypoints to pictures.
#[derive(Module, Debug)]
pub(super) struct KeypointNet {
    cell: Linear,
    look: Vec<Conv2d>,
    heat: Linear,
    thing: Option<Linear>,
    draw: Vec<Conv2d>,
    ink: Linear,
}

/// What is found in pictures.
#[derive(Clone)]
pub(super) struct Found {
    /// `[pictures, keypoints, 2]`, x and y in cells.
    pub(super) places: Tensor<3>,
    /// `[pictures, keypoints]`, 0 to 1.
    pub(super) presence: Tensor<2>,
    /// The logarithm of its odds.
    pub(super) odds: Tensor<2>,
    /// How far heat lies from there, the mean square in cells², `[pictures, keypoints]`.
    pub(super) extent: Tensor<2>,
    /// How what is there looks, `[pictures, keypoints, look]`.
    pub(super) looks: Option<Tensor<3>>,
}

impl KeypointNet {
    pub(super) fn new(config: &KeypointConfig, device: &Device) -> Self {
        let KeypointConfig { count, width, ink, look, .. } = *config;
        let conv = |from: usize, to: usize| {
            Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(device)
        };
        Self {
            cell: LinearConfig::new(SEEN, width).init(device),
            look: (0..3).map(|_| conv(width, width)).collect(),
            heat: LinearConfig::new(width, count).init(device),
            thing: (look > 0).then(|| LinearConfig::new(width, look).init(device)),
            draw: vec![conv(count + look, ink), conv(ink, ink)],
            ink: LinearConfig::new(ink, DRAWN).init(device),
        }
    }

    /// Finds keypoints.
    ///
    /// # Shapes
    /// Cells `[pictures, cells², SEEN]` and how much each stands out `[pictures, cells²]`, 0 to 1.
    pub(super) fn find(&self, cells: Tensor<3>, standing: Tensor<2>) -> Found {
        let [pictures, all, values] = cells.dims();
        let side = all.isqrt();
        let flat = relu(self.cell.forward(cells.reshape([pictures * all, values]))); // [pictures · cells², width]
        let [_, width] = flat.dims();
        let mut x = flat.reshape([pictures, side, side, width]).permute([0, 3, 1, 2]); // [pictures, width, y, x]
        for layer in &self.look {
            x = relu(layer.forward(x.clone())) + x;
        }
        let flat = x.permute([0, 2, 3, 1]).reshape([pictures * all, width]);
        let heat = self.heat.forward(flat.clone());
        let [_, count] = heat.dims();
        let heat = (heat * (EAGER / HOT)).tanh() * HOT;
        // No heat makes up for bare ground.
        let standing = (standing + 1e-9).log().unsqueeze_dim::<3>(2);
        let heat = heat.reshape([pictures, all, count]) + standing;
        // Against overflow; nowhere has a heat of 0.
        let top = heat.clone().detach().max_dim(1).clamp_min(0.0); // [pictures, 1, keypoints]
        let shares = (heat - top.clone()).exp(); // [pictures, cells², keypoints]
        let sum = shares.clone().sum_dim(1);
        let odds = (top + (sum.clone() + 1e-30).log()).squeeze_dim::<2>(1);
        let presence = sigmoid(odds.clone());
        let shares = shares / (sum + 1e-12);
        let shares = shares.swap_dims(1, 2); // [pictures, keypoints, cells²]
        let [centres, squares] = centres(side, &shares.device());
        let flat_shares = shares.clone().reshape([pictures * count, all]);
        let places = flat_shares.clone().matmul(centres); // [pictures · keypoints, 2]
        let extent = (flat_shares.matmul(squares) - places.clone().square().sum_dim(1)).reshape([pictures, count]);
        let looks = self.thing.as_ref().map(|thing| {
            let things = thing.forward(flat);
            let [_, look] = things.dims();
            shares.matmul(things.reshape([pictures, all, look]))
        });
        Found { places: places.reshape([pictures, count, 2]), presence, odds, extent, looks }
    }

    /// Draws what stands out where keypoints are, with how things look (elsewhere in the episode, perhaps).
    ///
    /// # Shapes
    /// As [`Found`]; answers with `[pictures, cells², DRAWN]`.
    pub(super) fn draw(&self, found: &Found, looks: Option<Tensor<3>>, (side, spread): (usize, f64)) -> Tensor<3> {
        let spots = spots(found, side, spread / CELL as f64); // [pictures, keypoints, cells²]
        let [pictures, count, all] = spots.dims();
        let mut x = spots.clone().reshape([pictures, count, side, side]);
        if let Some(looks) = looks {
            let [_, _, look] = looks.dims();
            let carried = looks.swap_dims(1, 2).matmul(spots); // [pictures, look, cells²]
            x = Tensor::cat(vec![x, carried.reshape([pictures, look, side, side])], 1);
        }
        for layer in &self.draw {
            x = relu(layer.forward(x));
        }
        let [_, width, ..] = x.dims();
        let drawn = self.ink.forward(x.permute([0, 2, 3, 1]).reshape([pictures * all, width]));
        drawn.reshape([pictures, all, DRAWN])
    }
}

/// Middles of all cells, `[cells², 2]`, x and y in cells, and their squared distances from the corner, `[cells², 1]`.
fn centres(side: usize, device: &Device) -> [Tensor<2>; 2] {
    let places = (0..side * side).flat_map(|at| [at % side, at / side]).map(|at| at as f32 + 0.5);
    let centres = Tensor::from_data(TensorData::new(places.collect::<Vec<f32>>(), [side * side, 2]), device);
    [centres.clone(), centres.square().sum_dim(1)]
}

/// A Gaussian spot for each keypoint, as high as it is present: `[pictures, keypoints, cells²]`.
fn spots(found: &Found, side: usize, spread: f64) -> Tensor<3> {
    let [pictures, count, _] = found.places.dims();
    let steps: Vec<f32> = (0..side).map(|at| at as f32 + 0.5).collect();
    let steps = Tensor::<1>::from_data(TensorData::new(steps, [side]), &found.places.device());
    let steps = steps.reshape([1, 1, 1, side]);
    let apart = found.places.clone().reshape([pictures, count, 2, 1]) - steps;
    let along = (apart.square() * (-0.5 / (spread * spread))).exp(); // [pictures, keypoints, 2, cells]
    let x = along.clone().narrow(2, 0, 1); // [pictures, keypoints, 1, x]
    let y = along.narrow(2, 1, 1).swap_dims(2, 3); // [pictures, keypoints, y, 1]
    let high = found.presence.clone().reshape([pictures, count, 1, 1]);
    (y * x * high).reshape([pictures, count, side * side])
}
