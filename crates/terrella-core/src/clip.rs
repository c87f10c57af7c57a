//! Windows over episodes, and the host-side batch made of them.

use crate::{Episode, Key};
use serde::{Deserialize, Serialize};

/// The shape of a window: `n_frames` rows, `frame_skip` rows apart, and perhaps a goal ahead of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rows the model sees.
    pub n_frames: usize,
    /// Environment steps between two of them; the actions between are one block.
    pub frame_skip: usize,
    /// At most so many environment steps after the first row lies a row of the same episode that is shown
    /// as a goal (hindsight); absent where none is asked for.
    #[serde(default)]
    pub goal: Option<usize>,
}

impl Window {
    /// Rows from the first to the last that the model sees in order.
    pub fn span(self) -> usize {
        (self.n_frames - 1) * self.frame_skip + 1
    }

    /// Number of windows in an episode of this length. A goal needs a row after the first, which all windows of
    /// more than one frame have: asking for goals leaves them those they were.
    pub fn count(self, episode_len: usize) -> usize {
        let rows = self.span().max(1 + usize::from(self.goal.is_some()));
        (episode_len + 1).saturating_sub(rows)
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

    /// Environment steps to this clip's goal, if the window asks for one: each that the episode and the window
    /// hold with the same probability, drawn from a key that is for nothing else.
    ///
    /// # Panics
    /// If no row follows the first, which [`Window::count`] does not count.
    pub fn to_goal(self, window: Window, episode_len: usize, key: Key) -> Option<usize> {
        window.goal.map(|furthest| 1 + key.stream().below(furthest.min(episode_len - 1 - self.start)))
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
    /// Rows per clip, without the goal.
    pub n_frames: usize,
    /// Environment steps from the first row of each clip to its goal; empty where no goals were asked for.
    pub to_goal: Vec<usize>,
    /// Height and width of the pictures.
    pub image_size: Option<[usize; 2]>,
    /// `[clips, shown, height, width, 3]`, empty without pictures; what is [`shown`](Self::shown) are the rows
    /// of the clip and then its goal, if it has one.
    pub images: Vec<u8>,
    /// `[clips, shown, state]`, empty without a logged state.
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

impl Batch {
    /// Rows of pictures and states a clip: its frames, and one more where there are goals.
    pub fn shown(&self) -> usize {
        self.n_frames + usize::from(!self.to_goal.is_empty())
    }
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
