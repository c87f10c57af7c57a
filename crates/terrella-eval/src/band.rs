//! Bands that hold what happens at all steps at once: split-conformal, by episode.
//!
//! The score of an episode is the largest error of any of its clips at any step, each in units of its own scale, so that one factor
//! holds the whole way and not each step by itself (the maximum of normalised errors, as in Cleaveland et al. 2024, arXiv:2304.01075,
//! and Lei et al. 2018, arXiv:1604.04173, section 5.2). An episode counts once, however many rows it has: rows of one resemble each
//! other, and what is promised is promised of a new episode. The scale is what the model tells with its states; where it tells none,
//! it is fitted by step on episodes that are used for nothing else, since a scale that was fitted to the scores would flatter them.

use crate::conformal::conformal_factor;
use crate::promise::Promise;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terrella_core::Table;

/// How bands are calibrated and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustConfig {
    /// Coverage that is promised.
    pub level: f64,
    /// Rows ahead, at most; as far as half of the held-out episodes reach.
    pub horizon: usize,
    /// Clips of each episode; its score is the worst of them.
    pub clips: usize,
    /// Copies of each clip, of which the told deviation is that of all their particles.
    pub copies: usize,
    /// Seed of the split into episodes that calibrate and that are judged, and of all else that is drawn.
    pub seed: u64,
    /// How far off each number may be for its conformal horizon, in the unit of the log; that of the world's Moderate rule where none
    /// is named.
    pub tolerance: BTreeMap<String, f64>,
}

impl Default for TrustConfig {
    fn default() -> Self {
        Self { level: 0.9, horizon: 50, clips: 4, copies: 4, seed: 0, tolerance: BTreeMap::new() }
    }
}

/// A number of the state as a band knows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BandNumber {
    /// As the log calls it.
    pub name: String,
    /// Its unit; empty if the recordings do not say.
    pub unit: String,
    /// Whether it is an angle in radians, whose errors go the shorter way round.
    pub angle: bool,
    /// How far off it may be, if somebody said so.
    pub tolerance: Option<f64>,
    /// Scales that its band reaches; nothing if it is endless.
    pub factor: Option<f64>,
}

/// A calibrated band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// What its calibration episodes promise.
    pub promise: Promise,
    /// The numbers of the state.
    pub numbers: Vec<BandNumber>,
    /// Scales that the band of all numbers at once reaches; nothing if it is endless.
    pub joint: Option<f64>,
    /// Rows of a block.
    pub skip: usize,
    /// Rows a second.
    pub fps: f64,
    /// Blocks that it was calibrated for; beyond, nothing is promised.
    pub blocks: usize,
    /// Clips of each episode, all of which it holds at once.
    pub clips: usize,
    /// Copies by which told deviations are measured.
    pub copies: usize,
    /// The scale after each block, `[blocks, state]`; nothing where the model tells its own.
    pub fitted: Option<Table>,
    /// Hash of the recordings.
    pub data_hash: String,
}

impl Band {
    /// How far the band of a number reaches to either side after a block (counted from 0); `deviation` is what the model told with this
    /// state, if it tells any. Infinity where it is endless, nothing beyond what was calibrated or where a deviation is lacking.
    pub fn reach(&self, block: usize, column: usize, deviation: Option<f64>) -> Option<f64> {
        if block >= self.blocks {
            return None;
        }
        let scale = match &self.fitted {
            Some(fitted) => f64::from(fitted.row(block)[column]),
            None => deviation?,
        };
        Some(self.numbers[column].factor.map_or(f64::INFINITY, |factor| factor * scale))
    }

    /// Rows that it was calibrated for.
    pub fn rows(&self) -> usize {
        self.blocks * self.skip
    }
}

/// Errors of one clip, block after block.
#[derive(Clone, Debug)]
pub(crate) struct ClipErrors {
    pub(crate) episode: usize,
    pub(crate) start: usize,
    /// `told − truth`, `[blocks, state]`.
    pub(crate) apart: Table,
    /// What was told, likewise.
    pub(crate) told: Table,
    /// Deviations that were told with it, likewise.
    pub(crate) deviation: Option<Table>,
    /// Scores of the samples that were told, likewise, and 1 where the truth lay between 5 and 95 % of them, 0 elsewhere.
    pub(crate) scores: Option<Table>,
    pub(crate) inside: Option<Table>,
}

/// Scales beyond this are of numbers that ran away; the bound keeps them numbers.
const AWAY: f64 = 1e30;

/// The root mean square of errors of some clips after each block, as far as any of them goes.
pub(crate) fn fitted_scale(clips: &[&ClipErrors], width: usize) -> Table {
    let blocks = clips.iter().map(|clip| clip.apart.len()).max().unwrap_or(0);
    let mut scale = Table::new(width);
    for block in 0..blocks {
        let there: Vec<&[f32]> =
            clips.iter().filter(|clip| block < clip.apart.len()).map(|clip| clip.apart.row(block)).collect();
        let square = |column: usize| there.iter().map(|row| f64::from(row[column]).powi(2)).sum::<f64>();
        let of = |column: usize| (square(column) / there.len() as f64).sqrt();
        let row: Vec<f32> = (0..width).map(|column| kept(of(column)) as f32).collect();
        scale.push(&row);
    }
    scale
}

/// A scale that can be written down.
pub(crate) fn kept(scale: f64) -> f64 {
    if scale.is_nan() { AWAY } else { scale.min(AWAY) }
}

/// The scale of an error of a clip.
pub(crate) fn scale_at(clip: &ClipErrors, fitted: Option<&Table>, block: usize, column: usize) -> f64 {
    let table = fitted.or(clip.deviation.as_ref());
    kept(table.filter(|table| block < table.len()).map_or(f64::NAN, |table| f64::from(table.row(block)[column])))
}

/// The score of each number of an episode: the worst error of its clips over `blocks` blocks, in scales. What ran away is endlessly
/// far off.
pub(crate) fn scores<'a>(
    clips: impl IntoIterator<Item = &'a ClipErrors>,
    fitted: Option<&Table>,
    (blocks, width): (usize, usize),
) -> Vec<f64> {
    let mut worst = vec![0.0f64; width];
    for clip in clips {
        for block in 0..blocks.min(clip.apart.len()) {
            for (column, worst) in worst.iter_mut().enumerate() {
                let error = f64::from(clip.apart.row(block)[column]).abs();
                let ratio = if error == 0.0 { 0.0 } else { error / scale_at(clip, fitted, block, column) };
                *worst = worst.max(if ratio.is_finite() { ratio } else { f64::INFINITY });
            }
        }
    }
    worst
}

/// The worst number of an episode.
pub(crate) fn worst(scores: &[f64]) -> f64 {
    scores.iter().copied().fold(0.0, f64::max)
}

/// The factor that scores of episodes give; nothing if it is endless.
pub(crate) fn factor(scores: &[f64], level: f64) -> Option<f64> {
    Some(conformal_factor(scores, level)).filter(|factor| factor.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(apart: &[f32], deviation: Option<&[f32]>) -> ClipErrors {
        let table = |data: &[f32]| Table::from_data(2, data.to_vec());
        let (told, apart, deviation) = (table(apart), table(apart), deviation.map(table));
        ClipErrors { episode: 0, start: 0, apart, told, deviation, scores: None, inside: None }
    }

    #[test]
    fn the_score_of_an_episode_is_its_worst_error_in_scales() {
        let first = clip(&[1.0, 0.0, -6.0, 0.5], Some(&[1.0, 0.0, 2.0, 1.0]));
        let second = clip(&[0.5, 2.0], Some(&[0.25, 1.0]));
        assert_eq!(scores([&first, &second], None, (2, 2)), [3.0, 2.0], "of all clips and blocks");
        assert_eq!(scores([&first, &second], None, (1, 2)), [2.0, 2.0], "of the first block");
        assert_eq!(worst(&scores([&first], None, (2, 2))), 3.0, "of all numbers");
        let away = clip(&[f32::NAN, 1.0], Some(&[1.0, 0.0]));
        assert_eq!(scores([&away], None, (2, 2)), [f64::INFINITY; 2], "no number, and an error where none may be");
    }

    #[test]
    fn a_scale_that_is_fitted_is_the_root_mean_square_of_each_block() {
        let clips = [clip(&[3.0, 1.0, 2.0, 0.0], None), clip(&[4.0, 1.0], None)];
        let fitted = fitted_scale(&clips.iter().collect::<Vec<_>>(), 2);
        assert_eq!(fitted.data, [12.5f32.sqrt(), 1.0, 2.0, 0.0], "as far as any goes");
        let score = scores(&clips, Some(&fitted), (2, 2))[0];
        assert!((score - 4.0 / f64::from(12.5f32.sqrt())).abs() < 1e-6, "{score}");
        let away = clip(&[f32::INFINITY, f32::NAN], None);
        assert_eq!(fitted_scale(&[&away], 2).data, [1e30; 2], "which JSON can hold");
    }
}
