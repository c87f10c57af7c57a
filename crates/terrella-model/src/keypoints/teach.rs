//! How keypoints are learned: from pictures alone, by drawing what changed.
//!
//! A step takes pairs of pictures, each of one episode, a row or a few apart. Keypoints are found in both, and what stands out from the ground is
//! drawn from their places and presence (with how things look in the other picture, where `look` is not 0). What is drawn wrongly counts
//! where something stands out, so nothing is gained by keypoints on what is always the same.

use super::config::{CELL, KeypointConfig};
use super::finder::{Keypoints, found};
use super::lesson::Lesson;
use super::net::{DRAWN, Found, KeypointNet};
use crate::adamw::adamw;
use crate::ground::Ground;
use crate::ground::frames;
use crate::optim::clip_global_norm;
use crate::train::Touch;
use crate::train_config::TrainConfig;
use crate::{Error, Result, Turn};
use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::prelude::*;
use burn::tensor::activation::sigmoid;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrella_core::{Dataset, Key};

/// Share of the steps until presence counts wholly.
const ALL_THERE: f64 = 0.4;
/// Turns by quarters, without mirrors: a thing and its mirror image are two.
const QUARTERS: [usize; 4] = [0, 3, 5, 6];
/// Pixels of the picture that are far for a thing to go between the two pictures of a pair.
const JUMP: f64 = 8.0;
/// How soft gates of presence are in training.
const SHARP: f64 = 0.5;

/// Keypoints in training.
pub struct KeypointTrainer {
    config: KeypointConfig,
    train: TrainConfig,
    ground: Ground,
    /// That of each episode that is learned from.
    grounds: BTreeMap<usize, Arc<Vec<u8>>>,
    /// Rows of the episodes that are learned from, all in one.
    rows: Vec<(usize, usize)>,
    net: KeypointNet,
    optimizer: ModuleOptimizer,
    step: u64,
    device: Device,
}

/// Parts of the loss of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KeypointLoss {
    /// What is drawn wrongly, as a share of what would be if nothing were drawn.
    pub drawing: f32,
    /// Mean presence.
    pub presence: f32,
    /// Keypoints that a keypoint shares its place with.
    pub crowding: f32,
    /// Mean square distance of a keypoint's heat from it, in spreads of a spot, beyond one.
    pub extent: f32,
    /// Keypoints that are elsewhere in the other picture of a pair.
    pub jumps: f32,
}

impl KeypointTrainer {
    /// A trainer at step 0, with weights drawn from the seed, that learns from these episodes.
    ///
    /// # Errors
    /// If there is no network of this configuration, or the episodes have no pictures of its size, or they never change.
    pub fn new(
        config: KeypointConfig,
        (dataset, episodes): (&Dataset, &[usize]),
        train: TrainConfig,
        device: &Device,
    ) -> Result<Self> {
        config.check()?;
        let ground = Ground::of(dataset, episodes, (config.side, config.ground))?;
        let under = |&at: &usize| Ok((at, ground.under(&dataset.episodes[at])?));
        let grounds = episodes.iter().map(under).collect::<Result<_>>()?;
        let rows = |&at: &usize| (0..dataset.episodes[at].len()).map(move |row| (at, row));
        let rows = episodes.iter().flat_map(rows).collect();
        let device = device.clone().autodiff();
        device.seed(Key::new(train.seed).with("keypoints").seed());
        // As in [`crate::Trainer`], parameters are drawn now, in one order.
        let net = KeypointNet::new(&config, &device).map(&mut Touch);
        let optimizer = adamw(train.weight_decay);
        Ok(Self { config, train, ground, grounds, rows, net, optimizer, step: 0, device })
    }

    /// Learns from pairs of pictures, drawn by the number of the step; losses are read back only when `log` asks.
    ///
    /// # Errors
    /// If the loss is no longer a number.
    pub fn advance(&mut self, dataset: &Dataset, log: bool) -> Result<Option<KeypointLoss>> {
        let lesson = self.lesson(dataset)?;
        let found = found(&self.net, &lesson, &self.device);
        // Each picture of a pair is drawn with the looks of the other.
        let pairs = lesson.pictures / 2;
        let looks =
            found.looks.clone().map(|x| Tensor::cat(vec![x.clone().narrow(0, pairs, pairs), x.narrow(0, 0, pairs)], 0));
        let KeypointConfig { sparsity, separation, compact, steady, near, spread, .. } = self.config;
        let settled = self.settled();
        let presence = sigmoid((found.odds.clone() + self.doubt(&found)) / SHARP) * settled + (1.0 - settled);
        let doubted = Found { presence, ..found.clone() };
        let drawn = self.net.draw(&doubted, looks, (self.config.cells(), spread));
        let [cells, counts] =
            [&lesson.drawn, &lesson.counts].map(|numbers| self.tensor(numbers, lesson.pictures, DRAWN));
        let nothing = (cells.clone().square() * counts.clone()).sum() + 1e-6;
        let drawing = ((drawn - cells).square() * counts).sum() / nothing;
        let presence = found.presence.clone().mean();
        let crowding = crowding(&doubted, near / CELL as f64);
        // As large as a spot costs nothing: the middle of heat that is spread over some cells is told more finely than by one of them.
        let beyond = (doubted.extent.clone() * (CELL as f64 / spread).powi(2) - 1.0).clamp_min(0.0);
        let extent = (beyond * doubted.presence.clone()).mean();
        let jumps = jumps(&doubted, &lesson.turns[pairs..], self.config.cells());
        let loss = drawing.clone()
            + presence.clone() * (sparsity * settled)
            + crowding.clone() * separation
            + extent.clone() * compact
            + jumps.clone() * (steady * settled);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.net);
        let (gradients, _) = clip_global_norm(&self.net, gradients, self.train.clip_norm);
        self.net = self.optimizer.step(self.train.rate(self.step), self.net.clone(), gradients);
        self.step += 1;
        if !log {
            return Ok(None);
        }
        let [drawing, presence, crowding, extent, jumps] =
            [drawing, presence, crowding, extent, jumps].map(|x| x.into_scalar::<f32>());
        if ![drawing, presence, crowding, extent, jumps].iter().all(|x| x.is_finite()) {
            let peak = self.train.learning_rate;
            let reason = format!("the loss is {drawing}; lower keypoints.learning_rate (now {peak:.1e})");
            return Err(Error::Collapsed { step: self.step, reason });
        }
        Ok(Some(KeypointLoss { drawing, presence, crowding, extent, jumps }))
    }

    /// Pictures of this step: the earlier ones of all pairs, then the later ones.
    fn lesson(&self, dataset: &Dataset) -> Result<Lesson> {
        let mut stream = Key::new(self.train.seed).with("keypoint pairs").at(self.step).stream();
        let (mut lesson, mut later) = (Lesson::default(), Vec::new());
        for _ in 0..self.train.batch_size.div_ceil(2) {
            let (at, row) = self.rows[stream.below(self.rows.len())];
            let frames = frames(&dataset.episodes[at], self.config.side)?;
            let next = row + 1 + stream.below(self.config.apart.max(1));
            lesson.push(frames.bytes(row), &self.grounds[&at], self.config.side);
            let turn = if self.config.turns { QUARTERS[stream.below(4)] } else { 0 };
            later.push((frames.bytes(next.min(frames.len() - 1)), &self.grounds[&at], Turn::number(turn)));
        }
        later.iter().for_each(|(picture, ground, turn)| {
            lesson.push_turned((picture, ground), self.config.side, *turn);
        });
        Ok(lesson)
    }

    /// How much presence counts by now: at first everything is there, or a keypoint that is of no use yet would be given up for good.
    fn settled(&self) -> f64 {
        (self.step as f64 / (ALL_THERE * self.train.steps as f64).max(1.0)).min(1.0)
    }

    /// Logistic noise on the odds of being there, so that a keypoint that is half there is drawn now and then only, and being sure pays
    /// (binary concrete gates: Maddison et al. 2017, arXiv:1611.00712; Louizos et al. 2018, arXiv:1712.01312).
    fn doubt(&self, found: &Found) -> Tensor<2> {
        let shape = found.odds.dims();
        let mut stream = Key::new(self.train.seed).with("keypoint doubt").at(self.step).stream();
        let logistic = |u: f64| (u / (1.0 - u)).ln() as f32;
        let noise = (0..shape[0] * shape[1]).map(|_| logistic(stream.uniform(1e-6, 1.0 - 1e-6))).collect::<Vec<_>>();
        Tensor::from_data(TensorData::new(noise, shape), &self.device)
    }

    fn tensor(&self, numbers: &[f32], pictures: usize, width: usize) -> Tensor<3> {
        let shape = [pictures, numbers.len() / pictures / width, width];
        Tensor::from_data(TensorData::new(numbers.to_vec(), shape), &self.device)
    }

    /// The keypoints as they are now, ready for use.
    pub fn finish(self) -> Keypoints {
        let Self { config, ground, net, device, .. } = self;
        Keypoints::new(net.valid(), config, ground, &device)
    }
}

/// Keypoints that a keypoint shares its place with: pairs count as both are present, less the further they are apart (in cells).
fn crowding(found: &Found, near: f64) -> Tensor<1> {
    let [pictures, count, _] = found.places.dims();
    let (here, there) = (found.places.clone().unsqueeze_dim::<4>(2), found.places.clone().unsqueeze_dim::<4>(1));
    let apart = (here - there).square().sum_dim(3).squeeze_dim::<3>(3); // [pictures, keypoints, keypoints]
    let present = found.presence.clone().unsqueeze_dim::<3>(2) * found.presence.clone().unsqueeze_dim::<3>(1);
    let close = (apart * (-0.5 / (near * near))).exp() * present;
    let itself = Tensor::<2>::eye(count, &close.device()).unsqueeze_dim::<3>(0);
    (close * (-itself + 1.0)).sum() / (pictures * count) as f64
}

/// Keypoints that are there in both pictures of a pair, and far away in the other: a thing moves on, it does not jump.
fn jumps(found: &Found, turns: &[Turn], side: usize) -> Tensor<1> {
    let [pictures, count, _] = found.places.dims();
    let half = |at: usize| {
        (found.places.clone().narrow(0, at, pictures / 2), found.presence.clone().narrow(0, at, pictures / 2))
    };
    let ((here, first), (there, second)) = (half(0), half(pictures / 2));
    // Rows of a matrix are where the two axes go, as they are turned back.
    let axis = |turn: &Turn, axis| turn.inverse().vector(axis);
    let back: Vec<f32> =
        turns.iter().flat_map(|turn| [axis(turn, [1.0, 0.0]), axis(turn, [0.0, 1.0])].concat()).collect();
    let back = Tensor::<3>::from_data(TensorData::new(back, [turns.len(), 2, 2]), &there.device());
    let middle = side as f64 / 2.0;
    let there = (there - middle).matmul(back) + middle;
    let apart = (here - there).square().sum_dim(2).reshape([pictures / 2, count]);
    let far = (apart * (-0.5 / (JUMP / CELL as f64).powi(2))).exp();
    ((-far + 1.0) * first * second).mean()
}
