//! Pipelines from file to dataset.

mod cluster;
mod common;
#[path = "../../../terrella-formats/tests/it/elsewhere.rs"]
mod elsewhere;
mod errors;
mod kill;
mod lineage;
mod physics;
mod stages;
mod views;
