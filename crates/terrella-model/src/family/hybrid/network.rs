//! The network of a hybrid on plain rows: forward, and back to its inputs.

use crate::host::lanes::{Lane, silu_and_slope, sized};
use crate::host::learner::{Learner, Places};
use burn::nn::Linear;
use burn::optim::GradientsParams;
use burn::prelude::*;

/// Layers with SiLU between them.
#[derive(Debug)]
pub(super) struct Network {
    layers: Vec<Learner>,
    /// Lanes of the gradients of all layers.
    pub(super) size: usize,
}

/// One pass of some rows, kept for the way back.
#[derive(Default)]
pub(super) struct Pass {
    /// `[rows, inputs]`.
    pub(super) input: Vec<Lane>,
    /// Values of the hidden layers, and slopes of their SiLU.
    outs: Vec<Vec<Lane>>,
    slopes: Vec<Vec<Lane>>,
    /// What is told, `[rows, outputs]`.
    pub(super) told: Vec<Lane>,
}

impl Network {
    pub(super) fn of(layers: &[Linear]) -> Self {
        let mut places = Places::default();
        let layers = layers.iter().map(|layer| Learner::of(layer, &mut places)).collect();
        Self { layers, size: places.len() }
    }

    /// From the input of so many rows to what is told.
    pub(super) fn forward(&self, rows: usize, pass: &mut Pass) {
        let Pass { input, outs, slopes, told } = pass;
        let last = self.layers.len() - 1;
        outs.resize_with(last, Vec::new);
        slopes.resize_with(last, Vec::new);
        for (at, layer) in self.layers.iter().enumerate() {
            let size = rows * layer.width();
            let x = if at == 0 { &input[..] } else { &outs[at - 1][..] };
            if at == last {
                layer.forward(rows, x, sized(told, size));
                break;
            }
            layer.forward(rows, x, sized(&mut slopes[at], size));
            silu_and_slope(&mut slopes[at], sized(&mut outs[at], size));
        }
    }

    /// Puts the gradient of the input in the place of that of what was told; adds those of the layers.
    pub(super) fn back(&self, rows: usize, pass: &Pass, gradient: &mut Vec<Lane>, sums: &mut [Lane]) {
        let mut before = Vec::new();
        for (at, layer) in self.layers.iter().enumerate().rev() {
            let x = if at == 0 { &pass.input } else { &pass.outs[at - 1] };
            layer.learn(0..rows, x, gradient, sums);
            layer.back(rows, gradient, sized(&mut before, rows * layer.depth()));
            if at > 0 {
                for (x, slope) in before.iter_mut().zip(&pass.slopes[at - 1]) {
                    x.0.iter_mut().zip(&slope.0).for_each(|(x, slope)| *x *= slope);
                }
            }
            std::mem::swap(gradient, &mut before);
        }
    }

    /// The gradients under the names of the layers' parameters.
    pub(super) fn hand(&self, layers: &[Linear], sums: &[Lane], gradients: &mut GradientsParams, device: &Device) {
        self.layers.iter().zip(layers).for_each(|(own, layer)| own.hand(layer, sums, gradients, device));
    }
}
