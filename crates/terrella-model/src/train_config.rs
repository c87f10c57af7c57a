//! How a model of any family is trained: steps and rates, as settings say them.

use crate::Symmetry;
use crate::augment::Augment;
use crate::optim::learning_rate;
use serde::{Deserialize, Serialize};

/// How to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Optimiser steps.
    pub steps: u64,
    /// Clips a step.
    pub batch_size: usize,
    /// Frames a clip.
    pub n_frames: usize,
    /// Peak learning rate of AdamW.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Part of the steps spent on warm-up.
    pub warmup: f64,
    /// Largest joint gradient norm.
    pub clip_norm: f64,
    /// Symmetries of the world, used to turn clips.
    pub symmetry: Option<Symmetry>,
    /// How pictures are varied.
    pub augment: Augment,
    /// Seed of weights, batches and everything else.
    pub seed: u64,
    /// Steps between log lines.
    pub log_every: u64,
}

impl TrainConfig {
    /// The learning rate of a step, from 0.
    pub(crate) fn rate(&self, step: u64) -> f64 {
        let warmup = ((self.steps as f64 * self.warmup) as u64).max(1);
        learning_rate(step, self.steps, warmup, self.learning_rate)
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            steps: 1000,
            batch_size: 64,
            n_frames: 4,
            learning_rate: 1.5e-3,
            weight_decay: 1e-3,
            warmup: 0.05,
            clip_norm: 1.0,
            symmetry: None,
            augment: Augment::default(),
            seed: 0,
            log_every: 25,
        }
    }
}
