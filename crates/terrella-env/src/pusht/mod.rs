//! PushT: a disc pushes a T into a pose, as in Diffusion Policy and gym-pusht 0.1.8.
//!
//! The world is 512 px wide and runs at 10 actions a second. A state row is agent x, y, the T's
//! origin x, y (the middle of the bar's outer edge) and its angle in [0, 2π). The solver follows
//! Chipmunk stage by stage (see `physics.rs`), the picture follows pygame (see `draw.rs`).
//!
//! Rules compare two state rows. Historic and Moderate: the joint distance of agent and T over four
//! numbers is below 20 px and the angles differ by less than π/9; Historic does not wrap the angle
//! difference. Strict: the T alone is within 10 px and 10°, for three steps.

mod collide;
mod demonstrator;
mod draw;
mod options;
mod physics;
mod plan;
mod prober;
mod route;
mod shape;
mod wander;
mod world;

pub use demonstrator::{PushDemonstrator, PushStyle};
pub use options::{ActionKind, GOAL, PushTOptions};
pub use prober::PushProber;
pub use shape::Shape;
pub use wander::Wander;
pub use world::PushT;

use crate::world::{Factor, LATE, World, read};
use options::ID;
use serde_json::json;
use terrella_core::{AnySim, Sim};

/// The entry of the registry.
pub(crate) const WORLD: World = World {
    id: ID,
    about: "a disc pushes a T into a pose (gym-pusht 0.1.8; 512 px, 10 Hz)",
    make: |options| Ok(AnySim::new(PushT::new(read(ID, options)?)?)),
    demonstrator: |options| {
        let world = PushT::new(read(ID, options)?)?;
        Ok(Box::new(PushDemonstrator::new(world, PushStyle::default())))
    },
    explorer: |options| {
        let world = PushT::new(read(ID, options)?)?;
        let relative = world.options().action == ActionKind::Relative;
        Ok(Box::new(Wander::new(world.spec().actions.space(), relative)))
    },
    seeker: Some(|options| Ok(Box::new(PushProber::new(PushT::new(read(ID, options)?)?)))),
    factors: &[
        Factor {
            name: "friction of body and agent",
            unit: "as a coefficient",
            sizes: [0.5, 1.0, 2.0],
            options: |friction| json!({ "friction": friction }),
        },
        Factor {
            name: "the body slides on",
            unit: "of its speed left after a second",
            sizes: [0.1, 0.3, 0.6],
            options: |damping| json!({ "damping": damping }),
        },
        LATE,
    ],
};

#[cfg(test)]
mod tests;
