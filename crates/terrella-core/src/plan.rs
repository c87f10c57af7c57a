//! The question a planner is asked, and its answer.

use crate::{Dynamics, Key, Objective, Space, Table};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a search begins: a mean and a deviation for each number of each block.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// `[horizon, block_width]`.
    pub mean: Table,
    /// `[horizon, block_width]`.
    pub std: Table,
}

/// One planning problem.
pub struct Problem<'a, D: Dynamics, O> {
    /// The simulator to search in.
    pub dynamics: &'a D,
    /// A batch of one: where we are.
    pub start: &'a D::State,
    /// What is wanted.
    pub objective: &'a O,
    /// Bounds of one action block.
    pub space: &'a Space,
    /// Where to begin.
    pub prior: &'a Prior,
    /// Stop after this long and answer with the best so far.
    pub deadline: Option<Duration>,
}

/// A sequence of action blocks, best first step first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// `[horizon, block_width]`, inside the action space.
    pub blocks: Table,
    /// Its predicted cost.
    pub cost: f32,
    /// Predicted cost of the best candidate after each iteration.
    pub history: Vec<f32>,
    /// Time spent.
    pub elapsed: Duration,
    /// Proposals that were left out, as they hold what is no finite number.
    #[serde(default)]
    pub left_out: usize,
}

/// Searches for actions. The answer depends on the problem and the key alone.
pub trait Planner {
    /// Solves one problem.
    fn plan<D: Dynamics, O: Objective<D::State>>(&self, problem: &Problem<'_, D, O>, key: Key) -> Plan;
}
