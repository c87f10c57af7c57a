//! A recurrent state-space model after DreamerV3 (Hafner et al. 2023, arXiv:2301.04104), in the order config → [`lesson`] → [`net`] →
//! [`gradient`] → [`engine`] → [`world`].
//!
//! What is known of a world is a deterministic memory and a categorical latent. The posterior tells the latent of memory and what is seen,
//! the prior of memory alone; heads tell what is seen, the reward and the end of both. In use the prior goes on where nothing is seen. How
//! long an action lasts is told beside it, so that clocks may be irregular. It remembers, so it can be taught worlds that do not show
//! everything at once. [`lesson`] says which row each loss is of.

mod config;
mod engine;
mod gradient;
mod lesson;
mod net;
#[cfg(test)]
mod reference;
mod symlog;
mod world;

pub use config::{RssmConfig, Senses};
pub use net::RssmNet;
pub use world::{Beliefs, RssmWorld};

use super::seam::{Family, Wants};
use crate::Result;
use crate::device::is_cpu;
use crate::host::crew::{Crew, PARTS};
use crate::interface::Interface;
use crate::losses::{LossChart, Losses};
use crate::train_config::TrainConfig;
use burn::optim::GradientsParams;
use burn::prelude::*;
use gradient::{Scores, Tools};
use lesson::Translator;
use terrella_core::{Batch, Key, Window};

impl Family for RssmConfig {
    type Net = RssmNet;
    type Tools = Tools;
    type Scores = Scores;
    type World = RssmWorld;

    fn resolved(self) -> Self {
        self
    }

    fn check(&self) -> Result<()> {
        self.whole()
    }

    fn wants(&self) -> Wants {
        Wants { picture: self.sees.pixels().then_some(self.picture), state: self.sees.state() }
    }

    fn window(&self, n_frames: usize) -> Window {
        Window { n_frames, frame_skip: 1, goal: None }
    }

    fn net(&self, about: &Interface, device: &Device) -> RssmNet {
        RssmNet::new(&Translator::new(self, about), device)
    }

    fn tools(&self, about: &Interface, device: &Device) -> Tools {
        let parts = if is_cpu(&device.clone().without_autodiff()) { PARTS } else { 1 };
        Tools { translator: Translator::new(self, about), crew: Crew::new(parts) }
    }

    fn gradient(
        with: (&RssmNet, &Tools),
        batch: &Batch,
        (_, key): (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Scores)> {
        gradient::gradient(with, batch, key, device)
    }

    fn read_back(scores: Scores, _: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        scores.read_back(gradient_norm)
    }

    fn world(self, net: RssmNet, about: Interface, _: &Device) -> RssmWorld {
        RssmWorld::new(&net, Translator::new(&self, &about), about)
    }

    fn words(&self) -> [String; 2] {
        let seen = match self.sees {
            Senses::State => "the logged state",
            Senses::Pixels => "pictures",
            Senses::Both => "the logged state and pictures",
        };
        let what = format!(
            "A recurrent state-space model remembers {} numbers and {} categoricals of {} classes; it learned to tell {seen}, and rewards and \
             ends of the task where they were logged, and to foretell what it would make of them.",
            self.memory, self.groups, self.classes
        );
        ["A recurrent state-space model".to_owned(), what]
    }

    fn charts(&self) -> &'static [LossChart] {
        if self.sees == Senses::State { &CHARTS[..2] } else { &CHARTS }
    }
}

static CHARTS: [LossChart; 3] = [
    LossChart {
        title: "Foretelling the next row",
        unit: "mean squared error, in features",
        note: "What the prior tells one step ahead, with nothing seen of it. Below “standing still”, the model knows more than that nothing changes; \
               far above “told again”, the prior does not keep up with the posterior.",
        log: true,
        lines: &[("model", "predict"), ("standing still", "standing_still"), ("told again", "reconstruct")],
    },
    LossChart {
        title: "What is seen and was not foretold",
        unit: "nats",
        note: "Divergence of posterior and prior, a row.",
        log: false,
        lines: &[("divergence", "kl")],
    },
    LossChart {
        title: "Drawing the picture again",
        unit: "squared error, summed over pixels",
        note: "",
        log: true,
        lines: &[("drawn", "picture")],
    },
];
