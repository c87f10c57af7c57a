//! The training loop of all families: one pure function of the step, so that it can stop and go on
//! anywhere.
//!
//! Batch, augmentation, random directions and learning rate are all keyed by the step number. A
//! run that is interrupted and resumed therefore equals the uninterrupted one, bit for bit.

use crate::family::Family;
use crate::family::jepa::config::JepaConfig;
use crate::family::jepa::gradient::Workers;
use crate::interface::Interface;
use crate::optim::{clip_global_norm, learning_rate};
use crate::symmetry::Symmetry;
use crate::{Error, Result};
use burn::module::Module;
use burn::optim::{AdamWConfig, ModuleOptimizer};
use burn::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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

/// A model of any family in training.
pub struct Trainer<F: Family> {
    /// What is trained.
    pub model_config: F,
    /// What it is trained on.
    pub interface: Interface,
    /// How.
    pub config: TrainConfig,
    pub(crate) model: F::Net,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) step: u64,
    pub(crate) tools: F::Tools,
    device: Device,
}

impl<F: Family> Trainer<F> {
    /// A trainer at step 0, with weights drawn from the seed.
    pub fn new(model_config: F, interface: Interface, config: TrainConfig, device: &Device) -> Self {
        let (device, model_config) = (device.clone().autodiff(), model_config.resolved());
        device.seed(Key::new(config.seed).with("weights").seed());
        // Parameters are created on first use; a walk draws them all now, in one order.
        let model = model_config.net(&interface, &device).map(&mut Touch);
        let optimizer = AdamWConfig::new().with_weight_decay(config.weight_decay as f32).with_epsilon(1e-8).init();
        let tools = model_config.tools(&interface, &device);
        Self { model_config, interface, config, model, optimizer, step: 0, tools, device }
    }

    /// Steps done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The model as it is now, for inference.
    pub fn model(&self) -> F::Net {
        self.model.valid()
    }

    /// The model as it is now, ready for use.
    pub fn world(&self, device: &Device) -> F::World {
        self.model_config.clone().world(self.model(), self.interface.clone(), device)
    }

    /// Trains on the batch of the next step; losses are read back only when `log` asks.
    ///
    /// # Errors
    /// If the batch does not fit the model, or the loss is no longer a number.
    pub fn advance(&mut self, batch: &Batch, log: bool) -> Result<Option<Progress>> {
        let key = Key::new(self.config.seed).with("train").at(self.step);
        self.device.seed(key.with("dropout").seed());
        let (gradients, scores) = F::gradient((&self.model, &self.tools), batch, (&self.config, key), &self.device)?;
        let (gradients, norm) = clip_global_norm(&self.model, gradients, self.config.clip_norm);
        let rate = self.learning_rate();
        self.model = self.optimizer.step(rate, self.model.clone(), gradients);
        self.step += 1;
        if !log {
            return Ok(None);
        }
        let losses = F::read_back(scores, &self.config, norm);
        let total = losses.get("total");
        if !total.is_finite() {
            let reason = format!(
                "the loss is {total}; lower the learning rate (now {rate:.1e}) or look for broken rows with `terrella inspect`"
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

impl Trainer<JepaConfig> {
    /// Works on so many parts of a batch at a time. That changes speed and rounding, nothing else.
    #[must_use]
    pub fn in_parts(mut self, parts: usize) -> Self {
        self.tools.workers = Workers::new(parts);
        self
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
