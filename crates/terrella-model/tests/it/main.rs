//! Integration tests of the models: one binary, one module a subject.

mod ensemble;
mod fast;
mod gradients;
mod outcomes;
mod parameters;
mod resume;
mod support;
mod views;
