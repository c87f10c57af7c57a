//! The one loop: a policy acts in worlds, and what happened comes back, an episode a row.
//!
//! The worlds may be real or imagined and the policy may plan, replay or guess; nothing here knows. All rows go step
//! by step together, and one that is done is neither shown nor stepped any more.

use std::ops::ControlFlow;
use terrella_core::{Env, Error, Observation, Policy, Result, Step, Table, View};

/// What happened in a row: one state more than there are actions.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// The state after each step, the start first.
    pub states: Table,
    /// The actions taken.
    pub actions: Table,
}

/// What a step brought to a row.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The world.
    pub row: usize,
    /// The step's number, from 1.
    pub number: usize,
    /// The state after it.
    pub state: &'a [f32],
    /// Reward and end.
    pub step: Step,
}

/// Lets a policy that has begun act in these rows, in each for up to `n_steps`. After each step `watch` is given what
/// it brought to each row, and may break: that row is done.
///
/// Worlds are drawn only where the policy [looks](Policy::looks).
///
/// # Errors
/// If the policy fails, or an action has the wrong width or is not finite.
pub fn play(
    env: &mut dyn Env,
    policy: &mut dyn Policy,
    (rows, view): (&[usize], View),
    n_steps: usize,
    mut watch: impl FnMut(Moment<'_>) -> ControlFlow<()>,
) -> Result<Vec<Played>> {
    let width = env.spec().actions.width();
    let mut states = env.logged(rows);
    let start = |at: usize| {
        let mut played = Played { states: Table::new(states.width), actions: Table::new(width) };
        played.states.push(states.row(at));
        played
    };
    let mut played: Vec<Played> = (0..rows.len()).map(start).collect();
    // Places of the rows that still act.
    let mut acting: Vec<usize> = (0..rows.len()).collect();
    for number in 1..=n_steps {
        if acting.is_empty() {
            break;
        }
        let now: Vec<usize> = acting.iter().map(|&at| rows[at]).collect();
        // The states are already here; asking a dream again would read them off the model twice.
        let show = |at: usize| if view.state { states.row(at).to_vec() } else { Vec::new() };
        let mut seen: Vec<Observation> =
            (0..now.len()).map(|at| Observation { image: None, state: show(at) }).collect();
        if let Some(size) = view.picture {
            let looks = policy.looks(&now);
            let mut images = env.draw(&looks, size).into_iter();
            let looking = now.iter().zip(&mut seen).filter(|(row, _)| looks.contains(row));
            looking.for_each(|(_, seen)| seen.image = images.next());
        }
        let actions = policy.act(&now, &seen)?;
        Error::check("action of the policy", width, actions.width)?;
        for (row, action) in now.iter().zip(actions.rows()) {
            if let Some(bad) = action.iter().find(|x| !x.is_finite()) {
                return Err(Error::Invalid(format!(
                    "the policy's action of step {number} in row {row} holds {bad}; a diverged model does this: look at its loss curve"
                )));
            }
        }
        let steps = env.step(&now, &actions.data)?;
        let after = env.logged(&now);
        let mut still = Vec::with_capacity(acting.len());
        let mut left = Vec::with_capacity(acting.len());
        for (i, &at) in acting.iter().enumerate() {
            played[at].actions.push(actions.row(i));
            played[at].states.push(after.row(i));
            if watch(Moment { row: rows[at], number, state: after.row(i), step: steps.at(i) }).is_continue() {
                still.push(at);
                left.push(i);
            }
        }
        states = after.take(&left);
        acting = still;
    }
    Ok(played)
}
