//! Tests of the program and of the whole thread, in one binary: each would link Burn again.

mod architecture;
mod ask;
mod bad_input;
mod cli;
mod compare;
mod earlier;
mod elsewhere;
mod files;
mod found;
mod honest;
mod init;
mod keypoints;
mod label;
mod learning;
mod pace;
mod painting;
mod progress;
mod readme;
mod record;
mod rewards;
mod shift;
mod source;
mod support;
mod taught;
mod thread;
