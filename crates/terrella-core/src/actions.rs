//! What an agent may do: numbers in a box, or one of a few things.

use crate::{Space, Stream};
use serde::{Deserialize, Serialize};

/// What an agent may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actions {
    /// Numbers in a box; outside is clamped.
    Box(Space),
    /// One of these; the action is its index. A fraction is cut off, an index outside is clamped.
    Choice(Vec<String>),
}

impl Actions {
    /// Numbers in an action.
    pub fn width(&self) -> usize {
        match self {
            Self::Box(space) => space.width(),
            Self::Choice(_) => 1,
        }
    }

    /// The index that a number means in a choice of `n`: cut off, moved inside; what is not a number is 0.
    pub fn index(action: f32, n: usize) -> usize {
        (action as usize).min(n.saturating_sub(1))
    }

    /// The box that planners search in: of a choice, its indices.
    pub fn space(&self) -> Space {
        match self {
            Self::Box(space) => space.clone(),
            Self::Choice(names) => Space::choice("choice", names.len()),
        }
    }

    /// A random action.
    pub fn sample(&self, stream: &mut Stream) -> Vec<f32> {
        match self {
            Self::Box(space) => space.sample(stream),
            Self::Choice(names) => vec![stream.below(names.len().max(1)) as f32],
        }
    }
}
