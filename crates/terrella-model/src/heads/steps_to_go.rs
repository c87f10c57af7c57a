//! How many steps it takes from here to there, told from two latents: a cost for worlds in which what looks near is not.
//!
//! Behind a wall a goal may lie close by and be far to go. Recordings say how long it took whoever was recorded: a row and a later
//! one of the same recording are so many steps apart (hindsight goals), and rows of different recordings, or too far apart, are
//! "farther" (a reachability head, as RC-aux has: arXiv:2605.07278). The head classifies distances in
//! blocks on frozen latents; held-out recordings say whether what it tells is true ([`StepsToGo::judged`]).

use super::fit;
use crate::adamw::adamw;
use crate::heads::reacher::Trace;
use crate::nn::steps_to_go::StepsToGo;
use crate::nn::{table, tensor};
use crate::{Error, Result};
use burn::prelude::*;
use burn::tensor::activation::{log_softmax, softmax};
use serde::{Deserialize, Serialize};
use terrella_core::{Key, Stream, Table};

/// How to train a [`StepsToGo`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepsToGoConfig {
    /// Optimiser steps; 0 trains none.
    pub steps: u64,
    /// Pairs a step.
    pub batch_size: usize,
    /// Hidden width.
    pub width: usize,
    /// Environment steps from which on a goal is "farther"; whole blocks of them are told apart.
    pub reach: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for StepsToGoConfig {
    fn default() -> Self {
        Self { steps: 0, batch_size: 256, width: 256, reach: 100, learning_rate: 1e-3, seed: 0 }
    }
}

/// Shrinks weights by this share of the learning rate a step.
const WEIGHT_DECAY: f64 = 1e-3;
/// One in so many goals is any row of any recording.
const ANYWHERE: usize = 4;
/// Pairs by which a head is judged.
const JUDGED: usize = 20_000;

/// What a head told of pairs of held-out rows, and what was true, in environment steps; "farther" counts as its reach and half a
/// block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepsTold {
    /// It told a number from here on,
    pub from: f64,
    /// and less than this.
    pub below: f64,
    /// Of so many pairs.
    pub pairs: usize,
    /// What it told in the mean.
    pub told: f64,
    /// What was true in the mean.
    pub truth: f64,
    /// The share that it told to be farther than it was taught, in the mean.
    pub told_farther: f64,
    /// The share that was.
    pub farther: f64,
}

/// A row, a goal, and the class of how far it is.
type Pair = ((usize, usize), (usize, usize), usize);

impl StepsToGo {
    /// Trains on traces of the training episodes; returns the network and its last loss. `on_step` is told the steps done.
    ///
    /// # Errors
    /// If the reach is less than a block, or no trace has two rows.
    pub fn train(
        traces: &[Trace],
        skip: usize,
        config: &StepsToGoConfig,
        device: &Device,
        on_step: impl FnMut(u64),
    ) -> Result<(Self, f32)> {
        let blocks = config.reach / skip.max(1);
        if blocks == 0 {
            let reach = config.reach;
            return Err(Error::Invalid(format!(
                "steps_to_go.reach is {reach}, which is less than a block of {skip} steps; use at least {skip}"
            )));
        }
        let starts = starts(traces)?;
        let latent = traces[starts[0].0].latents.width;
        let device = device.clone().autodiff();
        device.seed(Key::new(config.seed).with("steps to go").seed());
        let net = Self::new(latent, config.width, (skip, blocks), &device);
        let key = Key::new(config.seed).with("steps to go pairs");
        let loss = |net: &Self, step: u64| {
            let mut stream = key.at(step).stream();
            let pairs: Vec<Pair> =
                (0..config.batch_size).map(|_| net.pair((traces, &starts), config.reach, &mut stream)).collect();
            let [now, goal] = rows(traces, &pairs).map(|table| tensor(&table, &device));
            let mut wanted = vec![0.0f32; pairs.len() * net.classes()];
            pairs.iter().enumerate().for_each(|(i, pair)| wanted[i * net.classes() + pair.2] = 1.0);
            let wanted = tensor(&Table::from_data(net.classes(), wanted), &device);
            (log_softmax(net.forward(now, goal), 1) * wanted).sum_dim(1).mean().neg()
        };
        Ok(fit(net, adamw(WEIGHT_DECAY), (config.steps, config.learning_rate), loss, on_step))
    }

    /// A pair: mostly a later row of the same recording within reach, now and then any row of any.
    fn pair(&self, (traces, starts): (&[Trace], &[(usize, usize)]), reach: usize, stream: &mut Stream) -> Pair {
        let any = |stream: &mut Stream| starts[stream.below(starts.len())];
        let (e, start) = any(stream);
        let goal = match stream.below(ANYWHERE) {
            0 => any(stream),
            _ => (e, start + stream.below(reach.min(traces[e].latents.len() - start))),
        };
        let ahead = (goal.0 == e && goal.1 >= start).then(|| self.class(goal.1 - start));
        ((e, start), goal, ahead.unwrap_or(self.classes() - 1))
    }

    /// Environment steps to go for pairs of latents, `[pairs, latent]` each: the mean of what it holds possible, where
    /// "farther" counts as its reach and half a block.
    pub fn told(&self, now: &Table, goal: &Table) -> Vec<f32> {
        self.shares(now, goal).rows().map(|shares| self.mean(shares)).collect()
    }

    fn mean(&self, shares: &[f32]) -> f32 {
        shares.iter().enumerate().map(|(class, share)| share * self.steps(class)).sum()
    }

    /// What it holds possible, a share a class.
    fn shares(&self, now: &Table, goal: &Table) -> Table {
        let device = self.device();
        table(softmax(self.forward(tensor(now, &device), tensor(goal, &device)), 1))
    }

    /// What it tells of pairs of rows that were held out, drawn as those that it was taught, in five bands.
    ///
    /// # Errors
    /// If no trace has two rows.
    pub fn judged(&self, traces: &[Trace], key: Key) -> Result<Vec<StepsTold>> {
        let (starts, mut stream) = (starts(traces)?, key.with("steps to go judged").stream());
        let reach = self.reach();
        let pairs: Vec<Pair> = (0..JUDGED).map(|_| self.pair((traces, &starts), reach, &mut stream)).collect();
        let [now, goal] = rows(traces, &pairs);
        let shares = self.shares(&now, &goal);
        let all: Vec<[f64; 4]> = pairs
            .iter()
            .zip(shares.rows())
            .map(|(pair, shares)| {
                let far = self.classes() - 1;
                let (told, truth) = (self.mean(shares), self.steps(pair.2));
                [f64::from(told), f64::from(truth), f64::from(shares[far]), f64::from(u8::from(pair.2 == far))]
            })
            .collect();
        let most = f64::from(self.steps(self.classes() - 1));
        let band = |at: usize| {
            let (from, below) = (most * at as f64 / BANDS as f64, most * (at + 1) as f64 / BANDS as f64);
            let inside = |told: f64| told >= from && (told < below || at + 1 == BANDS);
            let some: Vec<&[f64; 4]> = all.iter().filter(|one| inside(one[0])).collect();
            let mean = |i: usize| some.iter().map(|one| one[i]).sum::<f64>() / some.len().max(1) as f64;
            let [told, truth, told_farther, farther] = [0, 1, 2, 3].map(mean);
            StepsTold { from, below, pairs: some.len(), told, truth, told_farther, farther }
        };
        Ok((0..BANDS).map(band).filter(|band| band.pairs > 0).collect())
    }
}

/// Bands of what is told.
const BANDS: usize = 5;

/// Every row, as recording and row.
fn starts(traces: &[Trace]) -> Result<Vec<(usize, usize)>> {
    let rows = |(e, trace): (usize, &Trace)| (0..trace.latents.len()).map(move |row| (e, row)).collect::<Vec<_>>();
    let starts: Vec<(usize, usize)> = traces.iter().enumerate().flat_map(rows).collect();
    if starts.len() < 2 {
        return Err(Error::Invalid("steps to go are learned from recordings of at least two rows".to_owned()));
    }
    Ok(starts)
}

/// Latents of rows and goals.
fn rows(traces: &[Trace], pairs: &[Pair]) -> [Table; 2] {
    let latent = |(e, row): (usize, usize)| traces[e].latents.row(row);
    let width = pairs.first().map_or(1, |pair| latent(pair.0).len());
    [|pair: &Pair| pair.0, |pair: &Pair| pair.1]
        .map(|which| Table { width, data: pairs.iter().flat_map(|pair| latent(which(pair)).iter().copied()).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody walks round a ring: what is near across it is far to go.
    fn ring(n: usize, begins: usize) -> Trace {
        let at = |row: usize| ((begins + row) as f32 * std::f32::consts::TAU / 60.0).sin_cos();
        let latents = Table::from_data(2, (0..n).flat_map(|row| [at(row).1, at(row).0]).collect());
        Trace { latents, actions: Table::from_data(1, vec![0.0; n]) }
    }

    #[test]
    fn what_is_near_and_far_to_go_is_told_apart_and_what_is_told_is_true() {
        let _turn = crate::device::alone();
        let traces: Vec<Trace> = (0..20).map(|at| ring(40, at * 3)).collect();
        let config = StepsToGoConfig { steps: 400, width: 64, reach: 30, learning_rate: 3e-3, ..Default::default() };
        let (net, loss) = StepsToGo::train(&traces, 5, &config, &Device::flex(), |_| ()).expect("trained");
        assert!(loss < 1.2, "{loss}");
        let at = |row: usize| ring(row + 1, 0).latents.row(row).to_vec();
        let told = |from: usize, to: usize| net.told(&Table::from_data(2, at(from)), &Table::from_data(2, at(to)))[0];
        assert!(told(0, 0) < 6.0 && (told(0, 10) - 12.0).abs() < 5.0, "{} {}", told(0, 0), told(0, 10));
        assert!(told(10, 0) > 18.0, "ten rows back are fifty on: {}", told(10, 0));
        for band in net.judged(&traces, Key::new(1)).expect("judged") {
            assert!((band.told - band.truth).abs() < 3.0 && (band.told_farther - band.farther).abs() < 0.1, "{band:?}");
        }
    }

    #[test]
    fn less_than_a_block_and_no_rows_are_refused() {
        let train = |traces: &[Trace], reach| {
            let config = StepsToGoConfig { steps: 1, reach, ..Default::default() };
            StepsToGo::train(traces, 5, &config, &Device::flex(), |_| ()).expect_err("refused").to_string()
        };
        assert!(train(&[ring(9, 0)], 4).contains("use at least 5"));
        assert!(train(&[ring(1, 0)], 10).contains("at least two rows"));
    }
}
