//! What a step of training tells: named numbers, since every family has losses of its own.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Losses of one step by name, before weighting, with the weighted sum as `total`, and whatever else
/// a family watches; every family has its `gradient_norm`. Where there is an `effective_rank` of latents or
/// an error of `copy_last`, a collapse is recognised by it.
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

/// A chart of losses, as a family wants them shown.
#[derive(Clone, Copy, Debug)]
pub struct LossChart {
    /// What it is about.
    pub title: &'static str,
    /// What the numbers are.
    pub unit: &'static str,
    /// How to read it; may be empty.
    pub note: &'static str,
    /// Whether numbers go up by factors.
    pub log: bool,
    /// Its lines: what to call a loss, and its name.
    pub lines: &'static [(&'static str, &'static str)],
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
