//! An observer as a simulator: states are read off pictures, and a mind of states does the rest.

use super::config::ObserverConfig;
use super::net::{Estimator, ObserverNet};
use crate::device::is_cpu;
use crate::family::jepa::eyes::Eyes;
use crate::family::jepa::{Batcher, Latents, World};
use crate::host::dense::Dense;
use crate::interface::Interface;
use crate::nn::table;
use crate::things::{Camera, Gaze};
use crate::{Symmetry, Turn, Views};
use burn::prelude::*;
use rayon::prelude::*;
use std::sync::Arc;
use terrella_core::{Acts, Dynamics, Error, Image, Observation, Result, Table};

/// A trained observer with everything it needs to be asked in log units.
#[derive(Clone, Debug)]
pub struct ObserverWorld {
    eyes: Estimator,
    batcher: Batcher,
    device: Device,
    /// The same on plain rows, where it runs on a CPU.
    fast: Option<Arc<(Eyes, [Dense; 2])>>,
    around: Option<Symmetry>,
    gaze: Option<Arc<Gaze>>,
    camera: Option<Arc<Camera>>,
    pub(super) mind: World,
}

impl ObserverWorld {
    /// Wraps a network for inference.
    pub(super) fn new(net: ObserverNet, config: &ObserverConfig, about: Interface, device: &Device) -> Self {
        let ObserverNet { eyes, mind } = net;
        let batcher = Batcher::new(&config.eyes(), &about);
        let device = device.clone().without_autodiff();
        let patcher = batcher.patcher().filter(|_| is_cpu(&device));
        let fast = patcher.and_then(|patcher| Eyes::of((&eyes.encoder, &eyes.projector), patcher));
        let fast = fast.map(|fast| Arc::new((fast, eyes.readout.on_host())));
        let mind = World::new(mind, config.mind.clone(), about, &device);
        Self { eyes, batcher, device, fast, around: None, gaze: None, camera: None, mind }
    }

    /// Lets eyes and mind use a symmetry of their world. Eyes look from all sides whatever the views.
    #[must_use]
    pub(super) fn with_views(mut self, symmetry: &Symmetry, views: Views) -> Self {
        self.mind = self.mind.with_views(Some(symmetry.clone()), views);
        self.around = (views != Views::One).then(|| symmetry.clone());
        self
    }

    /// Lets it look a second time, or no longer.
    #[must_use]
    pub(super) fn with_gaze(self, gaze: Option<Arc<Gaze>>) -> Self {
        let camera = gaze.as_ref().map(|gaze| Arc::new(gaze.camera()));
        Self { gaze, camera, ..self }
    }

    /// The same model without its short cuts for the CPU: slower, and the reference for them.
    #[cfg(test)]
    pub(super) fn by_tensors(mut self) -> Self {
        self.fast = None;
        self.mind = self.mind.by_tensors();
        self
    }

    /// The states that pictures show, in the units of the log.
    pub(super) fn told(&self, observations: &[Observation]) -> crate::Result<Table> {
        let steady = self.laid_back(observations);
        let observations = steady.as_deref().unwrap_or(observations);
        let turns: Vec<Turn> = if self.around.is_some() { Turn::all().collect() } else { vec![Turn::NONE] };
        let patcher = self.batcher.patcher().expect("eyes look at pictures");
        let features = match &self.fast {
            Some(fast) => {
                let (eyes, readout) = &**fast;
                let (images, each) = self.batcher.pictures(observations, &turns, patcher)?;
                Dense::perceptron(readout, &eyes.encode(patcher, &images, &each))
            }
            None => {
                let inputs = self.batcher.observations(observations, (self.around.as_ref(), &turns), &self.device)?;
                table(self.eyes.tell(inputs)).data
            }
        };
        let mut told = self.batcher.codec().decode_sides(&features, self.around.as_ref(), &turns);
        if let Some(gaze) = &self.gaze {
            let rows = told.data.par_chunks_mut(told.width).zip(observations);
            rows.for_each(|(state, seen)| seen.image.iter().for_each(|image| gaze.sharpen(image, state)));
        }
        Ok(told)
    }

    /// What is observed as the recordings' camera would have shown it; nothing if it stands where that stood.
    fn laid_back(&self, observations: &[Observation]) -> Option<Vec<Observation>> {
        let camera = self.camera.as_ref()?;
        let back = |seen: &Observation| seen.image.as_ref().and_then(|image| camera.laid_back(image));
        let images: Vec<Option<Image>> = observations.par_iter().map(back).collect();
        let steady = |(seen, image): (&Observation, Option<Image>)| match image {
            Some(image) => Observation { image: Some(image), state: seen.state.clone() },
            None => seen.clone(),
        };
        let any = images.iter().any(Option::is_some);
        any.then(|| observations.iter().zip(images).map(steady).collect())
    }

    fn seen(&self, observations: &[Observation]) -> Result<Vec<Observation>> {
        let told = self.told(observations).map_err(|e| Error::Invalid(e.to_string()))?;
        Ok(told.rows().map(|row| Observation { image: None, state: row.to_vec() }).collect())
    }
}

/// Everything as the mind has it, but what is observed.
impl Dynamics for ObserverWorld {
    type State = Latents;

    fn block_width(&self) -> usize {
        self.mind.block_width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<Latents> {
        self.mind.observe(&self.seen(observations)?)
    }

    fn track(&self, before: &Latents, block: &[f32], observations: &[Observation]) -> Result<Latents> {
        self.mind.track(before, block, &self.seen(observations)?)
    }

    fn take(&self, state: &Latents, rows: &[usize]) -> Latents {
        self.mind.take(state, rows)
    }

    fn join(&self, states: &[&Latents]) -> Option<Latents> {
        self.mind.join(states)
    }

    fn step(&self, state: &Latents, acts: Acts<'_>) -> Latents {
        self.mind.step(state, acts)
    }

    fn roll_out(&self, start: &Latents, rows: &[usize], sequences: &[f32]) -> Vec<Latents> {
        self.mind.roll_out(start, rows, sequences)
    }

    fn latents(&self, state: &Latents) -> Table {
        self.mind.latents(state)
    }

    fn read(&self, state: &Latents) -> Option<Table> {
        self.mind.read(state)
    }

    fn draw(&self, state: &Latents) -> Option<Vec<Image>> {
        self.mind.draw(state)
    }
}
