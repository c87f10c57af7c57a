//! What a model is: its kind, its one size dial, what it looks at, and what it was trained on.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use terrella_core::{Dataset, Signature, Stats, Window};

/// All model families. Adding one is a new file and a variant here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum ModelConfig {
    /// Joint-embedding predictive architecture after the LeWM recipe.
    Jepa(JepaConfig),
}

/// The size dial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// Two CPU cores, minutes.
    #[default]
    Xs,
    /// Two CPU cores, an hour.
    S,
    /// A workstation.
    M,
    /// LeWM as published: 18,034,478 parameters with ten action numbers a block.
    L,
}

/// What the encoder looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sees {
    /// Pictures.
    #[default]
    Pixels,
    /// The logged state.
    State,
}

/// A JEPA, before it knows its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JepaConfig {
    /// The size dial.
    pub size: Size,
    /// What the encoder looks at.
    pub sees: Sees,
    /// Environment steps per predicted step.
    pub frame_skip: usize,
    /// Latents the predictor looks back on; by the size if absent.
    pub history: Option<usize>,
    /// Whether a head learns to tell the logged state ("pixels + logged state"). The latent then
    /// carries what the log calls state; without it, pictures alone decide.
    pub readout: bool,
}

impl Default for JepaConfig {
    fn default() -> Self {
        Self { size: Size::Xs, sees: Sees::Pixels, frame_skip: 5, history: None, readout: false }
    }
}

impl JepaConfig {
    /// Side of the square pictures the encoder takes.
    pub fn image_size(&self) -> usize {
        if self.size == Size::L { 224 } else { 96 }
    }

    /// Latents the predictor looks back on: two tell a velocity; LeWM uses three.
    pub fn history(&self) -> usize {
        self.history.unwrap_or(if self.size == Size::L { 3 } else { 2 })
    }

    /// The same with nothing left to the size, as it is frozen into a checkpoint.
    #[must_use]
    pub fn resolved(self) -> Self {
        Self { history: Some(self.history()), ..self }
    }

    /// The training window with this many frames.
    pub fn window(&self, n_frames: usize) -> Window {
        Window { n_frames, frame_skip: self.frame_skip }
    }
}

/// What a model was trained on; frozen into its checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Signature of the dataset.
    pub signature: Signature,
    /// Statistics of the state over the training episodes.
    pub state_stats: Stats,
    /// Statistics of the action over the training episodes.
    pub action_stats: Stats,
    /// State numbers that are angles.
    pub angles: Vec<usize>,
    /// Hash of the dataset.
    pub data_hash: String,
}

impl Interface {
    /// Takes signature, hash and the statistics of the training episodes.
    ///
    /// # Errors
    /// If an angle index lies outside the state.
    pub fn of(dataset: &Dataset, train: &[usize], angles: &[usize]) -> Result<Self> {
        let width = dataset.signature.state.len();
        if let Some(angle) = angles.iter().find(|&&a| a >= width) {
            return Err(Error::Invalid(format!("state has {width} numbers, so number {angle} cannot be an angle")));
        }
        let (state_stats, action_stats) = dataset.stats_of(train);
        Ok(Self {
            signature: dataset.signature.clone(),
            state_stats,
            action_stats,
            angles: angles.to_vec(),
            data_hash: dataset.hash.clone(),
        })
    }

    /// Width of one action.
    pub fn action_width(&self) -> usize {
        self.signature.action.len()
    }
}
