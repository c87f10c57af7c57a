//! The network: the encoder of pictures that world models have, and a perceptron over what is seen around a row.

use super::config::InverseConfig;
use crate::family::Shape;
use crate::nn::encoder::Encoder;
use crate::nn::mlp::Projector;
use crate::pixels::Patcher;
use burn::module::Module;
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::relu;

/// Log-variances lie this far about their middle, at most: a deviation of 1 to 450 hundredths of what actions have.
const REACH: f64 = 6.0;
const MIDDLE: f64 = -3.0;

/// Pictures to mean and log-variance of an action.
#[derive(Module, Debug)]
pub(super) struct InverseNet {
    pub(super) encoder: Encoder,
    pub(super) projector: Projector,
    layers: Vec<nn::Linear>,
}

impl InverseNet {
    pub(super) fn new(config: &InverseConfig, patcher: &Patcher, actions: usize, device: &Device) -> Self {
        let shape = Shape::of(config.size);
        let sizes = [config.shown() * shape.latent, config.hidden, config.hidden, 2 * actions];
        Self {
            encoder: Encoder::of_pictures(patcher, shape.patch, shape.encoder, device),
            projector: Projector::linear(shape.encoder, shape.latent, device),
            layers: sizes.windows(2).map(|s| nn::LinearConfig::new(s[0], s[1]).init(device)).collect(),
        }
    }

    /// What each picture shows.
    ///
    /// # Shapes
    /// `[pictures, tokens, values]` → `[pictures, latent]`.
    pub(super) fn see(&self, pictures: Tensor<3>) -> Tensor<2> {
        self.projector.forward(self.encoder.gather(self.encoder.look(pictures)))
    }

    /// Mean and log-variance of the normalised actions in the midst of what was seen.
    ///
    /// # Shapes
    /// `[windows, shown · latent]` → `[windows, action]` twice.
    pub(super) fn tell(&self, seen: Tensor<2>) -> [Tensor<2>; 2] {
        let (last, hidden) = self.layers.split_last().expect("three layers");
        let told = last.forward(hidden.iter().fold(seen, |x, layer| relu(layer.forward(x))));
        let [_, width] = told.dims();
        let (mean, spread) = (told.clone().narrow(1, 0, width / 2), told.narrow(1, width / 2, width / 2));
        [mean, (spread / REACH).tanh() * REACH + MIDDLE]
    }
}
