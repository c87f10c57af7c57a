//! Eyes that tell a state from a picture, and the network of the mind behind them.

use super::config::ObserverConfig;
use crate::family::jepa::{Jepa, Shape, patcher};
use crate::interface::Interface;
use crate::nn::encoder::Encoder;
use crate::nn::mlp::{Mlp, Projector};
use burn::module::Module;
use burn::prelude::*;

/// Eyes and mind; neither hands a gradient to the other.
#[derive(Module, Debug)]
pub struct ObserverNet {
    pub(super) eyes: Estimator,
    pub(super) mind: Jepa,
}

/// State features from a single picture.
#[derive(Module, Debug)]
pub(super) struct Estimator {
    pub(super) encoder: Encoder,
    pub(super) projector: Projector,
    pub(super) readout: Mlp,
}

impl ObserverNet {
    /// Fresh weights; those of the mind are drawn first, so that it is the one it would be alone.
    pub(super) fn new(config: &ObserverConfig, about: &Interface, device: &Device) -> Self {
        let mind = Jepa::new(&config.mind, about, device);
        Self { eyes: Estimator::new(config, about, device), mind }
    }
}

impl Estimator {
    fn new(config: &ObserverConfig, about: &Interface, device: &Device) -> Self {
        let shape = Shape::of(config.size);
        let features = about.state_stats.width() + about.angles.len();
        Self {
            encoder: Encoder::of_pictures(&patcher(&config.eyes()), shape.patch, shape.encoder, device),
            projector: Projector::linear(shape.encoder, shape.latent, device),
            readout: Mlp::new(shape.latent, 2 * shape.latent, features, device),
        }
    }

    /// Features of the states that pictures show.
    ///
    /// # Shapes
    /// `[rows, tokens, values]` → `[rows, features]`.
    pub(super) fn tell(&self, pictures: Tensor<3>) -> Tensor<2> {
        let seen = self.encoder.gather(self.encoder.look(pictures));
        self.readout.forward(self.projector.forward(seen))
    }
}
