//! What an agent is shown of a world, at one instant: as much of it as its [`View`](crate::View) asks for.

use crate::Image;

/// What an agent is shown.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The picture, if the agent sees.
    pub image: Option<Image>,
    /// The state, if it is logged; empty otherwise.
    pub state: Vec<f32>,
}
