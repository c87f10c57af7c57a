//! What the program knows about each world beyond its rules: what an action means, which symmetries
//! hold, and how near is near.

use anyhow::Result;
use serde_json::Value;
use terrella_core::{Env, Signature};
use terrella_model::Symmetry;

/// A world, and what is known about it.
pub struct KnownWorld {
    /// The world.
    pub env: Box<dyn Env>,
    /// Whether actions are targets in the coordinates of the first state numbers, not displacements.
    pub targets: bool,
    /// How far off each state number may be under the Moderate rule.
    pub tolerance: Vec<f32>,
    /// A symmetry that holds.
    pub symmetry: Option<Symmetry>,
    /// What its rules of success mean, in a sentence.
    pub rules: &'static str,
}

/// Twenty degrees.
const ANGLE: f32 = std::f32::consts::PI / 9.0;

impl KnownWorld {
    /// A world by name, with its default options.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn of(id: &str) -> Result<Self> {
        let env = terrella_env::make(id, &Value::Null)?;
        let n = env.spec().state.len();
        Ok(match id {
            "pusht" => Self {
                env,
                targets: true,
                tolerance: vec![20.0, 20.0, 20.0, 20.0, ANGLE],
                symmetry: Some(Symmetry {
                    extent: 512.0,
                    points: vec![[0, 1], [2, 3]],
                    headings: vec![4],
                    action_points: vec![[0, 1]],
                }),
                rules: "A disc (the agent) pushes a T (the block) in a square of 512 px. Moderate: agent and block together are less \
                        than 20 px from where they should be, and the block is turned less than 20° too far. Strict: the block is \
                        within 10 px and 10°, for three steps; where the agent is does not matter.",
            },
            "tworoom" => Self {
                env,
                targets: false,
                tolerance: vec![16.0; n],
                symmetry: None,
                rules: "A disc (the agent) walks between two rooms of together 224 px through one door. Moderate: it is less than \
                        16 px from where it should be. Strict: less than 8 px, for three steps.",
            },
            _ => Self { env, targets: false, tolerance: vec![10.0; n], symmetry: None, rules: "" },
        })
    }

    /// Whether recordings with this signature can be of this world.
    pub fn fits(&self, signature: &Signature) -> bool {
        let spec = self.env.spec();
        (spec.state.len(), spec.action.width(), spec.fps)
            == (signature.state.len(), signature.action.len(), signature.fps)
    }

    /// The action that keeps the agent where this state has it.
    pub fn hold(&self, state: &[f32]) -> Vec<f32> {
        hold(self.targets, self.env.spec().action.width(), state)
    }
}

/// The action that keeps the agent where it is.
pub(super) fn hold(targets: bool, width: usize, state: &[f32]) -> Vec<f32> {
    if targets { state[..width].to_vec() } else { vec![0.0; width] }
}
