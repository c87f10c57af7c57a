//! The world that recordings are of: declared by them or by somebody, never guessed.

use crate::error::usage;
use anyhow::Result;
use serde_json::Value;
use terrella_core::{AnySim, Signature, Sim};

/// The world that recordings name, or that somebody says they are of. Recordings that name none, of which
/// nobody says anything, are of no world.
///
/// # Errors
/// If the two differ, there is none of this name, or the recordings cannot be of it.
pub(super) fn declared(signature: &Signature, said: Option<&str>) -> Result<Option<AnySim>> {
    if let (Some(named), Some(said)) = (&signature.env, said)
        && named != said
    {
        return Err(usage(format!(
            "data.env is {said}, but the recordings say that they are of {named}; leave it out"
        )));
    }
    let Some(id) = signature.env.as_deref().or(said) else { return Ok(None) };
    let world = terrella_env::make(id, &Value::Null)?;
    let spec = world.spec();
    let numbers = |state: usize, action: usize, fps: f64| {
        format!("{state} state numbers, {action} action numbers and {fps} rows a second")
    };
    let theirs = numbers(signature.state.len(), signature.action.len(), signature.fps);
    let ours = numbers(spec.state.len(), spec.actions.width(), spec.fps());
    // Recordings without a state can still be of the world.
    let fits = (signature.state.is_empty() || signature.state.len() == spec.state.len())
        && signature.action.len() == spec.actions.width()
        && (signature.fps - spec.fps()).abs() < 1e-6 * spec.fps();
    if !fits {
        return Err(usage(format!(
            "the recordings are said to be of {id}, which has {ours}, but have {theirs}; import them anew without --env, or leave data.env out"
        )));
    }
    Ok(Some(world))
}
