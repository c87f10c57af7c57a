//! What a step of training tells: named numbers, since every family has losses of its own.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Losses of one step by name, before weighting, with the weighted sum as `total`, and whatever else
/// a family watches. A JEPA tells `predict`, `rollout`, `sigreg`, `readout`, `readout_rollout`,
/// `copy_last`, `effective_rank` and `smallest_std`; every family has its `gradient_norm`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Losses(BTreeMap<String, Option<f32>>);

impl Losses {
    /// Named numbers.
    pub fn of<N: Into<String>>(named: impl IntoIterator<Item = (N, f32)>) -> Self {
        Self(named.into_iter().map(|(name, x)| (name.into(), Some(x))).collect())
    }

    /// One of them; not a number where this family has none of the name.
    pub fn get(&self, name: &str) -> f32 {
        self.0.get(name).copied().flatten().unwrap_or(f32::NAN)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// One logged step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Losses of this step.
    #[serde(flatten)]
    pub losses: Losses,
}
