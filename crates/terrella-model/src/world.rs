//! A trained model as a simulator: [`World`] implements [`Dynamics`] on host numbers.

use crate::batch::Batcher;
use crate::config::{Interface, JepaConfig};
use crate::decoder::Decoder;
use crate::jepa::Jepa;
use crate::nn::predictor::Steering;
use burn::prelude::*;
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
}

/// A batch of latent states: the last few latents and the actions between them, oldest first.
#[derive(Clone, Debug)]
pub struct Latents {
    /// Up to `history` tensors `[batch, latent]`; the last is now.
    latents: Vec<Tensor<2>>,
    /// What the action blocks between them do, one step fewer than latents.
    steering: Option<Steering>,
}

impl Latents {
    /// The latents of now, `[batch, latent]`.
    pub fn now(&self) -> Tensor<2> {
        self.latents.last().expect("a state holds at least one latent").clone()
    }
}

impl World {
    /// Wraps a model for inference (call it with [`crate::Trainer::model`]'s result).
    pub fn new(model: Jepa, config: JepaConfig, interface: Interface, device: &Device) -> Self {
        let batcher = Batcher::new(&config, &interface);
        Self { model, config, interface, batcher, decoder: None, device: device.clone().without_autodiff() }
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
        Latents { latents: vec![latents], steering: None }
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
        let seen = self.observe(observations)?;
        // What was seen replaces what was foretold; the past stays as context.
        if let (Some(last), Some(seen)) = (after.latents.last_mut(), seen.latents.into_iter().next()) {
            *last = seen;
        }
        Ok(after)
    }

    fn repeat(&self, state: &Latents, n: usize) -> Latents {
        let latents = state.latents.iter().map(|t| t.clone().repeat_dim(0, n)).collect();
        Latents { latents, steering: state.steering.as_ref().map(|s| s.repeat(n)) }
    }

    fn step(&self, state: &Latents, actions: &[f32]) -> Latents {
        let [batch, _] = state.now().dims();
        let newest = self.model.steer(self.batcher.blocks(actions.to_vec(), batch, 1, &self.device));
        let steering = state.steering.as_ref().map_or_else(|| newest.clone(), |past| past.then(newest.clone()));
        let time = state.latents.len();
        let window = Tensor::stack::<3>(state.latents.clone(), 1); // [batch, time, latent]
        let predicted = self.model.predict(window, &steering).narrow(1, time - 1, 1).flatten::<2>(1, 2);
        let mut latents = state.latents.clone();
        latents.push(predicted);
        if latents.len() <= self.config.history {
            return Latents { latents, steering: Some(steering) };
        }
        latents.remove(0);
        Latents { latents, steering: (time > 1).then(|| steering.narrow(1, time - 1)) }
    }

    fn latents(&self, state: &Latents) -> Table {
        table(state.now())
    }

    fn read(&self, state: &Latents) -> Option<Table> {
        self.model.read(state.now()).map(|features| self.batcher.codec().decode(&table(features).data))
    }

    fn draw(&self, state: &Latents) -> Option<Vec<Image>> {
        self.decoder.as_ref().map(|decoder| decoder.draw(state.now()))
    }
}

/// Reads a tensor back as rows.
pub(crate) fn table(x: Tensor<2>) -> Table {
    let [_, width] = x.dims();
    Table::from_data(width, x.into_data().iter::<f32>().collect())
}
