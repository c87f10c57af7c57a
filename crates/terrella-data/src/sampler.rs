//! Which windows a training step sees.
//!
//! All windows of the given episodes are numbered; every epoch visits each number exactly once, in
//! an order keyed by seed and epoch. The orders of all epochs, one after the other, form one endless
//! sequence that is cut into batches of constant size, so a batch may reach into the next epoch and
//! none is short. A batch is a pure function of its step: a resumed run needs nothing but the step.

use crate::{Error, Result};
use std::sync::Arc;
use terrella_core::{Batch, Clip, Dataset, Key, Last, Window};

/// Draws batches of windows from some episodes of a dataset.
#[derive(Clone, Debug)]
pub struct Sampler {
    dataset: Arc<Dataset>,
    window: Window,
    batch_size: usize,
    seed: u64,
    /// Episodes with at least one window.
    episodes: Vec<usize>,
    /// Windows before each of them, and in all.
    starts: Vec<u64>,
    skipped: Vec<usize>,
}

impl Sampler {
    /// Numbers the windows of these episodes.
    ///
    /// # Errors
    /// If no episode is long enough, or the request is empty.
    pub fn new(
        dataset: Arc<Dataset>,
        episodes: &[usize],
        window: Window,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self> {
        if window.n_frames == 0 || window.frame_skip == 0 || batch_size == 0 {
            return Err(Error::Invalid(format!(
                "cannot sample {batch_size} windows of {} frames, {} apart; each must be at least 1",
                window.n_frames, window.frame_skip
            )));
        }
        if window.goal == Some(0) {
            return Err(Error::Invalid(
                "goals at most 0 steps ahead are no goals; let them lie at least 1 step ahead, or ask for none".into(),
            ));
        }
        if let Some(at) = episodes.iter().find(|at| **at >= dataset.episodes.len()) {
            return Err(Error::Invalid(format!(
                "there is no episode {at}; the dataset has {}",
                dataset.episodes.len()
            )));
        }
        let length = |at: usize| dataset.episodes[at].len();
        let (long, skipped): (Vec<usize>, Vec<usize>) = episodes.iter().partition(|at| window.count(length(**at)) > 0);
        if long.is_empty() {
            return Err(Error::TooShort {
                episodes: episodes.len(),
                span: window.span(),
                n_frames: window.n_frames,
                frame_skip: window.frame_skip,
                longest: episodes.iter().map(|at| length(*at)).max().unwrap_or(0),
            });
        }
        let mut starts = vec![0];
        let mut total = 0;
        for at in &long {
            total += window.count(length(*at)) as u64;
            starts.push(total);
        }
        Ok(Self { dataset, window, batch_size, seed, episodes: long, starts, skipped })
    }

    /// Windows in an epoch.
    pub fn n_clips(&self) -> u64 {
        self.starts[self.episodes.len()]
    }

    /// Batches an epoch takes; not a whole number unless the batch size divides the windows.
    pub fn batches_per_epoch(&self) -> f64 {
        self.n_clips() as f64 / self.batch_size as f64
    }

    /// The epoch that the first clip of this step belongs to.
    pub fn epoch(&self, step: u64) -> u64 {
        step * self.batch_size as u64 / self.n_clips()
    }

    /// Episodes that were given but are shorter than the window.
    pub fn skipped(&self) -> &[usize] {
        &self.skipped
    }

    /// The window that is sampled.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The clips of one step.
    pub fn clips(&self, step: u64) -> Vec<Clip> {
        let n = self.n_clips();
        let first = step * self.batch_size as u64;
        (first..first + self.batch_size as u64).map(|at| self.clip(self.permute(at / n, at % n))).collect()
    }

    /// The batch of one step.
    pub fn batch(&self, step: u64) -> Batch {
        let mut batch = Batch::default();
        self.fill(step, &mut batch);
        batch
    }

    /// As [`Self::batch`], into buffers that are kept.
    pub fn fill(&self, step: u64, batch: &mut Batch) {
        let clips = self.clips(step);
        let key = Key::new(self.seed).with("goals");
        let first = step * self.batch_size as u64;
        let goal =
            |(at, clip): (u64, &Clip)| clip.to_goal(self.window, self.dataset.episodes[clip.episode].len(), key.at(at));
        let to_goal: Vec<usize> = (first..).zip(&clips).filter_map(goal).collect();
        gather(&self.dataset, self.window, (&clips, &to_goal), batch);
    }

    /// The clip with this number.
    fn clip(&self, number: u64) -> Clip {
        let at = self.starts.partition_point(|start| *start <= number) - 1;
        Clip { episode: self.episodes[at], start: (number - self.starts[at]) as usize }
    }

    /// Where the `at`-th draw of an epoch lands: a Feistel network over the next even power of two,
    /// walked until it falls inside, which is a permutation without any table.
    fn permute(&self, epoch: u64, at: u64) -> u64 {
        let n = self.n_clips();
        let half = (u64::BITS - (n - 1).leading_zeros()).div_ceil(2).max(1);
        let mask = (1u64 << half) - 1;
        let key = Key::new(self.seed).with("sampler").at(epoch);
        let mut x = at;
        loop {
            let (mut left, mut right) = (x >> half, x & mask);
            for round in 0..ROUNDS {
                (left, right) = (right, left ^ (key.at(round << 32 | right).seed() & mask));
            }
            x = left << half | right;
            if x < n {
                return x;
            }
        }
    }
}

/// Rounds of the permutation; four are enough to be pseudo-random (Luby and Rackoff 1988), two are margin.
const ROUNDS: u64 = 6;

/// Lays clips out as a batch, replacing what it held; `to_goal` has the steps to the goal of each clip, or is empty.
///
/// # Panics
/// If a clip or its goal reaches beyond its episode, only some clips have a goal, or an episode lacks a reward or an
/// end that the signature promises.
pub fn gather(dataset: &Dataset, window: Window, (clips, to_goal): (&[Clip], &[usize]), batch: &mut Batch) {
    assert!(to_goal.is_empty() || to_goal.len() == clips.len(), "{} goals for {} clips", to_goal.len(), clips.len());
    batch.clips.clear();
    batch.images.clear();
    for numbers in [&mut batch.states, &mut batch.actions, &mut batch.dt, &mut batch.rewards, &mut batch.ends] {
        numbers.clear();
    }
    batch.lasts.clear();
    batch.clips.extend_from_slice(clips);
    batch.n_frames = window.n_frames;
    batch.to_goal.clear();
    batch.to_goal.extend_from_slice(to_goal);
    let signature = &dataset.signature;
    batch.image_size = signature.image;
    let picture = batch.image_size.map_or(0, |[height, width]| height * width * 3);
    batch.images.reserve(clips.len() * batch.shown() * picture);
    for (at, clip) in clips.iter().enumerate() {
        let episode = &dataset.episodes[clip.episode];
        for row in clip.rows(window).chain(to_goal.get(at).map(|steps| clip.start + steps)) {
            if let Some(frames) = &episode.frames {
                batch.images.extend_from_slice(frames.bytes(row));
            }
            if episode.states.width > 0 {
                batch.states.extend_from_slice(episode.states.row(row));
            }
        }
        batch.actions.extend_from_slice(clip.actions(window, episode));
        let acted = clip.start..clip.start + window.span() - 1;
        batch.dt.extend(episode.durations(acted.clone(), signature.fps).map(|seconds| seconds as f32));
        if signature.reward {
            batch.rewards.extend_from_slice(&episode.rewards[acted.clone()]);
        }
        if signature.ends {
            batch.ends.extend(episode.terminated[acted].iter().map(|ended| f32::from(u8::from(*ended))));
        }
        let last = clip.start + window.span() - 1;
        if (signature.reward || signature.ends) && last + 1 == episode.len() {
            batch.lasts.push(Last {
                clip: at,
                action: episode.actions.row(last).to_vec(),
                dt: episode.durations(last..last + 1, signature.fps).map(|seconds| seconds as f32).sum(),
                reward: signature.reward.then(|| episode.rewards[last]),
                ended: signature.ends.then(|| episode.terminated[last]),
            });
        }
    }
}
