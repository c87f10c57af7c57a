//! Rows of latent states: plain numbers where the model runs on the CPU, tensors elsewhere.

use crate::family::jepa::engine::{Engine, Memory};
use crate::family::jepa::net::Jepa;
use crate::nn::predictor::Steering;
use crate::nn::table;
use burn::prelude::*;
use std::sync::Arc;
use terrella_core::Table;

/// A batch of states: the last few latents and what lies between them, oldest first.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Host(Memory),
    /// Up to `history` tensors `[rows, latent]`, the last is now; steering is one step shorter.
    Device {
        latents: Vec<Tensor<2>>,
        steering: Option<Steering>,
    },
}

impl Held {
    /// Latents without a past, `[rows, latent]`.
    pub(crate) fn new(latents: Tensor<2>, engine: Option<&Arc<Engine>>) -> Self {
        match engine {
            Some(engine) => Self::Host(Memory::new(table(latents).data, engine.width)),
            None => Self::Device { latents: vec![latents], steering: None },
        }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Host(memory) => memory.rows(),
            Self::Device { latents, .. } => latents.last().map_or(0, |now| now.dims()[0]),
        }
    }

    /// The newest latents of the first `n` rows.
    pub(crate) fn now(&self, n: usize) -> Table {
        match self {
            Self::Host(memory) => {
                let width = memory.now().len() / memory.rows();
                Table::from_data(width, memory.now()[..n * width].to_vec())
            }
            Self::Device { latents, .. } => table(newest(latents, n)),
        }
    }

    /// The same as a tensor.
    pub(crate) fn now_tensor(&self, n: usize, device: &Device) -> Tensor<2> {
        match self {
            Self::Device { latents, .. } => newest(latents, n),
            Self::Host(_) => {
                let Table { width, data } = self.now(n);
                Tensor::from_data(TensorData::new(data, [n, width]), device)
            }
        }
    }

    /// These rows, in this order, each as often as it is named.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Host(memory) => Self::Host(memory.take(rows.iter().copied())),
            Self::Device { latents, steering } => {
                let numbers: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
                let numbers = TensorData::new(numbers, [rows.len()]);
                let some = |t: &Tensor<2>| {
                    let at = Tensor::<1, Int>::from_data(numbers.clone(), &t.device());
                    t.clone().select(0, at)
                };
                Self::Device {
                    latents: latents.iter().map(some).collect(),
                    steering: steering.as_ref().map(|s| s.take(&numbers)),
                }
            }
        }
    }

    /// The rows of all of these, one below the other, where they have equally much of a past. Only on plain rows: there a row is the
    /// same whoever else is in its batch, which no tensor library promises.
    pub(crate) fn join(states: &[&Self]) -> Option<Self> {
        let host = |state: &&Self| match state {
            Self::Host(memory) => Some(memory.clone()),
            Self::Device { .. } => None,
        };
        Memory::join(states.iter().map(host).collect::<Option<Vec<_>>>()?).map(Self::Host)
    }

    /// States without a past after each of several normalised blocks a row, where there is a way to
    /// have them at once.
    pub(crate) fn roll_out(
        &self,
        engine: Option<&Arc<Engine>>,
        blocks: &[Vec<f32>],
        groups: &[usize],
    ) -> Option<Vec<Self>> {
        let (Self::Host(memory), Some(engine)) = (self, engine) else { return None };
        let latents = engine.roll_out(memory, blocks, groups).into_iter();
        Some(latents.map(|latents| Self::Host(Memory::new(latents, engine.width))).collect())
    }

    /// The states after one normalised action block a row, `[rows, block]`.
    pub(crate) fn step(&self, model: &Jepa, engine: Option<&Arc<Engine>>, blocks: Vec<f32>, device: &Device) -> Self {
        let (latents, past) = match (self, engine) {
            (Self::Host(memory), Some(engine)) => return Self::Host(engine.step(memory, &blocks)),
            (Self::Host(_), None) => unreachable!("all states of one world are held alike"),
            (Self::Device { latents, steering }, _) => (latents, steering),
        };
        let steering = steered(model, past.as_ref(), blocks, self.rows(), device);
        let time = latents.len();
        let window = Tensor::stack::<3>(latents.clone(), 1); // [rows, time, latent]
        let predicted = model.predict(window, &steering).narrow(1, time - 1, 1).flatten::<2>(1, 2);
        Self::after(latents, predicted, steering, model.history())
    }

    /// As [`Self::step`], where the newest latents are not foretold but those of `seen`.
    pub(crate) fn track(
        &self,
        model: &Jepa,
        engine: Option<&Arc<Engine>>,
        blocks: Vec<f32>,
        (seen, sides): (Self, usize),
        device: &Device,
    ) -> Self {
        match (self, seen, engine) {
            (Self::Host(memory), Self::Host(seen), Some(engine)) => {
                let seen = seen.now()[..memory.now().len()].to_vec();
                // A state of one side is one row; others are several rows each, apart in the batch.
                let groups = if sides == 1 { vec![1; memory.rows()] } else { vec![memory.rows()] };
                Self::Host(engine.track(memory, &blocks, seen, &groups))
            }
            (Self::Device { latents, steering }, Self::Device { latents: seen, .. }, _) => {
                let steering = steered(model, steering.as_ref(), blocks, self.rows(), device);
                Self::after(latents, newest(&seen, self.rows()), steering, model.history())
            }
            _ => unreachable!("all states of one world are held alike"),
        }
    }

    /// The window moved on to these newest latents; `steering` leads up to them.
    fn after(before: &[Tensor<2>], newest: Tensor<2>, steering: Steering, history: usize) -> Self {
        let time = before.len();
        let mut latents = before.to_vec();
        latents.push(newest);
        if latents.len() <= history {
            return Self::Device { latents, steering: Some(steering) };
        }
        latents.remove(0);
        Self::Device { latents, steering: (time > 1).then(|| steering.narrow(1, time - 1)) }
    }
}

/// The past, then what these normalised blocks do, one a row.
fn steered(model: &Jepa, past: Option<&Steering>, blocks: Vec<f32>, rows: usize, device: &Device) -> Steering {
    let width = blocks.len() / rows;
    let newest = model.steer(Tensor::from_data(TensorData::new(blocks, [rows, 1, width]), device));
    match past {
        Some(past) => past.then(newest),
        None => newest,
    }
}

/// The first `n` rows of the last of these.
fn newest(latents: &[Tensor<2>], n: usize) -> Tensor<2> {
    latents.last().expect("a state holds at least one latent").clone().narrow(0, 0, n)
}
