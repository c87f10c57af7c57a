//! The joint-embedding predictive architecture, in the order of the LeWM paper: [`config`] → [`net`] →
//! [`gradient`] with [`sigreg`] → [`world`].
//!
//! [`batch`] and [`pixels`] turn what is recorded into what the network takes; [`held`] keeps states on the host
//! where the model runs on a CPU.

pub(crate) mod batch;
pub(crate) mod config;
pub(crate) mod gradient;
pub(crate) mod held;
pub(crate) mod net;
pub(crate) mod pixels;
pub(crate) mod sigreg;
pub(crate) mod world;

use super::seam::{Family, Wants};
use crate::Result;
use crate::Turn;
use crate::device::is_cpu;
use crate::family::jepa::batch::Batcher;
use crate::family::jepa::config::{JepaConfig, Sees, Size};
use crate::family::jepa::gradient::{PARTS, Scores, Workers, gradient};
use crate::family::jepa::net::Jepa;
use crate::family::jepa::world::World;
use crate::interface::Interface;
use crate::losses::Losses;
use crate::train_config::TrainConfig;
use burn::optim::GradientsParams;
use burn::prelude::*;
use terrella_core::{Batch, Key, Window};

/// What turns batches into gradients.
pub struct Tools {
    batcher: Batcher,
    pub(crate) workers: Workers,
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
        Window { n_frames, frame_skip: self.frame_skip }
    }

    fn net(&self, about: &Interface, device: &Device) -> Jepa {
        Jepa::new(self, about, device)
    }

    fn tools(&self, about: &Interface, device: &Device) -> Tools {
        // Dropout draws from one stream a process, and a GPU needs no help to be busy.
        let parts = if self.size == Size::L || !is_cpu(device) { 1 } else { PARTS };
        Tools { batcher: Batcher::new(self, about), workers: Workers::new(parts) }
    }

    fn gradient(
        (net, tools): (&Jepa, &Tools),
        batch: &Batch,
        (config, key): (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Scores)> {
        let symmetry = config.symmetry.as_ref();
        let turn = |clip| Turn::number(key.with("turn").at(clip as u64).stream().below(8));
        let turns: Vec<Turn> = (0..batch.clips.len()).map(|c| symmetry.map_or(Turn::NONE, |_| turn(c))).collect();
        gradient((net, &tools.batcher, &tools.workers), batch, (symmetry, &turns), (config, key), device)
    }

    fn read_back(scores: Scores, config: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        scores.read_back(&config.weights, gradient_norm)
    }

    fn world(self, net: Jepa, about: Interface, device: &Device) -> World {
        World::new(net, self, about, device)
    }

    fn words(&self) -> [String; 2] {
        let [name, what] = [
            "A joint-embedding predictive model",
            "A joint-embedding predictive model turns what it sees into a short list of numbers (a latent) and predicts how that changes.",
        ];
        [name.to_owned(), what.to_owned()]
    }
}
