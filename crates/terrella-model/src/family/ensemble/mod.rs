//! A probabilistic ensemble on state vectors, after PETS (Chua et al. 2018, arXiv:1805.12114).
//!
//! Several small networks learn, each from its own resampling of the episodes, how fast the state
//! changes: a mean and a variance for each number. Where they disagree nothing was learned; where
//! all of them are unsure the world itself is noisy. Angles go in as sine and cosine, the time that
//! an action lasts is an input, and what comes out is a rate, so that irregular clocks need no care.
//! Where recordings have rewards, and ends of the task, every member learns those too.

mod config;
mod gradient;
mod inputs;
mod loss;
mod member;
mod net;
#[cfg(test)]
mod reference;
mod residual;
mod world;

pub use config::EnsembleConfig;
pub use net::EnsembleNet;
pub use residual::Moved as MovedBy;
pub(crate) use residual::adapted;
pub use world::{EnsembleWorld, Particles};

use super::seam::{Family, Wants};
use crate::Result;
use crate::device::is_cpu;
use crate::interface::Interface;
use crate::losses::{LossChart, Losses};
use crate::train_config::TrainConfig;
use burn::optim::GradientsParams;
use burn::prelude::*;
use inputs::{Inputs, Lesson};
use loss::Scores;
use terrella_core::{Batch, Key, Window};

/// What turns batches into gradients: the translation of log units, and who learns from which episode.
#[derive(Debug)]
pub struct Tools {
    inputs: Inputs,
    config: EnsembleConfig,
}

impl Family for EnsembleConfig {
    type Net = EnsembleNet;
    type Tools = Tools;
    type Scores = Scores;
    type World = EnsembleWorld;

    fn resolved(self) -> Self {
        self
    }

    fn wants(&self) -> Wants {
        Wants { picture: None, state: true }
    }

    fn window(&self, n_frames: usize) -> Window {
        Window { n_frames, frame_skip: 1, goal: None }
    }

    fn net(&self, about: &Interface, device: &Device) -> EnsembleNet {
        EnsembleNet::new(self, &Inputs::new(about), device)
    }

    fn tools(&self, about: &Interface, _: &Device) -> Tools {
        Tools { inputs: Inputs::new(about), config: self.clone() }
    }

    fn gradient(
        (net, tools): (&EnsembleNet, &Tools),
        batch: &Batch,
        (config, _): (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Scores)> {
        let lesson = Lesson::of(&tools.inputs, batch)?;
        let seed = Key::new(config.seed).with("bootstrap");
        let weight = |member: usize, episode: usize| match tools.config.bootstrap {
            true => poisson(seed.at(member as u64).at(episode as u64)),
            false => 1.0,
        };
        let of = |m: usize| lesson.episodes.iter().map(move |episode| weight(m, *episode));
        let weights: Vec<f32> = (0..tools.config.members).flat_map(of).collect();
        let (with, how) = ((net, &tools.config), (&weights[..], tools.config.end_weight));
        if is_cpu(&device.clone().without_autodiff()) {
            return Ok(gradient::gradient(with, (&tools.inputs, &lesson), how, device));
        }
        let (loss, scores) = loss::loss(with, (&tools.inputs, &lesson), how, device);
        Ok((GradientsParams::from_grads(loss.backward(), net), scores))
    }

    fn read_back(scores: Scores, _: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        scores.read_back(gradient_norm)
    }

    fn world(self, net: EnsembleNet, about: Interface, _: &Device) -> EnsembleWorld {
        EnsembleWorld::new(&net, self, about)
    }

    fn words(&self) -> [String; 2] {
        let what = format!(
            "A probabilistic ensemble of {} networks with {} hidden layers of {} learned how fast the state changes, and rewards and ends of \
             the task where they were logged, each from its own resampling of the episodes; what it foretells is their mean.",
            self.members, self.layers, self.hidden
        );
        ["A probabilistic ensemble".to_owned(), what]
    }

    fn charts(&self) -> &'static [LossChart] {
        &CHARTS
    }
}

const CHARTS: [LossChart; 2] = [
    LossChart {
        title: "Predicting the change of the next row",
        unit: "mean squared error",
        note: "In deviations of the recorded rates. Below “standing still”, the model knows more than that nothing changes.",
        log: true,
        lines: &[("model", "predict"), ("standing still", "standing_still")],
    },
    LossChart {
        title: "Surprise at the recordings",
        unit: "negative log-likelihood",
        note: "",
        log: false,
        lines: &[("model", "likelihood")],
    },
];

/// How often an episode is drawn when many are drawn with replacement: Poisson with mean 1, by Knuth's
/// product of uniform numbers.
fn poisson(key: Key) -> f32 {
    let mut stream = key.stream();
    let (mut product, mut n) = (stream.unit(), 0.0);
    while product > (-1.0f64).exp() {
        product *= stream.unit();
        n += 1.0;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_drawn_once_on_average_and_the_same_way_each_time() {
        let draw = |i| poisson(Key::new(3).at(i));
        let mean = (0..20_000).map(draw).sum::<f32>() / 20_000.0;
        let never = (0..20_000).filter(|i| draw(*i) == 0.0).count() as f64 / 20_000.0;
        assert!((mean - 1.0).abs() < 0.03, "mean {mean}");
        assert!((never - (-1.0f64).exp()).abs() < 0.015, "left out {never}");
    }
}
