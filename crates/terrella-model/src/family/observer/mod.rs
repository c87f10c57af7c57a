//! An observer in front of a model of states: eyes read a state off each picture (the logged one, or places of things), and a mind that was only ever
//! told states imagines and plans.
//!
//! What a scene looks like then cannot touch what is known of how things move: the eyes are taught by pictures that are
//! varied one by one, the mind by states that are moved, and both by the same recordings. In control it is an observer in
//! front of a model (the separation principle); [`config`] → [`net`] → [`gradient`] → [`world`].

mod config;
mod gradient;
mod net;
#[cfg(test)]
mod reference;
mod world;

pub use config::ObserverConfig;
pub use net::ObserverNet;
pub use world::ObserverWorld;

use super::seam::{Family, OnLatents, StateOf, Wants};
use crate::Result;
use crate::family::jepa::watching::Studio;
use crate::family::jepa::{self, Batcher, JepaConfig, Latents};
use crate::interface::Interface;
use crate::losses::{LossChart, Losses};
use crate::things::Gaze;
use crate::train_config::TrainConfig;
use crate::{Symmetry, Views};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use std::sync::Arc;
use terrella_core::{Batch, Dynamics, Key, Observation, Table, Window};

/// What turns batches into gradients, for eyes and mind.
pub struct Tools {
    batcher: Batcher,
    studio: Studio,
    mind: <JepaConfig as Family>::Tools,
}

/// What a batch cost, not yet read back.
pub struct Scores {
    mind: <JepaConfig as Family>::Scores,
    seen: Tensor<1>,
}

impl Family for ObserverConfig {
    type Net = ObserverNet;
    type Tools = Tools;
    type Scores = Scores;
    type World = ObserverWorld;

    fn resolved(self) -> Self {
        Self { mind: self.mind.resolved(), ..self }
    }

    fn wants(&self) -> Wants {
        Wants { picture: self.eyes().wants().picture, state: true }
    }

    fn window(&self, n_frames: usize) -> Window {
        self.mind.window(n_frames)
    }

    fn net(&self, about: &Interface, device: &Device) -> ObserverNet {
        ObserverNet::new(self, about, device)
    }

    fn tools(&self, about: &Interface, device: &Device) -> Tools {
        let batcher = Batcher::new(&self.eyes(), about);
        Tools { batcher, studio: Studio::default(), mind: self.mind.tools(about, device) }
    }

    fn gradient(
        (net, tools): (&ObserverNet, &Tools),
        batch: &Batch,
        (config, key): (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Scores)> {
        let lesson = gradient::Lesson::of(&tools.batcher, batch, (config, key.with("eyes")))?;
        let (mind, scores) = JepaConfig::gradient((&net.mind, &tools.mind), batch, (config, key), device)?;
        let (eyes, seen) = gradient::gradient((&net.eyes, &tools.batcher, &tools.studio), &lesson, device);
        let mut sum = GradientsAccumulator::new();
        eyes.into_iter().chain([mind]).for_each(|gradients| sum.accumulate(net, gradients));
        Ok((sum.grads(), Scores { mind: scores, seen }))
    }

    fn read_back(scores: Scores, config: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        let seen: f32 = scores.seen.into_scalar();
        let mind = JepaConfig::read_back(scores.mind, config, gradient_norm);
        let all = mind.names().map(|name| (name.to_owned(), mind.get(name) + if name == "total" { seen } else { 0.0 }));
        Losses::of(all.chain([("eyes".to_owned(), seen)]))
    }

    fn world(self, net: ObserverNet, about: Interface, device: &Device) -> ObserverWorld {
        ObserverWorld::new(net, &self, about, device)
    }

    fn words(&self) -> [String; 2] {
        let what = "Eyes read a state off each picture; a joint-embedding predictive model that was told states alone turns it into \
                    a short list of numbers (a latent) and predicts how that changes.";
        ["An observer in front of a model of states".to_owned(), what.to_owned()]
    }

    fn charts(&self) -> &'static [LossChart] {
        &CHARTS
    }

    fn teaching(&self) -> Wants {
        self.mind.wants()
    }

    fn taught(world: &ObserverWorld, observations: &[Observation]) -> terrella_core::Result<Latents> {
        world.mind.observe(observations)
    }

    fn latent(&self) -> Option<usize> {
        self.mind.latent()
    }

    fn turns(&self) -> bool {
        true
    }

    fn around(world: &ObserverWorld, symmetry: &Symmetry, views: Views) -> Option<ObserverWorld> {
        Some(world.clone().with_views(symmetry, views))
    }

    fn sharpened(world: &ObserverWorld, gaze: Option<&Arc<Gaze>>) -> Option<ObserverWorld> {
        Some(world.clone().with_gaze(gaze.cloned()))
    }

    fn follow(
        world: &ObserverWorld,
        aim: [(&StateOf<Self>, &[usize]); 2],
        horizon: usize,
        act: &mut OnLatents<'_>,
    ) -> Vec<Table> {
        JepaConfig::follow(&world.mind, aim, horizon, act)
    }
}

const CHARTS: [LossChart; 6] = {
    let [predicting, directions, shape, actions, states] = jepa::CHARTS;
    [EYES, predicting, directions, shape, actions, states]
};

const EYES: LossChart = LossChart {
    title: "Reading the state off a picture",
    unit: "mean absolute error, in features",
    note: "Of training pictures as they are varied. All other charts are of the mind, which is told states.",
    log: true,
    lines: &[("eyes", "eyes")],
};
