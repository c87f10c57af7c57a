//! Linear layers with a ReLU between two, forward and back: the heads of a model, learned on rows of whole lanes.

use super::lanes::{Lane, sized};
use super::learner::{Learner, Places};
use super::vector::{behind, relu};
use burn::nn::Linear;
use burn::optim::GradientsParams;
use burn::prelude::*;

/// Layers that learn, with a ReLU between two.
#[derive(Debug)]
pub(crate) struct Perceptron(Vec<Learner>);

/// What rows are on their way, and room for their gradients.
#[derive(Default)]
pub(crate) struct Way {
    /// Rows of inputs, filled by who asks.
    pub(crate) input: Vec<Lane>,
    /// Their gradient.
    pub(crate) of_input: Vec<Lane>,
    hidden: Vec<Vec<Lane>>,
    /// What is told, and then its gradient, put there by who judges.
    pub(crate) told: Vec<Lane>,
    before: Vec<Lane>,
}

impl Perceptron {
    pub(crate) fn of(layers: &[&Linear], places: &mut Places) -> Self {
        Self(layers.iter().map(|layer| Learner::of(layer, places)).collect())
    }

    /// Lanes of a row that goes in, and of one that comes out.
    pub(crate) fn widths(&self) -> [usize; 2] {
        [self.0.first().map_or(0, Learner::depth), self.0.last().map_or(0, Learner::width)]
    }

    /// Numbers that come out.
    pub(crate) fn output(&self) -> usize {
        self.0.last().map_or(0, Learner::output)
    }

    /// From the input of so many rows to what is told.
    pub(crate) fn forward(&self, rows: usize, way: &mut Way) {
        let Way { input, hidden, told, .. } = way;
        hidden.resize_with(self.0.len() - 1, Vec::new);
        for (at, layer) in self.0.iter().enumerate() {
            let (before, rest) = hidden.split_at_mut(at);
            let x = before.last().map_or(&input[..], Vec::as_slice);
            let last = rest.is_empty();
            let y = sized(rest.first_mut().unwrap_or(&mut *told), rows * layer.width());
            layer.forward(rows, x, y);
            if !last {
                relu(y);
            }
        }
    }

    /// From the gradient of what was told to that of the input; adds those of the layers.
    pub(crate) fn back(&self, rows: usize, way: &mut Way, sums: &mut [Lane]) {
        let Way { input, of_input, hidden, told, before } = way;
        for (at, layer) in self.0.iter().enumerate().rev() {
            let Some(last) = at.checked_sub(1) else {
                layer.learn(0..rows, input, told, sums);
                layer.back(rows, told, sized(of_input, rows * layer.depth()));
                break;
            };
            layer.learn(0..rows, &hidden[last], told, sums);
            layer.back(rows, told, sized(before, rows * layer.depth()));
            behind(before, &hidden[last]);
            std::mem::swap(before, told);
        }
    }

    /// The gradients under the names of the layers' parameters.
    pub(crate) fn hand(&self, layers: &[&Linear], sums: &[Lane], gradients: &mut GradientsParams, device: &Device) {
        self.0.iter().zip(layers).for_each(|(own, layer)| own.hand(layer, sums, gradients, device));
    }
}
