//! What a hybrid learns: the rest that its equations leave, how far their parameters lie from where they start, and how far off it is.

use super::config::HybridConfig;
use super::motion::Motion;
use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::prelude::*;

/// Everything that a hybrid learns.
#[derive(Module, Debug)]
pub struct HybridNet {
    /// Of the residual: SiLU between them; the last one starts at 0, so that a fresh hybrid is its equations.
    pub(super) layers: Vec<Linear>,
    /// How far each free parameter lies from its start, in [`PRIORS`](super::motion::PRIORS) deviations of its prior.
    pub(super) parameters: Param<Tensor<1>>,
    /// Logarithm of the variance that each state number gains a usual row, in [`VARIANCES`](super::motion::VARIANCES) and in squares of what changes in such a row.
    pub(super) spread: Param<Tensor<1>>,
}

impl HybridNet {
    pub(super) fn new(config: &HybridConfig, motion: &Motion, device: &Device) -> Self {
        let hidden = std::iter::repeat_n(config.hidden, config.layers);
        let widths: Vec<usize> = std::iter::once(motion.inputs()).chain(hidden).collect();
        let mut layers: Vec<Linear> =
            widths.windows(2).map(|pair| LinearConfig::new(pair[0], pair[1]).init(device)).collect();
        let last = LinearConfig::new(widths[config.layers], motion.width()).with_initializer(Initializer::Zeros);
        layers.push(last.init(device));
        let zeros = |n: usize| Initializer::Zeros.init([n], device);
        Self { layers, parameters: zeros(motion.known.space.len()), spread: zeros(motion.width()) }
    }
}
