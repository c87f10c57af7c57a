//! Tests of what the crate promises, on simulated twins whose truth is known.

mod columns;
mod coverage;
mod derivatives;
mod energy;
mod online;
mod recovery;
mod twins;
mod undetermined;
