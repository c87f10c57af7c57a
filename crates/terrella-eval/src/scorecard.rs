//! A success rate and everything without which it means nothing.
//!
//! [`Score`] cannot be made except from a [`Scorecard`], and that not except from attempts, the
//! floors on the same pairs, and where it all came from. So whatever prints a rate prints its
//! interval, floors, split and data hash.

use crate::score::score;
use crate::{Attempts, Floors, Protocol, Score};
use serde::{Deserialize, Serialize};
use std::fmt;
use terrella_core::{Error, Result, Rule, View};

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
        if card.scores.is_empty() || card.scores.iter().map(Score::count).any(|(successes, n)| n == 0 || successes > n)
        {
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
        let scores =
            attempts.protocol.rules.iter().map(|&rule| score(attempts, floors, &provenance.split, rule)).collect();
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
        self.0.scores.iter().find(|s| s.rule() == rule)
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
