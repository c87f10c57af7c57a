//! The goal-reaching protocol: start as recorded, show the goal as a picture, give a budget, and
//! note when each rule is first fulfilled.
//!
//! Every attempt has its own copy of the world, its own policy and its own random key, so the
//! outcome does not depend on how many threads share the work. The world's own drawn goal is left
//! alone: recordings keep the task's mark in every picture, and the goal row is only the target.

use crate::floors::{Cloning, GoalBlind, Memory, NearestReplay, REMEMBERING};
use crate::work::{Progress, side_by_side};
use crate::{Pair, draw_pairs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;
use terrella_agent::{NullPolicy, RandomPolicy, View, play};
use terrella_core::{Dataset, Env, Error, Goal, Key, Observation, Policy, Result, Rule, Verdict};

/// What is asked of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Protocol {
    /// Rows between start and goal.
    pub offset: usize,
    /// Steps a policy may take.
    pub budget: usize,
    /// Pairs for each seed.
    pub pairs: usize,
    /// Seeds; each draws its own pairs.
    pub seeds: Vec<u64>,
    /// Rules that are noted.
    pub rules: Vec<Rule>,
}

impl Default for Protocol {
    fn default() -> Self {
        let rules = vec![Rule::Moderate, Rule::Strict];
        Self { offset: 25, budget: 50, pairs: 100, seeds: vec![0, 1, 2], rules }
    }
}

/// Where policies are tried.
#[derive(Clone, Copy)]
pub struct Arena<'a> {
    /// The world; copies of it are used.
    pub env: &'a dyn Env,
    /// The recordings.
    pub dataset: &'a Dataset,
    /// Episodes that nothing was learned from.
    pub held_out: &'a [usize],
    /// What is asked.
    pub protocol: &'a Protocol,
    /// What a policy is shown, of the world and of the goal.
    pub view: View,
    /// Attempts at a time.
    pub threads: usize,
    /// Told after each attempt.
    pub progress: Option<Progress<'a>>,
}

/// What one policy made of all pairs. It holds outcomes, not rates: those come from a
/// [`Scorecard`](crate::Scorecard), together with the floors.
#[derive(Clone, Debug, Serialize)]
pub struct Attempts {
    pub(crate) policy: String,
    pub(crate) protocol: Protocol,
    pub(crate) view: View,
    pub(crate) world: String,
    pub(crate) data_hash: String,
    pub(crate) n_held_out: usize,
    pub(crate) n_episodes: usize,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) seconds: f64,
    pub(crate) policy_seconds: f64,
}

impl Attempts {
    /// Name of the policy.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The pairs, in the order of the outcomes.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The episode of each pair.
    pub fn episodes(&self) -> Vec<usize> {
        self.pairs.iter().map(|pair| pair.episode).collect()
    }

    /// One outcome a pair.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// The outcomes, one JSON record a line.
    ///
    /// # Errors
    /// If a number cannot be written.
    pub fn to_json_lines(&self) -> serde_json::Result<String> {
        self.verdicts.iter().map(|verdict| Ok(serde_json::to_string(verdict)? + "\n")).collect()
    }
}

/// What chance, idleness and memory make of the same pairs.
#[derive(Clone, Debug, Serialize)]
pub struct Floors {
    pub(crate) random: Attempts,
    pub(crate) null: Attempts,
    pub(crate) remembering: Vec<Attempts>,
    pub(crate) notes: Vec<String>,
}

impl Floors {
    /// What was left out, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Tries the random and the null policy on the arena's pairs, and those that remember the training
/// episodes `train`. `hold` says which action keeps the agent where it is, given the recorded start
/// state. Where every training episode is judged on, nothing may be remembered, and a note says so.
///
/// # Errors
/// As [`evaluate`].
pub fn floors(arena: &Arena<'_>, train: &[usize], hold: &(dyn Fn(&[f32]) -> Vec<f32> + Sync)) -> Result<Floors> {
    let (dataset, space) = (arena.dataset, arena.env.spec().actions.space());
    let random = |_: &Pair| -> Box<dyn Policy> { Box::new(RandomPolicy::new(space.clone(), 1)) };
    let null = |pair: &Pair| -> Box<dyn Policy> {
        Box::new(NullPolicy::constant(hold(dataset.episodes[pair.episode].states.row(pair.start))))
    };
    // The floors look at nothing, so nothing is drawn for them.
    let blind = Arena { view: View::default(), progress: None, ..*arena };
    let (random, null) = (evaluate(&blind, "random", &random)?, evaluate(&blind, "null", &null)?);
    let mut floors = Floors { random, null, remembering: Vec::new(), notes: Vec::new() };
    (floors.random.view, floors.null.view) = (arena.view, arena.view);
    let train: Vec<usize> = train.iter().copied().filter(|e| !arena.held_out.contains(e)).collect();
    let seen = (arena.view, arena.protocol.offset);
    match Memory::new((dataset, &train), arena.env.spec(), seen) {
        Ok(memory) => {
            floors.notes.extend(memory.note());
            floors.remembering = remember(&Arena { progress: None, ..*arena }, &memory)?;
        }
        Err(error) => floors.notes.push(format!("The floors that remember recordings are missing: {error}.")),
    }
    Ok(floors)
}

fn remember(arena: &Arena<'_>, memory: &Memory<'_>) -> Result<Vec<Attempts>> {
    let [blind, replay, cloning] = REMEMBERING.map(|(name, _)| name);
    Ok(vec![
        evaluate(arena, blind, &|_: &Pair| -> Box<dyn Policy + '_> { Box::new(GoalBlind(memory)) })?,
        evaluate(arena, replay, &|_: &Pair| -> Box<dyn Policy + '_> { Box::new(NearestReplay::new(memory)) })?,
        evaluate(arena, cloning, &|_: &Pair| -> Box<dyn Policy + '_> { Box::new(Cloning::new(memory)) })?,
    ])
}

/// Lets a policy attempt all pairs of all seeds; `make_policy` is asked for a fresh one each time.
///
/// # Errors
/// If the arena does not fit together, pairs are too few, or an attempt fails (the first in order).
pub fn evaluate<'p>(
    arena: &Arena<'_>,
    policy: &str,
    make_policy: &(dyn Fn(&Pair) -> Box<dyn Policy + 'p> + Sync),
) -> Result<Attempts> {
    let started = Instant::now();
    let Arena { env, dataset, held_out, protocol, view, threads, progress } = *arena;
    if protocol.seeds.is_empty() || protocol.rules.is_empty() || protocol.budget == 0 {
        return Err(Error::Invalid("a protocol needs a seed, a rule and a budget of at least one step".to_owned()));
    }
    let mut pairs = Vec::new();
    for &seed in &protocol.seeds {
        let size = (protocol.offset, protocol.pairs);
        pairs.extend(draw_pairs(env, (dataset, held_out), size, &protocol.rules, seed)?);
    }
    let work = |world: &mut Box<dyn Env>, at: usize| {
        let pair: &Pair = &pairs[at];
        attempt(&mut **world, (dataset, pair), protocol, view, &mut *make_policy(pair))
    };
    let done = side_by_side((pairs.len(), threads), progress, || env.boxed_clone(), work);
    let mut verdicts = Vec::with_capacity(done.len());
    let mut policy_seconds = 0.0;
    for outcome in done {
        let (verdict, seconds) = outcome?;
        verdicts.push(verdict);
        policy_seconds += seconds;
    }
    Ok(Attempts {
        policy: policy.to_owned(),
        protocol: protocol.clone(),
        view,
        world: env.spec().id.to_string(),
        data_hash: dataset.hash.clone(),
        n_held_out: held_out.len(),
        n_episodes: dataset.episodes.len(),
        pairs,
        verdicts,
        seconds: started.elapsed().as_secs_f64(),
        policy_seconds,
    })
}

/// A verdict, and the seconds the policy thought.
type Outcome = Result<(Verdict, f64)>;

fn attempt(
    world: &mut dyn Env,
    (dataset, pair): (&Dataset, &Pair),
    protocol: &Protocol,
    view: View,
    policy: &mut dyn Policy,
) -> Outcome {
    let states = &dataset.episodes[pair.episode].states;
    let goal = states.row(pair.goal).to_vec();
    let observation = goal_observation(world, dataset, pair, view)?;
    world.set_logged(states.row(pair.start))?;
    let key = Key::new(pair.seed).with("attempt").at(pair.episode as u64).at(pair.start as u64);
    let mut timed = Timed { policy, seconds: 0.0 };
    timed.begin(&Goal { observation, steps: pair.goal - pair.start }, key)?;
    let judge = world.boxed_clone();
    let mut streaks = vec![0; protocol.rules.len()];
    let mut reached: BTreeMap<String, Option<usize>> =
        protocol.rules.iter().map(|rule| (rule.name().to_owned(), None)).collect();
    let played = play(world, &mut timed, view, protocol.budget, |step, state| {
        for (rule, streak) in protocol.rules.iter().zip(&mut streaks) {
            *streak = if judge.reached(*rule, state, &goal) { *streak + 1 } else { 0 };
            if let Some(first @ None) = reached.get_mut(rule.name())
                && *streak >= rule.hold()
            {
                *first = Some(step);
            }
        }
        if reached.values().all(Option::is_some) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let (episode, start, seed) = (pair.episode, pair.start, pair.seed);
    let verdict = Verdict { episode, start, seed, reached, states: played.states, actions: played.actions, goal };
    Ok((verdict, timed.seconds))
}

/// How the goal looks: the recorded picture where there is one of the right size, else the world
/// put into the goal state. Either way with the world's own mark where it always is.
fn goal_observation(world: &mut dyn Env, dataset: &Dataset, pair: &Pair, view: View) -> Result<Observation> {
    let episode = &dataset.episodes[pair.episode];
    let goal = episode.states.row(pair.goal);
    let image = match (view.picture, &episode.frames) {
        (None, _) => None,
        (Some(size), Some(frames)) if frames.size() == [size, size] => Some(frames.image(pair.goal)),
        (Some(size), _) => {
            world.set_logged(goal)?;
            Some(world.draw(size))
        }
    };
    Ok(Observation { image, state: if view.state { goal.to_vec() } else { Vec::new() } })
}

/// Measures how long a policy thinks.
struct Timed<'a> {
    policy: &'a mut dyn Policy,
    seconds: f64,
}

impl Policy for Timed<'_> {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        self.policy.begin(goal, key)
    }

    fn looks(&self) -> bool {
        self.policy.looks()
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let started = Instant::now();
        let action = self.policy.act(now);
        self.seconds += started.elapsed().as_secs_f64();
        action
    }
}
