//! Pipelines from file to dataset.

mod cluster;
mod common;
mod errors;
mod kill;
mod lineage;
mod physics;
mod stages;
mod views;
