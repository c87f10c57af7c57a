//! The network that says how far it is from here to there: two latents in, a distribution over action blocks out.
//!
//! Its last class is "farther than was taught", so that it can say so instead of a number.

use burn::module::Module;
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::relu;

/// Classifier of distances in time.
#[derive(Module, Debug)]
pub struct StepsToGo {
    layers: Vec<nn::Linear>,
    /// Environment steps in a block.
    skip: usize,
    /// Blocks that are told apart; the class behind them is "farther".
    blocks: usize,
}

impl StepsToGo {
    /// A fresh network of this hidden width, for goals less than so many blocks away.
    pub(crate) fn new(latent: usize, width: usize, (skip, blocks): (usize, usize), device: &Device) -> Self {
        let sizes = [3 * latent, width, width, blocks + 1];
        let layer = |s: &[usize]| nn::LinearConfig::new(s[0], s[1]).init(device);
        Self { layers: sizes.windows(2).map(layer).collect(), skip, blocks }
    }

    /// # Shapes
    /// `now`, `goal`: `[batch, latent]` → `[batch, blocks + 1]`, logits.
    pub(crate) fn forward(&self, now: Tensor<2>, goal: Tensor<2>) -> Tensor<2> {
        let change = goal.clone() - now.clone();
        let x = Tensor::cat(vec![now, goal, change], 1);
        let (last, hidden) = self.layers.split_last().expect("three layers");
        last.forward(hidden.iter().fold(x, |x, layer| relu(layer.forward(x))))
    }

    /// The class of a distance in environment steps.
    pub(crate) fn class(&self, steps: usize) -> usize {
        (steps / self.skip).min(self.blocks)
    }

    /// Environment steps from which on a goal is "farther".
    pub fn reach(&self) -> usize {
        self.skip * self.blocks
    }

    /// What a class stands for in environment steps, its middle.
    pub(crate) fn steps(&self, class: usize) -> f32 {
        (self.skip * class) as f32 + (self.skip as f32 - 1.0) / 2.0
    }

    /// Classes, "farther" among them.
    pub(crate) fn classes(&self) -> usize {
        self.blocks + 1
    }

    /// Where its weights are.
    pub(crate) fn device(&self) -> Device {
        self.layers[0].weight.val().device()
    }
}
