//! The amortised planner: from here and there to the next action block, in one pass.
//!
//! Every stretch of a recording is a demonstration of how to get from its first row to its last
//! one (hindsight goals). A small network learns `(z, z_goal, steps to go) → action block` on the
//! frozen latents of the same recordings in seconds; it acts by itself, or seeds a search.

use super::fit;
use crate::adamw::adamw;
use crate::augment::Changes;
use crate::family::{AnyState, AnyWorld, Wants};
use crate::nn::reacher::Reacher;
use crate::nn::{table, tensor};
use crate::{Error, Result};
use burn::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use terrella_core::{Dynamics, Episode, Error as CoreError, Key, Observation, Table};

/// How to train a [`Reacher`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReacherConfig {
    /// Optimiser steps; 0 trains none.
    pub steps: u64,
    /// Pairs a step.
    pub batch_size: usize,
    /// Hidden width.
    pub width: usize,
    /// Largest distance of a hindsight goal, in environment steps.
    pub reach: usize,
    /// Deviation of the noise added to latents, so that the network forgives the errors that the
    /// encoder makes on recordings it has not seen.
    pub noise: f64,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for ReacherConfig {
    fn default() -> Self {
        Self { steps: 3000, batch_size: 256, width: 512, reach: 50, noise: 0.0, learning_rate: 1e-3, seed: 0 }
    }
}

/// Shrinks weights by this share of the learning rate a step.
const WEIGHT_DECAY: f64 = 1e-3;

/// Latents and actions of one recording, row by row.
#[derive(Clone, Debug)]
pub struct Trace {
    /// `[rows, latent]`.
    pub latents: Table,
    /// `[rows, action]`, in log units.
    pub actions: Table,
}

impl Trace {
    /// Encodes these rows of a recording, changed as told of one clip, from what the world's family teaches its heads by.
    ///
    /// # Errors
    /// If the recording lacks that.
    pub fn of(world: &AnyWorld, (episode, rows): (&Episode, Range<usize>), changes: &Changes) -> Result<Self> {
        let mut latents = Table::default();
        let done = &episode.actions;
        let data = done.data[rows.start * done.width..rows.end * done.width].to_vec();
        let mut actions = Table { width: done.width, data };
        each_row(world.teaching(), (episode, rows), changes, |rows| {
            let encoded = world.latents(&world.taught(rows)?);
            latents.width = encoded.width;
            latents.data.extend(encoded.data);
            Ok(())
        })?;
        changes.numbers((&mut [], &mut actions.data), [0, actions.width]);
        Ok(Self { latents, actions })
    }
}

/// Looks at every row of a recording, many at a time, changed as told of one clip.
///
/// # Errors
/// If the recording lacks what the model looks at.
pub fn look_through(
    world: &AnyWorld,
    episode: &Episode,
    changes: &Changes,
    mut each: impl FnMut(&AnyState),
) -> Result<()> {
    each_row(world.wants(), (episode, 0..episode.len()), changes, |rows| {
        each(&world.observe(rows)?);
        Ok(())
    })
}

/// What these wants are shown of these rows of a recording, many at a time.
fn each_row(
    wants: Wants,
    (episode, rows): (&Episode, Range<usize>),
    changes: &Changes,
    mut each: impl FnMut(&[Observation]) -> Result<()>,
) -> Result<()> {
    let lacking = || CoreError::Invalid(format!("episode {} has no pictures, but the model sees", episode.index));
    let seen = |row: usize| -> Result<Observation> {
        let image = match wants.picture {
            Some(size) => Some(episode.frames.as_ref().ok_or_else(lacking)?.image(row).resized(size, size)),
            None => None,
        };
        let state = if image.is_none() { episode.states.row(row).to_vec() } else { Vec::new() };
        Ok(changes.observation(row, Observation { image, state }))
    };
    let rows: Vec<usize> = rows.collect();
    for rows in rows.chunks(ENCODE_AT_ONCE) {
        each(&rows.par_iter().map(|&row| seen(row)).collect::<Result<Vec<_>>>()?)?;
    }
    Ok(())
}

/// Frames encoded in one pass.
const ENCODE_AT_ONCE: usize = 256;

impl Reacher {
    /// Trains on traces of the training episodes; returns the network and its last loss. `on_step`
    /// is told the steps done.
    ///
    /// # Errors
    /// If no trace is longer than one action block.
    pub fn train(
        world: &AnyWorld,
        traces: &[Trace],
        config: &ReacherConfig,
        device: &Device,
        on_step: impl FnMut(u64),
    ) -> Result<(Self, f32)> {
        let (skip, action) = (world.frame_skip(), world.interface().action_width());
        let starts: Vec<(usize, usize)> = traces
            .iter()
            .enumerate()
            .flat_map(|(e, t)| (0..t.actions.len().saturating_sub(skip)).map(move |s| (e, s)))
            .collect();
        let Some(first) = traces.first().filter(|_| !starts.is_empty()) else {
            return Err(Error::Invalid(format!("no episode is longer than one action block of {skip} steps")));
        };
        let latent = first.latents.width;
        let device = device.clone().autodiff();
        device.seed(Key::new(config.seed).with("reacher").seed());
        let net = Self::new(latent, skip * action, (config.width, config.reach), &device);
        let loss = |net: &Self, step: u64| {
            let mut stream = Key::new(config.seed).with("reacher pairs").at(step).stream();
            let (mut now, mut goal, mut blocks, mut to_go) = (vec![], vec![], vec![], vec![]);
            for _ in 0..config.batch_size {
                let (e, start) = starts[stream.below(starts.len())];
                let trace = &traces[e];
                let furthest = config.reach.min(trace.latents.len() - 1 - start);
                let distance = 1 + stream.below(furthest);
                let mut noisy =
                    |row: &[f32]| row.iter().map(|z| z + (config.noise * stream.normal()) as f32).collect::<Vec<_>>();
                now.extend(noisy(trace.latents.row(start)));
                goal.extend(noisy(trace.latents.row(start + distance)));
                blocks.extend_from_slice(&trace.actions.data[start * action..(start + skip) * action]);
                to_go.push(distance as f32);
            }
            let n = config.batch_size;
            let rows = |v: Vec<f32>| Tensor::<2>::from_data(TensorData::new(v, [n, latent]), &device);
            world.interface().action_stats.normalize(&mut blocks);
            let wanted = Tensor::<2>::from_data(TensorData::new(blocks, [n, skip * action]), &device);
            (net.forward(rows(now), rows(goal), &to_go) - wanted).abs().mean()
        };
        Ok(fit(net, adamw(WEIGHT_DECAY), (config.steps, config.learning_rate), loss, on_step))
    }

    /// What leads from each of these latents to the one in the same place in a block's time: `[rows, latent]` each → `[rows, block]`,
    /// log units. Hindsight goals one block ahead make the planner an inverse model.
    pub fn between(&self, world: &AnyWorld, now: &Table, then: &Table) -> Table {
        let device = self.device();
        // A single row is multiplied in another order than several, and no answer may depend on the others.
        let twice =
            |rows: &Table| Table { width: rows.width, data: rows.data.repeat(if rows.len() == 1 { 2 } else { 1 }) };
        let (now, then, n) = (twice(now), twice(then), now.len());
        let steps = vec![world.frame_skip() as f32; now.len()];
        let mut told = table(self.forward(tensor(&now, &device), tensor(&then, &device), &steps));
        told.data.truncate(n * told.width);
        world.interface().action_stats.denormalize(&mut told.data);
        told
    }

    /// Proposes action sequences (`[horizon, block]` each, log units), following itself through the imagined
    /// world: one for each [`Way`]. A search can then judge which pace works out; all of them look like what
    /// the demonstrators did. Where starts and goals are seen from several sides, each side proposes, and the
    /// average is done.
    pub fn propose(
        &self,
        world: &AnyWorld,
        (starts, goals): (&AnyState, &AnyState),
        ways: &[Way],
        horizon: usize,
    ) -> Vec<Table> {
        let apart = |a: &Way, b: &Way| (a.start, a.goal) != (b.start, b.goal);
        if ways.len() > 1 && world.sides() == 1 && ways.windows(2).all(|two| apart(&two[0], &two[1])) {
            // A single row is multiplied in another order than several, and no start may depend on the others.
            let alone = |way| self.propose(world, (starts, goals), std::slice::from_ref(way), horizon);
            return ways.iter().flat_map(alone).collect();
        }
        let (n, skip) = (ways.len(), world.frame_skip());
        let device = self.device();
        let mut act = |k: usize, now: &Table, goal: &Table| {
            let left = |way: &Way| way.steps.saturating_sub(k * skip).clamp(1, self.reach()) as f32;
            // Each side has a row for each way.
            let left = ways.iter().map(left).collect::<Vec<f32>>().repeat(now.len() / n.max(1));
            let mut blocks = table(self.forward(tensor(now, &device), tensor(goal, &device), &left)).data;
            world.interface().action_stats.denormalize(&mut blocks);
            blocks
        };
        let [start, goal] =
            [|way: &Way| way.start, |way: &Way| way.goal].map(|row| ways.iter().map(row).collect::<Vec<_>>());
        world.follow([(starts, &start), (goals, &goal)], horizon, &mut act)
    }
}

/// From where to where, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Row of the starts.
    pub start: usize,
    /// Row of the goals.
    pub goal: usize,
    /// Environment steps in which the goal shall be reached.
    pub steps: usize,
}
