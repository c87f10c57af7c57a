//! All rows that were learned from, as two sets of hashes: of states, and of actions.
//!
//! By the first, any piece of a learned episode is recognised, also if its actions were told by a labeller; by the
//! second also one whose states were left out or came later. Where states say less by themselves (four places
//! on a board), the first is of states with their actions. One row is evidence where hardly any row occurs twice, as with measured
//! numbers; one of four buttons is none. So a set holds phrases: as many rows in succession as it takes
//! until phrases of one half of the learned recordings hardly occur in the other.

use crate::Episode;
use crate::bloom::Bloom;
use crate::row_hashes::{OFFSET, Of, SHARED, mixed, row_hashes};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Rows in a phrase, tried in this order.
const LENGTHS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Share of the phrases that may occur elsewhere by chance. Two recordings are one if more than half of
/// their phrases are the same, which is far from it.
const CHANCE: f64 = 0.01;

/// The rows of all episodes that were learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRows {
    /// Numbers in a state; 0 if there were none.
    state: usize,
    /// Where there are states.
    rows: Option<Phrases>,
    /// Whether `rows` are states alone, not states with actions, which checkpoints of before have.
    #[serde(default)]
    states_alone: bool,
    /// Actions alone, where they say anything.
    actions: Option<Phrases>,
}

/// Phrases of one length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Phrases {
    length: usize,
    seen: Bloom,
}

impl KnownRows {
    /// The rows of these episodes.
    pub fn of<'a>(episodes: impl Iterator<Item = &'a Episode> + Clone) -> Self {
        let state = episodes.clone().next().map_or(0, |e| e.states.width);
        let all = |of: Of| -> Vec<Vec<u64>> { episodes.clone().map(|e| moves(e, of)).collect() };
        let [states, both] = [Of::State, Of::Both].map(|of| if state > 0 { all(of) } else { Vec::new() });
        // Recordings that resemble each other at every length are copies if they have states, and may be
        // routine if they have none.
        let length = telling_length(&both).unwrap_or(1);
        let states_alone = telling_length(&states).is_some_and(|alone| alone <= length);
        let rows = (state > 0).then(|| Phrases::of(if states_alone { &states } else { &both }, length));
        let actions = all(Of::Action);
        let actions = telling_length(&actions).map(|length| Phrases::of(&actions, length));
        Self { state, rows, states_alone, actions }
    }

    /// Whether more than half of an episode's phrases are known, and four at least.
    pub(crate) fn knows(&self, episode: &Episode) -> bool {
        let comparable = episode.states.width == self.state;
        match &self.rows {
            Some(rows) if comparable => {
                rows.tell(&moves(episode, if self.states_alone { Of::State } else { Of::Both }))
            }
            _ => self.actions.as_ref().is_some_and(|actions| actions.tell(&moves(episode, Of::Action))),
        }
    }

    /// Whether single rows of this episode, states and actions, are evidence.
    pub(crate) fn single(&self, episode: &Episode) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.length == 1) && episode.states.width == self.state
    }
}

impl Phrases {
    fn of(recordings: &[Vec<u64>], length: usize) -> Self {
        let all: HashSet<u64> = recordings.iter().flat_map(|r| phrases(r, length)).collect();
        Self { length, seen: Bloom::of(all.len(), all.iter().copied()) }
    }

    fn tell(&self, recording: &[u64]) -> bool {
        let asked: HashSet<u64> = phrases(recording, self.length).collect();
        let known = asked.iter().filter(|phrase| self.seen.has(**phrase)).count();
        known >= SHARED && 2 * known > asked.len()
    }
}

/// Hashes of an episode's rows; a row like the one before is left out, as standing still says nothing.
fn moves(episode: &Episode, of: Of) -> Vec<u64> {
    let mut hashes: Vec<u64> = row_hashes(episode, of).collect();
    hashes.dedup();
    hashes
}

/// Hashes of so many rows in succession.
fn phrases(recording: &[u64], length: usize) -> impl Iterator<Item = u64> + '_ {
    recording.windows(length).map(|rows| rows.iter().fold(OFFSET, |hash, row| mixed(hash, *row)))
}

/// The smallest length at which phrases of the second halves hardly occur in first halves; halves, so
/// that one recording is enough, and two copies of one do not look like chance.
fn telling_length(recordings: &[Vec<u64>]) -> Option<usize> {
    LENGTHS.into_iter().find(|&length| {
        let halves = |second: bool| -> HashSet<u64> {
            let half = |r: &'_ Vec<u64>| if second { r.len() / 2..r.len() } else { 0..r.len() / 2 };
            recordings.iter().flat_map(|r| phrases(&r[half(r)], length).collect::<Vec<_>>()).collect()
        };
        let (first, second) = (halves(false), halves(true));
        let again = second.intersection(&first).count();
        !second.is_empty() && again as f64 <= CHANCE * second.len() as f64
    })
}
