//! Records demonstrations in a world: with noise, with explorers in between, one goal after another.
//!
//! Every episode is keyed by the seed and its own number, so the recordings do not depend on how
//! many threads made them. Work goes in rounds; each round is written in order.

use super::act::alone;
use super::collect_config::CollectConfig;
use super::rewards::{self, Acting, record as record_reward};
use crate::error::{Interrupted, usage};
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::Result;
use serde_json::Value;
use std::path::Path;
use terrella_agent::ExactSim;
use terrella_core::{Episode, Frames, Goal, GoalWorld, Key, Observation, Policy, Rule, Signature, Sim, Table};
use terrella_data::{Writer, Written, check_compatible};
use terrella_env::policy::Noisy;
use terrella_env::{Exploring, demonstrator, explorer, make, make_env};
use terrella_formats::{OpenOptions, open};
use terrella_model::AnyWorld;

/// Steps of an episode that nothing ends.
const STEPS: usize = 120;

/// What recordings go on from: those that there are, and a model that acts instead of the expert.
#[derive(Clone, Copy, Default)]
pub struct GoingOn<'a> {
    /// Recordings whose episodes come first.
    pub onto: Option<&'a Path>,
    /// Settings and model of a run that plans for rewards.
    pub by: Option<(&'a Settings, &'a AnyWorld)>,
}

/// Records a dataset.
///
/// # Errors
/// If the world is unknown, the destination exists, or the disk refuses; nothing then stands under
/// the destination's name.
pub fn collect(path: &Path, config: &CollectConfig, watch: &Watch) -> Result<Written> {
    collect_on(path, config, GoingOn::default(), watch)
}

/// Records more than there is: experience of a model goes back into the data that it learns from.
///
/// # Errors
/// As [`collect`], or if the earlier recordings are of another kind, or the model of another world.
pub fn collect_on(path: &Path, config: &CollectConfig, from: GoingOn<'_>, watch: &Watch) -> Result<Written> {
    let world = make(&config.env, &Value::Null)?;
    let Some(goals) = world.goals() else {
        if config.explorer != Exploring::default() {
            return Err(usage(format!(
                "{} is a world with rewards, which is explored by random actions that are held for a while; leave the explorer out",
                config.env
            )));
        }
        let signature = rewards::signature(&world, config.size);
        if let Some((settings, model)) = from.by {
            check_compatible(&signature, &model.interface().signature)?;
            let acting = Acting { dynamics: model, settings, task: "collect reward by a model" };
            return write(path, &signature, (config, from.onto), watch, &|n| record_reward(&world, n, config, &acting));
        }
        let (settings, exact) = (rewards::expert_settings()?, ExactSim::new(world.clone()));
        let acting = Acting { dynamics: &exact, settings: &settings, task: "collect reward" };
        return write(path, &signature, (config, from.onto), watch, &|n| record_reward(&world, n, config, &acting));
    };
    if from.by.is_some() {
        return Err(usage(format!("{} is a world of goals; a model collects in worlds with rewards only", config.env)));
    }
    let spec = goals.spec();
    let signature = Signature {
        fps: spec.fps(),
        image: (config.size > 0).then_some([config.size; 2]),
        state: spec.names(),
        action: spec.actions.space().names,
        env: Some(spec.id.to_string()),
        ..Signature::default()
    };
    write(path, &signature, (config, from.onto), watch, &|n| record(n, config))
}

/// Makes the episodes, round by round, and writes them in order, after those that there are.
fn write(
    path: &Path,
    signature: &Signature,
    (config, onto): (&CollectConfig, Option<&Path>),
    watch: &Watch,
    record: &(dyn Fn(usize) -> Result<Episode> + Sync),
) -> Result<Written> {
    let before = onto.map(|onto| open(onto, &OpenOptions::default())).transpose()?;
    let before = before.as_ref();
    if let Some(before) = before.filter(|before| before.signature.image != signature.image) {
        let side = before.signature.image.map_or(0, |[height, _]| height);
        let words = if side == 0 { "no pictures".to_owned() } else { format!("pictures of {side} pixels") };
        return Err(usage(format!(
            "{} has {words}; record the same with --size {side}",
            onto.unwrap_or(path).display()
        )));
    }
    if let Some(before) = before.filter(|before| before.signature != *signature) {
        return Err(usage(format!(
            "{} are not such recordings: {:?}; those to be added are {signature:?}",
            onto.unwrap_or(path).display(),
            before.signature
        )));
    }
    let mut writer = Writer::create(path, signature)?;
    for episode in before.iter().flat_map(|before| &before.episodes) {
        writer.write_episode(episode)?;
    }
    let stage = watch.stage("collect", config.episodes as u64);
    let round = config.threads.max(1) * 2;
    // Numbers go on, so that no episode is made twice.
    let first = before.map_or(0, |before| before.episodes.len());
    let mut next = 0;
    while next < config.episodes {
        let numbers: Vec<usize> = (next..config.episodes.min(next + round)).map(|n| first + n).collect();
        for episode in side_by_side(&numbers, config.threads, record)? {
            writer.write_episode(&episode)?;
        }
        next += numbers.len();
        stage.at(next as u64, "");
        if watch.stopped() {
            return Err(Interrupted { resume: None }.into());
        }
    }
    Ok(writer.finish()?)
}

/// Records these episodes in as many threads as were asked for, in order.
fn side_by_side(
    numbers: &[usize],
    threads: usize,
    record: &(dyn Fn(usize) -> Result<Episode> + Sync),
) -> Result<Vec<Episode>> {
    let share = numbers.len().div_ceil(threads.max(1));
    std::thread::scope(|scope| {
        let work = |part: &[usize]| part.iter().map(|n| record(*n)).collect::<Result<Vec<_>>>();
        let started: Vec<_> = numbers.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        let mut episodes = Vec::with_capacity(numbers.len());
        for handle in started {
            match handle.join() {
                Ok(part) => episodes.extend(part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(episodes)
    })
}

/// Records one episode: a new goal is drawn whenever the last one is reached.
fn record(number: usize, config: &CollectConfig) -> Result<Episode> {
    let key = Key::new(config.seed).with("collect").at(number as u64);
    let mut world = make_env(&config.env, &Value::Null)?;
    let mut stream = key.with("style").stream();
    let explores = stream.chance(config.explore);
    let mut policy: Box<dyn Policy> = if explores {
        Box::new(alone(explorer(&config.env, &Value::Null, config.explorer)?))
    } else {
        let level = stream.uniform(0.0, config.noise.max(f64::MIN_POSITIVE));
        let demonstrator = alone(demonstrator(&config.env, &Value::Null)?);
        Box::new(Noisy::new(demonstrator, world.spec().actions.space(), level))
    };
    world.reset(key.with("start").seed());
    let mut goal = draw_goal(&*world, key.with("goal").at(0));
    let mut n_goals = 1;
    policy.begin(&[0], &[as_goal(&goal)], &[key.with("policy").at(0)])?;
    let (mut states, mut actions) = (Table::new(world.spec().state.len()), Table::new(world.spec().actions.width()));
    let mut pictures = Vec::new();
    for _ in 0..config.steps.unwrap_or(STEPS) {
        let state = world.logged();
        if !explores && world.reached(Rule::Moderate, &state, &goal) {
            goal = draw_goal(&*world, key.with("goal").at(n_goals));
            policy.begin(&[0], &[as_goal(&goal)], &[key.with("policy").at(n_goals)])?;
            n_goals += 1;
        }
        let action = policy.act(&[0], &[Observation { image: None, state: state.clone() }])?.data;
        if config.size > 0 {
            pictures.push(world.draw(config.size));
        }
        states.push(&state);
        actions.push(&action);
        world.step(&action);
    }
    let task = if explores { "explore" } else { "reach one goal after another" };
    let frames = (!pictures.is_empty()).then(|| Frames::from_images(&pictures));
    Ok(Episode { index: number, task: task.to_owned(), states, actions, frames, ..Episode::default() })
}

/// Where another start of this world lies.
pub(super) fn draw_goal(world: &dyn GoalWorld, key: Key) -> Vec<f32> {
    let mut other = world.boxed_clone();
    other.reset(key.seed());
    other.logged()
}

fn as_goal(state: &[f32]) -> Goal {
    Goal { observation: Observation { image: None, state: state.to_vec() }, steps: 0 }
}
