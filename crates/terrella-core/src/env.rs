//! A world with goals, real or imagined, and what an agent is shown of it.

use crate::{Image, Sim, Task};

/// What an agent is shown.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The picture, if the agent sees.
    pub image: Option<Image>,
    /// The state, if it is logged; empty otherwise.
    pub state: Vec<f32>,
}

/// A world with goals: every [`Sim`] with a [`Task`] that can be copied is one.
pub trait Env: Sim + Task {
    /// An independent copy.
    fn boxed_clone(&self) -> Box<dyn Env>;
}

impl<S: Sim + Task + Clone + 'static> Env for S {
    fn boxed_clone(&self) -> Box<dyn Env> {
        Box::new(self.clone())
    }
}
