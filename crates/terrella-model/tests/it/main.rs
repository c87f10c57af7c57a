//! Integration tests of the models: one binary, one module a subject.

mod any;
mod ensemble;
mod fast;
mod gradients;
mod parameters;
mod resume;
mod support;
mod views;
