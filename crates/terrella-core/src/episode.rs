//! One recording: what was seen, what was done, in the order it happened.

use crate::{Image, Table};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// Bytes owned by anything that can lend them: a vector, or a memory map.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// What the one action number of recordings is called in which nothing was commanded; it is always 0.
pub const NO_ACTION: &str = "none";

/// What every episode of a dataset has in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// Rows a second; the median rate where episodes have times of their own.
    pub fps: f64,
    /// Height and width of the pictures, if there are any.
    pub image: Option<[usize; 2]>,
    /// Names of the state's numbers; empty if no state was logged.
    pub state: Vec<String>,
    /// Unit of each number of the state (`m`, `rad/s` …), empty where it is not known; no entries if none
    /// is. A number in `rad` is an angle.
    #[serde(default)]
    pub units: Vec<String>,
    /// Names of the action's numbers.
    pub action: Vec<String>,
    /// The world these recordings come from, by its name in the registry, if one of ours can replay them.
    pub env: Option<String>,
    /// Whether every step has a reward.
    #[serde(default)]
    pub reward: bool,
    /// Whether it is logged which steps ended an attempt.
    #[serde(default)]
    pub ends: bool,
}

impl Signature {
    /// Unit of a number of the state; empty if it is not known.
    pub fn unit(&self, column: usize) -> &str {
        self.units.get(column).map_or("", String::as_str)
    }

    /// Whether actions were logged, rather than [`NO_ACTION`] in their place.
    pub fn acted(&self) -> bool {
        !self.action.is_empty() && self.action != [NO_ACTION]
    }

    /// Columns of the state that the recordings declare as angles in radians.
    pub fn angles(&self) -> Vec<usize> {
        (0..self.state.len()).filter(|&column| self.unit(column) == "rad").collect()
    }
}

/// An angle in radians, such as the difference of two, in `[−π, π)`.
pub fn wrapped(angle: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    (angle + PI).rem_euclid(TAU) - PI
}

/// What a pixel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixel {
    /// Red, green and blue, a byte each.
    Rgb,
    /// Distance along the optical axis in counts of 16 bits, the low byte first; 0 where nothing was measured.
    Depth,
}

impl Pixel {
    /// Bytes of one.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Depth => 2,
        }
    }
}

/// The decoded pictures of one episode, in shared memory.
#[derive(Clone)]
pub struct Frames {
    pixel: Pixel,
    height: usize,
    width: usize,
    len: usize,
    bytes: SharedBytes,
    offset: usize,
}

impl Frames {
    /// Views `len` RGB pictures of `height × width × 3` bytes that start at `offset`.
    ///
    /// # Panics
    /// If the bytes end too early.
    pub fn new(height: usize, width: usize, len: usize, bytes: SharedBytes, offset: usize) -> Self {
        let (have, need) = ((*bytes).as_ref().len(), offset + len * height * width * 3);
        assert!(have >= need, "{len} pictures end at byte {need} of {have}");
        Self { pixel: Pixel::Rgb, height, width, len, bytes, offset }
    }

    /// Pictures of any pixels, one after the other; they are as many as the bytes hold.
    ///
    /// # Panics
    /// If the bytes end within a picture.
    pub fn of(pixel: Pixel, [height, width]: [usize; 2], bytes: Vec<u8>) -> Self {
        let size = (height * width * pixel.bytes()).max(1);
        assert!(bytes.len().is_multiple_of(size), "{} bytes of pictures of {size}", bytes.len());
        Self { pixel, height, width, len: bytes.len() / size, bytes: Arc::new(bytes), offset: 0 }
    }

    /// Frames from pictures of one size.
    ///
    /// # Panics
    /// If there is none, or sizes differ.
    pub fn from_images(images: &[Image]) -> Self {
        let (height, width) = (images[0].height, images[0].width);
        assert!(images.iter().all(|i| (i.height, i.width) == (height, width)), "pictures of several sizes");
        let bytes: Vec<u8> = images.iter().flat_map(|i| i.data.iter().copied()).collect();
        Self::new(height, width, images.len(), Arc::new(bytes), 0)
    }

    /// Some of them; nothing is copied.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        assert!(rows.start <= rows.end && rows.end <= self.len, "pictures {rows:?} of {}", self.len);
        let size = self.height * self.width * self.pixel.bytes();
        Self { len: rows.len(), offset: self.offset + rows.start * size, ..self.clone() }
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What their pixels are.
    pub fn pixel(&self) -> Pixel {
        self.pixel
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// The bytes of one picture, height × width × bytes of a pixel.
    pub fn bytes(&self, at: usize) -> &[u8] {
        assert!(at < self.len, "picture {at} of {}", self.len);
        let n = self.height * self.width * self.pixel.bytes();
        let start = self.offset + at * n;
        &(*self.bytes).as_ref()[start..start + n]
    }

    /// A copy of one RGB picture.
    ///
    /// # Panics
    /// If they are depth.
    pub fn image(&self, at: usize) -> Image {
        assert!(self.pixel == Pixel::Rgb, "depth is no picture of colours");
        Image { height: self.height, width: self.width, data: self.bytes(at).to_vec() }
    }
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frames({} of {}x{})", self.len, self.height, self.width)
    }
}

/// One recording. Row `t` of `actions` is the action that *leaves* row `t` of `states` and `frames`;
/// `rewards`, `terminated` and `truncated` of row `t` are what came of that action.
#[derive(Clone, Debug, Default)]
pub struct Episode {
    /// Its number in the dataset.
    pub index: usize,
    /// What was being done, in words.
    pub task: String,
    /// One row a step; width 0 where no state was logged.
    pub states: Table,
    /// One row a step.
    pub actions: Table,
    /// One picture a step, if there are pictures.
    pub frames: Option<Frames>,
    /// Seconds from the first row to each row, rising; empty where rows are `1 / fps` apart.
    pub times: Vec<f64>,
    /// One number a step; empty where no reward was logged.
    pub rewards: Vec<f32>,
    /// Whether the step ended the task for good (no future); empty where that was not logged.
    pub terminated: Vec<bool>,
    /// Whether the recording was cut after the step for another reason, such as a limit of time.
    pub truncated: Vec<bool>,
}

impl Episode {
    /// Number of steps.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Seconds from the first row to this one; `fps` is the signature's.
    pub fn time(&self, row: usize, fps: f64) -> f64 {
        self.times.get(row).copied().unwrap_or(row as f64 / fps)
    }

    /// Seconds that each action of these rows lasts: to the next row, and `1 / fps` for the last.
    pub fn durations(&self, rows: Range<usize>, fps: f64) -> impl Iterator<Item = f64> + '_ {
        rows.map(move |row| match (self.times.get(row), self.times.get(row + 1)) {
            (Some(now), Some(next)) => next - now,
            _ => 1.0 / fps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_last_until_the_next_row_or_as_long_as_the_rate_says() {
        let mut episode = Episode { actions: Table::from_data(1, vec![0.0; 3]), ..Episode::default() };
        let last = |e: &Episode| e.durations(0..3, 10.0).collect::<Vec<_>>();
        assert_eq!(last(&episode), [0.1; 3], "a constant rate");
        assert!((episode.time(2, 10.0) - 0.2).abs() < 1e-12, "time of a row");
        episode.times = vec![0.0, 0.5, 0.75];
        assert_eq!(last(&episode), [0.5, 0.25, 0.1], "recorded times");
    }
}
