//! The networks of an ensemble side by side, and their likelihood.
//!
//! All members are one stack of batched matrix products, `[members, rows, width]`. Each tells mean and
//! log-variance of the normalised rate; log-variances are held softly between two learned bounds
//! (PETS, appendix A.1). Numbers of the log become network inputs in one place, [`Inputs`].

use super::EnsembleConfig;
use crate::codec::StateCodec;
use crate::interface::{Interface, difference};
use crate::losses::Losses;
use crate::{Error, Result};
use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::prelude::*;
use burn::tensor::Transaction;
use burn::tensor::activation::{silu, softplus};
use terrella_core::{Batch, Stats};

/// Members side by side.
#[derive(Module, Debug)]
pub struct EnsembleNet {
    pub(super) weights: Vec<Param<Tensor<3>>>,
    pub(super) biases: Vec<Param<Tensor<3>>>,
    pub(super) most: Param<Tensor<1>>,
    pub(super) least: Param<Tensor<1>>,
}

impl EnsembleNet {
    /// Fresh networks from `input` numbers to the rates of `state` numbers.
    pub(super) fn new(config: &EnsembleConfig, input: usize, state: usize, device: &Device) -> Self {
        let hidden = std::iter::repeat_n(config.hidden, config.layers);
        let widths: Vec<usize> = std::iter::once(input).chain(hidden).chain([2 * state]).collect();
        let layer = |pair: &[usize]| {
            let (input, output) = (pair[0], pair[1]);
            // Truncated in PETS; the tails matter little at this width.
            let init = Initializer::Normal { mean: 0.0, std: 1.0 / (2.0 * (input as f64).sqrt()) };
            let weight: Param<Tensor<3>> = init.init([config.members, input, output], device);
            let bias: Param<Tensor<3>> = Initializer::Zeros.init([config.members, 1, output], device);
            (weight, bias)
        };
        let (weights, biases) = widths.windows(2).map(layer).unzip();
        let constant = |value| Initializer::Constant { value }.init([state], device);
        Self { weights, biases, most: constant(0.5), least: constant(-10.0) }
    }

    /// Mean and log-variance of normalised rates.
    ///
    /// # Shapes
    /// `[members, rows, input]` → twice `[members, rows, state]`.
    pub(super) fn forward(&self, x: Tensor<3>) -> (Tensor<3>, Tensor<3>) {
        let mut x = x;
        let last = self.weights.len() - 1;
        for (at, (weight, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            x = x.matmul(weight.val()) + bias.val();
            if at < last {
                x = silu(x);
            }
        }
        let [_, _, both] = x.dims();
        let (mean, spread) = (x.clone().narrow(2, 0, both / 2), x.narrow(2, both / 2, both / 2));
        let bound = |p: &Param<Tensor<1>>| p.val().unsqueeze::<3>();
        let (most, least) = (bound(&self.most), bound(&self.least));
        let spread = most.clone() - softplus(most - spread, 1.0);
        let spread = least.clone() + softplus(spread - least, 1.0);
        (mean, spread)
    }
}

/// From numbers of the log to network inputs and targets.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    codec: StateCodec,
    angles: Vec<usize>,
    actions: Stats,
    pub(super) rates: Stats,
    fps: f64,
}

impl Inputs {
    pub(super) fn new(about: &Interface) -> Self {
        Self {
            codec: StateCodec::new(about),
            angles: about.angles.clone(),
            actions: about.action_stats.clone(),
            rates: about.rate_stats.clone().unwrap_or_default(),
            fps: about.signature.fps,
        }
    }

    /// Numbers that the network takes: features of the state, actions, and how long they last.
    pub(super) fn width(&self) -> usize {
        self.codec.feature_width() + self.actions.width() + 1
    }

    pub(super) fn state_width(&self) -> usize {
        self.codec.state_width()
    }

    /// Input rows of states, actions and durations in seconds.
    pub(super) fn rows(&self, states: &[f32], actions: &[f32], dt: &[f32]) -> Vec<f32> {
        let mut actions = actions.to_vec();
        self.actions.normalize(&mut actions);
        let features = self.codec.encode(states);
        let (wide, narrow) = (self.codec.feature_width(), self.actions.width());
        let mut rows = Vec::with_capacity(dt.len() * self.width());
        for (at, dt) in dt.iter().enumerate() {
            rows.extend_from_slice(&features[at * wide..(at + 1) * wide]);
            rows.extend_from_slice(&actions[at * narrow..(at + 1) * narrow]);
            // 0 at the usual rate.
            rows.push((f64::from(*dt) * self.fps - 1.0) as f32);
        }
        rows
    }

    /// Normalised rates from each state to the next.
    fn targets(&self, before: &[f32], after: &[f32], dt: &[f32]) -> Vec<f32> {
        let width = self.state_width();
        let rows = before.chunks_exact(width).zip(after.chunks_exact(width)).zip(dt);
        let mut rates: Vec<f32> = rows
            .flat_map(|((before, after), dt)| difference(after, before, &self.angles).into_iter().map(move |d| d / dt))
            .collect();
        self.rates.normalize(&mut rates);
        rates
    }

    /// States after normalised rates have acted for `dt`; angles go on turning, so that turns are counted.
    pub(super) fn advance(&self, states: &mut [f32], rates: &[f32], dt: &[f32]) {
        let width = self.state_width();
        for ((state, rate), dt) in states.chunks_mut(width).zip(rates.chunks(width)).zip(dt) {
            for (i, (x, r)) in state.iter_mut().zip(rate).enumerate() {
                *x += dt * (r * self.rates.scale(i) + self.rates.mean[i]);
            }
        }
    }
}

/// Losses of one batch, not yet read back.
#[derive(Debug)]
pub struct Likelihood {
    total: Tensor<1>,
    likelihood: Tensor<1>,
    error: Tensor<1>,
    copy_last: f32,
}

impl Likelihood {
    pub(super) fn read_back(self, gradient_norm: Tensor<1>) -> Losses {
        let all = [self.total, self.likelihood, self.error, gradient_norm];
        let read = all.into_iter().fold(Transaction::default(), Transaction::register).execute();
        let numbers = read.into_iter().map(|data| data.iter::<f32>().next().unwrap_or(f32::NAN));
        let names = ["total", "likelihood", "predict", "gradient_norm"];
        Losses::of(names.into_iter().zip(numbers).chain([("standing_still", self.copy_last)]))
    }
}

/// The negative log-likelihood (PETS, equation 1) of all steps of all clips, and what is told of it.
/// `weight(member, episode)` says how much a member makes of an episode.
///
/// # Errors
/// If the batch has no states.
pub(super) fn likelihood(
    net: &EnsembleNet,
    inputs: &Inputs,
    batch: &Batch,
    (members, weight): (usize, &dyn Fn(usize, usize) -> f32),
    device: &Device,
) -> Result<(Tensor<1>, Likelihood)> {
    let (clips, steps, width) = (batch.clips.len(), batch.n_frames.saturating_sub(1), inputs.state_width());
    if batch.states.is_empty() || steps == 0 {
        return Err(Error::Invalid(format!(
            "an ensemble learns from states and their changes, but clips have {} rows and {} state numbers; set train.n_frames to at least 2",
            batch.n_frames,
            batch.states.len()
        )));
    }
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for clip in batch.states.chunks_exact((steps + 1) * width) {
        before.extend_from_slice(&clip[..steps * width]);
        after.extend_from_slice(&clip[width..]);
    }
    let rows = clips * steps;
    let tensor = |data: Vec<f32>, shape: [usize; 3]| Tensor::<3>::from_data(TensorData::new(data, shape), device);
    let x = tensor(inputs.rows(&before, &batch.actions, &batch.dt), [1, rows, inputs.width()]);
    let targets = inputs.targets(&before, &after, &batch.dt);
    // A rate of the mean is 0 after normalising; standing still is not.
    let still = inputs.targets(&before, &before, &batch.dt);
    let copy_last = targets.iter().zip(&still).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / targets.len() as f32;
    let y = tensor(targets, [1, rows, width]);
    let weights = (0..members)
        .flat_map(|m| batch.clips.iter().flat_map(move |clip| std::iter::repeat_n(weight(m, clip.episode), steps)));
    let weights = tensor(weights.collect(), [members, rows, 1]);
    let (mean, spread) = net.forward(x.expand([members as i64, rows as i64, inputs.width() as i64]));
    let square = (mean - y).square();
    let told = (square.clone() * spread.clone().neg().exp() + spread) * weights.clone();
    let error = (square * weights).mean();
    let likelihood = told.mean();
    let bounds = (net.most.val().sum() - net.least.val().sum()) * 0.01;
    let total = likelihood.clone() + bounds;
    let [told, kept, error] = [total.clone(), likelihood, error].map(Tensor::inner);
    Ok((total, Likelihood { total: told, likelihood: kept, error, copy_last }))
}
