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

/// Planning problems that are solved together: one model, one horizon, a start and a goal each.
pub struct Problems<'a, D: Dynamics, O> {
    /// The simulator to search in.
    pub dynamics: &'a D,
    /// Where we are, a row a problem.
    pub start: &'a D::State,
    /// What is wanted.
    pub objective: &'a O,
    /// Bounds of one action block.
    pub space: &'a Space,
    /// What is particular to each problem.
    pub each: &'a [Problem],
    /// Stop after this long, with all of them, and answer with the best so far.
    pub deadline: Option<Duration>,
    /// By which share a plan that nobody proposed has to be cheaper than the cheapest proposal: what a search finds
    /// flatters the model that it was found in, and what is proposed does not.
    pub margin: f32,
}

/// What is particular to one of several planning problems.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which goal of the objective.
    pub goal: usize,
    /// Where to begin; all priors are equally long.
    pub prior: Prior,
    /// Sequences to try first. One that is shorter than the horizon continues as the prior does; a longer one is
    /// cut; one with a number that is not finite is left out and counted in [`Plan::left_out`].
    pub proposals: Vec<Table>,
    /// What all random numbers of this problem are keyed by.
    pub key: Key,
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

/// Searches for actions. The answer to a problem depends on it alone, never on those beside it.
pub trait Planner {
    /// Solves problems, in order.
    fn plan<D: Dynamics, O: Objective<D::State>>(&self, problems: &Problems<'_, D, O>) -> Vec<Plan>;
}
