//! The goal-reaching protocol: start as recorded, show the goal as a picture, give a budget, and
//! note when each rule is first fulfilled.
//!
//! Attempts are made in rows, many at a time: all of them are looked at and thought about together, and a row that is
//! done drops out. Every attempt has its own copy of the world and its own random key, so the
//! outcome does not depend on how many rows there are, or how many threads share the work. The world's own drawn goal is left
//! alone: recordings keep the task's mark in every picture, and the goal row is only the target.

use crate::floors::{Cloning, GoalBlind, Memory, NearestReplay, REMEMBERING};
use crate::work::{Counted, Progress, side_by_side};
use crate::{Pair, draw_pairs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;
use terrella_agent::{NullPolicy, Played, RandomPolicy, play};
use terrella_core::{
    AnySim, Dataset, Each, Env, Error, Goal, GoalWorld, Key, Many, Observation, Policy, Result, RowPolicy, Rule, Table,
    Verdict, View,
};

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
    pub env: &'a dyn GoalWorld,
    /// The recordings.
    pub dataset: &'a Dataset,
    /// Episodes that nothing was learned from.
    pub held_out: &'a [usize],
    /// What is asked.
    pub protocol: &'a Protocol,
    /// What a policy is shown, of the world and of the goal.
    pub view: View,
    /// Threads, each with rows of its own.
    pub threads: usize,
    /// Attempts that a thread makes side by side.
    pub rows: usize,
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
    let random = each(|_: &Pair| RandomPolicy::new(space.clone(), 1));
    let null = each(|pair: &Pair| NullPolicy::constant(hold(dataset.episodes[pair.episode].states.row(pair.start))));
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
        evaluate(arena, blind, &each(|_: &Pair| GoalBlind(memory)))?,
        evaluate(arena, replay, &each(|_: &Pair| NearestReplay::new(memory)))?,
        evaluate(arena, cloning, &each(|_: &Pair| Cloning::new(memory)))?,
    ])
}

/// Makes policies of all rows from policies of one row each.
pub fn each<'p, P: RowPolicy + 'p>(
    make: impl Fn(&Pair) -> P + Clone + 'p,
) -> impl Fn(&[Pair]) -> Result<Box<dyn Policy + 'p>> {
    move |pairs: &[Pair]| {
        let (make, pairs) = (make.clone(), pairs.to_vec());
        Ok(Box::new(Each::new(move |row: usize| make(&pairs[row]))))
    }
}

/// Makes a policy for some pairs, a row each.
pub type Make<'a, 'p> = &'a (dyn Fn(&[Pair]) -> Result<Box<dyn Policy + 'p>> + Sync);

/// Lets a policy attempt all pairs of all seeds; `make_policy` is asked for a fresh one for some pairs at a time, whose
/// rows are numbered from 0.
///
/// # Errors
/// If the arena does not fit together, pairs are too few, or an attempt fails (the first in order).
pub fn evaluate<'p>(arena: &Arena<'_>, policy: &str, make_policy: Make<'_, 'p>) -> Result<Attempts> {
    let started = Instant::now();
    let Arena { env, dataset, held_out, protocol, view, threads, rows, progress } = *arena;
    if protocol.seeds.is_empty() || protocol.rules.is_empty() || protocol.budget == 0 {
        return Err(Error::Invalid("a protocol needs a seed, a rule and a budget of at least one step".to_owned()));
    }
    let mut pairs = Vec::new();
    for &seed in &protocol.seeds {
        let size = (protocol.offset, protocol.pairs);
        pairs.extend(draw_pairs(env, (dataset, held_out), size, &protocol.rules, seed)?);
    }
    let parts: Vec<&[Pair]> = pairs.chunks(rows.clamp(1, pairs.len().div_ceil(threads.max(1)).max(1))).collect();
    let counted = Counted { n: pairs.len(), budget: protocol.budget, steps: AtomicUsize::new(0), progress };
    let work = |at: usize| attempt(arena, parts[at], &mut *make_policy(parts[at])?, &counted);
    let done = side_by_side((parts.len(), threads), work);
    let mut verdicts = Vec::with_capacity(pairs.len());
    let mut policy_seconds = 0.0;
    for outcome in done {
        let (some, seconds) = outcome?;
        verdicts.extend(some);
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

/// Verdicts, and the seconds the policy thought.
type Outcome = Result<(Vec<Verdict>, f64)>;

/// Attempts all of these pairs side by side.
fn attempt(arena: &Arena<'_>, pairs: &[Pair], policy: &mut dyn Policy, counted: &Counted<'_>) -> Outcome {
    let Arena { env, dataset, protocol, view, .. } = *arena;
    let rows: Vec<usize> = (0..pairs.len()).collect();
    let (mut judge, mut worlds) = (env.boxed_clone(), Many::with_threads(&AnySim::from(env), pairs.len(), 1));
    let states = |pair: &Pair| &dataset.episodes[pair.episode].states;
    let mut starts = Table::new(env.spec().state.len());
    let (mut goals, mut keys) = (Vec::with_capacity(pairs.len()), Vec::with_capacity(pairs.len()));
    for pair in pairs {
        starts.push(states(pair).row(pair.start));
        let observation = goal_observation(&mut *judge, dataset, pair, view)?;
        goals.push(Goal { observation, steps: pair.goal - pair.start });
        keys.push(Key::new(pair.seed).with("attempt").at(pair.episode as u64).at(pair.start as u64));
    }
    worlds.set_logged(&rows, &starts)?;
    let mut timed = Timed { policy, seconds: 0.0 };
    timed.begin(&rows, &goals, &keys)?;
    let mut judged: Vec<Judged> = rows.iter().map(|_| Judged::new(&protocol.rules)).collect();
    let played = play(&mut worlds, &mut timed, (&rows, view), protocol.budget, |now| {
        let goal = states(&pairs[now.row]).row(pairs[now.row].goal);
        let done = judged[now.row].note(&protocol.rules, now.number, |rule| judge.reached(rule, now.state, goal));
        counted.step(now.number, done || now.number == protocol.budget);
        if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let verdict = |((pair, played), judged): ((&Pair, Played), Judged)| {
        let Pair { episode, start, seed, goal, .. } = *pair;
        let goal = states(pair).row(goal).to_vec();
        let Played { states, actions } = played;
        Verdict { episode, start, seed, reached: judged.reached, states, actions, goal }
    };
    Ok((pairs.iter().zip(played).zip(judged).map(verdict).collect(), timed.seconds))
}

/// When each rule was first fulfilled.
#[derive(Clone, Debug)]
pub struct Judged {
    /// By the rule's name: the step, from 1.
    pub reached: BTreeMap<String, Option<usize>>,
    /// Steps in a row for which each was fulfilled.
    streaks: Vec<usize>,
}

impl Judged {
    /// Nothing is fulfilled yet.
    pub fn new(rules: &[Rule]) -> Self {
        let reached = rules.iter().map(|rule| (rule.name().to_owned(), None)).collect();
        Self { reached, streaks: vec![0; rules.len()] }
    }

    /// Notes a step, in which `reached` says which rules are fulfilled; answers whether all have been by now.
    pub fn note(&mut self, rules: &[Rule], step: usize, reached: impl Fn(Rule) -> bool) -> bool {
        for (rule, streak) in rules.iter().zip(&mut self.streaks) {
            *streak = if reached(*rule) { *streak + 1 } else { 0 };
            if let Some(first @ None) = self.reached.get_mut(rule.name())
                && *streak >= rule.hold()
            {
                *first = Some(step);
            }
        }
        self.reached.values().all(Option::is_some)
    }
}

/// How the goal looks: the recorded picture where there is one of the right size, else the world
/// put into the goal state. Either way with the world's own mark where it always is.
fn goal_observation(world: &mut dyn GoalWorld, dataset: &Dataset, pair: &Pair, view: View) -> Result<Observation> {
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
pub(crate) struct Timed<'a> {
    pub(crate) policy: &'a mut dyn Policy,
    pub(crate) seconds: f64,
}

impl Policy for Timed<'_> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        self.policy.begin(rows, goals, keys)
    }

    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        self.policy.looks(rows)
    }

    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        let started = Instant::now();
        let actions = self.policy.act(rows, seen);
        self.seconds += started.elapsed().as_secs_f64();
        actions
    }
}
