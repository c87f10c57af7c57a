//! What to record in a world.

use crate::settings::Settings;
use serde::Serialize;
use terrella_env::Exploring;

/// What to record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CollectConfig {
    /// The world.
    pub env: String,
    /// Episodes.
    pub episodes: usize,
    /// Steps of each, at most; by default 120, or as many as a world with rewards allows.
    pub steps: Option<usize>,
    /// Share of episodes that explore.
    pub explore: f64,
    /// How those explore.
    pub explorer: Exploring,
    /// Largest noise on demonstrations, as a share of the action's range.
    pub noise: f64,
    /// Side of the pictures; 0 records none.
    pub size: usize,
    /// Seed.
    pub seed: u64,
    /// Threads; they change no number.
    pub threads: usize,
}

impl CollectConfig {
    /// So many episodes of this seed, in all else as the settings of a run have them.
    pub(super) fn of(settings: &Settings, episodes: usize, seed: u64) -> Self {
        let data = &settings.data;
        Self {
            env: data.collected_in().to_owned(),
            episodes,
            steps: Some(data.episode_steps),
            explore: data.explore,
            explorer: data.explorer,
            noise: data.noise,
            size: settings.model.wants().picture.unwrap_or(0),
            seed,
            threads: settings.eval.threads(),
        }
    }
}
