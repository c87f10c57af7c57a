//! Two-layer perceptrons: the projectors of the LeWM recipe and the small heads.

use super::still;
use crate::host::dense::Dense;
use burn::module::Module;
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::{gelu, relu};

/// Linear, ReLU, linear.
#[derive(Module, Debug)]
pub(crate) struct Mlp {
    first: nn::Linear,
    second: nn::Linear,
}

impl Mlp {
    pub(crate) fn new(input: usize, hidden: usize, output: usize, device: &Device) -> Self {
        Self {
            first: nn::LinearConfig::new(input, hidden).init(device),
            second: nn::LinearConfig::new(hidden, output).init(device),
        }
    }

    /// Both layers on plain rows.
    pub(crate) fn on_host(&self) -> [Dense; 2] {
        [Dense::of(&self.first), Dense::of(&self.second)]
    }

    /// Both layers, in order.
    pub(crate) fn layers(&self) -> [&nn::Linear; 2] {
        [&self.first, &self.second]
    }

    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.second.forward(relu(self.first.forward(x)))
    }
}

/// From encoder or predictor output to latent space.
///
/// `Batch` is the paper's projector: linear, batch norm over all rows, GELU, linear. `Linear` is
/// what the small sizes use: one layer, so that a latent never depends on its batch.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub(crate) enum Projector {
    Batch(BatchProjector),
    Linear(nn::Linear),
}

/// Linear → BatchNorm1d → GELU → linear.
#[derive(Module, Debug)]
pub(crate) struct BatchProjector {
    first: nn::Linear,
    norm: nn::BatchNorm,
    second: nn::Linear,
}

impl Projector {
    pub(crate) fn batch(width: usize, hidden: usize, device: &Device) -> Self {
        Self::Batch(BatchProjector {
            first: nn::LinearConfig::new(width, hidden).init(device),
            norm: nn::BatchNormConfig::new(hidden).init(device),
            second: nn::LinearConfig::new(hidden, width).init(device),
        })
    }

    pub(crate) fn linear(input: usize, output: usize, device: &Device) -> Self {
        Self::Linear(nn::LinearConfig::new(input, output).init(device))
    }

    /// Layers with a GELU between, on plain rows; the batch norm, which no longer moves, in the first.
    pub(crate) fn on_host(&self) -> Vec<Dense> {
        match self {
            Self::Linear(layer) => vec![Dense::of(layer)],
            Self::Batch(p) => {
                let (scale, shift) = still(&p.norm);
                vec![Dense::of(&p.first).then(&scale, &shift), Dense::of(&p.second)]
            }
        }
    }

    /// The layer, where there is but one.
    pub(crate) fn layer(&self) -> Option<&nn::Linear> {
        match self {
            Self::Linear(layer) => Some(layer),
            Self::Batch(_) => None,
        }
    }

    /// # Shapes
    /// `[rows, width]` → `[rows, latent]`.
    pub(crate) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Linear(layer) => layer.forward(x),
            Self::Batch(p) => p.second.forward(gelu(p.norm.forward(p.first.forward(x)))),
        }
    }
}

/// Logged state → features of the encoder's width: three ReLU layers.
#[derive(Module, Debug)]
pub(crate) struct StateEncoder {
    layers: Vec<nn::Linear>,
}

impl StateEncoder {
    pub(crate) fn new(input: usize, width: usize, device: &Device) -> Self {
        let sizes = [input, width, width, width];
        Self { layers: sizes.windows(2).map(|s| nn::LinearConfig::new(s[0], s[1]).init(device)).collect() }
    }

    /// # Shapes
    /// `[rows, 1, state features]` → `[rows, width]`.
    pub(crate) fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        self.layers.iter().fold(x.flatten::<2>(1, 2), |x, layer| relu(layer.forward(x)))
    }
}
