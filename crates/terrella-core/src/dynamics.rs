//! A learned (or exact) simulator, and what one wants from it.

use crate::{Image, Key, Observation, Result, Table};
use std::ops::Range;

/// What is done in each row of a batch, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Acts<'a> {
    /// One action block a row, `[batch, block_width]`.
    pub blocks: &'a [f32],
    /// How long the blocks last.
    pub dt: Dt<'a>,
}

/// How long action blocks last. A model that was taught one clock only takes every block for one of it.
#[derive(Clone, Copy, Debug)]
pub enum Dt<'a> {
    /// As in most recordings that the model learned from.
    Usual,
    /// So many seconds.
    Same(f32),
    /// So many seconds, one a row.
    Each(&'a [f32]),
}

impl<'a> Acts<'a> {
    /// Blocks that last as long as usual.
    pub fn of(blocks: &'a [f32]) -> Self {
        Self { blocks, dt: Dt::Usual }
    }

    /// The same blocks, which last as long as this.
    #[must_use]
    pub fn lasting(self, dt: Dt<'a>) -> Self {
        Self { dt, ..self }
    }
}

impl Dt<'_> {
    /// Seconds, one for each of `n` rows; `usual` is what is usual.
    pub fn rows(self, usual: f32, n: usize) -> Vec<f32> {
        match self {
            Self::Usual => vec![usual; n],
            Self::Same(dt) => vec![dt; n],
            Self::Each(dt) => dt.to_vec(),
        }
    }
}

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

    /// The states of these rows, in this order, each as often as it is named: copies, branches, resets and
    /// drops are all this.
    ///
    /// # Panics
    /// If there is no such row.
    fn take(&self, state: &Self::State, rows: &[usize]) -> Self::State;

    /// The rows of several batches as one batch, in this order, so that all of them are stepped at once; nothing where the model
    /// cannot, or these cannot go together, as their pasts are not equally long. Whatever is done to a row of it gives the same
    /// bits as without the others.
    fn join(&self, states: &[&Self::State]) -> Option<Self::State> {
        let _ = states;
        None
    }

    /// The states after one action block each.
    fn step(&self, state: &Self::State, acts: Acts<'_>) -> Self::State;

    /// The states along action sequences (`[sequences, horizon · block_width]`), of which number `i` starts in
    /// row `rows[i]` of `start`: `horizon` batches to look at, not to step on from. A model that can do
    /// better than one step after another does.
    fn roll_out(&self, start: &Self::State, rows: &[usize], sequences: &[f32]) -> Vec<Self::State> {
        let (width, each) = (self.block_width(), sequences.len() / rows.len().max(1));
        let mut rollout: Vec<Self::State> = Vec::with_capacity(each / width);
        let start = self.take(start, rows);
        for at in (0..each).step_by(width) {
            let blocks: Vec<f32> = blocks_at(sequences, each, at..at + width);
            let next = self.step(rollout.last().unwrap_or(&start), Acts::of(&blocks));
            rollout.push(next);
        }
        rollout
    }

    /// The latent vectors of the batch, for objectives, probes and plots.
    fn latents(&self, state: &Self::State) -> Table;

    /// The logged state that the model believes in, if it can tell: `[batch, state]`.
    fn read(&self, state: &Self::State) -> Option<Table>;

    /// The state that the model was taught and believes in, if it can tell: the logged one, unless places of things were
    /// taught in its stead.
    fn believe(&self, state: &Self::State) -> Option<Table> {
        self.read(state)
    }

    /// The same states, in which every step from here on also draws the noise that the model foretells, keyed by this, the step
    /// and the place of the row in its batch, so that copies of a row go different ways. A model that tells one future knows of none.
    fn noisy(&self, state: Self::State, key: Key) -> Self::State {
        let _ = key;
        state
    }

    /// The logged states that each row of the batch may be in, `[batch · n, state]`, those of a row one after the other; nothing
    /// where the model tells one only.
    fn particles(&self, state: &Self::State) -> Option<Table> {
        let _ = state;
        None
    }

    /// How far those who foretell disagree about each number of the logged state after the steps so far, `[batch, state]`: their standard
    /// deviation, in deviations of all the noise that they told on the way. Of states without noise of their own (see [`Self::noisy`]);
    /// nothing where only one foretells, or before the first step.
    fn doubts(&self, state: &Self::State) -> Option<Table> {
        let _ = state;
        None
    }

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

/// What a model imagined of some action sequences, a row each.
#[derive(Clone, Copy, Debug)]
pub struct Imagined<'a, S> {
    /// Where they begin.
    pub start: &'a S,
    /// The row of `start` in which each begins.
    pub rows: &'a [usize],
    /// What is done, `[rows, blocks, block_width]`.
    pub blocks: &'a [f32],
    /// `rollout[k]` is the batch after block `k`.
    pub rollout: &'a [S],
    /// Which of the goals that the objective knows each row is for.
    pub goals: &'a [usize],
}

/// What is wanted of a rollout.
pub trait Objective<S> {
    /// One cost a row, lower is better.
    fn cost(&self, imagined: &Imagined<'_, S>) -> Vec<f32>;
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
            state = dynamics.step(&state, Acts::of(block));
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
