//! Something that acts.

use crate::{Key, Observation, Result};

/// What a policy is asked to bring about.
#[derive(Clone, Debug, Default)]
pub struct Goal {
    /// How the world looks when it is reached.
    pub observation: Observation,
    /// Environment steps after which the demonstrator was there.
    pub steps: usize,
}

/// Chooses actions from observations.
pub trait Policy {
    /// Forgets the last episode and takes a goal.
    ///
    /// # Errors
    /// If the goal cannot be understood.
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()>;

    /// Whether the next call of [`Self::act`] looks at the picture it is shown. A picture is dear to
    /// draw, so nobody draws one for a policy that says no; a policy that wraps another asks it.
    fn looks(&self) -> bool {
        true
    }

    /// The next action, in the units of the world.
    ///
    /// # Errors
    /// If the observation lacks what the policy looks at.
    fn act(&mut self, now: &Observation) -> Result<Vec<f32>>;
}

impl<P: Policy + ?Sized> Policy for Box<P> {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        (**self).begin(goal, key)
    }

    fn looks(&self) -> bool {
        (**self).looks()
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        (**self).act(now)
    }
}
