//! How video without actions is labelled.

use serde::{Deserialize, Serialize};
use terrella_model::{InverseConfig, TrainConfig};

/// How a labeller learns, and which of its labels are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelSettings {
    /// Optimiser steps.
    pub steps: u64,
    /// Rows a step, each with the pictures around it.
    pub batch_size: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Pictures that are shown before a row.
    pub before: usize,
    /// Pictures that are shown after it.
    pub after: usize,
    /// As `data.shift`, where that is 0: pixels by which pictures are moved at most, with the places that actions name, where the world says which
    /// those are.
    pub shift: usize,
    /// Share of the true actions that an interval shall hold.
    pub coverage: f64,
    /// A row is left out if the interval of any number of its action reaches further to either side than so many standard deviations of
    /// the recorded actions. Saying the mean of normal actions with the same confidence would reach 1.64.
    pub reach: f64,
    /// Stretches of confident rows that are shorter are left out.
    pub min_rows: usize,
}

impl Default for LabelSettings {
    fn default() -> Self {
        let InverseConfig { before, after, .. } = InverseConfig::default();
        let learning_rate = TrainConfig::default().learning_rate;
        Self {
            steps: 2000,
            batch_size: 32,
            learning_rate,
            before,
            after,
            shift: 8,
            coverage: 0.9,
            reach: 0.25,
            min_rows: 30,
        }
    }
}

impl LabelSettings {
    /// What the labeller is.
    pub fn model(&self) -> InverseConfig {
        InverseConfig { before: self.before, after: self.after, ..InverseConfig::default() }
    }
}
