//! Recordings, whatever they are stored in, and the format they are kept in: LeRobot v3.0 datasets on disk, and windows for training.
//!
//! A [`Format`] recognises a path and opens it as a [`Source`], which lends episodes; this is the seam that all readers
//! share, with what they need to say which [vectors] make the state, which cameras are [views], what came of actions
//! ([`outcome`]) and when ([`timing`]). [`LeRobot`] is the home format, written by a [`Writer`]. Pictures are decoded
//! once into a [`cache`]; a [`Sampler`] cuts windows, each exactly once an epoch. Paths of any format are opened by
//! the crate `terrella-formats`, which lists all of them.

pub mod cache;
mod compatible;
mod error;
mod lerobot;
pub mod numbers;
pub mod outcome;
pub mod parquet_file;
mod prefetch;
mod sampler;
mod source;
mod source_options;
mod tiles;
pub mod timing;
pub mod vectors;
pub mod views;

pub use compatible::check_compatible;
pub use error::{Error, Result, guarded};
pub use lerobot::{LeRobot, LeRobotV2, Writer, Written};
pub use prefetch::Prefetch;
pub use sampler::{Sampler, gather};
pub use source::{Claims, Evidence, Format, Loss, Note, Source, check_finite, given_names};
pub use source_options::SourceOptions;
pub use views::{ALL, View};
