//! How much reward policies collect in a world with rewards, each from the same starts.
//!
//! A return means little by itself, so it stands between two others: acting at random (the floor) and a
//! planner that has the world's own equations (the ceiling). The share of the way from one to the other
//! is what a learned model is worth. Starts are drawn from seeds that no recording is made with.

use crate::html::{escape, table};
use crate::limits::{digits, with_interval};
use crate::markdown;
use crate::protocol::Timed;
use crate::stats::{Interval, resampled};
use crate::work::{Counted, Progress, side_by_side};
use crate::{Estimate, Provenance};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicUsize;
use terrella_agent::play;
use terrella_core::{AnySim, Env, Error, Goal, Key, Many, Policy, Result, Sim, Step, View};

/// The floor's name.
const RANDOM: &str = "random";
/// The ceiling's name.
const EXPERT: &str = "expert";

/// From how many starts policies are tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReturnsConfig {
    /// Episodes of each policy, each from a start of its own.
    pub episodes: usize,
    /// Seed of the starts.
    pub seed: u64,
}

impl Default for ReturnsConfig {
    fn default() -> Self {
        Self { episodes: 20, seed: 0 }
    }
}

/// What one policy collected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collected {
    /// Its name.
    pub policy: String,
    /// The sum of rewards of each episode, undiscounted.
    pub returns: Vec<f64>,
    /// Steps of each episode.
    pub steps: Vec<usize>,
    /// Episodes in which the task itself ended.
    pub terminated: usize,
    /// Milliseconds that the policy thought, a step on average.
    pub ms_per_step: f64,
    /// Mean of the returns; its interval resamples episodes.
    pub mean: Estimate,
}

/// How far from the floor to the ceiling, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// `(model − random) / (expert − random)` of the means.
    pub share: f64,
    /// Its interval: episodes resampled, the same ones for all three.
    pub interval: Interval,
}

/// Returns of a model's planner between floor and ceiling.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Returns {
    /// The world.
    pub world: String,
    /// Steps after which an episode is cut.
    pub max_steps: Option<usize>,
    /// From where.
    pub config: ReturnsConfig,
    /// What each policy collected, the model's first.
    pub collected: Vec<Collected>,
    /// How far the model's planner got.
    pub share: Option<Share>,
    /// Where it came from.
    pub provenance: Provenance,
}

/// Lets a policy act from every start until the world says that the episode is over, in as many `threads` as are
/// given, each with so many `rows`; `make_policy` is asked for a fresh one for some starts at a time.
///
/// # Errors
/// If there is no episode to try, or the policy fails (the first in order).
pub fn collect_returns<'p>(
    world: &AnySim,
    (name, view): (&str, View),
    (config, [threads, rows]): (&ReturnsConfig, [usize; 2]),
    make_policy: &(dyn Fn() -> Result<Box<dyn Policy + 'p>> + Sync),
    progress: Option<Progress<'_>>,
) -> Result<Collected> {
    if config.episodes == 0 {
        return Err(Error::Invalid("returns need at least one episode; set eval.returns.episodes".to_owned()));
    }
    let Some(max_steps) = world.spec().max_steps else {
        return Err(Error::Invalid(format!(
            "episodes of {} are never cut off, so rewards add up for ever; give its specification max_steps",
            world.spec().id
        )));
    };
    let starts = Key::new(config.seed).with("returns");
    let n = config.episodes;
    let each = rows.clamp(1, n.div_ceil(threads.max(1)));
    let counted = Counted { n, budget: max_steps.max(1), steps: AtomicUsize::new(0), progress };
    let work = |at: usize| {
        let keys: Vec<Key> = (at * each..n.min((at + 1) * each)).map(|at| starts.at(at as u64)).collect();
        episodes(world, view, (&mut *make_policy()?, &keys), &counted)
    };
    let (mut done, mut seconds) = (Vec::with_capacity(n), 0.0);
    for part in side_by_side((n.div_ceil(each), threads), work) {
        let (some, thought) = part?;
        done.extend(some);
        seconds += thought;
    }
    let returns: Vec<f64> = done.iter().map(|d| d.0).collect();
    let steps: Vec<usize> = done.iter().map(|d| d.1).collect();
    let episodes: Vec<usize> = (0..returns.len()).collect();
    let mean = Estimate::of(&returns, &episodes, starts.with("interval"));
    let ms_per_step = 1e3 * seconds / steps.iter().sum::<usize>().max(1) as f64;
    Ok(Collected {
        policy: name.to_owned(),
        returns,
        steps,
        terminated: done.iter().filter(|d| d.2).count(),
        ms_per_step,
        mean,
    })
}

/// The return of an episode, its steps, and whether the task ended.
type Done = (f64, usize, bool);

/// What came of some episodes, side by side, and the seconds that the policy thought.
fn episodes(
    world: &AnySim,
    view: View,
    (policy, keys): (&mut dyn Policy, &[Key]),
    counted: &Counted<'_>,
) -> Result<(Vec<Done>, f64)> {
    let rows: Vec<usize> = (0..keys.len()).collect();
    let mut worlds = Many::with_threads(world, rows.len(), 1);
    worlds.reset(&rows, &keys.iter().map(|key| key.with("start").seed()).collect::<Vec<_>>())?;
    let mut timed = Timed { policy, seconds: 0.0 };
    let keys: Vec<Key> = keys.iter().map(|key| key.with("policy")).collect();
    timed.begin(&rows, &vec![Goal::default(); rows.len()], &keys)?;
    let mut done = vec![(0.0, 0, false); rows.len()];
    play(&mut worlds, &mut timed, (&rows, view), usize::MAX, |now| {
        let Step { reward, terminated, truncated } = now.step;
        let (sum, _, _) = done[now.row];
        done[now.row] = (sum + reward, now.number, terminated);
        counted.step(now.number, terminated || truncated);
        if terminated || truncated {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    Ok((done, timed.seconds))
}

impl Returns {
    /// Puts the model's returns between those of the floor and of the ceiling.
    pub fn new(
        world: &AnySim,
        config: &ReturnsConfig,
        [model, expert, random]: [Collected; 3],
        provenance: Provenance,
    ) -> Self {
        let share = share([&model, &expert, &random], Key::new(config.seed).with("share"));
        Self {
            world: world.spec().id.to_string(),
            // `collect_returns` refuses worlds without an end.
            max_steps: world.spec().max_steps,
            config: config.clone(),
            collected: vec![model, expert, random],
            share,
            provenance,
        }
    }

    /// The floor's name, and the ceiling's.
    pub const BESIDE: [&'static str; 2] = [RANDOM, EXPERT];

    /// Where the model is not worth much, as sentences.
    pub fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        if let Some(share) = self.share {
            if share.interval.low <= 0.0 {
                limits.push(format!(
                    "Planning in the model is not shown to be better than acting at random in {}.",
                    self.world
                ));
            }
            if share.interval.high < 0.9 {
                limits.push(format!(
                    "A planner that has the true equations of {} collects more: the model reaches {:.0} % of the way from acting at random to it.",
                    self.world,
                    100.0 * share.share
                ));
            }
        } else {
            limits.push(format!(
                "In {} the planner with the true equations is no better than acting at random, so the returns say nothing about the model.",
                self.world
            ));
        }
        if self.config.episodes < 20 {
            limits.push(format!("{} episodes are few; a return to be quoted needs at least 20.", self.config.episodes));
        }
        limits
    }

    /// What was done, in words.
    pub fn words(&self) -> String {
        format!(
            "Returns in {} (rewards added up{}), {} episodes from starts that no recording was made with. “expert” is \
             the same planner with the world's own equations: the ceiling of this planner. “random” draws from all actions: the floor. \
             Brackets are 95 % intervals that resample episodes.",
            self.world,
            self.max_steps.map_or_else(String::new, |n| format!(" over at most {n} steps")),
            self.config.episodes
        )
    }

    fn cells(&self) -> Vec<[String; 5]> {
        let row = |c: &Collected| {
            let Estimate { mean, interval } = c.mean;
            let share = match (c.policy.as_str(), self.share) {
                (RANDOM, Some(_)) => "0 %".to_owned(),
                (EXPERT, Some(_)) => "100 %".to_owned(),
                (_, Some(Share { share, .. })) if c.returns.len() < 2 => format!("{:.0} %", 100.0 * share),
                (_, Some(Share { share, interval })) => {
                    format!("{:.0} % [{:.0}, {:.0}]", 100.0 * share, 100.0 * interval.low, 100.0 * interval.high)
                }
                (_, None) => "–".to_owned(),
            };
            let steps = c.steps.iter().sum::<usize>() as f64 / c.steps.len().max(1) as f64;
            let return_ = match c.returns.len() {
                0 | 1 => digits(mean),
                _ => with_interval(mean, interval),
            };
            [c.policy.clone(), return_, share, digits(steps), format!("{:.2}", c.ms_per_step)]
        };
        self.collected.iter().map(row).collect()
    }

    /// The table for a page, with what it means and where it came from.
    pub fn to_html(&self) -> String {
        let rows: Vec<Vec<String>> = self.cells().into_iter().map(Vec::from).collect();
        let Provenance { command, commit, machine, .. } = &self.provenance;
        format!(
            "<p>{}</p>\n{}<p class=\"soft\">{}</p>\n",
            escape(&self.words()),
            table(&HEADER, &rows),
            escape(&format!("Made by `{command}`, revision {commit}, on {machine}."))
        )
    }
}

impl Returns {
    /// The table for a document, with the command and revision that made it.
    pub(crate) fn to_markdown(&self) -> String {
        let rows: Vec<Vec<String>> = self.cells().into_iter().map(Vec::from).collect();
        let Provenance { command, commit, .. } = &self.provenance;
        format!(
            "{}\n`{command}`, revision {commit}, {} episodes of {}.\n",
            markdown::table(&HEADER, &rows),
            self.config.episodes,
            self.world
        )
    }
}

const HEADER: [&str; 5] = ["policy", "return", "floor to ceiling", "steps", "ms/step"];

impl std::fmt::Display for Returns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.words())?;
        for [policy, mean, share, steps, _] in self.cells() {
            write!(f, "\n{policy:8} return {mean}, {share} from floor to ceiling, {steps} steps")?;
        }
        Ok(())
    }
}

/// The model's share of the way, unless the ceiling is no higher than the floor.
fn share([model, expert, random]: [&Collected; 3], key: Key) -> Option<Share> {
    let of = |m: f64, e: f64, r: f64| (m - r) / (e - r);
    let (m, e, r) = (model.mean.mean, expert.mean.mean, random.mean.mean);
    if e <= r {
        return None;
    }
    // Rows resampled together: the start decides much of a return.
    let interval = resampled(model.returns.len(), key, |draws| {
        let [m, e, r] = draws
            .fold([0.0; 3], |[m, e, r], at| [m + model.returns[at], e + expert.returns[at], r + random.returns[at]]);
        Some(of(m, e, r)).filter(|share| share.is_finite())
    });
    Some(Share { share: of(m, e, r), interval })
}
