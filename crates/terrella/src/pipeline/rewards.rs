//! Worlds with rewards in the thread: who acts in them, what is recorded of them, and how much a learned
//! model of one collects.
//!
//! One planner acts in whatever it is given: in the world's own equations it is the expert that
//! demonstrates and the ceiling that is judged against; in a learned model it is what the model is worth.

use super::collect::CollectConfig;
use super::Recordings;
use crate::error::{Interrupted, usage};
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::Result;
use std::path::Path;
use terrella_agent::{Aim, ExactSim, MpcPolicy, PriorRule, RandomPolicy, Return, View};
use terrella_core::{
    AnySim, Dynamics, Episode, Frames, Goal, Key, Observation, Policy, Signature, Sim, Space, Table,
};
use terrella_data::{Writer, Written};
use terrella_env::{policy::Noisy, sims};
use terrella_eval::{Collected, Provenance, Returns, collect_returns};
use terrella_model::AnyWorld;

/// The world with rewards of this name, if there is one.
pub fn sim(id: &str) -> Option<AnySim> {
    sims().iter().find(|world| world.id == id).map(|world| (world.make)())
}

/// Plans for the most reward in a simulator, learned or exact.
fn planner<'a, D: Dynamics>(dynamics: &'a D, space: Space, settings: &Settings) -> terrella_core::Result<Box<dyn Policy + 'a>>
where
    D::State: Send,
{
    let search = settings.planner.build(space.width())?;
    // Nothing is known before the world was tried, so all actions are as likely.
    let mean = space.low.iter().zip(&space.high).map(|(l, h)| (l + h) / 2.0).collect();
    let std = space.low.iter().zip(&space.high).map(|(l, h)| (h - l) / 2.0).collect();
    let rules = (settings.mpc.clone(), PriorRule::Fixed { mean, std });
    let discount = settings.cost.discount;
    let aim = move |_: &Goal| Ok(Aim { objective: Return::new(dynamics, discount), propose: None });
    Ok(Box::new(MpcPolicy::new(dynamics, space, search, rules, aim)?))
}
