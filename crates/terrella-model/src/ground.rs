//! What stands still: the median picture, and how far the pixels of another differ from it.
//!
//! Medians by channel are taken over pictures that are spread evenly, so a thing that moves on leaves no trace, and one that rests
//! for less than half of them does not either. Where things are brought to one place, they rest there for longer; then the pictures that episodes
//! begin with know better.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use terrella_core::{Dataset, Episode, Frames};

/// Pictures that make a ground.
const PICTURES: usize = 255;
/// A byte that differs by less from the ground is noise of a camera.
const NOISE: u8 = 12;
/// Pictures change if this share of the pixels that are compared does: a few dots are a clock in a corner, or dust.
const CHANGES: f64 = 2e-4;

/// What the ground of a picture is, from which things stand out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroundKind {
    /// The median picture of all episodes that are learned from: one scene, one camera that stands still.
    #[default]
    Recordings,
    /// The median of the pictures that episodes begin with: things that begin anywhere, and are brought to one place.
    Starts,
    /// The median picture of each episode: scenes that differ from episode to episode. What rests in one for most of it is ground.
    Episode,
}

/// The ground of recordings, or of each episode.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Of all, unless each has its own.
    all: Option<Arc<Vec<u8>>>,
    bytes: usize,
}

impl Ground {
    /// The ground of these episodes, whose pictures have this side.
    ///
    /// # Errors
    /// If there are no pictures, of another size than the network takes, or they never change.
    pub fn of(dataset: &Dataset, episodes: &[usize], (side, kind): (usize, GroundKind)) -> Result<Self> {
        let bytes = side * side * 3;
        let (mut pictures, mut starts) = (Vec::new(), Vec::new());
        for &at in episodes {
            let frames = frames(&dataset.episodes[at], side)?;
            starts.push(frames.bytes(0));
            pictures.extend((0..frames.len()).map(|row| frames.bytes(row)));
        }
        if pictures.is_empty() {
            return Err(Error::Invalid("there are no pictures to find things in".to_owned()));
        }
        let pictures = thinned(pictures);
        let median = match kind {
            GroundKind::Starts => median(&thinned(starts), bytes),
            GroundKind::Recordings | GroundKind::Episode => median(&pictures, bytes),
        };
        let differ = |picture: &&[u8]| picture.iter().zip(&median).filter(|(a, b)| a.abs_diff(**b) > NOISE).count();
        let changed: usize = pictures.iter().map(differ).sum();
        if (changed as f64) < CHANGES * (pictures.len() * bytes) as f64 {
            return Err(Error::Invalid(format!(
                "nothing moves in these pictures: of {} that were compared, {:.3} % of all pixels ever change by more than {NOISE} of 255; things are found by what changes",
                pictures.len(),
                100.0 * changed as f64 / (pictures.len() * bytes) as f64
            )));
        }
        let all = (kind != GroundKind::Episode).then(|| Arc::new(median));
        Ok(Self { all, bytes })
    }

    /// The one ground of all, unless each episode has its own.
    pub(crate) fn of_all(&self) -> Option<&[u8]> {
        self.all.as_ref().map(|all| &all[..])
    }

    /// The ground of an episode's pictures.
    ///
    /// # Errors
    /// If it has none, or of another size.
    pub fn under(&self, episode: &Episode) -> Result<Arc<Vec<u8>>> {
        if let Some(all) = &self.all {
            return Ok(all.clone());
        }
        let frames = frames(episode, (self.bytes / 3).isqrt())?;
        Ok(Arc::new(median(&thinned((0..frames.len()).map(|row| frames.bytes(row)).collect()), self.bytes)))
    }
}

/// The pictures of an episode, which have to be of this side.
///
/// # Errors
/// If there are none, or of another size.
pub(crate) fn frames(episode: &Episode, side: usize) -> Result<&Frames> {
    let lacking = || Error::Invalid(format!("episode {} has no pictures to find things in", episode.index));
    let frames = episode.frames.as_ref().filter(|frames| !frames.is_empty()).ok_or_else(lacking)?;
    let [height, width] = frames.size();
    if [height, width] != [side; 2] {
        return Err(Error::Invalid(format!(
            "pictures are {height}x{width}, what finds things in them takes {side}x{side}; open the data at size {side}"
        )));
    }
    Ok(frames)
}

/// Some pictures, evenly spread.
fn thinned(pictures: Vec<&[u8]>) -> Vec<&[u8]> {
    let n = pictures.len().min(PICTURES);
    (0..n).map(|at| pictures[at * pictures.len() / n]).collect()
}

/// The median of each byte.
fn median(pictures: &[&[u8]], bytes: usize) -> Vec<u8> {
    let mut column = Vec::with_capacity(pictures.len());
    let middle = pictures.len() / 2;
    let one = |at: usize| {
        column.clear();
        column.extend(pictures.iter().map(|picture| picture[at]));
        column.select_nth_unstable(middle).1.to_owned()
    };
    (0..bytes).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_leaves_no_trace() {
        let pictures: Vec<Vec<u8>> =
            (0..5).map(|at| (0..5).map(|x| if x == at { 200 } else { 10 }).collect()).collect();
        let views: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
        assert_eq!(median(&views, 5), [10; 5]);
        let many = vec![&pictures[0][..]; 1000];
        assert_eq!(thinned(many).len(), PICTURES);
    }
}
