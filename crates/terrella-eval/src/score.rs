//! A success rate under one rule, with its interval and the floors on the same pairs.
//!
//! Nobody outside can make one but by a scorecard, so whatever prints a rate prints those too.

use crate::clusters::{by_episode, wilson_by_episode};
use crate::floors::REMEMBERING;
use crate::paired::compare;
use crate::stats::{Interval, mean_sd, wilson};
use crate::{Attempts, Floors, Pair, Paired};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use terrella_core::{Key, Rule};

/// What one policy without a model reaches on the same pairs, under one rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Floor {
    /// Its name.
    pub name: String,
    /// What it does, in words that follow "which".
    pub what: String,
    /// Share of successes.
    pub rate: f64,
    /// Its interval by episode.
    pub interval: Interval,
    /// The judged policy against it, pair by pair.
    pub against: Paired,
}

/// How often a policy reached its goals under one rule.
///
/// It prints as one line that cannot be mistaken for more than it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Score {
    rule: Rule,
    successes: usize,
    n: usize,
    /// Of the attempts alone; files have always called it so.
    #[serde(rename = "interval")]
    by_attempt: Interval,
    by_episode: Interval,
    #[serde(default)]
    episodes: usize,
    by_seed: Vec<(u64, f64)>,
    random: (f64, Interval),
    null: (f64, Interval),
    against_random: Paired,
    #[serde(default)]
    floors: Vec<Floor>,
    median_steps: Option<usize>,
    context: String,
}

impl Score {
    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Successes and attempts.
    pub fn count(&self) -> (usize, usize) {
        (self.successes, self.n)
    }

    /// Share of successes.
    pub fn rate(&self) -> f64 {
        self.successes as f64 / self.n as f64
    }

    /// The 95 % interval by episode: attempts from one recording are alike.
    pub fn interval(&self) -> Interval {
        self.by_episode
    }

    /// Wilson's 95 % interval as if all attempts were independent.
    pub fn by_attempt(&self) -> Interval {
        self.by_attempt
    }

    /// Episodes that attempts were made in; 0 in scorecards of before this was noted.
    pub fn episodes(&self) -> usize {
        self.episodes
    }

    /// The rate of each seed.
    pub fn by_seed(&self) -> &[(u64, f64)] {
        &self.by_seed
    }

    /// Mean and sample deviation of the seeds' rates.
    pub fn mean_sd(&self) -> (f64, f64) {
        mean_sd(&self.by_seed.iter().map(|(_, rate)| *rate).collect::<Vec<_>>())
    }

    /// What the random policy reaches on the same pairs.
    pub fn random(&self) -> (f64, Interval) {
        self.random
    }

    /// What the null policy reaches on the same pairs.
    pub fn null(&self) -> (f64, Interval) {
        self.null
    }

    /// The policy against the random one, pair by pair.
    pub fn against_random(&self) -> &Paired {
        &self.against_random
    }

    /// What the policies reach that remember training recordings; none in scorecards of before there
    /// were any.
    pub fn floors(&self) -> &[Floor] {
        &self.floors
    }

    /// The best of [`Self::floors`].
    pub fn best_floor(&self) -> Option<&Floor> {
        self.floors.iter().reduce(|best, floor| if floor.rate > best.rate { floor } else { best })
    }

    /// Split, data hash and seeds, in words.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// `by episode (42 episodes)`.
    pub(crate) fn interval_words(&self) -> String {
        if self.episodes == 0 { "by episode".to_owned() } else { format!("by episode ({} episodes)", self.episodes) }
    }

    /// Half of the successes came within so many steps.
    pub fn median_steps(&self) -> Option<usize> {
        self.median_steps
    }
}

/// `62.3 % [56.7, 67.6]`.
pub fn percent(rate: f64, interval: Interval) -> String {
    format!("{:.1} % [{:.1}, {:.1}]", 100.0 * rate, 100.0 * interval.low, 100.0 * interval.high)
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} ({} of {}; interval {}); random {}, null {}{}; {}",
            self.rule.name(),
            percent(self.rate(), self.by_episode),
            self.successes,
            self.n,
            self.interval_words(),
            percent(self.random.0, self.random.1),
            percent(self.null.0, self.null.1),
            self.best_floor().map_or_else(String::new, |f| format!(", {} {}", f.name, percent(f.rate, f.interval))),
            self.context
        )
    }
}

/// The score of attempts under one rule, beside the floors on the same pairs; `split` says how episodes were held out.
pub(crate) fn score(attempts: &Attempts, floors: &Floors, split: &str, rule: Rule) -> Score {
    let outcomes = |a: &Attempts| a.verdicts.iter().map(|v| v.success(rule)).collect::<Vec<_>>();
    let wins = outcomes(attempts);
    let n = wins.len();
    let count = |wins: &[bool]| wins.iter().filter(|w| **w).count();
    let episodes = attempts.episodes();
    let interval = |wins: &[bool]| {
        let groups: Vec<_> = by_episode(wins, &episodes).iter().map(|g| (count(g), g.len())).collect();
        (wilson_by_episode(&groups), groups.len())
    };
    let floor = |a: &Attempts| {
        let wins = outcomes(a);
        (count(&wins) as f64 / n.max(1) as f64, interval(&wins).0)
    };
    let mut seeds: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (Pair { seed, .. }, win) in attempts.pairs.iter().zip(&wins) {
        let of_seed = seeds.entry(*seed).or_default();
        *of_seed = (of_seed.0 + usize::from(*win), of_seed.1 + 1);
    }
    let (headline, n_episodes) = interval(&wins);
    let mut steps: Vec<usize> = attempts.verdicts.iter().filter_map(|v| *v.reached.get(rule.name())?).collect();
    steps.sort_unstable();
    let key = Key::new(0).with("scorecard");
    let hash: String = attempts.data_hash.chars().take(12).collect();
    let context = format!(
        "{} of {} episodes held out ({}), data {hash}, {} seeds",
        attempts.n_held_out,
        attempts.n_episodes,
        split,
        seeds.len()
    );
    let remembering = |a: &Attempts| {
        let what = REMEMBERING.iter().find(|(name, _)| *name == a.policy).map_or("", |(_, what)| *what);
        let ((rate, interval), against) = (floor(a), compare((&wins, &outcomes(a)), &episodes, key.with(&a.policy)));
        Floor { name: a.policy.clone(), what: what.to_owned(), rate, interval, against }
    };
    Score {
        rule,
        successes: count(&wins),
        n,
        by_attempt: wilson(count(&wins), n),
        by_episode: headline,
        episodes: n_episodes,
        by_seed: seeds.into_iter().map(|(seed, (k, n))| (seed, k as f64 / n as f64)).collect(),
        random: floor(&floors.random),
        null: floor(&floors.null),
        against_random: compare((&wins, &outcomes(&floors.random)), &episodes, key.with("random")),
        floors: floors.remembering.iter().map(remembering).collect(),
        median_steps: steps.get(steps.len() / 2).copied(),
        context,
    }
}
