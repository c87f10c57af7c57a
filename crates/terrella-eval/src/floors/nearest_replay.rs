//! Replays the recording that went from here to there.
//!
//! It looks once, finds the training moment whose start and end are nearest to now and the goal, and
//! plays that moment's actions back; when they are over it looks again.

use super::Memory;
use terrella_core::{Goal, Key, Observation, Result, RowPolicy};

/// Plays back the nearest training moment.
pub struct NearestReplay<'a> {
    memory: &'a Memory<'a>,
    goal: Vec<f32>,
    moment: usize,
    played: usize,
}

impl<'a> NearestReplay<'a> {
    /// A policy with this memory.
    pub fn new(memory: &'a Memory<'a>) -> Self {
        Self { memory, goal: Vec::new(), moment: 0, played: 0 }
    }
}

impl RowPolicy for NearestReplay<'_> {
    fn begin(&mut self, goal: &Goal, _key: Key) -> Result<()> {
        self.goal = self.memory.features(&goal.observation)?;
        self.played = 0;
        Ok(())
    }

    fn looks(&self) -> bool {
        self.played.is_multiple_of(self.memory.offset().max(1))
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        if self.played.is_multiple_of(self.memory.offset().max(1)) {
            let now = self.memory.features(now)?;
            (self.moment, self.played) = (self.memory.nearest(&now, Some(&self.goal), 1)[0].0, 0);
        }
        self.played += 1;
        Ok(self.memory.action(self.moment, self.played - 1).to_vec())
    }
}
