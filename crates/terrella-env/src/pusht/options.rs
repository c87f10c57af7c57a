//! What one may vary in PushT. The defaults are the original task.

use super::physics::{EXTENT, Rules};
use super::shape::{BodyShape, Shape};
use crate::Look;
use crate::error::{Result, require};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The painted goal of the original: T origin x, y and angle.
pub const GOAL: [f64; 3] = [256.0, 256.0, PI / 4.0];

/// Name of the world in the registry.
pub(super) const ID: &str = "pusht";

/// How an action is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionKind {
    /// Where the agent shall go, in world pixels, 0 to 512: as the human recordings.
    #[default]
    Absolute,
    /// Where the agent shall go from where it is, in hundreds of pixels, -1 to 1.
    Relative,
}

/// Factors of variation of PushT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PushTOptions {
    /// How an action is read.
    pub action: ActionKind,
    /// The pushed body.
    pub shape: Shape,
    /// Its size, 1 being the original's.
    pub scale: f64,
    /// Its mass and inertia, 1 being the original's. The agent is stronger than any mass, so this
    /// alone changes nothing unless something slides (`damping` above 0 against a wall).
    pub mass: f64,
    /// Its inertia for its mass, 1 being the original's: how readily a push turns it.
    pub inertia: f64,
    /// Friction between body and agent or wall. The original has none.
    pub friction: f64,
    /// Part of its speed that the body keeps over a second. The original keeps none.
    pub damping: f64,
    /// Radius of the agent in px.
    pub agent_radius: f64,
    /// Steps until an action takes effect.
    pub latency: usize,
    /// Pose of the T that is painted on the ground: x and y of a state, and its angle. Goals are set apart from it.
    pub goal: [f64; 3],
    /// Whether the picture marks where things touch, as the original's does.
    pub contact_marks: bool,
    /// Colours and background.
    pub look: Look,
}

impl Default for PushTOptions {
    fn default() -> Self {
        Self {
            action: ActionKind::Absolute,
            shape: Shape::T,
            scale: 1.0,
            mass: 1.0,
            inertia: 1.0,
            friction: 0.0,
            damping: 0.0,
            agent_radius: 15.0,
            latency: 0,
            goal: GOAL,
            contact_marks: true,
            look: Look::default(),
        }
    }
}

impl PushTOptions {
    /// Checks ranges and builds what the solver needs.
    pub(super) fn rules(&self) -> Result<Rules> {
        let id = ID;
        require((0.25..=2.0).contains(&self.scale), id, "scale", self.scale, "in 0.25..=2")?;
        require((1e-3..=1e3).contains(&self.mass), id, "mass", self.mass, "in 0.001..=1000")?;
        require((0.05..=20.0).contains(&self.inertia), id, "inertia", self.inertia, "in 0.05..=20")?;
        require((0.0..=10.0).contains(&self.friction), id, "friction", self.friction, "in 0..=10")?;
        require((0.0..=1.0).contains(&self.damping), id, "damping", self.damping, "in 0..=1")?;
        require((2.0..=60.0).contains(&self.agent_radius), id, "agent_radius", self.agent_radius, "in 2..=60")?;
        require(self.latency <= 100, id, "latency", self.latency, "at most 100 steps")?;
        let inside = self.goal[..2].iter().all(|x| (0.0..=f64::from(EXTENT)).contains(x)) && self.goal[2].is_finite();
        require(inside, id, "goal", self.goal[0], "x and y in 0..=512, and an angle")?;
        let body = BodyShape::new(self.shape, self.scale, self.mass, self.inertia);
        Ok(Rules::new(body, self.agent_radius, self.friction, self.damping))
    }
}
