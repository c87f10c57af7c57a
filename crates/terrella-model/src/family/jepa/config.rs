//! What a JEPA is, before it knows its data: its one size dial, and what it looks at.

use serde::{Deserialize, Serialize};

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
}
