//! The networks of an ensemble side by side.
//!
//! All members are one stack of batched matrix products, `[members, rows, width]`. Each tells mean and
//! log-variance of normalised numbers; log-variances are held softly between two learned bounds (PETS,
//! appendix A.1). Where ends are learned one output more is the logit of an end.

use super::config::EnsembleConfig;
use super::inputs::Inputs;
use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::prelude::*;
use burn::tensor::activation::{silu, softplus};

/// Members side by side.
#[derive(Module, Debug)]
pub struct EnsembleNet {
    pub(super) weights: Vec<Param<Tensor<3>>>,
    pub(super) biases: Vec<Param<Tensor<3>>>,
    pub(super) most: Param<Tensor<1>>,
    pub(super) least: Param<Tensor<1>>,
}

/// What members tell: means and log-variances, `[members, rows, told]`, and logits of an end,
/// `[members, rows, 1]`, where ends are learned.
pub(super) struct Told {
    pub(super) mean: Tensor<3>,
    pub(super) spread: Tensor<3>,
    pub(super) end: Option<Tensor<3>>,
}

impl EnsembleNet {
    /// Fresh networks for these inputs.
    pub(super) fn new(config: &EnsembleConfig, inputs: &Inputs, device: &Device) -> Self {
        let hidden = std::iter::repeat_n(config.hidden, config.layers);
        let output = 2 * inputs.told() + usize::from(inputs.ends);
        let widths: Vec<usize> = std::iter::once(inputs.width()).chain(hidden).chain([output]).collect();
        let layer = |pair: &[usize]| {
            let (input, output) = (pair[0], pair[1]);
            // Truncated in PETS; the tails matter little at this width.
            let init = Initializer::Normal { mean: 0.0, std: 1.0 / (2.0 * (input as f64).sqrt()) };
            let weight: Param<Tensor<3>> = init.init([config.members, input, output], device);
            let bias: Param<Tensor<3>> = Initializer::Zeros.init([config.members, 1, output], device);
            (weight, bias)
        };
        let (weights, biases) = widths.windows(2).map(layer).unzip();
        let constant = |value| Initializer::Constant { value }.init([inputs.told()], device);
        Self { weights, biases, most: constant(0.5), least: constant(-10.0) }
    }

    /// What is told of inputs `[members, rows, input]`.
    pub(super) fn forward(&self, x: Tensor<3>) -> Told {
        let mut x = x;
        let last = self.weights.len() - 1;
        for (at, (weight, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            x = x.matmul(weight.val()) + bias.val();
            if at < last {
                x = silu(x);
            }
        }
        let ([_, _, all], [told]) = (x.dims(), self.most.dims());
        let (mean, spread) = (x.clone().narrow(2, 0, told), x.clone().narrow(2, told, told));
        let end = (all > 2 * told).then(|| x.narrow(2, 2 * told, 1));
        let bound = |p: &Param<Tensor<1>>| p.val().unsqueeze::<3>();
        let (most, least) = (bound(&self.most), bound(&self.least));
        let spread = most.clone() - softplus(most - spread, 1.0);
        let spread = least.clone() + softplus(spread - least, 1.0);
        Told { mean, spread, end }
    }
}
