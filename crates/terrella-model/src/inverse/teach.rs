//! How a labeller learns: a step is a function of its number, as of every model here.
//!
//! On a CPU the encoder learns on plain rows ([`Watching`]) and only the perceptron behind it has a graph; the two meet in
//! the gradient of what was seen.

use super::config::InverseConfig;
use super::labeller::Inverse;
use super::lesson::Lesson;
use super::net::InverseNet;
use crate::adamw::adamw;
use crate::device::is_cpu;
use crate::family::{Shape, Studio, Watching};
use crate::host::dense::numbers;
use crate::nn::likelihood::surprise;
use crate::optim::clip_global_norm;
use crate::pixels::Patcher;
use crate::train::Touch;
use crate::train_config::TrainConfig;
use crate::{Error, Result};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::prelude::*;
use terrella_core::{Clip, Dataset, Key, Stats};

/// A labeller in training.
pub struct InverseTrainer {
    config: InverseConfig,
    train: TrainConfig,
    stats: Stats,
    patcher: Patcher,
    studio: Studio,
    net: InverseNet,
    optimizer: ModuleOptimizer,
    step: u64,
    device: Device,
}

impl InverseTrainer {
    /// A trainer at step 0, with weights drawn from the seed; `stats` are those of the actions that are learned from.
    pub fn new(config: InverseConfig, stats: Stats, train: TrainConfig, device: &Device) -> Self {
        let device = device.clone().autodiff();
        device.seed(Key::new(train.seed).with("labeller").seed());
        let patcher = Patcher::new(Shape::of(config.size).cut);
        let net = InverseNet::new(&config, &patcher, stats.width(), &device);
        // As in [`crate::Trainer`], parameters are drawn now, in one order.
        let net = net.map(&mut Touch);
        let optimizer = adamw(train.weight_decay);
        Self { config, train, stats, patcher, studio: Studio::default(), net, optimizer, step: 0, device }
    }

    /// Side of the square pictures that it is shown.
    pub fn picture_side(&self) -> usize {
        (self.patcher.bytes() / 3).isqrt()
    }

    /// Learns from these rows (an episode and its row each); the loss is read back only when `log` asks.
    ///
    /// # Errors
    /// If pictures are lacking or of another size, or the loss is no longer a number.
    pub fn advance(&mut self, dataset: &Dataset, at: &[Clip], log: bool) -> Result<Option<f32>> {
        let key = Key::new(self.train.seed).with("label").at(self.step);
        let with = (&self.config, &self.patcher, &self.stats);
        let lesson = Lesson::of((dataset, at), with, (&self.train, key))?;
        let (gradients, loss) = self.gradient(&lesson);
        let (gradients, _) = clip_global_norm(&self.net, gradients, self.train.clip_norm);
        self.net = self.optimizer.step(self.train.rate(self.step), self.net.clone(), gradients);
        self.step += 1;
        if !log {
            return Ok(None);
        }
        let loss: f32 = loss.into_scalar();
        if !loss.is_finite() {
            let peak = self.train.learning_rate;
            let reason = format!("the loss is {loss}; lower label.learning_rate (now {peak:.1e})");
            return Err(Error::Collapsed { step: self.step, reason });
        }
        Ok(Some(loss))
    }

    fn gradient(&self, lesson: &Lesson) -> (GradientsParams, Tensor<1>) {
        let (device, net, width) = (&self.device, &self.net, self.stats.width());
        let windows = lesson.actions.len() / width;
        let loss = |seen: Tensor<2>| {
            let [pictures, latent] = seen.dims();
            let [mean, spread] = net.tell(seen.reshape([windows, pictures / windows * latent]));
            let done = Tensor::<2>::from_data(TensorData::new(lesson.actions.clone(), [windows, width]), device);
            let [_, balanced] = surprise((mean - done).square(), spread, self.config.beta);
            balanced.mean()
        };
        let watching = Watching::of((&net.encoder, &net.projector), &self.patcher)
            .filter(|_| is_cpu(&device.clone().without_autodiff()));
        let Some(watching) = watching else {
            let patches = self.patcher.patches(&lesson.images, &lesson.turns);
            let shape = [lesson.turns.len(), self.patcher.tokens(), self.patcher.values()];
            let loss = loss(net.see(Tensor::from_data(TensorData::new(patches, shape), device)));
            return (GradientsParams::from_grads(loss.backward(), net), loss.inner());
        };
        let latents = watching.forward(&lesson.images, &lesson.turns, &self.studio);
        let shape = [lesson.turns.len(), latents.len() / lesson.turns.len()];
        let latents = Tensor::<2>::from_data(TensorData::new(latents, shape), device).require_grad();
        let loss = loss(latents.clone());
        let mut grads = loss.backward();
        let handed = numbers(latents.grad_remove(&mut grads).expect("what is told hangs on what is seen"));
        let mut sum = GradientsAccumulator::new();
        sum.accumulate(net, GradientsParams::from_grads(grads, net));
        for found in watching.back(&handed, &self.studio, device) {
            sum.accumulate(net, found);
        }
        (sum.grads(), loss.inner())
    }

    /// The labeller as it is now, ready for use.
    pub fn finish(self) -> Inverse {
        let Self { config, train, stats, patcher, net, device, .. } = self;
        Inverse::new(net.valid(), (config, patcher, stats), train.symmetry, &device)
    }
}
