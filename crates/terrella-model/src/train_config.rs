//! How a model of any family is trained: steps, rates and weights, as settings say them.

use crate::symmetry::Symmetry;
use serde::{Deserialize, Serialize};

/// How to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Optimiser steps.
    pub steps: u64,
    /// Clips a step.
    pub batch_size: usize,
    /// Frames a clip; beyond `history + 1` they serve the rollout loss.
    pub n_frames: usize,
    /// Peak learning rate of AdamW.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Part of the steps spent on warm-up.
    pub warmup: f64,
    /// Largest joint gradient norm.
    pub clip_norm: f64,
    /// Random directions of SIGReg a step.
    pub directions: usize,
    /// Weights of the losses beside the prediction's 1.
    pub weights: LossWeights,
    /// Symmetries of the world, used to turn clips.
    pub symmetry: Option<Symmetry>,
    /// Seed of weights, batches and everything else.
    pub seed: u64,
    /// Steps between log lines.
    pub log_every: u64,
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
            directions: 256,
            weights: LossWeights::default(),
            symmetry: None,
            seed: 0,
            log_every: 25,
        }
    }
}

/// Weights of the losses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossWeights {
    /// SIGReg; 0.09 in the released recipe.
    pub sigreg: f64,
    /// Predictions fed back on themselves from the first frame, as planning uses them.
    pub rollout: f64,
    /// Logged state told from encodings and predictions. Features have unit variance and matter to
    /// a hundredth of it, hence a weight above one.
    pub readout: f64,
    /// Whether an action ended the task, where recordings say so: cross-entropy of an ensemble's members.
    pub end: f64,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self { sigreg: 0.09, rollout: 1.0, readout: 10.0, end: 1.0 }
    }
}
