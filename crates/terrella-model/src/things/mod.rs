//! Things in pictures, found without being told of any: how each looks, and where it is and which way up in every row.
//!
//! What stands out from a ground that stands still falls into patches; pictures with the most of them say how many things there are
//! ([`learn`]). A thing is a [`sprite`], a small picture of its own that is moved and turned and never changes, as rigid bodies
//! seen from above are; sprites are averages of aligned patches (class averages, as in electron microscopy: Frank 1996). [`follow`] lays them over
//! pictures ([`canvas`]) row by row, so that a thing keeps its name where it touches another; [`gaze`] makes exact what
//! eyes see, and [`camera`] lays back what a camera shows that was moved. Nothing here is a network.

mod camera;
mod canvas;
mod config;
mod follow;
mod gaze;
mod learn;
mod outline;
mod patches;
mod search;
mod sprite;
mod symmetry;

pub(crate) use camera::Camera;
pub use config::ThingsConfig;
pub use follow::{Followed, Things};
pub use gaze::Gaze;
pub use sprite::{Pose, Sprite};
