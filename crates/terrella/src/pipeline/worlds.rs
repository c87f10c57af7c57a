//! What the program knows about each world beyond its rules: what an action means, which symmetries
//! hold, and how near is near.

use crate::error::usage;
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

    /// The world that recordings name, or that somebody says they are of. Never a guess: recordings that
    /// name none, of which nobody says anything, are of no world.
    ///
    /// # Errors
    /// If the two differ, there is none of this name, or the recordings cannot be of it.
    pub fn declared(signature: &Signature, said: Option<&str>) -> Result<Option<Self>> {
        if let (Some(named), Some(said)) = (&signature.env, said)
            && named != said
        {
            return Err(usage(format!(
                "data.env is {said}, but the recordings say that they are of {named}; leave it out"
            )));
        }
        let Some(id) = signature.env.as_deref().or(said) else { return Ok(None) };
        let world = Self::of(id)?;
        let spec = world.env.spec();
        let numbers = |state: usize, action: usize, fps: f64| {
            format!("{state} state numbers, {action} action numbers and {fps} rows a second")
        };
        let theirs = numbers(signature.state.len(), signature.action.len(), signature.fps);
        let ours = numbers(spec.state.len(), spec.action.width(), spec.fps);
        // Recordings without a state can still be of the world.
        let fits = (signature.state.is_empty() || signature.state.len() == spec.state.len())
            && signature.action.len() == spec.action.width()
            && (signature.fps - spec.fps).abs() < 1e-6 * spec.fps;
        if !fits {
            return Err(usage(format!(
                "the recordings are said to be of {id}, which has {ours}, but have {theirs}; import them anew without --env, or leave data.env out"
            )));
        }
        Ok(Some(world))
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
