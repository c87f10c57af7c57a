//! The vocabulary of Terrella: seven types and the traits at the seams.
//!
//! Data flows one way: [`Episode`] → [`Clip`] → [`Batch`] → `State` → [`Rollout`] → [`Plan`] →
//! [`Verdict`] (→ `Episode`). `State` is the associated type of [`Dynamics`]: only a model knows
//! what its own state is made of. This crate knows neither Burn nor any file format; everything in
//! it is a plain value on the host, so every other crate can be tested without a model.

mod actions;
mod bloom;
mod clip;
mod coordinate;
mod cut;
mod dataset;
mod dynamics;
mod env;
mod episode;
mod error;
mod fingerprint;
mod hex;
mod image;
mod known_rows;
mod many;
mod observation;
mod part;
mod plan;
mod policy;
mod ridge;
mod row_hashes;
mod run_dir;
mod seed;
mod sim;
mod space;
mod spec;
mod stats;
mod symmetry;
mod table;
mod task;
mod thing;
pub mod time;
mod verdict;

pub use actions::Actions;
pub use clip::{Batch, Clip, Last, Window};
pub use coordinate::{Coordinate, Name};
pub use dataset::{Dataset, Split};
pub use dynamics::{Acts, Dt, Dynamics, Imagined, Objective, Rollout, blocks_at};
pub use env::{Env, Steps, View};
pub use episode::{Episode, Frames, NO_ACTION, Pixel, SharedBytes, Signature, wrapped};
pub use error::{Error, Result};
pub use fingerprint::{Fingerprint, recognise};
pub use hex::hex;
pub use image::Image;
pub use known_rows::KnownRows;
pub use many::Many;
pub use observation::Observation;
pub use part::{Part, PartKind};
pub use plan::{Plan, Planner, Prior, Problem, Problems};
pub use policy::{Each, Goal, Policy, RowPolicy};
pub use ridge::Ridge;
pub use run_dir::{RunDir, suffixed, write_atomic};
pub use seed::{Key, Stream};
pub use sim::{AnySim, Copied, GoalWorld, Sim, Step};
pub use space::Space;
pub use spec::{ActionsAre, EnvSpec, Scene};
pub use stats::Stats;
pub use symmetry::{Symmetry, Turn};
pub use table::Table;
pub use task::{Rule, Task};
pub use thing::Thing;
pub use verdict::Verdict;
