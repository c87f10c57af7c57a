//! How keypoints are learned from pictures.

use serde::{Deserialize, Serialize};
use terrella_model::{GroundKind, KeypointConfig};

/// What finds places in pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinderKind {
    /// A network, by which pictures can be drawn from places.
    #[default]
    Network,
    /// Sprites of rigid things, laid over what stands out.
    Sprites,
}

/// How many keypoints there are, and how they are learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeypointSettings {
    /// What finds them: a `network`, or `sprites` of rigid things, which find out themselves how many there are; of the settings below
    /// these take side and ground.
    pub finder: FinderKind,
    /// Keypoints: somewhat more than things that move, and several for one that turns.
    pub count: usize,
    /// Side of the square pictures in pixels, a multiple of 4.
    pub side: usize,
    /// Optimiser steps.
    pub steps: u64,
    /// Pictures a step, half of them with the other of their pair.
    pub batch_size: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// What stands still: `recordings`, their median picture; `starts`, that of their first pictures, where things are brought to one place;
    /// or `episode`, the median of each.
    pub ground: GroundKind,
    /// Numbers that a keypoint carries of how its thing looks from one picture of a pair to the other; 0 draws by place alone.
    pub look: usize,
    /// Rows between the two pictures, at most.
    pub apart: usize,
    /// Weight of the mean presence: more leaves fewer keypoints.
    pub sparsity: f64,
    /// Weight of keypoints at one place.
    pub separation: f64,
    /// Weight of heat that lies far from its keypoint: more keeps a keypoint from being the middle of two things.
    pub compact: f64,
    /// Weight of jumps from a row to the next: more keeps a keypoint with its thing.
    pub steady: f64,
    /// Whether keypoints have to turn with a picture that is turned by quarters: parts of a thing, whichever way up it is.
    pub turns: bool,
}

impl Default for KeypointSettings {
    fn default() -> Self {
        let KeypointConfig { count, side, ground, look, apart, sparsity, separation, compact, steady, turns, .. } =
            KeypointConfig::default();
        Self {
            finder: FinderKind::Network,
            count,
            side,
            steps: 1500,
            batch_size: 16,
            learning_rate: 3e-3,
            ground,
            look,
            apart,
            sparsity,
            separation,
            compact,
            steady,
            turns,
        }
    }
}

impl KeypointSettings {
    /// What the network is.
    pub fn model(&self) -> KeypointConfig {
        let Self { count, side, ground, look, apart, sparsity, separation, compact, steady, turns, .. } = *self;
        KeypointConfig {
            count,
            side,
            ground,
            look,
            apart,
            sparsity,
            separation,
            compact,
            steady,
            turns,
            ..KeypointConfig::default()
        }
    }
}
