//! The joint-embedding predictive architecture, written to be read beside the LeWM paper.
//!
//! Encoder and projector turn each frame into a latent `z`; the predictor turns past latents and
//! the actions that left them into the next latent. Training asks for two things: that predictions
//! meet the encodings (mean squared error, gradient on both sides), and that encodings fill latent
//! space like an isotropic Gaussian ([`crate::sigreg`]), which is what forbids collapse.

use crate::family::jepa::config::{JepaConfig, Sees, Size};
use crate::family::jepa::engine::Engine;
use crate::host::block::MOST;
use crate::host::dense::Dense;
use crate::interface::Interface;
use crate::nn::encoder::Encoder;
use crate::nn::mlp::{Mlp, Projector};
use crate::nn::predictor::{Predictor, PredictorShape, Steering};
use crate::nn::reacher::Reacher;
use crate::nn::rowwise;
use crate::pixels::{Cut, Patcher};
use burn::module::Module;
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::silu;

/// The sizes behind the dial, in one place.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Width of a latent, and of the predictor.
    pub latent: usize,
    /// How pictures are cut.
    pub cut: Cut,
    /// Layers of the patch encoder: hidden, content, queries (none: a vision transformer).
    pub patch: Option<[usize; 3]>,
    /// Width of the encoder's output.
    pub encoder: usize,
    /// Predictor blocks.
    pub depth: usize,
    /// Attention heads of the predictor.
    pub heads: usize,
    /// Width of a head.
    pub head: usize,
    /// Hidden width of the predictor's MLPs.
    pub hidden: usize,
}

impl Shape {
    /// What a size means.
    pub fn of(size: Size) -> Self {
        let cut = Cut { size: 96, shrink: 2, patch: 8, stride: 4 };
        let fine = Cut { size: 96, shrink: 1, patch: 16, stride: 8 };
        let published = Cut { size: 224, shrink: 1, patch: 14, stride: 14 };
        let shape = |latent, cut, patch, encoder, depth, heads, hidden| Self {
            latent,
            cut,
            patch,
            encoder,
            depth,
            heads,
            head: 32,
            hidden,
        };
        match size {
            Size::Xs => shape(128, cut, Some([128, 64, 32]), 256, 3, 4, 256),
            Size::S => shape(192, cut, Some([192, 96, 48]), 512, 4, 6, 512),
            Size::M => shape(256, fine, Some([384, 192, 64]), 768, 6, 8, 1024),
            Size::L => Self { head: 64, ..shape(192, published, None, 192, 6, 16, 2048) },
        }
    }
}

/// Encoder, projector, action encoder, predictor and, where wanted, a readout of the logged state and a head that
/// tells actions.
#[derive(Module, Debug)]
pub struct Jepa {
    pub(super) encoder: Encoder,
    pub(super) projector: Projector,
    pub(super) action: ActionEncoder,
    pub(super) predictor: Predictor,
    pub(super) predictor_projector: Projector,
    pub(super) readout: Option<Mlp>,
    pub(super) history: usize,
    pub(super) residual: bool,
    // Last, so that all others are drawn as they are without it.
    pub(super) reacher: Option<Reacher>,
}

/// Point-wise squeeze, then a two-layer perceptron (LeWM's action embedder).
#[derive(Module, Debug)]
pub(super) struct ActionEncoder {
    pub(super) squeeze: nn::Linear,
    pub(super) up: nn::Linear,
    pub(super) down: nn::Linear,
}

/// How pictures reach the encoder of this configuration.
pub fn patcher(config: &JepaConfig) -> Patcher {
    Patcher::new(Shape::of(config.size).cut)
}

impl Jepa {
    /// A model with fresh weights; they depend on the device's seed alone.
    pub fn new(config: &JepaConfig, interface: &Interface, device: &Device) -> Self {
        let shape = Shape::of(config.size);
        let published = config.size == Size::L;
        let features = interface.state_stats.width() + interface.angles.len();
        let encoder = match config.sees {
            Sees::State => Encoder::of_states(features, shape.encoder, device),
            Sees::Pixels => Encoder::of_pictures(&patcher(config), shape.patch, shape.encoder, device),
        };
        let projector = |input| match published {
            true => Projector::batch(input, 2048, device),
            false => Projector::linear(input, shape.latent, device),
        };
        let predictor = PredictorShape {
            width: shape.latent,
            history: config.history(),
            depth: shape.depth,
            heads: shape.heads,
            head: shape.head,
            hidden: shape.hidden,
            dropout: if published { 0.1 } else { 0.0 },
            gelu: published,
        };
        let linear = |i, o| nn::LinearConfig::new(i, o).init(device);
        Self {
            encoder,
            projector: projector(shape.encoder),
            action: ActionEncoder {
                squeeze: linear(config.frame_skip * interface.action_width(), 10),
                up: linear(10, 4 * shape.latent),
                down: linear(4 * shape.latent, shape.latent),
            },
            predictor: Predictor::new(predictor, device),
            predictor_projector: projector(shape.latent),
            readout: config.readout.then(|| Mlp::new(shape.latent, 2 * shape.latent, features, device)),
            history: config.history(),
            residual: !published,
            reacher: config.goal().map(|reach| {
                let block = config.frame_skip * interface.action_width();
                Reacher::new(shape.latent, block, (2 * shape.latent, reach), device)
            }),
        }
    }

    /// Latents of frames.
    ///
    /// # Shapes
    /// `[rows, tokens, values]` (patches, or one token of state features) → `[rows, latent]`.
    pub fn encode(&self, x: Tensor<3>) -> Tensor<2> {
        self.gather(self.look(x))
    }

    /// The first half of [`Self::encode`]: what each frame shows, whatever the others show.
    pub(crate) fn look(&self, x: Tensor<3>) -> Tensor<2> {
        self.encoder.look(x)
    }

    /// The second half, where batch norms let frames meet in training.
    pub(crate) fn gather(&self, seen: Tensor<2>) -> Tensor<2> {
        self.projector.forward(self.encoder.gather(seen))
    }

    /// What normalised action blocks do to the predictor.
    ///
    /// # Shapes
    /// `[batch, time, block]`.
    pub fn steer(&self, blocks: Tensor<3>) -> Steering {
        let ActionEncoder { squeeze, up, down } = &self.action;
        self.predictor.steer(rowwise(down, silu(rowwise(up, rowwise(squeeze, blocks)))))
    }

    /// Next latents for each position of a window no longer than the history.
    ///
    /// # Shapes
    /// `latents`: `[batch, time, latent]`, as many steps of steering → `[batch, time, latent]`.
    pub fn predict(&self, latents: Tensor<3>, steering: &Steering) -> Tensor<3> {
        let [batch, time, latent] = latents.dims();
        let hidden = self.predictor.forward(latents.clone(), steering);
        let out =
            self.predictor_projector.forward(hidden.reshape([batch * time, latent])).reshape([batch, time, latent]);
        // The small sizes predict the change: a world mostly stays as it is.
        if self.residual { latents + out } else { out }
    }

    /// Predicts step after step from the first latent alone, as a planner does.
    ///
    /// # Shapes
    /// `first`: `[batch, latent]` → `[batch, steps, latent]`.
    pub fn roll_out(&self, first: Tensor<2>, steering: &Steering) -> Tensor<3> {
        let mut latents = vec![first.unsqueeze_dim::<3>(1)];
        for step in 0..steering.steps() {
            let from = (step + 1).saturating_sub(self.history);
            let window = Tensor::cat(latents[from..].to_vec(), 1);
            let time = step + 1 - from;
            let next = self.predict(window, &steering.narrow(from, time)).narrow(1, time - 1, 1);
            latents.push(next);
        }
        Tensor::cat(latents.split_off(1), 1)
    }

    /// State features told by latents, if the model has a readout.
    ///
    /// # Shapes
    /// `[…, latent]` → `[…, features]`.
    pub fn read<const D: usize>(&self, latents: Tensor<D>) -> Option<Tensor<D>> {
        self.readout.as_ref().map(|head| head.forward(latents))
    }

    /// The head that tells actions, if the model has one.
    pub(crate) fn reacher(&self) -> Option<&Reacher> {
        self.reacher.as_ref()
    }

    /// The predictor on plain rows, if its window is not too long for that.
    pub(crate) fn on_host(&self) -> Option<Engine> {
        let (position, blocks, norm) = self.predictor.on_host();
        let ActionEncoder { squeeze, up, down } = &self.action;
        (self.history <= MOST).then(|| Engine {
            action: [squeeze, up, down].map(Dense::of),
            width: norm.scale.len(),
            position,
            blocks,
            norm,
            project: self.predictor_projector.on_host(),
            readout: self.readout.as_ref().map(Mlp::on_host),
            history: self.history,
            residual: self.residual,
        })
    }

    /// Latents the predictor looks back on.
    pub fn history(&self) -> usize {
        self.history
    }
}
