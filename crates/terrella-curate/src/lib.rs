//! Datasets from datasets: a pipeline of SQL stages over recordings, with lineage, resume and bounded memory.
//!
//! [`Pipeline`] is what a TOML file says. [`curate`] streams sources into a table of frames, runs each stage
//! as a DataFusion plan over two tables, `frames` and `episodes`, and writes LeRobot v3.0 datasets whose
//! `lineage/` says of every row where it came from. [`trace`] walks that back. [`functions`] are the measures
//! of motion and of physics that queries may use. With the feature `cluster` the plans run on Ballista as well.

#[cfg(feature = "cluster")]
pub mod cluster;
mod engine;
mod error;
pub mod functions;
mod ingest;
mod lineage;
mod output;
mod pipeline;
mod recordings;
mod run;
mod stage;
mod store;
mod tables;
mod trace;

pub use error::{Error, Result};
pub use pipeline::{Alike, Pipeline, Recording, Stage};
#[cfg(feature = "cluster")]
pub use run::curate_on;
pub use run::{Curated, Dataset, Done, curate};
pub use trace::{Origin, Trace, trace};

/// What distinguishes results of one version of this code from those of another: part of every stage's key
/// and of the lineage. The number after the plus sign goes up whenever a stage gives other rows than before.
pub const CODE_VERSION: &str = concat!("terrella-curate ", env!("CARGO_PKG_VERSION"), "+1");
