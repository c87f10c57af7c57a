//! `meta/stats.json` and the per-episode statistics: extremes, mean, deviation and five quantiles.
//!
//! Those of an episode are exact; those of the whole come from a [`Sketch`] a column. Pictures are counted in a
//! bin for each value, which is exact, but on at most [`SAMPLED`] pictures an episode (LeRobot samples them too).

use super::moments::{QUANTILES, moments};
use super::sketch::Sketch;
use serde_json::{Value, json};
use terrella_core::Pixel;

/// Pictures of an episode that enter the statistics.
const SAMPLED: usize = 32;
/// Statistics of one feature: one number a column, or a channel.
#[derive(Clone, Debug)]
pub(crate) struct FeatureStats {
    /// Name and columns: `min`, `max`, `mean`, `std`, then the quantiles.
    pub(crate) values: Vec<(&'static str, Vec<f64>)>,
    /// Rows, or pictures.
    pub(crate) count: usize,
    /// Whether columns are channels, stored as `[channels, 1, 1]`.
    pub(crate) image: bool,
}

impl FeatureStats {
    /// Statistics of the columns of a table.
    pub(crate) fn of(width: usize, data: &[f64]) -> Self {
        let count = data.len() / width.max(1);
        let columns = (0..width).map(|column| {
            let mut sorted: Vec<f64> = data.iter().skip(column).step_by(width).copied().collect();
            sorted.sort_by(f64::total_cmp);
            moments(&sorted)
        });
        Self::gather(columns.collect(), count, false)
    }

    /// Statistics of the columns of a table that was seen row by row.
    pub(super) fn of_columns(columns: &[Sketch]) -> Self {
        let count = columns.first().map_or(0, Sketch::count) as usize;
        Self::gather(columns.iter().map(Sketch::moments).collect(), count, false)
    }

    fn gather(columns: Vec<[f64; 9]>, count: usize, image: bool) -> Self {
        let names = ["min", "max", "mean", "std"].into_iter().chain(QUANTILES.iter().map(|q| q.0));
        let values = names.enumerate().map(|(i, name)| (name, columns.iter().map(|c| c[i]).collect())).collect();
        Self { values, count, image }
    }

    /// As LeRobot writes it.
    pub(crate) fn json(&self) -> Value {
        let mut object = serde_json::Map::new();
        for (name, columns) in &self.values {
            let value =
                if self.image { json!(columns.iter().map(|x| [[*x]]).collect::<Vec<_>>()) } else { json!(columns) };
            object.insert((*name).to_owned(), value);
        }
        object.insert("count".to_owned(), json!([self.count]));
        Value::Object(object)
    }
}

/// Counts of each value in each channel.
#[derive(Clone)]
pub(crate) struct Histogram {
    pixel: Pixel,
    bins: Vec<Vec<u64>>,
    pictures: usize,
}

impl Histogram {
    /// Of no picture yet.
    pub(crate) fn new(pixel: Pixel) -> Self {
        let bins = match pixel {
            Pixel::Rgb => vec![vec![0; 1 << 8]; 3],
            Pixel::Depth => vec![vec![0; 1 << 16]],
        };
        Self { pixel, bins, pictures: 0 }
    }

    /// Counts evenly spaced pictures of an episode.
    pub(crate) fn of(frames: &terrella_core::Frames) -> Self {
        let mut histogram = Self::new(frames.pixel());
        let n = frames.len().min(SAMPLED);
        for i in 0..n {
            histogram.pictures += 1;
            let bytes = frames.bytes(i * frames.len() / n);
            match histogram.pixel {
                Pixel::Rgb => {
                    for pixel in bytes.as_chunks::<3>().0 {
                        for (bins, byte) in histogram.bins.iter_mut().zip(pixel) {
                            bins[usize::from(*byte)] += 1;
                        }
                    }
                }
                Pixel::Depth => {
                    for count in bytes.as_chunks::<2>().0 {
                        histogram.bins[0][usize::from(u16::from_le_bytes(*count))] += 1;
                    }
                }
            }
        }
        histogram
    }

    /// Adds the counts of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.pictures += other.pictures;
        for (mine, theirs) in self.bins.iter_mut().flatten().zip(other.bins.iter().flatten()) {
            *mine += theirs;
        }
    }

    /// Statistics of the channels: bytes scaled to `[0, 1]`, depth in counts, as LeRobot has them.
    pub(crate) fn stats(&self) -> FeatureStats {
        let unit = if self.pixel == Pixel::Rgb { 255.0 } else { 1.0 };
        let channels = self.bins.iter().map(|bins| {
            let n = bins.iter().sum::<u64>().max(1) as f64;
            let of = |f: &dyn Fn(f64) -> f64| {
                bins.iter().enumerate().map(|(b, c)| f(b as f64 / unit) * *c as f64).sum::<f64>() / n
            };
            let mean = of(&|x| x);
            let std = of(&|x| (x - mean).powi(2)).sqrt();
            let at = |q: f64| {
                let mut below = 0.0;
                let bin = bins.iter().position(|c| {
                    below += *c as f64;
                    *c > 0 && below >= q * n
                });
                bin.unwrap_or(0) as f64 / unit
            };
            let [q01, q10, q50, q90, q99] = QUANTILES.map(|(_, q)| at(q));
            [at(0.0), at(1.0), mean, std, q01, q10, q50, q90, q99]
        });
        FeatureStats::gather(channels.collect(), self.pictures, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Frames, Image};

    #[test]
    fn moments_agree_with_hand_arithmetic() {
        let stats = FeatureStats::of(2, &[0.0, 7.0, 10.0, 7.0, 20.0, 7.0]);
        let get = |name| stats.values.iter().find(|v| v.0 == name).expect("a statistic").1.clone();
        assert_eq!(
            (get("min"), get("max"), get("mean")),
            (vec![0.0, 7.0], vec![20.0, 7.0], vec![10.0, 7.0]),
            "extremes"
        );
        assert!((get("std")[0] - (200.0f64 / 3.0).sqrt()).abs() < 1e-12 && get("std")[1] == 0.0, "deviation");
        assert!((get("q10")[0] - 2.0).abs() < 1e-12, "interpolated as numpy.quantile([0, 10, 20], 0.1) = 2");
        assert_eq!(stats.json()["count"], json!([3]), "rows");
    }

    #[test]
    fn pictures_are_scaled_to_one() {
        let images = [Image::filled(2, 2, [0, 255, 51]), Image::filled(2, 2, [255, 255, 51])];
        let stats = Histogram::of(&Frames::from_images(&images)).stats().json();
        assert_eq!(stats["mean"], json!([[[0.5]], [[1.0]], [[0.2]]]), "means of the channels, nested 3x1x1");
        assert_eq!((&stats["min"][0], &stats["max"][0]), (&json!([[0.0]]), &json!([[1.0]])), "extremes");
    }

    #[test]
    fn depth_stays_in_counts() {
        let counts = [0u16, 1000, 2000, 65_000];
        let frames = Frames::of(Pixel::Depth, [2, 2], counts.iter().flat_map(|c| c.to_le_bytes()).collect());
        let stats = Histogram::of(&frames).stats().json();
        assert_eq!((&stats["mean"], &stats["max"]), (&json!([[[17_000.0]]]), &json!([[[65_000.0]]])), "one channel");
    }
}
