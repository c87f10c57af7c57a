//! One network of an ensemble on plain numbers, as rollouts and gradients on a CPU take it.
//!
//! The tensors of [`super::net::EnsembleNet`] are the reference; tests hold the two together.

use super::net::EnsembleNet;
use crate::host::dense::numbers;
use crate::host::lanes::{LANE, Lane, flat, lanes, padded, silu};
use crate::host::layer::Layer;
use burn::prelude::*;

/// The numbers of all networks, as tensors hold them.
pub(super) struct Numbers {
    layers: Vec<(Vec<f32>, Vec<f32>, [usize; 3])>,
}

impl Numbers {
    pub(super) fn of(net: &EnsembleNet) -> Self {
        let layer = |(weight, bias): (Tensor<3>, Tensor<3>)| {
            let shape = weight.dims();
            (numbers(weight), numbers(bias), shape)
        };
        Self { layers: net.weights.iter().zip(&net.biases).map(|(w, b)| layer((w.val(), b.val()))).collect() }
    }

    /// The layers of one network.
    pub(super) fn member(&self, m: usize) -> Vec<Layer> {
        let layer = |(weight, bias, [_, input, output]): &(Vec<f32>, Vec<f32>, [usize; 3])| {
            let part = |numbers: &[f32], n: usize| padded(&numbers[m * n * output..(m + 1) * n * output], *output);
            Layer { weight: part(weight, *input), bias: part(bias, 1), input: *input, output: *output }
        };
        self.layers.iter().map(layer).collect()
    }
}

/// What a network needs room for, kept from step to step.
#[derive(Default)]
pub(super) struct Room {
    before: Vec<Lane>,
    after: Vec<Lane>,
}

/// What a network tells of each of these input rows: rows of whole lanes.
pub(super) fn forward<'r>(layers: &[Layer], x: &[f32], room: &'r mut Room) -> &'r [f32] {
    let rows = x.len() / layers[0].input;
    for (at, layer) in layers.iter().enumerate() {
        std::mem::swap(&mut room.before, &mut room.after);
        room.after.resize(rows * layer.width(), Lane::default());
        if at == 0 {
            layer.forward(rows, (x, layer.input), &mut room.after);
        } else {
            layer.forward(rows, (flat(&room.before), lanes(layer.input) * LANE), &mut room.after);
        }
        if at + 1 < layers.len() {
            silu(&mut room.after);
        }
    }
    flat(&room.after)
}
