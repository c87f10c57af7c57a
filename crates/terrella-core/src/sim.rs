//! A world: what its author writes.
//!
//! The author of a world writes [`Sim`]: what it declares, equations, a reward and when it ends; one whose
//! goals are states writes a [`Task`](crate::Task) beside it, rewards nothing and never ends. The state is
//! kept in full precision. A world that has ended keeps stepping by its equations: whoever runs it resets
//! it. [`AnySim`] is one of any kind, for lists of worlds; [`Many`](crate::Many) steps many together.

use crate::{EnvSpec, Image, Result, Task};
use std::fmt;

/// What a step brought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// The reward.
    pub reward: f64,
    /// The task itself ended: there is no future to value.
    pub terminated: bool,
    /// The time is up: there would have been a future.
    pub truncated: bool,
}

/// A world. Everything random in it is keyed by the seed given to [`Sim::reset`].
pub trait Sim: Copied + Send + Sync {
    /// What it declares of itself.
    fn spec(&self) -> &EnvSpec;

    /// Starts anew from a random state drawn from the seed.
    fn reset(&mut self, seed: u64);

    /// Starts anew from a state, with the whole time left; what the state does not say is at rest.
    ///
    /// # Errors
    /// If the row has the wrong width or is not finite.
    fn set_state(&mut self, state: &[f64]) -> Result<()>;

    /// The state in full precision.
    fn state(&self) -> Vec<f64>;

    /// Acts for one step. Actions out of range are clamped, so that a planner's rounding never stops a run.
    fn step(&mut self, action: &[f32]) -> Step;

    /// Draws the world as a `size × size` picture.
    fn draw(&self, size: usize) -> Image;

    /// Appends everything that determines the future to `snapshot`.
    fn save(&self, snapshot: &mut Vec<f64>);

    /// Restores what [`Sim::save`] wrote: the future is then the same, bit for bit.
    fn load(&mut self, snapshot: &[f64]);

    /// What an agent is shown in numbers; the logged state if the world says nothing else.
    fn observe(&self) -> Vec<f32> {
        self.logged()
    }

    /// This world as one with goals, if it has some.
    fn goals(&self) -> Option<&dyn GoalWorld> {
        None
    }

    /// The state as it is logged.
    fn logged(&self) -> Vec<f32> {
        self.state().iter().map(|x| *x as f32).collect()
    }

    /// Starts anew from a logged state.
    ///
    /// # Errors
    /// As [`Sim::set_state`].
    fn set_logged(&mut self, row: &[f32]) -> Result<()> {
        self.set_state(&row.iter().map(|x| f64::from(*x)).collect::<Vec<_>>())
    }
}

/// Copies of a world behind a pointer; every [`Sim`] that is `Clone` makes them.
pub trait Copied {
    /// An independent copy.
    fn copied(&self) -> Box<dyn Sim>;
}

impl<S: Sim + Clone + 'static> Copied for S {
    fn copied(&self) -> Box<dyn Sim> {
        Box::new(self.clone())
    }
}

/// A world with goals: every [`Sim`] with a [`Task`] that can be copied is one.
pub trait GoalWorld: Sim + Task {
    /// An independent copy.
    fn boxed_clone(&self) -> Box<dyn GoalWorld>;
}

impl<S: Sim + Task + Clone + 'static> GoalWorld for S {
    fn boxed_clone(&self) -> Box<dyn GoalWorld> {
        Box::new(self.clone())
    }
}

/// A world of any kind, with rewards or with goals: it is a [`Sim`] too.
pub struct AnySim(Box<dyn Sim>);

impl AnySim {
    /// Forgets which kind of world this is.
    pub fn new(world: impl Sim + 'static) -> Self {
        Self(Box::new(world))
    }
}

impl From<&dyn GoalWorld> for AnySim {
    /// A copy of a world with goals.
    fn from(world: &dyn GoalWorld) -> Self {
        Self(world.copied())
    }
}

impl Clone for AnySim {
    fn clone(&self) -> Self {
        Self(self.0.copied())
    }
}

impl fmt::Debug for AnySim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnySim({} at {:?})", self.0.spec().id, self.0.state())
    }
}

impl Sim for AnySim {
    fn spec(&self) -> &EnvSpec {
        self.0.spec()
    }
    fn reset(&mut self, seed: u64) {
        self.0.reset(seed);
    }
    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.0.set_state(state)
    }
    fn state(&self) -> Vec<f64> {
        self.0.state()
    }
    fn observe(&self) -> Vec<f32> {
        self.0.observe()
    }
    fn goals(&self) -> Option<&dyn GoalWorld> {
        self.0.goals()
    }
    fn save(&self, snapshot: &mut Vec<f64>) {
        self.0.save(snapshot);
    }
    fn load(&mut self, snapshot: &[f64]) {
        self.0.load(snapshot);
    }
    fn step(&mut self, action: &[f32]) -> Step {
        self.0.step(action)
    }
    fn draw(&self, size: usize) -> Image {
        self.0.draw(size)
    }
}
