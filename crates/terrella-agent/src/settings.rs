//! What tells one search from another: the settings of the one loop, checked before it begins.

use serde::{Deserialize, Serialize};
use terrella_core::{Error, Result};

/// Which sequence a search answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The cheapest sequence that was tried.
    #[default]
    Best,
    /// The mean of the last distribution: dearer in the model, but it does not ride on a single
    /// sample that the model happens to like.
    Mean,
}

/// What is done with the costs of an iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Update {
    /// Refit to the best so many.
    Elites(usize),
    /// Refit to all, weighted by `exp(-cost / temperature)`.
    Softmax(f64),
    /// Keep drawing from the prior.
    Nothing,
    /// Answer with the first proposal.
    Follow,
}

/// A search.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) samples: usize,
    pub(crate) iterations: usize,
    pub(crate) decay: f64,
    pub(crate) beta: f64,
    pub(crate) keep: usize,
    pub(crate) update: Update,
    pub(crate) momentum: f64,
    pub(crate) min_std: f64,
    pub(crate) answer: Answer,
}

impl Settings {
    pub(crate) fn check(&self, planner: &str) -> Result<()> {
        let refuse = |text: String| Err(Error::Invalid(format!("planner {planner}: {text}")));
        if self.update == Update::Follow {
            return Ok(());
        }
        if self.samples < 2 || self.iterations == 0 {
            let (samples, iterations) = (self.samples, self.iterations);
            return refuse(format!("{samples} samples and {iterations} iterations; use at least 2 and 1"));
        }
        if let Update::Elites(elites) = self.update
            && !(2..=self.samples).contains(&elites)
        {
            return refuse(format!("elites is {elites}; choose from 2 to the {} samples", self.samples));
        }
        if let Update::Softmax(temperature) = self.update
            && !(temperature > 0.0 && temperature.is_finite())
        {
            return refuse(format!("temperature is {temperature}; it must be above 0 (try 0.2)"));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return refuse(format!("momentum is {}; it must be at least 0 and below 1", self.momentum));
        }
        if !(0.0..=1.0).contains(&self.min_std) {
            return refuse(format!("min_std is {}, a share of the prior's deviation from 0 to 1", self.min_std));
        }
        if !(0.0..=8.0).contains(&self.beta) {
            return refuse(format!("beta is {}; use 0 (white) to about 3 (very smooth)", self.beta));
        }
        if !(self.decay >= 1.0 && self.decay.is_finite()) {
            return refuse(format!("decay is {}; use 1 (none) or more", self.decay));
        }
        match self.update {
            Update::Elites(elites) if self.keep > elites => refuse("keep is a share of the elites, 0 to 1".to_owned()),
            _ => Ok(()),
        }
    }

    /// Fresh samples of one iteration.
    pub(crate) fn samples_at(&self, iteration: usize) -> usize {
        let least = if let Update::Elites(elites) = self.update { 2 * elites } else { 1 };
        let shrunk = (self.samples as f64 / self.decay.powi(iteration as i32)).round() as usize;
        shrunk.max(least).min(self.samples)
    }
}
