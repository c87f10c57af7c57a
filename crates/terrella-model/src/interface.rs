//! What a model was trained on, frozen into its checkpoint: signature, statistics, and by what the
//! episodes it learned from are known wherever they are stored.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use terrella_core::{Dataset, Episode, Fingerprint, KnownRows, Signature, Stats, Table, Thing, wrapped};

/// What a model was trained on; frozen into its checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Signature of the dataset.
    pub signature: Signature,
    /// Statistics of the state over the training episodes.
    pub state_stats: Stats,
    /// Statistics of the action over the training episodes.
    pub action_stats: Stats,
    /// State numbers that are angles.
    pub angles: Vec<usize>,
    /// Hash of the dataset.
    pub data_hash: String,
    /// Statistics of how fast each state number changes, per second, over the training episodes;
    /// angles the shorter way round. Absent in checkpoints from before there were families.
    #[serde(default)]
    pub rate_stats: Option<Stats>,
    /// Statistics of the rewards of the training episodes; absent where none were logged, and in checkpoints
    /// from before rewards were learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_stats: Option<Stats>,
    /// Whether any action of the training episodes ended the task.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends: bool,
    /// Things in pictures whose places were taught as the state; none where the logged state was. Statistics and angles of the
    /// state are then of these places, and the signature has the logged state, which nobody looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub things: Vec<Thing>,
    /// What it learned from. Absent in checkpoints from before this was kept.
    #[serde(default)]
    pub learned: Option<Learned>,
}

/// The episodes that a model learned from, and what an evaluation needs of them: it must never fit
/// anything to the episodes that it judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// Seed of the split.
    pub split_seed: u64,
    /// Share of the episodes that was held out.
    pub held_out: f64,
    /// One fingerprint an episode.
    pub episodes: Vec<Fingerprint>,
    /// All their rows. Absent in checkpoints from before this was kept, which know short pieces of these
    /// episodes only in part.
    #[serde(default)]
    pub rows: Option<KnownRows>,
    /// Rows of episodes that it was adapted to afterwards, set by set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<KnownRows>,
    /// Standard deviation of the change of each action number from row to row.
    pub action_change: Vec<f32>,
}

impl Learned {
    /// Which of these episodes it learned from, whole or in part.
    pub fn recognise(&self, episodes: &[Episode]) -> Vec<bool> {
        let mut known = terrella_core::recognise(&self.episodes, self.rows.as_ref(), episodes);
        for rows in &self.also {
            let more = terrella_core::recognise(&[], Some(rows), episodes);
            known.iter_mut().zip(more).for_each(|(known, more)| *known |= more);
        }
        known
    }

    /// What is kept of these and of further episodes, wherever they are from.
    #[must_use]
    pub fn with<'a>(mut self, more: impl Iterator<Item = &'a Episode> + Clone) -> Self {
        self.episodes.extend(more.clone().map(Fingerprint::of));
        self.also.push(KnownRows::of(more));
        self
    }

    /// What is kept of these episodes.
    pub fn of(dataset: &Dataset, train: &[usize], (split_seed, held_out): (u64, f64)) -> Self {
        let episodes = || train.iter().map(|&e| &dataset.episodes[e]);
        let rows = Some(KnownRows::of(episodes()));
        let changes: Vec<Table> = episodes().map(|e| changes(&e.actions)).collect();
        let action_change = Stats::of(dataset.signature.action.len(), &changes).std;
        let episodes = episodes().map(Fingerprint::of).collect();
        Self { split_seed, held_out, episodes, rows, also: Vec::new(), action_change }
    }
}

/// From each row to the next.
fn changes(table: &Table) -> Table {
    let width = table.width;
    let data = table.data.iter().zip(table.data.iter().skip(width)).map(|(a, b)| b - a).collect();
    Table { width, data }
}

impl Interface {
    /// Takes signature, hash and the statistics of the training episodes.
    ///
    /// # Errors
    /// If an angle index lies outside the state.
    pub fn of(dataset: &Dataset, train: &[usize], angles: &[usize]) -> Result<Self> {
        let width = dataset.signature.state.len();
        if let Some(angle) = angles.iter().find(|&&a| a >= width) {
            return Err(Error::Invalid(format!("state has {width} numbers, so number {angle} cannot be an angle")));
        }
        let (state_stats, action_stats) = dataset.stats_of(train);
        let rates: Vec<Table> = train.iter().map(|&e| rates(dataset, e, angles)).collect();
        let episodes = || train.iter().map(|&e| &dataset.episodes[e]);
        let rewards: Vec<Table> = episodes().map(|e| Table { width: 1, data: e.rewards.clone() }).collect();
        Ok(Self {
            learned: None,
            things: Vec::new(),
            reward_stats: dataset.signature.reward.then(|| Stats::of(1, &rewards)),
            ends: dataset.signature.ends && episodes().any(|e| e.terminated.contains(&true)),
            rate_stats: Some(Stats::of(width, rates.iter().filter(|_| width > 0))),
            signature: dataset.signature.clone(),
            state_stats,
            action_stats,
            angles: angles.to_vec(),
            data_hash: dataset.hash.clone(),
        })
    }

    /// Width of one action.
    pub fn action_width(&self) -> usize {
        self.signature.action.len()
    }
}

/// `a − b`; angles the shorter way round.
pub(crate) fn difference(a: &[f32], b: &[f32], angles: &[usize]) -> Vec<f32> {
    let apart = |(i, (a, b)): (usize, (&f32, &f32))| if angles.contains(&i) { wrapped(a - b) } else { a - b };
    a.iter().zip(b).enumerate().map(apart).collect()
}

/// Change of each state number per second, from each row of an episode to the next.
fn rates(dataset: &Dataset, episode: usize, angles: &[usize]) -> Table {
    let episode = &dataset.episodes[episode];
    let mut rates = Table::new(episode.states.width);
    let last = episode.len().saturating_sub(1);
    let durations = episode.durations(0..last, dataset.signature.fps);
    for (row, dt) in durations.enumerate().filter(|_| episode.states.width > 0) {
        let change = difference(episode.states.row(row + 1), episode.states.row(row), angles);
        rates.data.extend(change.iter().map(|d| (f64::from(*d) / dt) as f32));
    }
    rates
}
