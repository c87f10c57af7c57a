//! A diffusion world: it paints the next frame from those before and what is done, in the order config → [`net`] → [`lesson`]
//! and [`gradient`] → [`engine`] → [`world`].
//!
//! A causal transformer over patches whose frames have noise of their own each (diffusion forcing, Chen et al. 2024; Dreamer 4,
//! Hafner et al. 2025), which tells the picture and not the noise (JiT, Li & He 2025). It is shown the frame before beside its own behind
//! noise, so that one pass is enough where the past says all, and a recorded action has one meaning: it lies between the two.

mod config;
mod engine;
mod eyes;
mod gradient;
mod lesson;
mod net;
#[cfg(test)]
mod reference;
mod world;

pub use config::DiffusionConfig;
pub use net::DiffusionNet;
pub use world::{DiffusionWorld, Frames};

use super::Size;
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

impl Family for DiffusionConfig {
    type Net = DiffusionNet;
    type Tools = Tools;
    type Scores = Scores;
    type World = DiffusionWorld;

    fn resolved(self) -> Self {
        self
    }

    fn check(&self) -> Result<()> {
        self.whole()
    }

    fn wants(&self) -> Wants {
        Wants { picture: Some(self.picture), state: false }
    }

    fn window(&self, n_frames: usize) -> Window {
        Window { n_frames, frame_skip: self.frame_skip, goal: None }
    }

    fn net(&self, about: &Interface, device: &Device) -> DiffusionNet {
        DiffusionNet::new(self, about, device)
    }

    fn tools(&self, about: &Interface, device: &Device) -> Tools {
        let parts = if self.size == Size::L || !is_cpu(&device.clone().without_autodiff()) { 1 } else { PARTS };
        Tools { translator: Translator::new(self, about), crew: Crew::new(parts) }
    }

    fn gradient(
        with: (&DiffusionNet, &Tools),
        batch: &Batch,
        (_, key): (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Scores)> {
        gradient::gradient(with, batch, key, device)
    }

    fn read_back(scores: Scores, _: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        scores.read_back(gradient_norm)
    }

    fn world(self, net: DiffusionNet, about: Interface, _: &Device) -> DiffusionWorld {
        DiffusionWorld::new(&net, &self, &about)
    }

    fn paints(&self) -> bool {
        true
    }

    fn words(&self) -> [String; 2] {
        let what = format!(
            "A diffusion world paints the next picture of {}x{} from the last {} and what is done, patch by patch.",
            self.picture, self.picture, self.context
        );
        ["A diffusion world".to_owned(), what]
    }

    fn charts(&self) -> &'static [LossChart] {
        &CHARTS
    }
}

const CHARTS: [LossChart; 2] = [
    LossChart {
        title: "Painting the next frame",
        unit: "weighted squared error",
        note: "What moves or stands out counts more. Below “copying”, the model knows more than that nothing changes.",
        log: true,
        lines: &[("model", "predict"), ("copying", "copy_last")],
    },
    LossChart {
        title: "Telling the logged state from a frame",
        unit: "mean squared error, in features",
        note: "It teaches nothing else; dreams are judged by it.",
        log: true,
        lines: &[("told", "readout")],
    },
];
