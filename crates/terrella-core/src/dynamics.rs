//! A learned (or exact) simulator, and what one wants from it.

use crate::{Image, Observation, Result, Table};
use std::ops::Range;

/// Predicts how a state changes under an action. Everything is batched, row by row independent.
///
/// Actions are host numbers in the units of the log: normalisation belongs to the model, so that
/// planners know nothing of it and can be tested against an exact simulator.
pub trait Dynamics {
    /// A batch of states.
    type State: Clone;

    /// Width of one action block: `frame_skip × action`.
    fn block_width(&self) -> usize;

    /// The states of a batch of observations.
    ///
    /// # Errors
    /// If an observation lacks what the model looks at, or has another size.
    fn observe(&self, observations: &[Observation]) -> Result<Self::State>;

    /// The states after acting `block` (`[batch, block_width]`) and seeing `observations`. A model
    /// that looks back keeps the past as context; by default there is no past.
    ///
    /// # Errors
    /// As [`Self::observe`].
    fn track(&self, before: &Self::State, block: &[f32], observations: &[Observation]) -> Result<Self::State> {
        let _ = (before, block);
        self.observe(observations)
    }

    /// A batch of `n` copies of the only state of a batch of one.
    fn repeat(&self, state: &Self::State, n: usize) -> Self::State;

    /// The states after one action block each; `actions` is `[batch, block_width]`.
    fn step(&self, state: &Self::State, actions: &[f32]) -> Self::State;

    /// As [`Self::step`], where each row's block lasts so many seconds. A model that was taught one clock
    /// only takes every block for one of that clock.
    fn step_for(&self, state: &Self::State, actions: &[f32], dt: &[f32]) -> Self::State {
        let _ = dt;
        self.step(state, actions)
    }

    /// The states along `n` action sequences (`sequences` is `[n, horizon · block_width]`) from the only
    /// state of a batch of one: `horizon` batches to look at, not to step on from. A model that can
    /// do better than one step after another does.
    fn roll_out(&self, start: &Self::State, sequences: &[f32], n: usize) -> Vec<Self::State> {
        let (width, each) = (self.block_width(), sequences.len() / n.max(1));
        let mut rollout: Vec<Self::State> = Vec::with_capacity(each / width);
        let start = self.repeat(start, n);
        for at in (0..each).step_by(width) {
            let actions: Vec<f32> = blocks_at(sequences, each, at..at + width);
            let next = self.step(rollout.last().unwrap_or(&start), &actions);
            rollout.push(next);
        }
        rollout
    }

    /// The latent vectors of the batch, for objectives, probes and plots.
    fn latents(&self, state: &Self::State) -> Table;

    /// The logged state that the model believes in, if it can tell: `[batch, state]`.
    fn read(&self, state: &Self::State) -> Option<Table>;

    /// The reward that the last step brought, as the model foretells it, one a row; nothing where it was
    /// taught none, or before the first step.
    fn reward(&self, state: &Self::State) -> Option<Vec<f32>> {
        let _ = state;
        None
    }

    /// How probable it is that the last step ended the task, one a row; nothing where the model was taught
    /// no ends, or before the first step.
    fn ended(&self, state: &Self::State) -> Option<Vec<f32>> {
        let _ = state;
        None
    }

    /// Pictures of the batch, if the model can draw.
    fn draw(&self, state: &Self::State) -> Option<Vec<Image>>;
}

/// The same part of each sequence of `each` numbers, one after the other.
pub fn blocks_at(sequences: &[f32], each: usize, part: Range<usize>) -> Vec<f32> {
    sequences.chunks_exact(each).flat_map(|sequence| sequence[part.clone()].iter().copied()).collect()
}

/// What is wanted of a rollout.
pub trait Objective<S> {
    /// One cost a row, lower is better; `rollout[k]` is the batch after block `k`.
    fn cost(&self, rollout: &[S]) -> Vec<f32>;
}

/// What a model imagined, in numbers that people can read.
#[derive(Clone, Debug, Default)]
pub struct Rollout {
    /// One row a block.
    pub latents: Table,
    /// The believed state after each block.
    pub states: Option<Table>,
    /// The picture after each block.
    pub images: Option<Vec<Image>>,
}

impl Rollout {
    /// Imagines one sequence of action blocks from the only state of a batch of one.
    pub fn imagine<D: Dynamics>(dynamics: &D, start: &D::State, blocks: &Table) -> Self {
        let mut rollout = Self::default();
        let mut state = start.clone();
        for block in blocks.rows() {
            state = dynamics.step(&state, block);
            let latent = dynamics.latents(&state);
            rollout.latents.width = latent.width;
            rollout.latents.push(latent.row(0));
            if let Some(read) = dynamics.read(&state) {
                rollout.states.get_or_insert_with(|| Table::new(read.width)).push(read.row(0));
            }
            if let Some(mut drawn) = dynamics.draw(&state) {
                rollout.images.get_or_insert_default().push(drawn.swap_remove(0));
            }
        }
        rollout
    }
}
