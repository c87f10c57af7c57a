//! Per-column statistics, and the normalisation made from them.

use crate::Table;
use serde::{Deserialize, Serialize};

/// Mean, standard deviation (population), extremes and count of each column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Mean of each column.
    pub mean: Vec<f32>,
    /// Population standard deviation of each column.
    pub std: Vec<f32>,
    /// Smallest value of each column.
    pub min: Vec<f32>,
    /// Largest value of each column.
    pub max: Vec<f32>,
    /// Number of rows.
    pub count: u64,
}

impl Stats {
    /// Statistics over the rows of several tables of one width, summed in `f64`.
    pub fn of<'a>(width: usize, tables: impl IntoIterator<Item = &'a Table>) -> Self {
        let (mut sum, mut square) = (vec![0.0f64; width], vec![0.0f64; width]);
        let mut stats =
            Self { min: vec![f32::INFINITY; width], max: vec![f32::NEG_INFINITY; width], ..Self::default() };
        for row in tables.into_iter().flat_map(Table::rows) {
            stats.count += 1;
            for (i, x) in row.iter().enumerate() {
                sum[i] += f64::from(*x);
                square[i] += f64::from(*x) * f64::from(*x);
                stats.min[i] = stats.min[i].min(*x);
                stats.max[i] = stats.max[i].max(*x);
            }
        }
        let n = (stats.count.max(1)) as f64;
        stats.mean = sum.iter().map(|s| (s / n) as f32).collect();
        stats.std = sum.iter().zip(&square).map(|(s, q)| (q / n - (s / n).powi(2)).max(0.0).sqrt() as f32).collect();
        stats
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Normalises rows in place to mean 0 and deviation 1; a constant column becomes 0.
    pub fn normalize(&self, rows: &mut [f32]) {
        for row in rows.chunks_mut(self.width()) {
            for (i, x) in row.iter_mut().enumerate() {
                *x = (*x - self.mean[i]) / self.scale(i);
            }
        }
    }

    /// Undoes [`Self::normalize`] in place.
    pub fn denormalize(&self, rows: &mut [f32]) {
        for row in rows.chunks_mut(self.width()) {
            for (i, x) in row.iter_mut().enumerate() {
                *x = *x * self.scale(i) + self.mean[i];
            }
        }
    }

    /// The divisor of a column: its deviation, or 1 where the column is constant.
    pub fn scale(&self, column: usize) -> f32 {
        if self.std[column] > 1e-6 { self.std[column] } else { 1.0 }
    }

    /// The statistics of `skip` rows laid side by side: those of an action block.
    #[must_use]
    pub fn block(&self, skip: usize) -> Self {
        let repeat = |v: &[f32]| v.repeat(skip);
        Self {
            mean: repeat(&self.mean),
            std: repeat(&self.std),
            min: repeat(&self.min),
            max: repeat(&self.max),
            count: self.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_and_normalisation_agree_with_hand_arithmetic() {
        let table = Table::from_data(2, vec![1.0, 5.0, 3.0, 5.0]);
        let stats = Stats::of(2, [&table]);
        assert_eq!((stats.mean.clone(), stats.std.clone()), (vec![2.0, 5.0], vec![1.0, 0.0]), "mean and deviation");
        let mut row = vec![4.0, 5.0];
        stats.normalize(&mut row);
        assert_eq!(row, [2.0, 0.0], "two deviations above; the constant column is 0");
        stats.denormalize(&mut row);
        assert_eq!(row, [4.0, 5.0], "back again");
    }
}
