//! The joint-embedding predictive architecture, in the order of the LeWM paper: [`config`] → [`net`] →
//! [`gradient`] with [`sigreg`], [`reach`] and [`straight`] → [`world`].
//!
//! [`batch`] turns what is recorded into what the network takes; [`held`], [`eyes`] and [`engine`] keep states, the
//! encoder and the predictor on the host where the model runs on a CPU.

mod batch;
mod config;
mod engine;
pub(crate) mod eyes;
mod gradient;
mod held;
mod judge;
mod judge_rows;
mod net;
mod parts;
mod pupil;
mod reach;
#[cfg(test)]
pub(super) mod reference;
mod scores;
mod sigreg;
mod sigreg_rows;
mod straight;
pub(crate) mod watching;
mod workers;
mod world;

pub use batch::{Batcher, Tensors};
pub use config::{JepaConfig, LossWeights, Sees, Size};
pub use net::{Jepa, Shape, patcher};
pub use sigreg::{directions, sigreg};
pub use world::{Latents, World};

use super::seam::{Family, OnLatents, Wants, follow};
use crate::Result;
use crate::augment::Changes;
use crate::device::is_cpu;
use crate::family::jepa::gradient::gradient;
use crate::family::jepa::scores::Scores;
use crate::family::jepa::workers::Workers;
use crate::host::crew::PARTS;
use crate::interface::Interface;
use crate::losses::{LossChart, Losses};
use crate::train::Trainer;
use crate::train_config::TrainConfig;
use crate::{Symmetry, Views};
use burn::optim::GradientsParams;
use burn::prelude::*;
use terrella_core::{Batch, Dynamics, Key, Table, Window};

/// What turns batches into gradients.
pub struct Tools {
    config: JepaConfig,
    batcher: Batcher,
    workers: Workers,
}

impl Trainer<JepaConfig> {
    /// Works on so many parts of a batch at a time. That changes speed and rounding, nothing else.
    #[must_use]
    pub fn in_parts(mut self, parts: usize) -> Self {
        self.tools.workers = Workers::new(parts);
        self
    }
}

impl Family for JepaConfig {
    type Net = Jepa;
    type Tools = Tools;
    type Scores = Scores;
    type World = World;

    fn resolved(self) -> Self {
        Self { history: Some(self.history()), ..self }
    }

    fn wants(&self) -> Wants {
        let sees = self.sees == Sees::Pixels;
        Wants { picture: sees.then(|| self.image_size()), state: !sees || self.readout }
    }

    fn window(&self, n_frames: usize) -> Window {
        Window { n_frames, frame_skip: self.frame_skip, goal: self.goal() }
    }

    fn net(&self, about: &Interface, device: &Device) -> Jepa {
        Jepa::new(self, about, device)
    }

    fn tools(&self, about: &Interface, device: &Device) -> Tools {
        // Dropout draws from one stream a process, and a GPU needs no help to be busy.
        let parts = if self.size == Size::L || !is_cpu(device) { 1 } else { PARTS };
        Tools { config: self.clone(), batcher: Batcher::new(self, about), workers: Workers::new(parts) }
    }

    fn gradient(
        (net, tools): (&Jepa, &Tools),
        batch: &Batch,
        (config, key): (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Scores)> {
        let seen = (batch, tools.config.wants().picture);
        let changes = Changes::of_batch(&config.augment, config.symmetry.as_ref(), seen, key)?;
        gradient((net, &tools.batcher, &tools.workers), (batch, &changes), (&tools.config, key), device)
    }

    fn read_back(scores: Scores, _: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        scores.read_back(gradient_norm)
    }

    fn world(self, net: Jepa, about: Interface, device: &Device) -> World {
        World::new(net, self, about, device)
    }

    fn words(&self) -> [String; 2] {
        let what = "A joint-embedding predictive model turns what it sees into a short list of numbers (a latent) and predicts how that \
                    changes; no picture is ever predicted.";
        ["A joint-embedding predictive model".to_owned(), what.to_owned()]
    }

    fn charts(&self) -> &'static [LossChart] {
        if self.readout { &CHARTS } else { &CHARTS[..4] }
    }

    fn latent(&self) -> Option<usize> {
        Some(Shape::of(self.size).latent)
    }

    fn turns(&self) -> bool {
        true
    }

    fn around(world: &World, symmetry: &Symmetry, views: Views) -> Option<World> {
        Some(world.clone().with_views(Some(symmetry.clone()), views))
    }

    fn follow(
        world: &World,
        [start, goal]: [(&Latents, &[usize]); 2],
        horizon: usize,
        act: &mut OnLatents<'_>,
    ) -> Vec<Table> {
        let goal = world.all_sides(&world.take(goal.0, goal.1));
        let start = (world.take(start.0, start.1), start.1.len());
        follow(world, start, horizon, |k, state| world.consensus(state, act(k, &world.all_sides(state), &goal)))
    }
}

/// The last one is of models with a readout; that of actions is left out where they are not told.
pub(super) const CHARTS: [LossChart; 5] = [
    LossChart {
        title: "Predicting the next latent",
        unit: "mean squared error",
        note: "Below “copying”, the model knows more than that nothing changes.",
        log: true,
        lines: &[("one step", "predict"), ("rollout", "rollout"), ("copying", "copy_last")],
    },
    LossChart {
        title: "Directions that latents use",
        unit: "effective rank",
        note: "Near 1, all scenes would look alike to the model: a collapse.",
        log: false,
        lines: &[("effective rank", "effective_rank")],
    },
    LossChart {
        title: "Shape of the latents",
        unit: "SIGReg",
        note: "Distance of the latents from an isotropic Gaussian, which is what forbids a collapse.",
        log: false,
        lines: &[("SIGReg", "sigreg")],
    },
    LossChart {
        title: "Telling what was done",
        unit: "mean absolute error, in deviations",
        note: "The next actions, told from where things are and where they are up to some seconds later.",
        log: false,
        lines: &[("told by the small head", "reach")],
    },
    LossChart {
        title: "Telling the logged state",
        unit: "mean squared error, in features",
        note: "Seen: from the picture or state itself. Imagined: from predictions.",
        log: true,
        lines: &[("seen", "readout"), ("imagined", "readout_rollout")],
    },
];
