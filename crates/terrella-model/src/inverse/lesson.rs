//! Some rows of recordings as a labeller is taught by them: the pictures around each, and what was done there.

use super::config::InverseConfig;
use crate::augment::Changes;
use crate::pixels::Patcher;
use crate::train_config::TrainConfig;
use crate::{Error, Result, Turn};
use terrella_core::{Clip, Dataset, Episode, Frames, Key, Stats};

/// Pictures, the turn of each, and normalised actions.
pub(super) struct Lesson {
    /// `[windows · shown]` pictures, a window after the other.
    pub(super) images: Vec<u8>,
    pub(super) turns: Vec<Turn>,
    /// `[windows, action]`.
    pub(super) actions: Vec<f32>,
}

impl Lesson {
    /// Of these rows, each turned and varied as a whole: the pictures of a window share what is changed of them.
    ///
    /// # Errors
    /// If pictures are lacking, or of another size than the network takes.
    pub(super) fn of(
        (dataset, at): (&Dataset, &[Clip]),
        (config, patcher, stats): (&InverseConfig, &Patcher, &Stats),
        (train, key): (&TrainConfig, Key),
    ) -> Result<Self> {
        let mut images = Vec::with_capacity(at.len() * config.shown() * patcher.bytes());
        let mut actions = Vec::with_capacity(at.len() * stats.width());
        for clip in at {
            let episode = &dataset.episodes[clip.episode];
            append(episode, config.rows(clip.start, episode.len()), patcher, &mut images)?;
            actions.extend_from_slice(episode.actions.row(clip.start));
        }
        let side = (patcher.bytes() / 3).isqrt();
        let changes = Changes::draw(&train.augment, train.symmetry.as_ref(), (at.len(), side), key)?;
        changes.numbers((&mut [], &mut actions), [0, stats.width()]);
        stats.normalize(&mut actions);
        let images = changes.seen(&images).into_owned();
        let turns = changes.turns.iter().flat_map(|turn| std::iter::repeat_n(*turn, config.shown())).collect();
        Ok(Self { images, turns, actions })
    }
}

/// The pictures of an episode.
///
/// # Errors
/// If there are none.
pub(super) fn frames(episode: &Episode) -> Result<&Frames> {
    let lacking = || Error::Invalid(format!("episode {} has no pictures to tell actions from", episode.index));
    episode.frames.as_ref().ok_or_else(lacking)
}

/// Appends the pictures of these rows.
///
/// # Errors
/// If there are none, or of another size.
pub(super) fn append(
    episode: &Episode,
    rows: impl Iterator<Item = usize>,
    patcher: &Patcher,
    images: &mut Vec<u8>,
) -> Result<()> {
    let frames = frames(episode)?;
    let ([height, width], bytes) = (frames.size(), patcher.bytes());
    if height * width * 3 != bytes || height != width {
        let side = (bytes / 3).isqrt();
        return Err(Error::Invalid(format!(
            "pictures are {height}x{width}, the labeller takes {side}x{side}; open the data at size {side}"
        )));
    }
    rows.for_each(|row| images.extend_from_slice(frames.bytes(row)));
    Ok(())
}
