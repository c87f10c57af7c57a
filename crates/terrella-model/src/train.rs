//! The training loop: one pure function of the step, so that it can stop and go on anywhere.
//!
//! Batch, augmentation, SIGReg directions and learning rate are all keyed by the step number. A
//! run that is interrupted and resumed therefore equals the uninterrupted one, bit for bit.

use crate::batch::Batcher;
use crate::config::{Interface, JepaConfig, Size};
use crate::gradient::{PARTS, Workers, gradient};
use crate::jepa::Jepa;
use crate::optim::{clip_global_norm, learning_rate};
use crate::symmetry::{Symmetry, Turn};
use crate::{Error, Result};
use burn::module::Module;
use burn::optim::{AdamWConfig, ModuleOptimizer};
use burn::prelude::*;
use serde::{Deserialize, Serialize};
use terrella_core::{Batch, Key};

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
}

impl Default for LossWeights {
    fn default() -> Self {
        Self { sigreg: 0.09, rollout: 1.0, readout: 10.0 }
    }
}

/// Losses of one step, before weighting, and what the monitor looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// Weighted sum.
    pub total: f32,
    /// Mean squared error of one-step predictions.
    pub predict: f32,
    /// Mean squared error of rollouts from the first frame.
    pub rollout: f32,
    /// SIGReg.
    pub sigreg: f32,
    /// Mean squared error of the readout on encodings, in features.
    pub readout: f32,
    /// The same on rolled-out predictions.
    pub readout_rollout: f32,
    /// Joint gradient norm before clipping.
    pub gradient_norm: f32,
    /// Mean squared change from one latent to the next: what copying the last latent would cost.
    pub copy_last: f32,
    /// Effective rank of the latents, `(tr C)² / tr C²`.
    pub effective_rank: f32,
    /// Smallest standard deviation over latent dimensions.
    pub smallest_std: f32,
}

/// One logged step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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

/// A model in training.
pub struct Trainer {
    /// What is trained.
    pub model_config: JepaConfig,
    /// What it is trained on.
    pub interface: Interface,
    /// How.
    pub config: TrainConfig,
    pub(crate) model: Jepa,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) step: u64,
    batcher: Batcher,
    workers: Workers,
    device: Device,
}

impl Trainer {
    /// A trainer at step 0, with weights drawn from the seed.
    pub fn new(model_config: JepaConfig, interface: Interface, config: TrainConfig, device: &Device) -> Self {
        let (device, model_config) = (device.clone().autodiff(), model_config.resolved());
        device.seed(Key::new(config.seed).with("weights").seed());
        let model = Jepa::new(&model_config, &interface, &device);
        // Parameters are created on first use; a walk draws them all now, in one order.
        let model = model.map(&mut Touch);
        let optimizer = AdamWConfig::new().with_weight_decay(config.weight_decay as f32).with_epsilon(1e-8).init();
        let batcher = Batcher::new(&model_config, &interface);
        // Dropout draws from one stream a process, and a GPU needs no help to be busy.
        let workers = Workers::new(if model_config.size == Size::L || !is_cpu(&device) { 1 } else { PARTS });
        Self { model_config, interface, config, model, optimizer, step: 0, batcher, workers, device }
    }

    /// Works on so many parts of a batch at a time. That changes speed and rounding, nothing else.
    #[must_use]
    pub fn in_parts(mut self, parts: usize) -> Self {
        self.workers = Workers::new(parts);
        self
    }

    /// Steps done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The model as it is now, for inference.
    pub fn model(&self) -> Jepa {
        self.model.valid()
    }

    /// Trains on the batch of the next step; losses are read back only when `log` asks.
    ///
    /// # Errors
    /// If the batch does not fit the model, or the loss is no longer a number.
    pub fn advance(&mut self, batch: &Batch, log: bool) -> Result<Option<Progress>> {
        let key = Key::new(self.config.seed).with("train").at(self.step);
        self.device.seed(key.with("dropout").seed());
        let symmetry = self.config.symmetry.as_ref();
        let turn = |clip| Turn::number(key.with("turn").at(clip as u64).stream().below(8));
        let turns: Vec<Turn> = (0..batch.clips.len()).map(|c| symmetry.map_or(Turn::NONE, |_| turn(c))).collect();
        let tools = (&self.model, &self.batcher, &self.workers);
        let (gradients, scores) = gradient(tools, batch, (symmetry, &turns), (&self.config, key), &self.device)?;
        let (gradients, norm) = clip_global_norm(&self.model, gradients, self.config.clip_norm);
        let rate = self.learning_rate();
        self.model = self.optimizer.step(rate, self.model.clone(), gradients);
        self.step += 1;
        if !log {
            return Ok(None);
        }
        let losses = scores.read_back(&self.config.weights, norm);
        if !losses.total.is_finite() {
            let reason = format!(
                "the loss is {}; lower the learning rate (now {rate:.1e}) or look for broken rows with `terrella inspect`",
                losses.total
            );
            return Err(Error::Collapsed { step: self.step, reason });
        }
        Ok(Some(Progress { step: self.step, steps: self.config.steps, learning_rate: rate, losses }))
    }

    fn learning_rate(&self) -> f64 {
        let warmup = ((self.config.steps as f64 * self.config.warmup) as u64).max(1);
        learning_rate(self.step, self.config.steps, warmup, self.config.learning_rate)
    }
}

#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn is_cpu(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return *device == Device::flex();
    #[cfg(not(feature = "flex"))]
    false
}

/// Creates every lazy parameter.
struct Touch;

impl burn::module::ModuleMapper for Touch {
    fn map_float<const D: usize>(&mut self, param: burn::module::Param<Tensor<D>>) -> burn::module::Param<Tensor<D>> {
        let _ = param.val();
        param
    }
}
