//! The one loop: a policy acts in a world, and what happened comes back as an episode.
//!
//! The world may be real or imagined and the policy may plan, replay or guess; nothing here knows.

use std::ops::ControlFlow;
use terrella_core::{Error, Observation, Policy, Result, Sim, Table};

/// What a policy is shown of a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Side of the square picture, if the policy sees.
    pub picture: Option<usize>,
    /// Whether the state is shown.
    pub state: bool,
}

impl View {
    /// Looks at a world.
    pub fn observe(self, env: &dyn Sim) -> Observation {
        Observation {
            image: self.picture.map(|size| env.draw(size)),
            state: if self.state { env.logged() } else { Vec::new() },
        }
    }
}

/// What happened: one state more than there are actions.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// The state after each step, the start first.
    pub states: Table,
    /// The actions taken.
    pub actions: Table,
}

/// Lets a policy that has begun act for up to `n_steps`. After each step `watch` is given the
/// step's number (from 1) and the state, and may break the loop.
///
/// The world is drawn only for a policy that [looks](Policy::looks).
///
/// # Errors
/// If the policy fails, or its action has the wrong width or is not finite.
pub fn play(
    env: &mut dyn Sim,
    policy: &mut dyn Policy,
    view: View,
    n_steps: usize,
    mut watch: impl FnMut(usize, &[f32]) -> ControlFlow<()>,
) -> Result<Played> {
    let width = env.spec().actions.width();
    let mut state = env.logged();
    let mut played = Played { states: Table::new(state.len()), actions: Table::new(width) };
    played.states.push(&state);
    for step in 1..=n_steps {
        let image = view.picture.filter(|_| policy.looks()).map(|size| env.draw(size));
        // The state is already here; asking a dream again would read it off the model twice.
        let action = policy.act(&Observation { image, state: if view.state { state } else { Vec::new() } })?;
        Error::check("action of the policy", width, action.len())?;
        if let Some(bad) = action.iter().find(|x| !x.is_finite()) {
            return Err(Error::Invalid(format!(
                "the policy's action of step {step} holds {bad}; a diverged model does this: look at its loss curve"
            )));
        }
        env.step(&action);
        state = env.logged();
        played.actions.push(&action);
        played.states.push(&state);
        if watch(step, &state).is_break() {
            break;
        }
    }
    Ok(played)
}
