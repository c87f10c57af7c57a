//! The training loop: one pure function of the step, so that it can stop and go on anywhere.
//!
//! Batch, augmentation, SIGReg directions and learning rate are all keyed by the step number. A
//! run that is interrupted and resumed therefore equals the uninterrupted one, bit for bit.

use crate::batch::{Batcher, Tensors};
use crate::config::{Interface, JepaConfig};
use crate::jepa::Jepa;
use crate::optim::{clip_global_norm, learning_rate};
use crate::sigreg::sigreg;
use crate::symmetry::Symmetry;
use crate::{Error, Result};
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::prelude::*;
use burn::tensor::Transaction;
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
    device: Device,
}

struct Scores {
    total: Tensor<1>,
    parts: Vec<Tensor<1>>,
}

impl Trainer {
    /// A trainer at step 0, with weights drawn from the seed.
    pub fn new(model_config: JepaConfig, interface: Interface, config: TrainConfig, device: &Device) -> Self {
        let device = device.clone().autodiff();
        device.seed(Key::new(config.seed).with("weights").seed());
        let model = Jepa::new(&model_config, &interface, &device);
        // Parameters are created on first use; a walk draws them all now, in one order.
        let model = model.map(&mut Touch);
        let optimizer = AdamWConfig::new().with_weight_decay(config.weight_decay as f32).with_epsilon(1e-8).init();
        let batcher = Batcher::new(&model_config, &interface);
        Self { model_config, interface, config, model, optimizer, step: 0, batcher, device }
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
        let augment = self.config.symmetry.as_ref().map(|s| (s, key.with("turn")));
        let tensors = self.batcher.tensors(batch, augment, &self.device)?;
        let scores = self.scores(&tensors, batch.clips.len(), key);
        let grads = GradientsParams::from_grads(scores.total.backward(), &self.model);
        let (grads, norm) = clip_global_norm(&self.model, grads, self.config.clip_norm);
        let rate = self.learning_rate();
        self.model = self.optimizer.step(rate, self.model.clone(), grads);
        self.step += 1;
        if !log {
            return Ok(None);
        }
        let losses = read_back(scores, norm);
        if !losses.total.is_finite() {
            let reason = format!("the loss is {}; lower the learning rate (now {rate:.1e}) or look for broken rows with `terrella inspect`", losses.total);
            return Err(Error::Collapsed { step: self.step, reason });
        }
        Ok(Some(Progress { step: self.step, steps: self.config.steps, learning_rate: rate, losses }))
    }

    fn learning_rate(&self) -> f64 {
        let warmup = ((self.config.steps as f64 * self.config.warmup) as u64).max(1);
        learning_rate(self.step, self.config.steps, warmup, self.config.learning_rate)
    }

    /// All losses of one batch; each declared weight is used here and nowhere else.
    fn scores(&self, tensors: &Tensors, clips: usize, key: Key) -> Scores {
        let (model, weights) = (&self.model, self.config.weights);
        let flat = model.encode(tensors.inputs.clone());
        let [rows, latent] = flat.dims();
        let frames = rows / clips;
        let latents = flat.reshape([clips, frames, latent]);
        let steering = model.steer(tensors.actions.clone());
        let targets = latents.clone().narrow(1, 1, frames - 1);

        let history = model.history().min(frames - 1);
        let predicted = model.predict(latents.clone().narrow(1, 0, history), &steering.narrow(0, history));
        let predict = mse(predicted, targets.clone().narrow(1, 0, history));
        let rolled = model.roll_out(latents.clone().narrow(1, 0, 1).flatten::<2>(1, 2), &steering);
        let rollout = mse(rolled.clone(), targets);
        let gaussian = sigreg(latents.clone(), self.config.directions, key);
        let mut total = predict.clone() + rollout.clone() * weights.rollout + gaussian.clone() * weights.sigreg;

        let zero = || predict.zeros_like().detach();
        let (mut readout, mut readout_rollout) = (zero(), zero());
        if let (Some(features), Some(told), Some(foretold)) = (&tensors.features, model.read(latents.clone()), model.read(rolled)) {
            readout = mse(told, features.clone());
            readout_rollout = mse(foretold, features.clone().narrow(1, 1, frames - 1));
            total = total + (readout.clone() + readout_rollout.clone()) * weights.readout;
        }
        let health = health(latents.detach());
        let mut parts = vec![total.clone(), predict, rollout, gaussian, readout, readout_rollout];
        parts.extend(health);
        Scores { total, parts: parts.into_iter().map(Tensor::inner).collect() }
    }
}

/// Copy-last error, effective rank and smallest deviation of `[batch, time, latent]`.
fn health(latents: Tensor<3>) -> [Tensor<1>; 3] {
    let [batch, time, latent] = latents.dims();
    let copy_last = mse(latents.clone().narrow(1, 0, time - 1), latents.clone().narrow(1, 1, time - 1));
    let rows = latents.reshape([batch * time, latent]);
    let centred = rows.clone() - rows.mean_dim(0);
    let covariance = centred.clone().transpose().matmul(centred) / (batch * time) as f64; // [latent, latent]
    let variances = (covariance.clone() * Tensor::eye(latent, &covariance.device())).sum_dim(1);
    let rank = variances.clone().sum().square() / (covariance.square().sum() + 1e-12);
    [copy_last, rank, variances.min().sqrt()]
}

fn mse<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<1> {
    (a - b).square().mean()
}

fn read_back(scores: Scores, norm: Tensor<1>) -> Losses {
    let transaction = scores.parts.into_iter().fold(Transaction::default(), |t, part| t.register(part));
    let numbers: Vec<f32> = transaction
        .register(norm)
        .execute()
        .into_iter()
        .map(|data| data.iter::<f32>().next().unwrap_or(f32::NAN))
        .collect();
    let [total, predict, rollout, sigreg, readout, readout_rollout, copy_last, effective_rank, smallest_std, gradient_norm] =
        numbers[..]
    else {
        return Losses { total: f32::NAN, ..Losses::default() };
    };
    Losses { total, predict, rollout, sigreg, readout, readout_rollout, gradient_norm, copy_last, effective_rank, smallest_std }
}

/// Creates every lazy parameter.
struct Touch;

impl burn::module::ModuleMapper for Touch {
    fn map_float<const D: usize>(&mut self, param: burn::module::Param<Tensor<D>>) -> burn::module::Param<Tensor<D>> {
        let _ = param.val();
        param
    }
}
