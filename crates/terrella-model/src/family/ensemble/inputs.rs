//! Numbers of the log ↔ numbers of the networks, in one place.
//!
//! Angles go in as sine and cosine, beside normalised actions and how long they last. What comes out is
//! normalised too: how fast each state number changes and, where it was logged, the reward; and one number
//! more where the recordings show the task end.

use crate::codec::StateCodec;
use crate::interface::{Interface, difference};
use crate::{Error, Result};
use terrella_core::{Batch, Last, Stats};

/// The translation of one dataset.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    codec: StateCodec,
    angles: Vec<usize>,
    actions: Stats,
    pub(super) rates: Stats,
    pub(super) reward: Option<Stats>,
    pub(super) ends: bool,
    fps: f64,
}

impl Inputs {
    pub(super) fn new(about: &Interface) -> Self {
        Self {
            codec: StateCodec::new(about),
            angles: about.angles.clone(),
            actions: about.action_stats.clone(),
            rates: about.rate_stats.clone().unwrap_or_default(),
            reward: about.reward_stats.clone(),
            ends: about.ends,
            fps: about.signature.fps,
        }
    }

    /// Numbers that the network takes: features of the state, actions, and how long they last.
    pub(super) fn width(&self) -> usize {
        self.codec.feature_width() + self.actions.width() + 1
    }

    pub(super) fn state_width(&self) -> usize {
        self.codec.state_width()
    }

    pub(super) fn action_width(&self) -> usize {
        self.actions.width()
    }

    /// Numbers of which mean and variance are told: rates, then the reward.
    pub(super) fn told(&self) -> usize {
        self.state_width() + usize::from(self.reward.is_some())
    }

    /// Appends the input row of a state, an action and its duration in seconds.
    pub(super) fn row(&self, state: &[f32], action: &[f32], dt: f32, rows: &mut Vec<f32>) {
        self.codec.encode_row(state, rows);
        rows.extend(action.iter().enumerate().map(|(i, a)| (a - self.actions.mean[i]) / self.actions.scale(i)));
        // 0 at the usual rate.
        rows.push((f64::from(dt) * self.fps - 1.0) as f32);
    }

    /// Normalised rates from each state to the next.
    fn targets(&self, before: &[f32], after: &[f32], dt: &[f32]) -> Vec<f32> {
        let width = self.state_width();
        let rows = before.chunks_exact(width).zip(after.chunks_exact(width)).zip(dt);
        let mut rates: Vec<f32> = rows
            .flat_map(|((before, after), dt)| difference(after, before, &self.angles).into_iter().map(move |d| d / dt))
            .collect();
        self.rates.normalize(&mut rates);
        rates
    }

    /// The state after normalised rates have acted for `dt`; angles go on turning, so that turns are counted.
    pub(super) fn advance(&self, state: &mut [f32], rates: &[f32], dt: f32) {
        for (i, (x, r)) in state.iter_mut().zip(rates).enumerate() {
            *x += dt * (r * self.rates.scale(i) + self.rates.mean[i]);
        }
    }

    /// A normalised reward in the units of the log.
    pub(super) fn reward(&self, told: f32) -> f32 {
        self.reward.as_ref().map_or(told, |stats| told * stats.scale(0) + stats.mean[0])
    }
}

/// What a batch has to teach: one row an action.
#[derive(Debug)]
pub(super) struct Lesson {
    /// `[rows, width]`.
    pub(super) x: Vec<f32>,
    /// `[rows, told]`: normalised rates and, where it was logged, the reward.
    pub(super) y: Vec<f32>,
    /// Rows whose next state is known; those that come after them only have an outcome.
    pub(super) moves: usize,
    /// 1 where a row ended the task, 0 elsewhere, `[rows]`; empty where no ends are learned.
    pub(super) ends: Vec<f32>,
    /// The episode of each row.
    pub(super) episodes: Vec<usize>,
    /// Mean square of what standing still would have got wrong.
    pub(super) standing_still: f32,
}

impl Lesson {
    /// # Errors
    /// If the batch has no changes of states, or lacks the rewards or ends that were learned before.
    pub(super) fn of(inputs: &Inputs, batch: &Batch) -> Result<Self> {
        let (steps, width, action) = (batch.n_frames.saturating_sub(1), inputs.state_width(), inputs.action_width());
        if batch.states.is_empty() || steps == 0 {
            return Err(Error::Invalid(format!(
                "an ensemble learns from states and their changes, but clips have {} rows and {} state numbers; set train.n_frames to at least 2",
                batch.n_frames,
                batch.states.len()
            )));
        }
        let moves = batch.clips.len() * steps;
        let logged = [("reward", inputs.reward.is_some(), batch.rewards.len()), ("end", inputs.ends, batch.ends.len())];
        if let Some((name, _, n)) = logged.iter().find(|(_, wanted, n)| *wanted && *n != moves) {
            return Err(Error::Invalid(format!(
                "the model learns from an {name} of every action, but {moves} actions of a batch have {n}; train it on recordings that have them, or train another"
            )));
        }
        let (mut before, mut after, mut episodes) = (Vec::new(), Vec::new(), Vec::new());
        for (clip, about) in batch.states.chunks_exact((steps + 1) * width).zip(&batch.clips) {
            before.extend_from_slice(&clip[..steps * width]);
            after.extend_from_slice(&clip[width..]);
            episodes.extend(std::iter::repeat_n(about.episode, steps));
        }
        let mut x = Vec::with_capacity((moves + batch.lasts.len()) * inputs.width());
        for (row, dt) in batch.dt.iter().enumerate() {
            let action = &batch.actions[row * action..(row + 1) * action];
            inputs.row(&before[row * width..(row + 1) * width], action, *dt, &mut x);
        }
        let rates = inputs.targets(&before, &after, &batch.dt);
        // A rate of the mean is 0 after normalising; standing still is not.
        let still = inputs.targets(&before, &before, &batch.dt);
        let standing_still = rates.iter().zip(&still).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / rates.len() as f32;
        let mut lesson = Self { x, y: rates, moves, ends: Vec::new(), episodes, standing_still };
        if let Some(stats) = &inputs.reward {
            let normal = |reward: f32| (reward - stats.mean[0]) / stats.scale(0);
            let rows = lesson.y.chunks_exact(width).zip(&batch.rewards);
            lesson.y = rows.flat_map(|(rates, reward)| rates.iter().copied().chain([normal(*reward)])).collect();
        }
        if inputs.ends {
            lesson.ends.extend_from_slice(&batch.ends);
        }
        if inputs.reward.is_some() || inputs.ends {
            batch.lasts.iter().for_each(|last| lesson.last(inputs, batch, last));
        }
        Ok(lesson)
    }

    /// Appends the last row of an episode, of which all is known but where it led.
    fn last(&mut self, inputs: &Inputs, batch: &Batch, last: &Last) {
        let width = inputs.state_width();
        let end = (last.clip + 1) * batch.n_frames * width;
        inputs.row(&batch.states[end - width..end], &last.action, last.dt, &mut self.x);
        self.y.extend(std::iter::repeat_n(0.0, width));
        if let Some(stats) = &inputs.reward {
            let reward = last.reward.unwrap_or(stats.mean[0]);
            self.y.push((reward - stats.mean[0]) / stats.scale(0));
        }
        if inputs.ends {
            self.ends.push(f32::from(u8::from(last.ended == Some(true))));
        }
        self.episodes.push(batch.clips[last.clip].episode);
    }

    /// Rows in all.
    pub(super) fn rows(&self) -> usize {
        self.episodes.len()
    }

    /// Whether a number of a row is known.
    pub(super) fn known(&self, row: usize, column: usize, inputs: &Inputs) -> bool {
        row < self.moves || column >= inputs.state_width()
    }
}
