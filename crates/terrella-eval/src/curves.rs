//! Errors against horizon, as they are stored and drawn: predictors, quantities, and where a model
//! stops being better than no model.

use crate::clusters::by_episode;
use crate::stats::{Interval, bootstrap};
use serde::{Deserialize, Serialize};
use terrella_core::Key;

/// Unit of what is measured in no unit of the world.
pub(crate) const MEAN_SQUARE: &str = "mean squared error";

/// A mean over clips and its 95 % interval (episodes resampled).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean over clips.
    pub mean: f64,
    /// Its interval.
    pub interval: Interval,
}

impl Estimate {
    /// The mean of values, each of one clip of an episode, whole episodes resampled.
    pub(crate) fn of(values: &[f64], episodes: &[usize], key: Key) -> Self {
        let groups = by_episode(values, episodes);
        let (sum, n) = groups.iter().flatten().fold((0.0, 0.0), |(s, n), x| (s + x, n + 1.0));
        Self { mean: sum / n, interval: bootstrap(&groups, key) }
    }
}

/// One predictor's error against horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `model`, `copy-last`, `mean` or `seen` (the model looking instead of imagining); `model, where it moved` and
    /// `model, where it lay still`, by the clips in which it did, where there are both.
    pub name: String,
    /// One estimate a horizon, from 0 blocks.
    pub points: Vec<Estimate>,
}

/// One way to measure the error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// What is compared.
    pub name: String,
    /// Unit of the numbers.
    pub unit: String,
    /// Whether higher is better (PSNR) or lower (all else).
    pub higher_is_better: bool,
    /// Predictors.
    pub curves: Vec<Curve>,
}

/// Errors of imagined rollouts against horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutTable {
    /// Environment steps in a block.
    pub frame_skip: usize,
    /// Environment steps a second.
    pub fps: f64,
    /// Clips compared.
    pub n_clips: usize,
    /// Held-out episodes they came from.
    pub n_episodes: usize,
    /// Hash of the recordings.
    pub data_hash: String,
    /// What was measured.
    pub quantities: Vec<Quantity>,
}

impl RolloutTable {
    /// One quantity by name.
    pub fn quantity(&self, name: &str) -> Option<&Quantity> {
        self.quantities.iter().find(|q| q.name == name)
    }
}

impl Quantity {
    /// Whether it is a part of the state in units of the world, not a picture or a latent.
    pub(crate) fn of_state(&self) -> bool {
        self.unit != MEAN_SQUARE && !self.higher_is_better
    }

    /// What a predictor came to at the end.
    pub fn last(&self, name: &str) -> Option<Estimate> {
        self.curve(name)?.points.last().copied()
    }

    /// One curve by name.
    pub fn curve(&self, name: &str) -> Option<&Curve> {
        self.curves.iter().find(|c| c.name == name)
    }

    /// The first horizon (in blocks, from 1) at which the model is no better than this baseline.
    pub fn lost_to(&self, baseline: &str) -> Option<usize> {
        let (model, other) = (self.curve("model")?, self.curve(baseline)?);
        let no_better = |h: &usize| {
            let (m, o) = (model.points[*h].mean, other.points[*h].mean);
            if self.higher_is_better { m <= o } else { m >= o }
        };
        (1..model.points.len()).find(no_better)
    }
}
