//! Acts as demonstrators did in similar moments, whatever the goal.
//!
//! What it reaches, habit reaches: goals that lie where everybody goes anyway.

use super::{Memory, NEIGHBOURS};
use terrella_core::{Goal, Key, Observation, Result, RowPolicy};

/// Does not look at the goal.
pub struct GoalBlind<'a>(pub &'a Memory<'a>);

impl RowPolicy for GoalBlind<'_> {
    fn begin(&mut self, _goal: &Goal, _key: Key) -> Result<()> {
        Ok(())
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let now = self.0.features(now)?;
        Ok(self.0.mean_action(&self.0.nearest(&now, None, NEIGHBOURS)))
    }
}
