//! Goals in a world: when one counts as reached, and where the picture shows it.

use crate::Result;
use serde::{Deserialize, Serialize};

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

/// What is to be achieved in a world whose goals are states.
pub trait Task {
    /// Sets the goal that the picture shows (where the world draws one).
    ///
    /// # Errors
    /// If the row has the wrong width.
    fn set_goal(&mut self, goal: &[f32]) -> Result<()>;

    /// Whether `state` fulfils the rule for `goal` at one instant (see [`Rule::hold`]).
    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool;
}
