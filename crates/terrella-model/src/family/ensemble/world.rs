//! A trained ensemble as a simulator on plain rows of numbers.
//!
//! A state is a cloud of particles, each of which follows one member for good (trajectory sampling
//! TS∞ of PETS). What is read is their mean; how far they lie apart says how much the members agree.
//! Products go through the host's own layers, so that many short rollouts cost no tensors.

use super::EnsembleConfig;
use super::net::{EnsembleNet, Inputs};
use crate::host::dense::{Dense, numbers, silu};
use crate::host::threads::in_chunks;
use crate::interface::Interface;
use burn::prelude::*;
use std::sync::Arc;
use terrella_core::{Dynamics, Error, Image, Key, Observation, Result, Table};

/// A trained ensemble with everything it needs to be asked in log units.
#[derive(Clone, Debug)]
pub struct EnsembleWorld {
    config: EnsembleConfig,
    interface: Interface,
    members: Arc<Vec<Vec<Dense>>>,
    bounds: [Vec<f32>; 2],
    inputs: Inputs,
}

/// A batch of states: a cloud of particles each, all of one member side by side.
#[derive(Clone, Debug)]
pub struct Particles {
    /// `[members, rows, state]`.
    states: Vec<f32>,
    rows: usize,
    /// Where noise is wanted, what it is keyed by, and steps taken.
    noise: Option<(Key, u64)>,
}

impl Particles {
    /// Number of states.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Draws noise of the told variance in every step from here on, keyed by this.
    #[must_use]
    pub fn with_noise(self, key: Key) -> Self {
        Self { noise: Some((key, 0)), ..self }
    }
}

impl EnsembleWorld {
    /// Wraps networks for inference.
    pub(super) fn new(net: &EnsembleNet, config: EnsembleConfig, interface: Interface) -> Self {
        let layers: Vec<_> = net.weights.iter().zip(&net.biases).map(|(w, b)| (w.val(), b.val())).collect();
        let member = |m: usize| {
            let layer = |(weight, bias): &(Tensor<3>, Tensor<3>)| {
                let [_, input, output] = weight.dims();
                let of = |t: &Tensor<3>| numbers(t.clone().narrow(0, m, 1));
                Dense::new(of(weight), of(bias), [input, output])
            };
            layers.iter().map(layer).collect()
        };
        let members = Arc::new((0..config.members).map(member).collect());
        let bounds = [numbers(net.least.val()), numbers(net.most.val())];
        let inputs = Inputs::new(&interface);
        Self { config, interface, members, bounds, inputs }
    }

    /// What the model is.
    pub fn config(&self) -> &EnsembleConfig {
        &self.config
    }

    /// What it was trained on.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Particles of each state at rest in one point.
    fn gather(&self, states: &[f32]) -> Particles {
        let rows = states.len() / self.inputs.state_width().max(1);
        Particles { states: states.repeat(self.config.members), rows, noise: None }
    }

    /// How far members lie apart: the standard deviation of their means, `[rows, state]`.
    pub fn disagreement(&self, state: &Particles) -> Table {
        let (n, mean) = (self.config.members as f32, self.mean(state));
        let mut square = vec![0.0f32; mean.data.len()];
        for cloud in state.states.chunks(mean.data.len()) {
            square.iter_mut().zip(cloud).zip(&mean.data).for_each(|((s, x), m)| *s += (x - m).powi(2) / n);
        }
        Table { width: mean.width, data: square.into_iter().map(f32::sqrt).collect() }
    }

    /// The mean of the particles. Angles are not wrapped here, so that their mean is a mean.
    fn mean(&self, state: &Particles) -> Table {
        let width = self.inputs.state_width();
        let mut mean = vec![0.0f32; state.rows * width];
        let share = 1.0 / self.config.members as f32;
        for cloud in state.states.chunks(mean.len().max(1)) {
            mean.iter_mut().zip(cloud).for_each(|(m, x)| *m += x * share);
        }
        Table { width, data: mean }
    }

    /// The normalised rates that a member tells: means and, where noise is wanted, log-variances.
    fn rates(&self, member: usize, x: Vec<f32>) -> Vec<f32> {
        let rows = x.len() / self.inputs.width();
        let layers = &self.members[member];
        let mut x = x;
        for (at, layer) in layers.iter().enumerate() {
            let mut y = vec![0.0; rows * layer.output];
            layer.forward(&x, &mut y);
            if at + 1 < layers.len() {
                y.iter_mut().for_each(|y| *y = silu(*y));
            }
            x = y;
        }
        x
    }

    /// All particles after their actions, `[rows, action]`, have lasted `dt` seconds each.
    fn advance(&self, state: &Particles, actions: &[f32], dt: &[f32]) -> Particles {
        let (width, action) = (self.inputs.state_width(), self.interface.action_width());
        let rows = state.rows;
        let chunks = in_chunks(rows * self.config.members, |range| {
            let mut states = state.states[range.start * width..range.end * width].to_vec();
            let mut at = range.start;
            // A chunk may reach from one member into the next.
            while at < range.end {
                let (member, first) = (at / rows, at % rows);
                let n = (rows - first).min(range.end - at);
                let part = &mut states[(at - range.start) * width..(at - range.start + n) * width];
                let (actions, dt) = (&actions[first * action..(first + n) * action], &dt[first..first + n]);
                let told = self.rates(member, self.inputs.rows(part, actions, dt));
                let mut rates: Vec<f32> = told.chunks(2 * width).flat_map(|row| row[..width].iter().copied()).collect();
                if let Some((key, step)) = state.noise {
                    for (i, (rates, told)) in rates.chunks_mut(width).zip(told.chunks(2 * width)).enumerate() {
                        let mut stream = key.at(step).at(member as u64).at((first + i) as u64).stream();
                        for (k, rate) in rates.iter_mut().enumerate() {
                            let spread = self.bounded(k, told[width + k]);
                            *rate += (0.5 * spread).exp() * stream.normal() as f32;
                        }
                    }
                }
                self.inputs.advance(part, &rates, dt);
                at += n;
            }
            states
        });
        let noise = state.noise.map(|(key, step)| (key, step + 1));
        Particles { states: chunks.concat(), rows, noise }
    }

    /// A log-variance held between its bounds, as in training.
    fn bounded(&self, column: usize, told: f32) -> f32 {
        let softplus = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let [least, most] = [self.bounds[0][column], self.bounds[1][column]];
        let held = most - softplus(most - told);
        least + softplus(held - least)
    }
}

impl Dynamics for EnsembleWorld {
    type State = Particles;

    fn block_width(&self) -> usize {
        self.interface.action_width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<Particles> {
        let width = self.inputs.state_width();
        let mut states = Vec::with_capacity(observations.len() * width);
        for o in observations {
            Error::check("state size", width, o.state.len())?;
            states.extend_from_slice(&o.state);
        }
        Ok(self.gather(&states))
    }

    fn repeat(&self, state: &Particles, n: usize) -> Particles {
        let width = self.inputs.state_width();
        let each = state.states.chunks(state.rows * width).flat_map(|cloud| cloud.repeat(n));
        Particles { states: each.collect(), rows: state.rows * n, noise: state.noise }
    }

    fn step(&self, state: &Particles, actions: &[f32]) -> Particles {
        let usual = (1.0 / self.interface.signature.fps) as f32;
        self.advance(state, actions, &vec![usual; state.rows])
    }

    fn step_for(&self, state: &Particles, actions: &[f32], dt: &[f32]) -> Particles {
        self.advance(state, actions, dt)
    }

    fn latents(&self, state: &Particles) -> Table {
        self.mean(state)
    }

    fn read(&self, state: &Particles) -> Option<Table> {
        Some(self.mean(state))
    }

    fn draw(&self, _: &Particles) -> Option<Vec<Image>> {
        None
    }
}
