//! What goals mean to a model that plans: a cost, and perhaps a learned planner that says what is worth trying.

use terrella_core::Table;

/// What lies ahead when a proposal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Blocks in the plan.
    pub blocks: usize,
    /// Environment steps until the demonstrator was at the goal, and never less than one block.
    pub steps_left: usize,
}

/// A learned planner: from each row of a batch of states, for one of the goals (its number) and with as many
/// blocks ahead as the others, action sequences (`[blocks, block_width]`) worth trying.
pub type Propose<'a, S> = Box<dyn Fn(&S, &[usize], &[Ahead]) -> Vec<Vec<Table>> + 'a>;

/// What some goals mean to a model: the cost of a rollout, and sequences worth trying.
pub struct Aim<'a, S, O> {
    /// Cost of a rollout; goals are numbered as they were given.
    pub objective: O,
    /// The learned half of the hybrid, if there is one.
    pub propose: Option<Propose<'a, S>>,
}
