//! A small picture decoder, so that people can see what a model imagines.
//!
//! It is trained on frozen latents and sends nothing back: what it shows was in the latent, what it
//! blurs was not. Coarse to fine with linear layers only: one token becomes four, twice.

use crate::pixels::{Cut, Patcher};
use crate::symmetry::Turn;
use burn::module::Module;
use burn::nn;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::prelude::*;
use burn::tensor::activation::relu;
use terrella_core::{Image, Key};

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
    root: nn::Linear,
    splits: Vec<nn::Linear>,
    patch: nn::Linear,
}

/// Width of the coarsest tokens; each split halves it.
const WIDTH: usize = 128;
/// Coarsest tokens along one side: squares of 32 pixels.
const ROOTS: usize = 3;
/// Times that one token becomes four.
const SPLITS: usize = 2;

impl DecoderNet {
    pub(crate) fn new(latent: usize, device: &Device) -> Self {
        let linear = |i, o| nn::LinearConfig::new(i, o).init(device);
        Self {
            root: linear(latent, ROOTS * ROOTS * WIDTH),
            splits: (0..SPLITS).map(|level| linear(WIDTH >> level, 4 * (WIDTH >> (level + 1)))).collect(),
            patch: linear(WIDTH >> SPLITS, 3 * PATCH * PATCH),
        }
    }

    /// # Shapes
    /// `[rows, latent]` → `[rows, tokens, patch values]`, patches row by row.
    fn forward(&self, latents: Tensor<2>) -> Tensor<3> {
        let [rows, _] = latents.dims();
        let mut x = relu(self.root.forward(latents)).reshape([rows, ROOTS * ROOTS, WIDTH]);
        let (mut side, mut width) = (ROOTS, WIDTH);
        for split in &self.splits {
            width /= 2;
            // [rows, y, x, (dy, dx), width] → [rows, y, dy, x, dx, width]
            let quarters = relu(split.forward(x)).reshape([rows, side, side, 2, 2, width]);
            x = quarters.swap_dims(2, 3).reshape([rows, 4 * side * side, width]);
            side *= 2;
        }
        self.patch.forward(x)
    }
}

impl Decoder {
    /// A decoder around a network.
    pub(crate) fn of(net: DecoderNet) -> Self {
        Self { net, patcher: Patcher::new(Cut { size: DECODED_SIZE, shrink: 1, patch: PATCH, stride: PATCH }) }
    }

    /// Trains a decoder on frozen latents. `sample` yields, for a step, the latents
    /// `[rows, latent]` and the bytes of their pictures.
    pub fn train(
        latent: usize,
        steps: u64,
        seed: u64,
        device: &Device,
        mut sample: impl FnMut(u64) -> (Tensor<2>, Vec<u8>),
    ) -> (Self, f32) {
        let device = device.clone().autodiff();
        device.seed(Key::new(seed).with("decoder").seed());
        let mut decoder = Self::of(DecoderNet::new(latent, &device));
        let mut optimizer = AdamWConfig::new().with_weight_decay(1e-4).with_epsilon(1e-8).init();
        let mut last = f32::NAN;
        for step in 0..steps {
            let (latents, bytes) = sample(step);
            let [rows, _] = latents.dims();
            let (tokens, values) = (decoder.patcher.tokens(), decoder.patcher.values());
            let patches = decoder.patcher.patches(&bytes, &vec![Turn::NONE; rows]);
            let wanted = Tensor::<3>::from_data(TensorData::new(patches, [rows, tokens, values]), &device);
            let drawn = decoder.net.forward(Tensor::from_data(latents.into_data(), &device));
            let loss = (drawn - wanted).square().mean();
            if step + 1 == steps {
                last = loss.clone().into_scalar();
            }
            let grads = GradientsParams::from_grads(loss.backward(), &decoder.net);
            let rate = crate::optim::learning_rate(step, steps, (steps / 20).max(1), 2e-3);
            decoder.net = optimizer.step(rate, decoder.net, grads);
        }
        decoder.net = decoder.net.valid();
        (decoder, last)
    }

    /// Draws latents, `[rows, latent]`.
    pub fn draw(&self, latents: Tensor<2>) -> Vec<Image> {
        let n = self.patcher.bytes();
        let patches: Vec<f32> = self.net.forward(latents).into_data().iter::<f32>().collect();
        patches
            .chunks(n)
            .map(|p| Image { height: DECODED_SIZE, width: DECODED_SIZE, data: self.patcher.image(p) })
            .collect()
    }
}
