//! A trained model as a simulator: [`World`] implements [`Dynamics`] on host numbers.

use crate::batch::Batcher;
use crate::config::{Interface, JepaConfig};
use crate::decoder::Decoder;
use crate::host::{Engine, Memory};
use crate::jepa::Jepa;
use crate::nn::predictor::Steering;
use crate::train::is_cpu;
use burn::prelude::*;
use std::sync::Arc;
use terrella_core::{Dynamics, Image, Observation, Table};

/// A trained model with everything it needs to be asked in log units.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) model: Jepa,
    pub(crate) config: JepaConfig,
    pub(crate) interface: Interface,
    pub(crate) batcher: Batcher,
    pub(crate) decoder: Option<Decoder>,
    pub(crate) device: Device,
    engine: Option<Arc<Engine>>,
}

/// A batch of latent states: the last few latents and the actions between them, oldest first.
#[derive(Clone, Debug)]
pub struct Latents(Held);

#[derive(Clone, Debug)]
enum Held {
    /// Plain rows, where the model runs on the CPU.
    Host(Memory),
    /// Up to `history` tensors `[batch, latent]`, the last is now, and what the action blocks
    /// between them do.
    Device { latents: Vec<Tensor<2>>, steering: Option<Steering> },
}

impl World {
    /// Wraps a model for inference (call it with [`crate::Trainer::model`]'s result).
    pub fn new(model: Jepa, config: JepaConfig, interface: Interface, device: &Device) -> Self {
        let batcher = Batcher::new(&config, &interface);
        let device = device.clone().without_autodiff();
        let engine = is_cpu(&device).then(|| model.on_host().map(Arc::new)).flatten();
        Self { model, config, interface, batcher, decoder: None, device, engine }
    }

    /// The same model without its short cuts for the CPU: slower, and the reference for them.
    #[must_use]
    pub fn by_tensors(mut self) -> Self {
        self.engine = None;
        self
    }

    /// What the model is.
    pub fn config(&self) -> &JepaConfig {
        &self.config
    }

    /// What it was trained on.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Gives the world a decoder, so that it can draw.
    #[must_use]
    pub fn with_decoder(mut self, decoder: Decoder) -> Self {
        self.decoder = Some(decoder);
        self
    }

    /// The latents of observations, `[observations, latent]`.
    ///
    /// # Errors
    /// If an observation lacks what the model looks at, or has another size.
    pub fn encode(&self, observations: &[Observation]) -> crate::Result<Tensor<2>> {
        Ok(self.model.encode(self.batcher.observations(observations, &self.device)?))
    }

    /// A fresh state whose latents are these, `[batch, latent]`.
    pub fn state_of(&self, latents: Tensor<2>) -> Latents {
        Latents(match &self.engine {
            Some(engine) => Held::Host(Memory::new(table(latents).data, engine.width)),
            None => Held::Device { latents: vec![latents], steering: None },
        })
    }

    /// The latents of now, `[batch, latent]`.
    pub fn now(&self, state: &Latents) -> Tensor<2> {
        match &state.0 {
            Held::Device { latents, .. } => latents.last().expect("a state holds at least one latent").clone(),
            Held::Host(_) => {
                let Table { width, data } = self.latents(state);
                let rows = data.len() / width;
                Tensor::from_data(TensorData::new(data, [rows, width]), &self.device)
            }
        }
    }

    fn step_by_tensors(&self, latents: &[Tensor<2>], steering: Option<&Steering>, actions: &[f32]) -> Held {
        let batch = latents.last().map_or(0, |now| now.dims()[0]);
        let newest = self.model.steer(self.batcher.blocks(actions.to_vec(), batch, 1, &self.device));
        let steering = steering.map_or_else(|| newest.clone(), |past| past.then(newest.clone()));
        let time = latents.len();
        let window = Tensor::stack::<3>(latents.to_vec(), 1); // [batch, time, latent]
        let predicted = self.model.predict(window, &steering).narrow(1, time - 1, 1).flatten::<2>(1, 2);
        let mut latents = latents.to_vec();
        latents.push(predicted);
        if latents.len() <= self.config.history {
            return Held::Device { latents, steering: Some(steering) };
        }
        latents.remove(0);
        Held::Device { latents, steering: (time > 1).then(|| steering.narrow(1, time - 1)) }
    }
}

impl Dynamics for World {
    type State = Latents;

    fn block_width(&self) -> usize {
        self.config.frame_skip * self.interface.action_width()
    }

    fn observe(&self, observations: &[Observation]) -> terrella_core::Result<Latents> {
        let latents = self.encode(observations).map_err(|e| terrella_core::Error::Invalid(e.to_string()))?;
        Ok(self.state_of(latents))
    }

    fn track(&self, before: &Latents, block: &[f32], observations: &[Observation]) -> terrella_core::Result<Latents> {
        let mut after = self.step(before, block);
        // What was seen replaces what was foretold; the past stays as context.
        match (&mut after.0, self.observe(observations)?.0) {
            (Held::Host(after), Held::Host(seen)) => after.correct(seen.now().to_vec()),
            (Held::Device { latents, .. }, Held::Device { latents: mut seen, .. }) => {
                latents.pop();
                latents.append(&mut seen);
            }
            _ => unreachable!("all states of one world are held alike"),
        }
        Ok(after)
    }

    fn repeat(&self, state: &Latents, n: usize) -> Latents {
        Latents(match &state.0 {
            Held::Host(memory) => Held::Host(memory.repeat(n)),
            Held::Device { latents, steering } => Held::Device {
                latents: latents.iter().map(|t| t.clone().repeat_dim(0, n)).collect(),
                steering: steering.as_ref().map(|s| s.repeat(n)),
            },
        })
    }

    fn step(&self, state: &Latents, actions: &[f32]) -> Latents {
        Latents(match (&state.0, &self.engine) {
            (Held::Host(memory), Some(engine)) => {
                let mut actions = actions.to_vec();
                self.interface.action_stats.normalize(&mut actions);
                Held::Host(engine.step(memory, &actions))
            }
            (Held::Device { latents, steering }, _) => self.step_by_tensors(latents, steering.as_ref(), actions),
            (Held::Host(_), None) => unreachable!("all states of one world are held alike"),
        })
    }

    fn latents(&self, state: &Latents) -> Table {
        match &state.0 {
            Held::Host(memory) => Table::from_data(memory.now().len() / memory.rows(), memory.now().to_vec()),
            Held::Device { .. } => table(self.now(state)),
        }
    }

    fn read(&self, state: &Latents) -> Option<Table> {
        let features = match (&state.0, &self.engine) {
            (Held::Host(memory), Some(engine)) => engine.read(memory.now()),
            _ => self.model.read(self.now(state)).map(|features| table(features).data),
        };
        features.map(|features| self.batcher.codec().decode(&features))
    }

    fn draw(&self, state: &Latents) -> Option<Vec<Image>> {
        self.decoder.as_ref().map(|decoder| decoder.draw(self.now(state)))
    }
}

/// Reads a tensor back as rows.
pub(crate) fn table(x: Tensor<2>) -> Table {
    let [_, width] = x.dims();
    Table::from_data(width, x.into_data().iter::<f32>().collect())
}
