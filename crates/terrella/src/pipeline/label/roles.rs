//! Which episodes teach a labeller, which calibrate it and which judge it: never one for two of these.

use crate::error::usage;
use crate::pipeline::Recordings;
use crate::pipeline::worth::{check, doubts};
use crate::settings::Settings;
use anyhow::Result;
use terrella_core::{Key, Stats};
use terrella_model::Learned;

/// What each episode of the recordings is for.
pub(super) struct Roles {
    /// Their actions are looked at.
    pub(super) teaching: Vec<usize>,
    /// How far intervals must reach is measured on them.
    pub(super) calibrating: Vec<usize>,
    /// They neither taught nor calibrated.
    pub(super) judging: Vec<usize>,
    /// Statistics of the actions that teach.
    pub(super) stats: Stats,
    /// What there is to tell, in sentences.
    pub(super) notes: Vec<String>,
}

impl Roles {
    /// A share of the episodes that are learned from teaches; of the held-out ones half calibrate, and the others judge.
    ///
    /// # Errors
    /// If these can teach nothing, or none is held out.
    pub(super) fn of(recordings: &Recordings, share: f64, settings: &Settings, key: Key) -> Result<Self> {
        let (dataset, all) = (&recordings.dataset, &recordings.split.train);
        let mut teaching = all.clone();
        key.with("teaching").stream().shuffle(&mut teaching);
        teaching.truncate(((all.len() as f64 * share).round() as usize).max(1));
        teaching.sort_unstable();
        let mut about = recordings.interface()?;
        (about.state_stats, about.action_stats) = dataset.stats_of(&teaching);
        about.learned = Some(Learned::of(dataset, &teaching, settings.data.split()));
        check((dataset, &teaching), &about, (true, settings.model.wants()))?;
        let mut notes = doubts(&about);
        let mut calibrating = recordings.unseen();
        key.with("calibrating").stream().shuffle(&mut calibrating);
        let n = calibrating.len();
        let judging = calibrating.split_off((n / 2).max(1).min(n));
        match (n, judging.len()) {
            (0, _) => {
                return Err(usage(
                    "all held-out episodes share their rows with those that are learned from, so none can calibrate; record others, or change data.split_seed",
                ));
            }
            (1, _) => notes.push(
                "Only 1 episode is held out: it calibrates, and none is left to say whether intervals hold what they promise; raise data.held_out, or record more.".to_owned(),
            ),
            (2, _) => notes.push(
                "Only 2 episodes are held out: one calibrates and one is judged, which says little of others; raise data.held_out, or record more.".to_owned(),
            ),
            _ => {}
        }
        Ok(Self { teaching, calibrating, judging, stats: about.action_stats, notes })
    }
}
