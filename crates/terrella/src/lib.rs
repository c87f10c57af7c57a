//! World models on a laptop: recordings in, a planner acting in a learned world out.
//!
//! This crate is the front door. [`pipeline`] is the thread from recordings to a report, as
//! functions; [`Settings`] says what a run means; the rest is a choice of what the other crates
//! offer. The program `terrella` is a thin layer of verbs over it.

pub mod cli;
pub mod error;
pub mod out;
pub mod pipeline;
pub mod settings;
mod watch;

pub use settings::{Flavour, Layers, PRESETS, Settings};
pub use watch::{Stage, Watch};

pub use terrella_agent::{Dream, MpcPolicy, PlannerConfig, play};
pub use terrella_core::{
    Batch, Clip, Dataset, Dynamics, Env, Episode, Image, Objective, Observation, Plan, Planner, Policy, Rollout, Rule,
    Verdict, View,
};
pub use terrella_env::{make, registry};
pub use terrella_eval::{Report, Scorecard};
pub use terrella_formats::{import, inspect, open};
pub use terrella_model::{Saved, Trainer, World};
