//! Things without labels: a few keypoints, learned from pictures alone, each with a place and whether it is there.
//!
//! Keypoints are what a picture can be drawn from again, as far as it differs from what stands still: Jakab et al. 2018
//! (arXiv:1806.07823), Kulkarni et al. 2019 (arXiv:1906.11883) and Minderer et al. 2019 (arXiv:1906.07889). Nobody says what a thing is, and no
//! state or action is looked at. [`config`] → [`net`] → [`lesson`], [`ground`] → [`finder`] → [`teach`].

mod config;
mod finder;
mod lesson;
mod net;
#[cfg(test)]
mod reference;
mod teach;

pub use config::KeypointConfig;
pub use finder::Keypoints;
pub use teach::{KeypointLoss, KeypointTrainer};
