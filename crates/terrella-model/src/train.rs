//! The training loop of all families: one pure function of the step, so that it can stop and go on
//! anywhere.
//!
//! Batch, augmentation, random directions and learning rate are all keyed by the step number. A
//! run that is interrupted and resumed therefore equals the uninterrupted one, bit for bit.

use crate::adamw::adamw;
use crate::family::seam::Family;
use crate::interface::Interface;
use crate::losses::Progress;
use crate::optim::clip_global_norm;
use crate::train_config::TrainConfig;
use crate::{Error, Result};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::prelude::*;
use terrella_core::{Batch, Key};

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
        let optimizer = adamw(config.weight_decay);
        let tools = model_config.tools(&interface, &device);
        Self { model_config, interface, config, model, optimizer, step: 0, tools, device }
    }

    /// The same with other weights, as from elsewhere.
    #[must_use]
    pub fn with_model(self, model: F::Net) -> Self {
        Self { model, ..self }
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
        let rate = self.config.rate(self.step);
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
}

/// Creates every lazy parameter.
pub(crate) struct Touch;

impl burn::module::ModuleMapper for Touch {
    fn map_float<const D: usize>(&mut self, param: burn::module::Param<Tensor<D>>) -> burn::module::Param<Tensor<D>> {
        let _ = param.val();
        param
    }
}
