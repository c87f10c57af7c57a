//! A world one can act in: real, simulated or imagined.

use crate::{EnvSpec, Image, Result};
use serde::{Deserialize, Serialize};

/// What an agent is shown.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The picture, if the agent sees.
    pub image: Option<Image>,
    /// The state, if it is logged; empty otherwise.
    pub state: Vec<f32>,
}

/// When a goal counts as reached; each world says in numbers what its rules mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// The rule of the original task or its first published evaluation.
    Historic,
    /// The audited rule that published world-model scores are compared under.
    Moderate,
    /// Half the tolerance, and it must hold.
    Strict,
}

impl Rule {
    /// All rules, from the loosest.
    pub const ALL: [Self; 3] = [Self::Historic, Self::Moderate, Self::Strict];

    /// Steps in a row for which the predicate must be true.
    pub fn hold(self) -> usize {
        match self {
            Self::Historic | Self::Moderate => 1,
            Self::Strict => 3,
        }
    }

    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Historic => "historic",
            Self::Moderate => "moderate",
            Self::Strict => "strict",
        }
    }
}

/// A world. Everything random in it is keyed by the seed given to [`Env::reset`].
pub trait Env: Send {
    /// What is fixed about this world.
    fn spec(&self) -> &EnvSpec;

    /// Starts anew from a random state drawn from the seed.
    fn reset(&mut self, seed: u64);

    /// Starts anew from a logged state, at rest.
    ///
    /// # Errors
    /// If the row has the wrong width or is not finite.
    fn set_state(&mut self, state: &[f32]) -> Result<()>;

    /// The state as it would be logged.
    fn state(&self) -> Vec<f32>;

    /// Acts for one step of `1 / fps` seconds. The action must lie in the action space: out of
    /// range is clamped, so that a planner's rounding never stops a run.
    fn step(&mut self, action: &[f32]);

    /// Draws the world as a `size × size` picture.
    fn render(&mut self, size: usize) -> Image;

    /// Appends everything that determines the future to `snapshot`.
    fn save(&self, snapshot: &mut Vec<f64>);

    /// Restores what [`Env::save`] wrote: the future is then the same, bit for bit.
    fn load(&mut self, snapshot: &[f64]);

    /// Sets the goal that the picture shows (where the world draws one).
    ///
    /// # Errors
    /// If the row has the wrong width.
    fn set_goal(&mut self, goal: &[f32]) -> Result<()>;

    /// Whether `state` fulfils the rule for `goal` at one instant (see [`Rule::hold`]).
    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool;

    /// An independent copy.
    fn boxed_clone(&self) -> Box<dyn Env>;
}
