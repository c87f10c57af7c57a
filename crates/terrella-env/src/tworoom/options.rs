//! What one may vary in TwoRoom.

use crate::Look;
use serde::{Deserialize, Serialize};

/// Factors of variation of TwoRoom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TwoRoomOptions {
    /// Where the middle of the wall is, in px from the left.
    pub wall_x: f64,
    /// Its thickness in px.
    pub wall_thickness: f64,
    /// Where the middle of the door is, in px from the top.
    pub door_y: f64,
    /// Height of the door in px.
    pub door_size: f64,
    /// Radius of the agent in px.
    pub agent_radius: f64,
    /// Largest motion along each axis in a step, in px.
    pub speed: f64,
    /// Part of the last motion that continues, as if the floor had little friction. Hidden from the
    /// state, so the default is 0.
    pub glide: f64,
    /// Steps until an action takes effect.
    pub latency: usize,
    /// Whether the picture shows the goal.
    pub draw_goal: bool,
    /// Colours and background.
    pub look: Look,
}

impl Default for TwoRoomOptions {
    fn default() -> Self {
        Self {
            wall_x: 112.0,
            wall_thickness: 10.0,
            door_y: 112.0,
            door_size: 40.0,
            agent_radius: 7.0,
            speed: 5.0,
            glide: 0.0,
            latency: 0,
            draw_goal: false,
            look: Look::default(),
        }
    }
}
