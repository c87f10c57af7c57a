//! Acting: planners that search in any [`Dynamics`](terrella_core::Dynamics), policies that drive
//! any [`Env`](terrella_core::Env), and dreams as worlds of their own.
//!
//! One loop, [`play`], runs a policy in a real world or in an [`Dream`]. Four ways of
//! searching (random shooting, CEM, iCEM, MPPI) are one loop in `search` with four settings, and a
//! fifth, `follow`, does not search at all. The crate knows neither Burn nor a particular world: a
//! learned planner enters as a [`Propose`] closure whose sequences seed the search (the hybrid).

mod aim;
mod calibrate;
mod config;
mod consistency;
mod doubt;
mod dream;
mod exact;
mod mpc;
mod mpc_config;
mod noise;
mod objective;
mod play;
mod policies;
mod prior;
mod reward;
mod search;
mod settings;
mod together;

pub use aim::{Ahead, Aim, Propose};
pub use config::{CemConfig, FollowConfig, IcemConfig, MppiConfig, PlannerConfig, RandomConfig};
pub use consistency::Consistency;
pub use doubt::Doubt;
pub use dream::Dream;
pub use exact::{Copies, ExactSim};
pub use mpc::MpcPolicy;
pub use mpc_config::MpcConfig;
pub use objective::{Distance, Timing};
pub use play::{Moment, Played, play};
pub use policies::{NullPolicy, RandomPolicy, ReplayPolicy};
pub use prior::{PriorRule, shift};
pub use reward::Return;
pub use search::SamplingPlanner;
pub use settings::Answer;
