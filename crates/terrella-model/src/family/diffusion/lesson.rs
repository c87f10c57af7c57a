//! What a diffusion world learns from a batch: frames behind noise, the frame before each, and what was done in between.
//!
//! Numbers that are drawn hang on the step and the clip alone, so that no result depends on threads. Noise is a sum of four
//! uniform numbers, which is close to normal and a tenth of the work.

use super::config::{CELL, CELL_VALUES, DiffusionConfig};
use super::net::TOLD;
use crate::codec::StateCodec;
use crate::host::threads::each;
use crate::interface::Interface;
use crate::pixels::Patcher;
use crate::{Error, Result, Turn};
use std::ops::Range;
use terrella_core::{Batch, Image, Key, Stats, Stream};

/// From the units of the log to numbers of the network.
#[derive(Clone, Debug)]
pub(super) struct Translator {
    pub(super) patcher: Patcher,
    pub(super) codec: StateCodec,
    actions: Stats,
    order: Vec<usize>,
    pub(super) config: DiffusionConfig,
}

/// A batch as the network takes it.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) clips: usize,
    /// Frames to be painted of each clip.
    pub(super) slots: usize,
    /// Numbers of a frame.
    pub(super) numbers: usize,
    /// Recorded frames, `[clips, slots + 1, numbers]`.
    pub(super) frames: Vec<f32>,
    /// Noise on the frame before each slot, `[clips, slots, numbers]`.
    pub(super) noise: Vec<f32>,
    /// Each slot's own frame behind noise, or nothing, as `noise`.
    pub(super) now: Vec<f32>,
    /// What steers each slot, `[clips, slots, action + 3]`.
    pub(super) told: Vec<f32>,
    /// How much each number counts, as `noise`.
    pub(super) weights: Vec<f32>,
    /// How many clips, the first ones, go on from frames that the network painted.
    pub(super) own: usize,
    /// Features of the logged states of slots, `[clips, slots, features]`; empty without.
    pub(super) features: Vec<f32>,
}

/// Difference of a channel, in deviations of the pictures' own units, from which on something moved or stands out.
const APART: f32 = 0.35;

/// What one clip draws.
struct Drawn {
    noise: Vec<f32>,
    now: Vec<f32>,
    told: Vec<f32>,
    weights: Vec<f32>,
}

impl Translator {
    pub(super) fn new(config: &DiffusionConfig, interface: &Interface) -> Self {
        let actions = interface.action_stats.block(config.frame_skip);
        let (patcher, codec, order) = (Patcher::new(config.cut()), StateCodec::new(interface), config.order());
        Self { patcher, codec, actions, order, config: config.clone() }
    }

    /// Numbers of a frame.
    pub(super) fn numbers(&self) -> usize {
        self.patcher.tokens() * self.patcher.values()
    }

    /// Frames of pictures, `[pictures, numbers]`: patch by patch, cell by cell, channel by channel.
    pub(super) fn frames(&self, pictures: &[u8]) -> Vec<f32> {
        let cells = self.patcher.patches(pictures, &vec![Turn::NONE; pictures.len() / self.patcher.bytes()]);
        let frame = |cells: &[f32]| -> Vec<f32> {
            self.order.iter().flat_map(|at| &cells[at * CELL_VALUES..(at + 1) * CELL_VALUES]).copied().collect()
        };
        cells.chunks(self.numbers()).flat_map(frame).collect()
    }

    /// The picture that a frame shows.
    pub(super) fn picture(&self, frame: &[f32]) -> Image {
        let mut cells = vec![0.0; frame.len()];
        for (cell, at) in frame.chunks(CELL_VALUES).zip(&self.order) {
            cells[at * CELL_VALUES..][..CELL_VALUES].copy_from_slice(cell);
        }
        let side = self.config.picture;
        Image { height: side, width: side, data: self.patcher.image(&cells) }
    }

    /// What action blocks are told as: each number in deviations of those that were recorded, and its waves.
    pub(super) fn actions(&self, blocks: &[f32]) -> Vec<f32> {
        let mut blocks = blocks.to_vec();
        self.actions.normalize(&mut blocks);
        let waves = self.config.waves as u32;
        let told = |x: &f32| {
            let x = *x;
            let wave = move |at: u32| {
                let (sin, cos) = (x * std::f32::consts::FRAC_PI_4 * 2f32.powi(at as i32)).sin_cos();
                [sin, cos]
            };
            std::iter::once(x).chain((0..waves).flat_map(wave))
        };
        blocks.iter().flat_map(told).collect()
    }

    /// Fails if pictures have another side than the model was made for.
    pub(super) fn check(&self, size: Option<[usize; 2]>) -> terrella_core::Result<()> {
        let side = self.config.picture;
        match size {
            Some([height, width]) if height == side && width == side => Ok(()),
            Some([height, width]) => Err(terrella_core::Error::Invalid(format!(
                "the model sees pictures of {side}x{side}, these are {height}x{width}"
            ))),
            None => Err(terrella_core::Error::Invalid("the model wants pictures, and there are none".to_owned())),
        }
    }

    /// What a batch teaches.
    ///
    /// # Errors
    /// If it has no pictures, those of another size, or no two frames a clip.
    pub(super) fn lesson(&self, batch: &Batch, key: Key) -> Result<Lesson> {
        self.check(batch.image_size)?;
        let (clips, slots) = (batch.clips.len(), batch.n_frames.saturating_sub(1));
        if clips == 0 || slots == 0 {
            return Err(Error::Invalid(format!(
                "{clips} clips of {} frames teach nothing; train.n_frames must be at least 2",
                batch.n_frames
            )));
        }
        let (numbers, frames, actions) = (self.numbers(), self.frames(&batch.images), self.actions(&batch.actions));
        let common = common(&frames, numbers);
        let width = actions.len() / (clips * slots);
        let drawn = each(clips, |clip| {
            let frames = &frames[clip * (slots + 1) * numbers..][..(slots + 1) * numbers];
            let actions = &actions[clip * slots * width..][..slots * width];
            self.draw((frames, &common), (actions, width), key.at(clip as u64))
        });
        let joined = |part: fn(&Drawn) -> &[f32]| drawn.iter().flat_map(part).copied().collect::<Vec<f32>>();
        let mut weights = joined(|drawn| &drawn.weights);
        // So that the loss of a batch is a mean, however much of it moves.
        let sum: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        let scale = (weights.len() as f64 / sum) as f32;
        weights.iter_mut().for_each(|w| *w *= scale);
        Ok(Lesson {
            clips,
            slots,
            numbers,
            noise: joined(|drawn| &drawn.noise),
            now: joined(|drawn| &drawn.now),
            told: joined(|drawn| &drawn.told),
            // Clips stand in an order of chance.
            own: (self.config.own * clips as f64).round() as usize,
            weights,
            features: self.features(batch),
            frames,
        })
    }

    /// Features of the states of all frames but the first of each clip.
    fn features(&self, batch: &Batch) -> Vec<f32> {
        let width = self.codec.state_width();
        if width == 0 || batch.states.is_empty() || self.config.readout <= 0.0 {
            return Vec::new();
        }
        batch.states.chunks(batch.n_frames * width).flat_map(|clip| self.codec.encode(&clip[width..])).collect()
    }

    fn draw(&self, (frames, common): (&[f32], &[f32]), (actions, width): (&[f32], usize), key: Key) -> Drawn {
        let (numbers, config) = (self.numbers(), &self.config);
        let slots = actions.len() / width;
        let mut stream = key.with("noise").stream();
        let deviation = stream.uniform(0.0, config.past_noise) as f32;
        let mut drawn = Drawn {
            noise: (0..slots * numbers).map(|_| deviation * rough(&mut stream)).collect(),
            now: vec![0.0; slots * numbers],
            told: Vec::with_capacity(slots * (width + TOLD)),
            weights: Vec::with_capacity(slots * numbers),
        };
        for slot in 0..slots {
            let (before, after) = (&frames[slot * numbers..][..numbers], &frames[(slot + 1) * numbers..][..numbers]);
            let direct = stream.chance(config.direct);
            let share = if direct { 0.0 } else { stream.unit() as f32 };
            if !direct {
                let now = &mut drawn.now[slot * numbers..][..numbers];
                now.iter_mut().zip(after).for_each(|(now, x)| *now = share * x + (1.0 - share) * rough(&mut stream));
            }
            drawn.told.extend_from_slice(&actions[slot * width..][..width]);
            drawn.told.extend([share, deviation, f32::from(u8::from(direct))]);
            weigh((before, after, common), CELL * CELL, [config.moved, config.stands_out], &mut drawn.weights);
        }
        drawn
    }
}

/// How much each number of a frame counts: channels lie one behind the other in each cell.
fn weigh(
    (before, after, common): (&[f32], &[f32], &[f32]),
    square: usize,
    [moved, stands_out]: [f64; 2],
    weights: &mut Vec<f32>,
) {
    let patches = before.chunks(3 * square).zip(after.chunks(3 * square)).zip(common.chunks(3 * square));
    for ((before, after), common) in patches {
        let first = weights.len();
        for pixel in 0..square {
            let apart = |a: &[f32]| (0..3).any(|c| (a[c * square + pixel] - after[c * square + pixel]).abs() > APART);
            let share = |apart: bool, weight: f64| if apart { weight as f32 } else { 0.0 };
            weights.push(1.0 + share(apart(before), moved).max(share(apart(common), stands_out)));
        }
        weights.extend_from_within(first..);
        weights.extend_from_within(first..first + square);
    }
}

/// The mean of all frames of a batch.
fn common(frames: &[f32], numbers: usize) -> Vec<f32> {
    let mut sum = vec![0.0f32; numbers];
    frames.chunks(numbers).for_each(|frame| sum.iter_mut().zip(frame).for_each(|(sum, x)| *sum += x));
    let scale = numbers as f32 / frames.len() as f32;
    sum.iter_mut().for_each(|x| *x *= scale);
    sum
}

/// A number of mean 0 and deviation 1, nearly normal.
fn rough(stream: &mut Stream) -> f32 {
    let bits = stream.bits();
    let sum: i64 = (0..4).map(|i| ((bits >> (16 * i)) & 0xffff) as i64).sum();
    // Four uniform numbers of 65,536 steps: their sum has mean 2 · 65,535 and variance 4 · (65,536² − 1) / 12.
    (sum - 131_070) as f32 * (1.0 / 37_837.226)
}

impl Lesson {
    /// The part of some clips of numbers that are alike for each clip.
    pub(super) fn part<'a>(&self, of: &'a [f32], clips: &Range<usize>) -> &'a [f32] {
        let each = of.len() / self.clips;
        &of[clips.start * each..clips.end * each]
    }

    /// The frame before each slot as recorded, `[clips, slots, numbers]`.
    pub(super) fn before(&self) -> Vec<f32> {
        self.frames
            .chunks((self.slots + 1) * self.numbers)
            .flat_map(|clip| &clip[..self.slots * self.numbers])
            .copied()
            .collect()
    }

    /// The frame that each slot should paint, as [`Self::before`].
    pub(super) fn wanted(&self) -> Vec<f32> {
        self.frames.chunks((self.slots + 1) * self.numbers).flat_map(|clip| &clip[self.numbers..]).copied().collect()
    }

    /// The frame before each slot with its noise; in the first clips those `painted` of the slot before, from the second slot on.
    pub(super) fn past(&self, painted: &[f32]) -> Vec<f32> {
        let mut past = self.before();
        let each = self.slots * self.numbers;
        for (past, painted) in past.chunks_mut(each).zip(painted.chunks(each)) {
            past[self.numbers..].copy_from_slice(&painted[..each - self.numbers]);
        }
        past.iter_mut().zip(&self.noise).for_each(|(x, noise)| *x += noise);
        past
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rough_numbers_have_mean_zero_and_deviation_one() {
        let mut stream = Key::new(1).stream();
        let all: Vec<f64> = (0..40_000).map(|_| f64::from(rough(&mut stream))).collect();
        let mean = all.iter().sum::<f64>() / 40_000.0;
        let variance = all.iter().map(|x| x * x).sum::<f64>() / 40_000.0;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "mean {mean}, variance {variance}");
    }

    #[test]
    fn what_moved_counts_more_in_all_channels() {
        let square = 4;
        let (before, mut after) = (vec![0.0; 24], vec![0.0; 24]);
        after[4 + 2] = 1.0; // the second channel of the third pixel of the first patch
        let mut weights = Vec::new();
        weigh((&before, &after, &before), square, [9.0, 4.0], &mut weights);
        let heavy: Vec<usize> = (0..24).filter(|i| weights[*i] > 1.0).collect();
        assert_eq!(heavy, [2, 6, 10], "the pixel in each channel");
        assert_eq!(weights[2], 10.0);
    }
}
