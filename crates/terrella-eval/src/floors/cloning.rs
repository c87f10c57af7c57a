//! Behaviour cloning without a model: the action from now and the goal, by neighbours.
//!
//! It looks anew at every step. Moments are remembered with what came a fixed time later, so it is
//! told the time to the goal only as far as the protocol fixes it.

use super::{Memory, NEIGHBOURS};
use terrella_core::{Goal, Key, Observation, Result, RowPolicy};

/// Regresses actions on moments and goals.
pub struct Cloning<'a> {
    memory: &'a Memory<'a>,
    goal: Vec<f32>,
}

impl<'a> Cloning<'a> {
    /// A policy with this memory.
    pub fn new(memory: &'a Memory<'a>) -> Self {
        Self { memory, goal: Vec::new() }
    }
}

impl RowPolicy for Cloning<'_> {
    fn begin(&mut self, goal: &Goal, _key: Key) -> Result<()> {
        self.goal = self.memory.features(&goal.observation)?;
        Ok(())
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let now = self.memory.features(now)?;
        Ok(self.memory.mean_action(&self.memory.nearest(&now, Some(&self.goal), NEIGHBOURS)))
    }
}
