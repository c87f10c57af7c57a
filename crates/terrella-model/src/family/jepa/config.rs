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
    /// Largest distance of a goal that the loss of reaching asks about, in environment steps; where that loss has
    /// no weight, nobody is asked.
    pub reach: usize,
    /// Random directions of SIGReg a step.
    pub directions: usize,
    /// Weights of the losses beside the prediction's 1.
    pub weights: LossWeights,
}

impl Default for JepaConfig {
    fn default() -> Self {
        Self {
            size: Size::Xs,
            sees: Sees::Pixels,
            frame_skip: 5,
            history: None,
            readout: false,
            reach: 50,
            directions: 256,
            weights: LossWeights::default(),
        }
    }
}

impl JepaConfig {
    /// Side of the square pictures the encoder takes.
    pub fn image_size(&self) -> usize {
        if self.size == Size::L { 224 } else { 96 }
    }

    /// Largest distance of a goal, if anybody is asked how to get there.
    pub(crate) fn goal(&self) -> Option<usize> {
        (self.weights.reach > 0.0).then_some(self.reach)
    }

    /// Latents the predictor looks back on: two tell a velocity; LeWM uses three.
    pub fn history(&self) -> usize {
        self.history.unwrap_or(if self.size == Size::L { 3 } else { 2 })
    }
}

/// Weights of the losses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossWeights {
    /// SIGReg; 0.09 in the released recipe.
    pub sigreg: f64,
    /// Predictions fed back on themselves from the first frame, as planning uses them; frames of a clip
    /// beyond `history + 1` serve this one alone.
    pub rollout: f64,
    /// Logged state told from encodings and predictions. Features have unit variance and matter to
    /// a hundredth of it, hence a weight above one.
    pub readout: f64,
    /// Action blocks told from where things are and where they are later, by a small head whose gradient teaches the
    /// encoder; 0 leaves the head out.
    pub reach: f64,
    /// Bends of latents from frame to frame, so that they go straight; 0 lets them bend.
    pub straight: f64,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self { sigreg: 0.09, rollout: 1.0, readout: 10.0, reach: 0.0, straight: 0.0 }
    }
}
