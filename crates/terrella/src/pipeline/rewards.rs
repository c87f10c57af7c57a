//! Worlds with rewards in the thread: who acts in them, what is recorded of them, and how much a learned
//! model of one collects.
//!
//! One planner acts in whatever it is given: in the world's own equations it is the expert that
//! demonstrates, and the ceiling that is judged against; in a learned model it is what the model is worth.

use super::act::{Stoppable, alone};
use super::collect_config::CollectConfig;
use super::{Recordings, Run};
use crate::error::Interrupted;
use crate::settings::{Layers, Settings};
use crate::watch::Watch;
use anyhow::{Context, Result};
use terrella_agent::{Aim, ExactSim, MpcPolicy, PriorRule, RandomPolicy, Return};
use terrella_core::{
    AnySim, Dynamics, Each, Episode, Frames, Goal, Key, Observation, Policy, Signature, Sim, Space, Table, View,
};
use terrella_env::policy::Noisy;
use terrella_eval::{Collected, Returns, ReturnsConfig, collect_returns};

/// The settings with which an expert plans, unless others are given.
///
/// # Errors
/// Never in practice: it is a preset.
pub(super) fn expert_settings() -> Result<Settings> {
    let mut layers = Layers::new()?;
    layers.preset("ensemble")?;
    layers.resolve()
}

/// What recordings of this world look like.
pub(super) fn signature(world: &AnySim, size: usize) -> Signature {
    let spec = world.spec();
    Signature {
        fps: spec.fps(),
        image: (size > 0).then_some([size; 2]),
        state: spec.names(),
        units: spec.state.iter().map(|c| c.unit.to_string()).collect(),
        action: spec.actions.space().names,
        env: Some(spec.id.to_string()),
        reward: true,
        ends: true,
    }
}

/// Plans for the most reward in a simulator, learned or exact.
///
/// # Errors
/// If it foretells no rewards, or a setting makes no sense.
pub(super) fn planner<'a, D: Dynamics>(
    dynamics: &'a D,
    (space, state_width): (Space, usize),
    settings: &Settings,
) -> terrella_core::Result<MpcPolicy<'a, D, Return<'a, D>>> {
    let search = settings.planner.build(space.width())?;
    // Nothing is known before the world was tried, so all actions are as likely.
    let mean = space.low.iter().zip(&space.high).map(|(l, h)| (l + h) / 2.0).collect();
    let std = space.low.iter().zip(&space.high).map(|(l, h)| (h - l) / 2.0).collect();
    let rules = (settings.mpc.clone(), PriorRule::Fixed { mean, std });
    let probe = dynamics.observe(&[Observation { image: None, state: vec![0.0; state_width] }])?;
    let objective = Return::new(dynamics, &probe, settings.cost.discount)?;
    let objective = match settings.cost.doubts()? {
        Some(doubt) => objective.with_doubt(doubt, &probe)?,
        None => objective,
    };
    let aim = move |_: &[Goal]| Ok(Aim { objective: objective.clone(), propose: None });
    MpcPolicy::new(dynamics, space, search, rules, aim)
}

/// Who acts where an episode does not explore: a planner, in a simulator, with settings.
pub(super) struct Acting<'a, D> {
    pub(super) dynamics: &'a D,
    pub(super) settings: &'a Settings,
    /// What it does, in words.
    pub(super) task: &'a str,
}

/// A share of the episodes explores: actions drawn from all there are, each held for some steps, so that the
/// world gets somewhere. In the others somebody plans, with noise on top.
pub(super) fn record<D: Dynamics>(
    world: &AnySim,
    number: usize,
    config: &CollectConfig,
    acting: &Acting<'_, D>,
) -> Result<Episode> {
    let key = Key::new(config.seed).with("collect").at(number as u64);
    let (mut world, space) = (world.clone(), world.spec().actions.space());
    let mut stream = key.with("style").stream();
    let explores = stream.chance(config.explore);
    let mut policy: Box<dyn Policy + '_> = if explores {
        Box::new(alone(RandomPolicy::new(space.clone(), 1 + stream.below(HELD))))
    } else {
        let level = stream.uniform(0.0, config.noise.max(f64::MIN_POSITIVE));
        let expert = planner(acting.dynamics, (space.clone(), world.spec().state.len()), acting.settings)?;
        Box::new(Noisy::new(expert, space.clone(), level))
    };
    world.reset(key.with("start").seed());
    policy.begin(&[0], &[Goal::default()], &[key.with("policy")])?;
    let mut episode = Episode {
        index: number,
        task: if explores { "explore" } else { acting.task }.to_owned(),
        states: Table::new(world.spec().state.len()),
        actions: Table::new(space.width()),
        ..Episode::default()
    };
    let mut pictures = Vec::new();
    for _ in 0..config.steps.unwrap_or(usize::MAX) {
        let state = world.logged();
        if config.size > 0 {
            pictures.push(world.draw(config.size));
        }
        let action = policy.act(&[0], &[Observation { image: None, state: state.clone() }])?.data;
        let step = world.step(&action);
        episode.states.push(&state);
        episode.actions.push(&action);
        episode.rewards.push(step.reward as f32);
        episode.terminated.push(step.terminated);
        episode.truncated.push(step.truncated);
        if step.terminated || step.truncated {
            break;
        }
    }
    episode.frames = (!pictures.is_empty()).then(|| Frames::from_images(&pictures));
    Ok(episode)
}

/// Steps for which an exploring action is held at most.
const HELD: usize = 10;

/// Measures how much reward planning in a model collects, beside the same planner in the world's own equations
/// and beside random actions, all from the same starts.
///
/// # Errors
/// If the model foretells no rewards, or the planner's settings make no sense.
pub(super) fn returns<D: Dynamics + Sync>(
    run: &Run,
    model: &D,
    (world, recordings): (&AnySim, &Recordings),
    watch: &Watch,
) -> Result<Returns> {
    let settings = &run.settings;
    let how = (&settings.eval.returns, [settings.eval.threads(), settings.eval.rows], watch);
    let sizes = (world.spec().actions.space(), world.spec().state.len());
    let exact = ExactSim::new(world.clone());
    let [floor, ceiling] = Returns::BESIDE;
    let collected = [
        tried(world, "model", how, &|| Ok(Box::new(planner(model, sizes.clone(), settings)?)))?,
        tried(world, ceiling, how, &|| Ok(Box::new(planner(&exact, sizes.clone(), settings)?)))?,
        tried(world, floor, how, &|| {
            let space = sizes.0.clone();
            Ok(Box::new(Each::new(move |_| RandomPolicy::new(space.clone(), 1))))
        })?,
    ];
    let mut told = vec!["The policies are shown the true state, and told nothing else.".to_owned()];
    told.extend(settings.cost.doubts_told());
    let provenance = run.provenance(&recordings.split_words, told);
    Ok(Returns::new(world, &settings.eval.returns, collected, provenance))
}

/// Lets a policy act from all starts.
fn tried<'p>(
    world: &AnySim,
    name: &str,
    (config, size, watch): (&ReturnsConfig, [usize; 2], &'p Watch),
    make: &(dyn Fn() -> terrella_core::Result<Box<dyn Policy + 'p>> + Sync),
) -> Result<Collected> {
    let stage = watch.stage(name, config.episodes as u64);
    let progress = |done: usize, _: usize| stage.at(done as u64, "");
    let view = View { picture: None, state: true };
    let make = || -> terrella_core::Result<Box<dyn Policy + 'p>> { Ok(Box::new(Stoppable { policy: make()?, watch })) };
    let collected = collect_returns(world, (name, view), (config, size), &make, Some(&progress));
    if watch.stopped() {
        return Err(Interrupted { resume: None }.into());
    }
    collected.with_context(|| format!("policy {name}"))
}
