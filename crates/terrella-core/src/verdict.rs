//! What came of one attempt.

use crate::{Rule, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The outcome of one attempt to reach a goal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Held-out episode the pair was taken from.
    pub episode: usize,
    /// Its start row.
    pub start: usize,
    /// Seed of the evaluation.
    pub seed: u64,
    /// Step at which each rule was first fulfilled (and held), if it was.
    pub reached: BTreeMap<String, Option<usize>>,
    /// The state after each step, the start first: the attempt as an episode.
    pub states: Table,
    /// The actions taken.
    pub actions: Table,
    /// The goal state.
    pub goal: Vec<f32>,
}

impl Verdict {
    /// Whether the rule was fulfilled within the budget.
    pub fn success(&self, rule: Rule) -> bool {
        self.reached.get(rule.name()).is_some_and(Option::is_some)
    }
}
