//! A success rate and everything without which it means nothing.
//!
//! [`Score`] cannot be made except from a [`Scorecard`], and that not except from attempts, the
//! floors on the same pairs, and where it all came from. So whatever prints a rate prints its
//! interval, floors, split and data hash.

use crate::clusters::{by_episode, wilson_by_episode};
use crate::floors::REMEMBERING;
use crate::paired::compare;
use crate::stats::{Interval, mean_sd, wilson};
use crate::{Attempts, Floors, Pair, Paired, Protocol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use terrella_core::{Error, Key, Result, Rule, View};

/// Where a number came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// How episodes were held out, in words: `20 % by episode, seed 0`.
    pub split: String,
    /// The command that makes the number again.
    pub command: String,
    /// Revision of the code.
    pub commit: String,
    /// The machine, in words.
    pub machine: String,
    /// Everything a policy is told beside what it sees, a sentence each.
    #[serde(default)]
    pub told: Vec<String>,
}

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

/// All that is known about one policy's attempts: one [`Score`] a rule, and where it came from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Card", into = "Card")]
pub struct Scorecard(Card);

/// What a scorecard is in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    policy: String,
    world: String,
    view: View,
    protocol: Protocol,
    data_hash: String,
    n_held_out: usize,
    n_episodes: usize,
    provenance: Provenance,
    seconds: f64,
    ms_per_step: f64,
    scores: Vec<Score>,
    #[serde(default)]
    notes: Vec<String>,
}

impl TryFrom<Card> for Scorecard {
    type Error = Error;

    fn try_from(card: Card) -> Result<Self> {
        let needed = [
            ("data hash", &card.data_hash),
            ("split", &card.provenance.split),
            ("command", &card.provenance.command),
            ("commit", &card.provenance.commit),
        ];
        if let Some((name, _)) = needed.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(Error::Invalid(format!("a scorecard needs its {name}; a rate without it cannot be checked")));
        }
        if card.scores.is_empty() || card.scores.iter().any(|s| s.n == 0 || s.successes > s.n) {
            return Err(Error::Invalid("a scorecard needs at least one attempt under one rule".to_owned()));
        }
        Ok(Self(card))
    }
}

impl From<Scorecard> for Card {
    fn from(card: Scorecard) -> Self {
        card.0
    }
}

impl Scorecard {
    /// Scores attempts against the floors on the same pairs.
    ///
    /// # Errors
    /// If the floors were run on other pairs, data or rules, or the provenance has gaps.
    pub fn new(attempts: &Attempts, floors: &Floors, provenance: Provenance) -> Result<Self> {
        for floor in [&floors.random, &floors.null].into_iter().chain(&floors.remembering) {
            let same = (&floor.pairs, &floor.data_hash, &floor.protocol)
                == (&attempts.pairs, &attempts.data_hash, &attempts.protocol);
            if !same {
                return Err(Error::Invalid(format!(
                    "the {} floor was run on other pairs than policy {}; run both in one arena",
                    floor.policy, attempts.policy
                )));
            }
        }
        let n_steps: usize = attempts.verdicts.iter().map(|v| v.actions.len()).sum();
        let scores = attempts.protocol.rules.iter().map(|&rule| score(attempts, floors, &provenance, rule)).collect();
        Self::try_from(Card {
            policy: attempts.policy.clone(),
            world: attempts.world.clone(),
            view: attempts.view,
            protocol: attempts.protocol.clone(),
            data_hash: attempts.data_hash.clone(),
            n_held_out: attempts.n_held_out,
            n_episodes: attempts.n_episodes,
            provenance,
            seconds: attempts.seconds,
            ms_per_step: 1e3 * attempts.policy_seconds / n_steps.max(1) as f64,
            scores,
            notes: floors.notes.clone(),
        })
    }

    /// Name of the policy.
    pub fn policy(&self) -> &str {
        &self.0.policy
    }

    /// Name of the world.
    pub fn world(&self) -> &str {
        &self.0.world
    }

    /// What the policy was shown.
    pub fn view(&self) -> View {
        self.0.view
    }

    /// What was asked.
    pub fn protocol(&self) -> &Protocol {
        &self.0.protocol
    }

    /// Hash of the recordings.
    pub fn data_hash(&self) -> &str {
        &self.0.data_hash
    }

    /// Held-out episodes, and all.
    pub fn episodes(&self) -> (usize, usize) {
        (self.0.n_held_out, self.0.n_episodes)
    }

    /// Where the numbers came from.
    pub fn provenance(&self) -> &Provenance {
        &self.0.provenance
    }

    /// Seconds the whole evaluation took.
    pub fn seconds(&self) -> f64 {
        self.0.seconds
    }

    /// Milliseconds the policy thought, an environment step on average.
    pub fn ms_per_step(&self) -> f64 {
        self.0.ms_per_step
    }

    /// What was left out of the floors, in words.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// One score a rule, as the protocol lists them.
    pub fn scores(&self) -> &[Score] {
        &self.0.scores
    }

    /// The score under one rule, if it was noted.
    pub fn score(&self, rule: Rule) -> Option<&Score> {
        self.0.scores.iter().find(|s| s.rule == rule)
    }
}

impl fmt::Display for Scorecard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, score) in self.0.scores.iter().enumerate() {
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{} in {}, {score}", self.0.policy, self.0.world)?;
        }
        Ok(())
    }
}

fn score(attempts: &Attempts, floors: &Floors, provenance: &Provenance, rule: Rule) -> Score {
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
        provenance.split,
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
