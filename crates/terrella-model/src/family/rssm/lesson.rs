//! Numbers of the log ↔ numbers of an RSSM, and what a batch has to teach.
//!
//! A clip has rows `0 … T − 1`. The action in row `t` leaves what is seen in row `t` and leads to what is seen in row `t + 1`; reward and
//! end in row `t` are what that action brought. So memory `t + 1` is made of memory, latent and action of row `t`, and its heads tell the
//! reward and the end that are logged in row `t`. Row 0 has no action before it: its memory is the learnt beginning. Where a clip
//! reaches to the end of its episode, the last action had an outcome and no row after it: [`Lesson::lasts`].
//!
//! Everything lies time before clips, `[rows, clips, …]`, as the recurrence wants it. Noise of the categoricals is keyed by step, clip
//! and row alone, so that no result depends on how a batch is parted.

use super::config::RssmConfig;
use super::symlog::{Places, symexp, symlog};
use crate::codec::StateCodec;
use crate::interface::Interface;
use crate::pixels::{Cut, Patcher};
use crate::{Error, Result, Turn};
use std::ops::Range;
use terrella_core::{Batch, Image, Key, Observation, Stats, Stream, Table};

/// From the units of the log to numbers of the network, and back.
#[derive(Clone, Debug)]
pub(super) struct Translator {
    pub(super) config: RssmConfig,
    codec: StateCodec,
    actions: Stats,
    fps: f64,
    pub(super) patcher: Option<Patcher>,
    pub(super) places: Option<Places>,
    pub(super) ends: bool,
}

/// A part of a batch as the network takes it.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) clips: usize,
    pub(super) frames: usize,
    /// Features of the logged state, `[frames, clips, features]`; empty where none are told.
    pub(super) states: Vec<f32>,
    /// Patches of pictures, `[frames, clips, tokens · values]`; empty where none are seen.
    pub(super) patches: Vec<f32>,
    /// What is done and how long it lasts, `[frames − 1, clips, action + 1]`.
    pub(super) acts: Vec<f32>,
    /// Two-hot rewards of these, then of the last actions, `[(frames − 1) · clips + lasts, places]`; empty where none are learned.
    pub(super) rewards: Vec<f32>,
    /// 1 where one of these ended the task, 0 elsewhere, likewise; empty where no ends are learned.
    pub(super) ends: Vec<f32>,
    /// Clips whose last row is that of an episode.
    pub(super) lasts: Vec<usize>,
    /// What was done there, `[lasts, action + 1]`.
    pub(super) last_acts: Vec<f32>,
    /// Gumbel noise, `[frames, clips, latent]`.
    pub(super) noise: Vec<f32>,
    /// The same of what follows the last actions, `[lasts, latent]`.
    pub(super) last_noise: Vec<f32>,
}

impl Translator {
    pub(super) fn new(config: &RssmConfig, about: &Interface) -> Self {
        let RssmConfig { picture, patch, .. } = *config;
        let cut = Cut { size: picture, shrink: 1, patch, stride: patch };
        Self {
            codec: StateCodec::new(about),
            actions: about.action_stats.clone(),
            fps: about.signature.fps,
            patcher: config.sees.pixels().then(|| Patcher::new(cut)),
            places: about.reward_stats.as_ref().map(|stats| Places::new(stats, config.bins)),
            ends: about.ends,
            config: config.clone(),
        }
    }

    /// Numbers of a logged state.
    pub(super) fn state_width(&self) -> usize {
        self.codec.state_width()
    }

    /// Features of a logged state that are told; none where nobody tells it.
    pub(super) fn features(&self) -> usize {
        let told = self.state_width() > 0 && (self.config.sees.state() || self.config.readout);
        if told { self.codec.feature_width() } else { 0 }
    }

    /// Patches of a picture, and numbers of a patch.
    pub(super) fn tokens(&self) -> Option<[usize; 2]> {
        self.patcher.as_ref().map(|patcher| [patcher.tokens(), patcher.values()])
    }

    pub(super) fn action_width(&self) -> usize {
        self.actions.width()
    }

    /// Seconds that a step usually lasts.
    pub(super) fn usual(&self) -> f32 {
        (1.0 / self.fps) as f32
    }

    /// Appends what an action that lasts `dt` seconds is told as.
    pub(super) fn act(&self, action: &[f32], dt: f32, rows: &mut Vec<f32>) {
        rows.extend(action.iter().enumerate().map(|(i, a)| (a - self.actions.mean[i]) / self.actions.scale(i)));
        // 0 at the usual rate.
        rows.push((f64::from(dt) * self.fps - 1.0) as f32);
    }

    /// Features of logged states, in the symmetric logarithm.
    pub(super) fn encode(&self, states: &[f32]) -> Vec<f32> {
        let mut features = self.codec.encode(states);
        features.iter_mut().for_each(|x| *x = symlog(*x));
        features
    }

    /// Features of about unit deviation, without the logarithm.
    pub(super) fn plain(told: &[f32]) -> Vec<f32> {
        told.iter().map(|x| symexp(*x)).collect()
    }

    /// The logged states that told features mean.
    pub(super) fn decode(&self, told: &[f32]) -> Table {
        self.codec.decode(&Self::plain(told))
    }

    /// Patches of pictures, `[pictures, tokens · values]`; nothing where none are seen.
    fn cut(&self, pictures: &[u8]) -> Vec<f32> {
        let Some(patcher) = &self.patcher else { return Vec::new() };
        patcher.patches(pictures, &vec![Turn::NONE; pictures.len() / patcher.bytes()])
    }

    /// The picture of these patches.
    pub(super) fn picture(&self, patches: &[f32]) -> Option<Image> {
        let side = self.config.picture;
        self.patcher.as_ref().map(|patcher| Image { height: side, width: side, data: patcher.image(patches) })
    }

    /// Fails where pictures are wanted, and there are none or those of another side.
    fn check(&self, size: Option<[usize; 2]>) -> terrella_core::Result<()> {
        let side = self.config.picture;
        match size {
            _ if self.patcher.is_none() => Ok(()),
            Some([height, width]) if height == side && width == side => Ok(()),
            Some([height, width]) => Err(terrella_core::Error::Invalid(format!(
                "the model sees pictures of {side}x{side}, these are {height}x{width}"
            ))),
            None => Err(terrella_core::Error::Invalid(
                "the model wants pictures, and there are none; train one of states with model.sees = \"state\""
                    .to_owned(),
            )),
        }
    }

    /// Features and patches of what is seen, `[rows, …]` each, or empty.
    ///
    /// # Errors
    /// If something is seen that does not fit the model.
    pub(super) fn seen(&self, observations: &[Observation]) -> terrella_core::Result<[Vec<f32>; 2]> {
        let (mut states, mut pictures) = (Vec::new(), Vec::new());
        for seen in observations {
            if self.config.sees.state() {
                terrella_core::Error::check("state size", self.state_width(), seen.state.len())?;
                states.extend_from_slice(&seen.state);
            }
            self.check(seen.image.as_ref().map(|image| [image.height, image.width]))?;
            if let (Some(image), Some(_)) = (&seen.image, &self.patcher) {
                pictures.extend_from_slice(&image.data);
            }
        }
        let features = if states.is_empty() { Vec::new() } else { self.encode(&states) };
        let patches = if pictures.is_empty() { Vec::new() } else { self.cut(&pictures) };
        Ok([features, patches])
    }

    /// Fails where a batch lacks what is learned.
    ///
    /// # Errors
    /// With what there is.
    pub(super) fn fits(&self, batch: &Batch) -> Result<()> {
        let (clips, steps) = (batch.clips.len(), batch.n_frames.saturating_sub(1));
        if clips == 0 || steps == 0 {
            return Err(Error::Invalid(format!(
                "{clips} clips of {} rows have no action between two rows; set train.n_frames to at least 2",
                batch.n_frames
            )));
        }
        let (width, actions) = (self.action_width(), batch.actions.len());
        if width == 0 || actions != clips * steps * width {
            return Err(Error::Invalid(format!(
                "an RSSM learns what actions do, but {} steps of a batch have {actions} action numbers, not {width} each; train it on recordings with actions",
                clips * steps
            )));
        }
        if self.config.sees.state() && (self.state_width() == 0 || batch.states.is_empty()) {
            return Err(Error::Invalid(format!(
                "the model looks at the logged state, but {clips} clips have {} state numbers; train from pictures with model.sees = \"pixels\"",
                batch.states.len()
            )));
        }
        self.check(batch.image_size)?;
        let logged = [("reward", self.places.is_some(), batch.rewards.len()), ("end", self.ends, batch.ends.len())];
        if let Some((name, _, n)) = logged.iter().find(|(_, wanted, n)| *wanted && *n != clips * steps) {
            return Err(Error::Invalid(format!(
                "the model learns from an {name} of every action, but {} actions of a batch have {n}; train it on recordings that have them, or train another",
                clips * steps
            )));
        }
        Ok(())
    }

    /// What some clips of a batch that [fits](Self::fits) teach.
    pub(super) fn lesson(&self, batch: &Batch, range: Range<usize>, key: Key) -> Lesson {
        let (clips, frames, latent) = (range.len(), batch.n_frames, self.config.latent());
        let (steps, shown, action) = (frames - 1, batch.shown(), self.action_width());
        let mut lesson = Lesson {
            clips,
            frames,
            states: Vec::new(),
            patches: Vec::new(),
            acts: Vec::with_capacity(steps * clips * (action + 1)),
            rewards: Vec::new(),
            ends: Vec::new(),
            lasts: Vec::new(),
            last_acts: Vec::new(),
            noise: Vec::with_capacity(frames * clips * latent),
            last_noise: Vec::new(),
        };
        let (width, bytes) = (self.state_width(), self.patcher.as_ref().map_or(0, Patcher::bytes));
        let tells = self.features() > 0 && !batch.states.is_empty();
        let (mut states, mut pictures) = (Vec::new(), Vec::new());
        for (frame, clip) in (0..frames).flat_map(|frame| range.clone().map(move |clip| (frame, clip))) {
            let row = clip * shown + frame;
            if tells {
                states.extend_from_slice(&batch.states[row * width..(row + 1) * width]);
            }
            pictures.extend_from_slice(&batch.images[row * bytes..(row + 1) * bytes]);
            gumbel(&mut key.at(clip as u64).at(frame as u64).stream(), latent, &mut lesson.noise);
        }
        lesson.states = if tells { self.encode(&states) } else { Vec::new() };
        lesson.patches = if bytes > 0 { self.cut(&pictures) } else { Vec::new() };
        for (step, clip) in (0..steps).flat_map(|step| range.clone().map(move |clip| (step, clip))) {
            let row = clip * steps + step;
            let dt = batch.dt.get(row).copied().unwrap_or_else(|| self.usual());
            self.act(&batch.actions[row * action..(row + 1) * action], dt, &mut lesson.acts);
            if let Some(places) = &self.places {
                places.two_hot(batch.rewards[row], &mut lesson.rewards);
            }
            if self.ends {
                lesson.ends.push(batch.ends[row]);
            }
        }
        let outcomes = self.places.is_some() || self.ends;
        for last in batch.lasts.iter().filter(|last| outcomes && range.contains(&last.clip)) {
            lesson.lasts.push(last.clip - range.start);
            self.act(&last.action, last.dt, &mut lesson.last_acts);
            if let Some(places) = &self.places {
                match last.reward {
                    Some(reward) => places.two_hot(reward, &mut lesson.rewards),
                    // No place is right, and none is taught.
                    None => lesson.rewards.resize(lesson.rewards.len() + places.len(), 0.0),
                }
            }
            if self.ends {
                lesson.ends.push(f32::from(u8::from(last.ended == Some(true))));
            }
            gumbel(&mut key.at(last.clip as u64).at(frames as u64).stream(), latent, &mut lesson.last_noise);
        }
        lesson
    }
}

impl Lesson {
    /// Sum of squares of how features change from row to row: what standing still gets wrong.
    pub(super) fn changes(&self) -> f32 {
        let row = self.states.len() / self.frames;
        self.states.iter().zip(self.states.iter().skip(row)).map(|(a, b)| (a - b).powi(2)).sum()
    }

    /// Actions that had an outcome.
    pub(super) fn outcomes(&self) -> usize {
        (self.frames - 1) * self.clips + self.lasts.len()
    }
}

/// Appends so many numbers of the standard Gumbel distribution: the largest of log-probabilities with this noise added is a draw.
pub(super) fn gumbel(stream: &mut Stream, n: usize, noise: &mut Vec<f32>) {
    noise.extend((0..n).map(|_| {
        // Away from 0, whose logarithm is none.
        let unit = stream.unit().max(1e-12);
        -(-unit.ln()).ln() as f32
    }));
}
