//! A step with its derivatives, in memory that is used again for every step.

/// The state after a step and its derivatives, row-major: row `i` belongs to number `i` of the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Jacobians {
    /// The state after the step.
    pub next: Vec<f64>,
    /// `[state, state]`.
    pub by_state: Vec<f64>,
    /// `[state, action]`; empty where it was not asked for.
    pub by_action: Vec<f64>,
    /// `[state, parameters]`, the parameters that were asked for, in that order.
    pub by_parameters: Vec<f64>,
    /// Places of the parameters that are asked for.
    pub parameters: Vec<usize>,
}

impl Jacobians {
    /// Room for a state of so many numbers, derivatives by `actions` numbers of the action (0: not wanted) and by these parameters.
    pub fn new(state: usize, actions: usize, parameters: Vec<usize>) -> Self {
        Self {
            next: vec![0.0; state],
            by_state: vec![0.0; state * state],
            by_action: vec![0.0; state * actions],
            by_parameters: vec![0.0; state * parameters.len()],
            parameters,
        }
    }
}
