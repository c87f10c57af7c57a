//! A small picture decoder, so that people can see what a model imagines.
//!
//! It is trained on frozen latents and sends nothing back: what it shows was in the latent, what it
//! blurs was not. The latent is shown to every place of the picture, which then paints its own patch
//! (a spatial broadcast decoder, Watters et al. 2019, with a learnt code for each place).

use super::fit;
use crate::Turn;
use crate::nn::{rowwise, tensor};
use crate::pixels::{Cut, Patcher};
use burn::module::{Module, Param};
use burn::nn;
use burn::optim::AdamWConfig;
use burn::prelude::*;
use burn::tensor::activation::relu;
use terrella_core::{Image, Key, Table};

/// Side of decoded pictures.
pub const DECODED_SIZE: usize = 96;
/// Side of a decoded patch.
const PATCH: usize = 8;

/// Latent to picture.
#[derive(Clone, Debug)]
pub struct Decoder {
    pub(crate) net: DecoderNet,
    patcher: Patcher,
}

#[derive(Module, Debug)]
pub(crate) struct DecoderNet {
    layers: Vec<nn::Linear>,
    place: Param<Tensor<2>>,
    hidden: nn::Linear,
    patch: nn::Linear,
    background: Param<Tensor<2>>,
}

/// Widths of the layers that see the latent, and of those that paint a place.
const DEEP: usize = 512;
const WIDTH: usize = 192;

impl DecoderNet {
    pub(crate) fn new(latent: usize, device: &Device) -> Self {
        let linear = |i, o| nn::LinearConfig::new(i, o).init(device);
        let (tokens, values) = ((DECODED_SIZE / PATCH).pow(2), 3 * PATCH * PATCH);
        let sizes = [latent, DEEP, DEEP, 2 * WIDTH];
        Self {
            layers: sizes.windows(2).map(|s| linear(s[0], s[1])).collect(),
            place: nn::Initializer::Normal { mean: 0.0, std: 1.0 }.init([tokens, WIDTH], device),
            hidden: linear(WIDTH, WIDTH),
            patch: linear(WIDTH, values),
            background: nn::Initializer::Zeros.init([tokens, values], device),
        }
    }

    /// # Shapes
    /// `[rows, latent]` → `[rows, tokens, patch values]`, patches row by row.
    fn forward(&self, latents: Tensor<2>) -> Tensor<3> {
        let (last, first) = self.layers.split_last().expect("three layers");
        let seen = last.forward(first.iter().fold(latents, |x, layer| relu(layer.forward(x))));
        let seen = seen.unsqueeze_dim::<3>(1); // [rows, 1, 2 · width]
        let (scale, shift) = (seen.clone().narrow(2, 0, WIDTH), seen.narrow(2, WIDTH, WIDTH));
        let x = self.place.val().unsqueeze::<3>() * (scale + 1.0) + shift; // [rows, tokens, width]
        let x = relu(rowwise(&self.hidden, relu(x)));
        rowwise(&self.patch, x) + self.background.val().unsqueeze()
    }
}

impl Decoder {
    /// A decoder around a network.
    pub(crate) fn of(net: DecoderNet) -> Self {
        Self { net, patcher: Patcher::new(Cut { size: DECODED_SIZE, shrink: 1, patch: PATCH, stride: PATCH }) }
    }

    /// Trains a decoder on frozen latents; answers with it and its last loss. `sample` yields, for a step,
    /// the latents `[rows, latent]` and the bytes of their pictures.
    pub fn train(
        latent: usize,
        steps: u64,
        seed: u64,
        device: &Device,
        mut sample: impl FnMut(u64) -> (Table, Vec<u8>),
    ) -> (Self, f32) {
        let device = device.clone().autodiff();
        device.seed(Key::new(seed).with("decoder").seed());
        let Self { net, patcher } = Self::of(DecoderNet::new(latent, &device));
        let optimizer = AdamWConfig::new().with_weight_decay(1e-4).with_epsilon(1e-8).init();
        let loss = |net: &DecoderNet, step: u64| {
            let (latents, bytes) = sample(step);
            let rows = latents.len();
            let (tokens, values) = (patcher.tokens(), patcher.values());
            let patches = patcher.patches(&bytes, &vec![Turn::NONE; rows]);
            let wanted = Tensor::<3>::from_data(TensorData::new(patches, [rows, tokens, values]), &device);
            let drawn = net.forward(tensor(&latents, &device));
            (drawn - wanted).square().mean()
        };
        let (net, last) = fit(net, optimizer, (steps, 2e-3), loss, |_| ());
        (Self { net, patcher }, last)
    }

    /// Draws latents, `[rows, latent]`, each by itself: tensors multiply one row in another order than several, and a picture must not
    /// hang on what else is drawn. Most of the work is in the places of one picture, so that little is lost.
    pub fn draw(&self, latents: &Table) -> Vec<Image> {
        let device = self.net.background.val().device();
        let draw = |latent: &[f32]| {
            let latent = tensor(&Table::from_data(latent.len(), latent.to_vec()), &device);
            let patches: Vec<f32> = self.net.forward(latent).into_data().iter::<f32>().collect();
            Image { height: DECODED_SIZE, width: DECODED_SIZE, data: self.patcher.image(&patches) }
        };
        latents.rows().map(draw).collect()
    }
}
