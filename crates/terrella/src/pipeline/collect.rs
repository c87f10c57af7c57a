//! Records demonstrations in a world: with noise, with explorers in between, one goal after another.
//!
//! Every episode is keyed by the seed and its own number, so the recordings do not depend on how
//! many threads made them. Work goes in rounds; each round is written in order.

use crate::error::Interrupted;
use crate::watch::Watch;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use terrella_core::{Env, Episode, Frames, Goal, Key, Observation, Policy, Rule, Signature, Table};
use terrella_data::{Writer, Written};
use terrella_env::policy::Noisy;
use terrella_env::{BoxedPolicy, demonstrator, explorer, make_env};

/// What to record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CollectConfig {
    /// The world.
    pub env: String,
    /// Episodes.
    pub episodes: usize,
    /// Steps of each.
    pub steps: usize,
    /// Share of episodes that explore.
    pub explore: f64,
    /// Largest noise on demonstrations, as a share of the action's range.
    pub noise: f64,
    /// Side of the pictures; 0 records none.
    pub size: usize,
    /// Seed.
    pub seed: u64,
    /// Threads; they change no number.
    pub threads: usize,
}

/// Records a dataset.
///
/// # Errors
/// If the world is unknown, the destination exists, or the disk refuses; nothing then stands under
/// the destination's name.
pub fn collect(path: &Path, config: &CollectConfig, watch: &Watch) -> Result<Written> {
    let world = make_env(&config.env, &Value::Null)?;
    let spec = world.spec();
    let signature = Signature {
        fps: spec.fps(),
        image: (config.size > 0).then_some([config.size; 2]),
        state: spec.names(),
        action: spec.actions.space().names,
        env: Some(spec.id.to_string()),
        ..Signature::default()
    };
    let mut writer = Writer::create(path, &signature)?;
    let stage = watch.stage("collect", config.episodes as u64);
    let round = config.threads.max(1) * 2;
    let mut next = 0;
    while next < config.episodes {
        let numbers: Vec<usize> = (next..config.episodes.min(next + round)).collect();
        for episode in side_by_side(&numbers, config)? {
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
fn side_by_side(numbers: &[usize], config: &CollectConfig) -> Result<Vec<Episode>> {
    let share = numbers.len().div_ceil(config.threads.max(1));
    std::thread::scope(|scope| {
        let work = |part: &[usize]| part.iter().map(|n| record(*n, config)).collect::<Result<Vec<_>>>();
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
        Box::new(Boxed(explorer(&config.env, &Value::Null)?))
    } else {
        let level = stream.uniform(0.0, config.noise.max(f64::MIN_POSITIVE));
        let demonstrator = Boxed(demonstrator(&config.env, &Value::Null)?);
        Box::new(Noisy::new(demonstrator, world.spec().actions.space(), level))
    };
    world.reset(key.with("start").seed());
    let mut goal = draw_goal(&*world, key.with("goal").at(0));
    let mut n_goals = 1;
    policy.begin(&as_goal(&goal), key.with("policy").at(0))?;
    let (mut states, mut actions) = (Table::new(world.spec().state.len()), Table::new(world.spec().actions.width()));
    let mut pictures = Vec::new();
    for _ in 0..config.steps {
        let state = world.logged();
        if !explores && world.reached(Rule::Moderate, &state, &goal) {
            goal = draw_goal(&*world, key.with("goal").at(n_goals));
            policy.begin(&as_goal(&goal), key.with("policy").at(n_goals))?;
            n_goals += 1;
        }
        let action = policy.act(&Observation { image: None, state: state.clone() })?;
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
fn draw_goal(world: &dyn Env, key: Key) -> Vec<f32> {
    let mut other = world.boxed_clone();
    other.reset(key.seed());
    other.logged()
}

fn as_goal(state: &[f32]) -> Goal {
    Goal { observation: Observation { image: None, state: state.to_vec() }, steps: 0 }
}

/// A boxed policy as a policy.
struct Boxed(BoxedPolicy);

impl Policy for Boxed {
    fn begin(&mut self, goal: &Goal, key: Key) -> terrella_core::Result<()> {
        self.0.begin(goal, key)
    }

    fn looks(&self) -> bool {
        self.0.looks()
    }

    fn act(&mut self, now: &Observation) -> terrella_core::Result<Vec<f32>> {
        self.0.act(now)
    }
}
