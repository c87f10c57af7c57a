//! Windows over episodes, and the host-side batch made of them.

use crate::Episode;
use serde::{Deserialize, Serialize};

/// The shape of a window: `n_frames` rows, `frame_skip` rows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rows the model sees.
    pub n_frames: usize,
    /// Environment steps between two of them; the actions between are one block.
    pub frame_skip: usize,
}

impl Window {
    /// Rows an episode needs for one window.
    pub fn span(self) -> usize {
        (self.n_frames - 1) * self.frame_skip + 1
    }

    /// Number of windows in an episode of this length.
    pub fn count(self, episode_len: usize) -> usize {
        (episode_len + 1).saturating_sub(self.span())
    }
}

/// One window: an episode and the row where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Clip {
    /// Index of the episode in its dataset.
    pub episode: usize,
    /// First row.
    pub start: usize,
}

impl Clip {
    /// The episode rows that the window shows.
    pub fn rows(self, window: Window) -> impl Iterator<Item = usize> {
        (0..window.n_frames).map(move |i| self.start + i * window.frame_skip)
    }

    /// The action blocks between the rows, `[n_frames - 1, frame_skip × action]`, as one slice.
    pub fn actions(self, window: Window, episode: &Episode) -> &[f32] {
        let width = episode.actions.width;
        &episode.actions.data[self.start * width..(self.start + window.span() - 1) * width]
    }
}

/// Clips laid out for a model, one host buffer a field, in the units of the log.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Where each clip came from.
    pub clips: Vec<Clip>,
    /// Rows per clip.
    pub n_frames: usize,
    /// Height and width of the pictures.
    pub image_size: Option<[usize; 2]>,
    /// `[clips, n_frames, height, width, 3]`, empty without pictures.
    pub images: Vec<u8>,
    /// `[clips, n_frames, state]`, empty without a logged state.
    pub states: Vec<f32>,
    /// `[clips, n_frames - 1, frame_skip × action]`.
    pub actions: Vec<f32>,
    /// Seconds that each action lasted, `[clips, n_frames - 1, frame_skip]`.
    pub dt: Vec<f32>,
    /// Reward of each action, as `dt`; empty without logged rewards.
    pub rewards: Vec<f32>,
    /// 1 where an action ended the task, 0 elsewhere, as `dt`; empty where that was not logged.
    pub ends: Vec<f32>,
    /// What came of the last action of those clips that reach to the end of their episode; empty where
    /// neither rewards nor ends were logged.
    pub lasts: Vec<Last>,
}

/// The last row of an episode. Its action had an outcome, very often the end of the task, but no row was logged
/// that would show where it led.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Last {
    /// Which clip of the batch ends in this row.
    pub clip: usize,
    /// The action that left it.
    pub action: Vec<f32>,
    /// Seconds that it lasted: what the rate says.
    pub dt: f32,
    /// Its reward; nothing without logged rewards.
    pub reward: Option<f32>,
    /// Whether it ended the task; nothing where that was not logged.
    pub ended: Option<bool>,
}
