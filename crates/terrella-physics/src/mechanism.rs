//! A mechanism as others use it, whichever it is: named numbers, a step, and exact derivatives of that step.

use crate::jacobians::Jacobians;
use crate::parameter::{Parameter, Quantity};

/// What a step starts from. Slices are as long as the mechanism's lists say.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The state, in SI units.
    pub state: &'a [f64],
    /// What is done all the while.
    pub action: &'a [f64],
    /// All parameters.
    pub parameters: &'a [f64],
    /// How long, in s.
    pub dt: f64,
}

/// A system whose equations are known. Nothing is kept between steps: rows of a batch know nothing of each other.
pub trait Mechanism: Send + Sync {
    /// Name in the registry.
    fn name(&self) -> &str;

    /// What it is, in words.
    fn about(&self) -> &str;

    /// Its parameters.
    fn parameters(&self) -> &[Parameter];

    /// The numbers of its state.
    fn state(&self) -> &[Quantity];

    /// The numbers of its action; none where nobody acts.
    fn action(&self) -> &[Quantity];

    /// Writes the state after a step into `next`. Allocates nothing.
    ///
    /// # Panics
    /// If slices have other lengths than the lists above.
    fn step_into(&self, row: Row<'_>, next: &mut [f64]);

    /// The state after a step, with its derivatives by what `into` asks for. Allocates nothing.
    ///
    /// # Panics
    /// As [`Self::step_into`].
    fn step_with_jacobians(&self, row: Row<'_>, into: &mut Jacobians);

    /// Kinetic and potential energy in J, where that is defined; with parameters of masses unknown, a multiple of it.
    fn energy(&self, state: &[f64], parameters: &[f64]) -> Option<f64>;

    /// The state after a step.
    fn step(&self, row: Row<'_>) -> Vec<f64> {
        let mut next = vec![0.0; self.state().len()];
        self.step_into(row, &mut next);
        next
    }

    /// Many rows under the same parameters: `states` is `[rows, state]`, `actions` `[rows, action]`, `dt` one a row; the states after the
    /// step are written into `next`, `[rows, state]`.
    ///
    /// # Panics
    /// If these do not have as many rows.
    fn step_rows(&self, (states, actions): (&[f64], &[f64]), parameters: &[f64], dt: &[f64], next: &mut [f64]) {
        let (s, a) = (self.state().len(), self.action().len());
        for (at, (&dt, next)) in dt.iter().zip(next.chunks_exact_mut(s)).enumerate() {
            let (state, action) = (&states[at * s..(at + 1) * s], &actions[at * a..(at + 1) * a]);
            self.step_into(Row { state, action, parameters, dt }, next);
        }
    }

    /// What parameters are when nobody says anything.
    fn defaults(&self) -> Vec<f64> {
        self.parameters().iter().map(|parameter| parameter.value).collect()
    }
}
