//! Logged state ↔ features a network can learn: normalised numbers, and sine and cosine of angles.

use crate::interface::Interface;
use crate::{Symmetry, Turn};
use serde::{Deserialize, Serialize};
use terrella_core::{Stats, Table};

/// Translates state rows into features and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateCodec {
    stats: Stats,
    angles: Vec<usize>,
}

impl StateCodec {
    /// The codec of a dataset.
    pub fn new(interface: &Interface) -> Self {
        Self { stats: interface.state_stats.clone(), angles: interface.angles.clone() }
    }

    /// Width of a state row.
    pub fn state_width(&self) -> usize {
        self.stats.width()
    }

    /// Width of a feature row: one number each, two for an angle.
    pub fn feature_width(&self) -> usize {
        self.stats.width() + self.angles.len()
    }

    /// Features of state rows.
    pub fn encode(&self, states: &[f32]) -> Vec<f32> {
        let mut features = Vec::with_capacity(states.len() / self.state_width().max(1) * self.feature_width());
        states.chunks_exact(self.state_width()).for_each(|row| self.encode_row(row, &mut features));
        features
    }

    /// Appends the features of one state row.
    pub(crate) fn encode_row(&self, row: &[f32], features: &mut Vec<f32>) {
        for (i, &x) in row.iter().enumerate() {
            if self.angles.contains(&i) {
                features.extend([x.sin(), x.cos()]);
            } else {
                features.push((x - self.stats.mean[i]) / self.stats.scale(i));
            }
        }
    }

    /// The average over sides of the states that features tell, `[sides · rows, features]`, all rows from the first side, then
    /// all from the second, …; as they are from the first.
    pub(crate) fn decode_sides(&self, features: &[f32], symmetry: Option<&Symmetry>, turns: &[Turn]) -> Table {
        let mut told = self.decode(features);
        let Some(symmetry) = symmetry.filter(|_| turns.len() > 1) else { return told };
        let each = told.data.len() / turns.len();
        let width = told.width;
        let sides = told.data.chunks_mut(each.max(1)).zip(turns);
        sides.for_each(|(side, turn)| symmetry.turn_states(turn.inverse(), side, width));
        // Features, unlike angles, can be averaged.
        let features = self.encode(&told.data);
        let each = features.len() / turns.len();
        let scale = 1.0 / turns.len() as f32;
        let mean: Vec<f32> = (0..each).map(|i| features.iter().skip(i).step_by(each).sum::<f32>() * scale).collect();
        self.decode(&mean)
    }

    /// `a − b`; angles the shorter way round.
    pub fn difference(&self, a: &[f32], b: &[f32]) -> Vec<f32> {
        crate::interface::difference(a, b, &self.angles)
    }

    /// State rows of features; angles lie in `[0, 2π)`.
    pub fn decode(&self, features: &[f32]) -> Table {
        let mut states = Table::new(self.state_width());
        for row in features.chunks_exact(self.feature_width()) {
            let mut numbers = row.iter();
            let mut next = || numbers.next().copied().unwrap_or_default();
            for i in 0..self.state_width() {
                states.data.push(if self.angles.contains(&i) {
                    let (sin, cos) = (next(), next());
                    sin.atan2(cos).rem_euclid(std::f32::consts::TAU)
                } else {
                    next() * self.stats.scale(i) + self.stats.mean[i]
                });
            }
        }
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_survive_the_round_trip() {
        let table = Table::from_data(3, vec![1.0, 6.0, 10.0, 5.0, 0.5, 20.0]);
        let codec = StateCodec { stats: Stats::of(3, [&table]), angles: vec![1] };
        assert_eq!(codec.feature_width(), 4, "an angle takes two numbers");
        let back = codec.decode(&codec.encode(&table.data));
        assert!(back.data.iter().zip(&table.data).all(|(a, b)| (a - b).abs() < 1e-5), "{back:?}");
    }
}
