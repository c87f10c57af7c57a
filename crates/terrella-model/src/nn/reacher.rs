//! The network that says how to get from here to there: two latents and a clock in, an action block out.
//!
//! It is trained on frozen latents as the amortised planner ([`crate::Reacher`]), and as a small head on latents that
//! are still being learned, where its gradient teaches the encoder what actions depend on.

use burn::module::Module;
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::relu;

/// What a network is told of so many environment steps, of at most `reach`.
pub(crate) fn clock(steps: f32, reach: usize) -> [f32; 2] {
    [steps / reach as f32, 1.0 / steps.max(1.0)]
}

/// Goal-conditioned action network.
#[derive(Module, Debug)]
pub struct Reacher {
    layers: Vec<nn::Linear>,
    reach: usize,
}

impl Reacher {
    /// A fresh network of this hidden width, for goals at most `reach` environment steps away.
    pub(crate) fn new(latent: usize, block: usize, (width, reach): (usize, usize), device: &Device) -> Self {
        let sizes = [3 * latent + 2, width, width, width, block];
        Self { layers: sizes.windows(2).map(|s| nn::LinearConfig::new(s[0], s[1]).init(device)).collect(), reach }
    }

    /// # Shapes
    /// `now`, `goal`: `[batch, latent]`, `to_go`: environment steps, one a row → `[batch, block]`, normalised.
    pub(crate) fn forward(&self, now: Tensor<2>, goal: Tensor<2>, to_go: &[f32]) -> Tensor<2> {
        let clock: Vec<f32> = to_go.iter().flat_map(|&steps| clock(steps, self.reach)).collect();
        let clock = Tensor::<2>::from_data(TensorData::new(clock, [to_go.len(), 2]), &now.device());
        let change = goal.clone() - now.clone();
        let x = Tensor::cat(vec![now, goal, change, clock], 1);
        let (last, hidden) = self.layers.split_last().expect("four layers");
        last.forward(hidden.iter().fold(x, |x, layer| relu(layer.forward(x))))
    }

    /// The layers, in order.
    pub(crate) fn layers(&self) -> Vec<&nn::Linear> {
        self.layers.iter().collect()
    }

    /// Largest distance of a goal, in environment steps.
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// Where its weights are.
    pub(crate) fn device(&self) -> Device {
        self.layers[0].weight.val().device()
    }
}
