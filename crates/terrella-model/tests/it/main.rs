//! Integration tests of the models: one binary, one module a subject.

mod adapt;
mod any;
mod earlier;
mod ensemble;
mod fast;
mod gradients;
mod outcomes;
mod parameters;
mod reach;
mod resume;
mod rows;
mod support;
mod views;
