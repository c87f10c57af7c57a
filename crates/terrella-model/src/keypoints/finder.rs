//! Trained keypoints: where each is in the pictures of an episode, and whether it is there at all.

use super::config::{CELL, KeypointConfig};
use super::lesson::Lesson;
use super::net::{Found, KeypointNet, SEEN};
use crate::Result;
use crate::ground::Ground;
use crate::ground::frames;
use burn::prelude::*;
use terrella_core::{Episode, Table};

/// Pictures that go through the network together.
const AT_ONCE: usize = 64;

/// Keypoints that can be found in pictures.
#[derive(Debug)]
pub struct Keypoints {
    net: KeypointNet,
    config: KeypointConfig,
    ground: Ground,
    device: Device,
}

impl Keypoints {
    pub(super) fn new(net: KeypointNet, config: KeypointConfig, ground: Ground, device: &Device) -> Self {
        Self { net, config, ground, device: device.clone().without_autodiff() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.config.count
    }

    /// What stands still.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Finds them in these rows of an episode: three numbers a keypoint, x and y in pixels from the upper left corner and presence from 0
    /// to 1, in `[rows, 3 · keypoints]`. Where one is not present, its place says nothing.
    ///
    /// # Errors
    /// If the episode has no pictures, or of another size than the network takes.
    pub fn find(&self, episode: &Episode, rows: &[usize]) -> Result<Table> {
        let (frames, ground) = (frames(episode, self.config.side)?, self.ground.under(episode)?);
        let mut told = Table::new(3 * self.config.count);
        for rows in rows.chunks(AT_ONCE) {
            let mut lesson = Lesson::default();
            rows.iter().for_each(|&row| lesson.push(frames.bytes(row), &ground, self.config.side));
            let Found { places, presence, .. } = found(&self.net, &lesson, &self.device);
            let places = (places * CELL as f64).into_data();
            let presence = presence.into_data();
            for (place, presence) in places.iter::<f32>().collect::<Vec<_>>().chunks(2).zip(presence.iter::<f32>()) {
                told.data.extend([place[0], place[1], presence]);
            }
        }
        Ok(told)
    }
}

/// What a network finds in these pictures.
pub(super) fn found(net: &KeypointNet, lesson: &Lesson, device: &Device) -> Found {
    let (pictures, cells) = (lesson.pictures, lesson.standing.len() / lesson.pictures);
    let seen = Tensor::from_data(TensorData::new(lesson.seen.clone(), [pictures, cells, SEEN]), device);
    let standing = Tensor::from_data(TensorData::new(lesson.standing.clone(), [pictures, cells]), device);
    net.find(seen, standing)
}
