//! Known equations with a learned rest, after APHYNITY (Yin et al. 2021, arXiv:2010.04456).
//!
//! A mechanism of `terrella-physics` says how a state changes, with parameters that are learned; a network adds what the equations leave out, and as little
//! as it can. So the parameters keep meaning what they mean in the equations alone, and what
//! nobody wrote down (a position-dependent friction, play, wind) is foretold all the same. Numbers that no equation knows, such as a second
//! sensor, the network foretells by itself; rewards and ends of a task it does not learn.

mod config;
mod gradient;
mod known;
mod motion;
mod net;
mod network;
#[cfg(test)]
mod reference;
mod world;

pub use config::HybridConfig;
pub use known::Known;
pub use net::HybridNet;
pub use world::{HybridStates, HybridWorld};

use super::seam::{Family, Wants};
use crate::interface::Interface;
use crate::learned_parameter::LearnedParameter;
use crate::losses::{LossChart, Losses};
use crate::train_config::TrainConfig;
use crate::{Error, Result};
use burn::optim::GradientsParams;
use burn::prelude::*;
use gradient::{Scores, Weights};
use motion::Motion;
use terrella_core::{Batch, Key, Window};

/// What turns batches into gradients: the equations with their columns, and weights of losses.
pub struct Tools {
    motion: Motion,
    weights: Weights,
}

impl HybridConfig {
    /// # Panics
    /// If its equations do not go with these recordings, which [`Family::fits`] tells before.
    fn motion(&self, about: &Interface) -> Motion {
        Motion::new(self.known(&about.signature).expect("equations that fit, as was checked"), about)
    }
}

impl Family for HybridConfig {
    type Net = HybridNet;
    type Tools = Tools;
    type Scores = Scores;
    type World = HybridWorld;

    fn resolved(self) -> Self {
        self
    }

    fn check(&self) -> Result<()> {
        let weights = [("residual", self.residual), ("prior", self.prior)];
        if let Some((name, weight)) = weights.iter().find(|(_, weight)| !(weight.is_finite() && *weight >= 0.0)) {
            return Err(Error::Invalid(format!("model.{name} is {weight}; give 0 or more")));
        }
        if self.hidden == 0 || self.parts == 0 {
            return Err(Error::Invalid(format!(
                "model.hidden is {} and model.parts is {}; give at least 1 of each",
                self.hidden, self.parts
            )));
        }
        Ok(())
    }

    fn fits(&self, about: &Interface) -> Result<()> {
        let (width, rates) = (about.signature.state.len(), about.rate_stats.as_ref().map_or(0, |rates| rates.width()));
        if width == 0 || about.state_stats.width() != width || rates != width {
            return Err(Error::Invalid(format!(
                "a hybrid learns from a logged state with its rates, and of {width} numbers these recordings have statistics of {} and rates of {rates}; give recordings with a logged state, and leave data.state out",
                about.state_stats.width()
            )));
        }
        self.known(&about.signature).map(|_| ())
    }

    fn wants(&self) -> Wants {
        Wants { picture: None, state: true }
    }

    fn window(&self, n_frames: usize) -> Window {
        Window { n_frames, frame_skip: 1, goal: None }
    }

    fn net(&self, about: &Interface, device: &Device) -> HybridNet {
        HybridNet::new(self, &self.motion(about), device)
    }

    fn tools(&self, about: &Interface, _: &Device) -> Tools {
        Tools { motion: self.motion(about), weights: Weights { residual: self.residual, prior: self.prior } }
    }

    fn gradient(
        (net, tools): (&HybridNet, &Tools),
        batch: &Batch,
        _: (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Scores)> {
        gradient::gradient(net, &tools.motion, batch, tools.weights, device)
    }

    fn read_back(scores: Scores, _: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        scores.read_back(gradient_norm)
    }

    fn world(self, net: HybridNet, about: Interface, _: &Device) -> HybridWorld {
        HybridWorld::new(&net, &self, &about)
    }

    fn parameters(world: &HybridWorld) -> Vec<LearnedParameter> {
        world.parameters()
    }

    fn words(&self) -> [String; 2] {
        let what = format!(
            "The equations of a {} with parameters that were learned, and a network with {} hidden layers of {} that adds to them what they leave \
             out, and as little as it can (APHYNITY, weight {}).",
            self.mechanism, self.layers, self.hidden, self.residual
        );
        ["A hybrid model".to_owned(), what]
    }

    fn charts(&self) -> &'static [LossChart] {
        &CHARTS
    }
}

const CHARTS: [LossChart; 2] = [
    LossChart {
        title: "Foretelling clips",
        unit: "mean squared error",
        note: "In what changes in a usual row. All rows of a clip are foretold from its first one.",
        log: true,
        lines: &[
            ("all rows", "rollout"),
            ("the next row", "predict"),
            ("the next row, standing still", "standing_still"),
        ],
    },
    LossChart {
        title: "What the network adds to the equations",
        unit: "mean square",
        note: "In deviations of the recorded rates. Near 0, the equations say it all.",
        log: false,
        lines: &[("residual", "residual")],
    },
];
