//! Integration tests of the models: one binary, one module a subject.

mod any;
mod earlier;
mod ensemble;
mod fast;
mod gradients;
mod grid;
mod hybrid;
mod outcomes;
mod parameters;
mod reach;
mod resume;
mod rows;
mod rssm;
mod support;
mod views;
