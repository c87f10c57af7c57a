//! What errors of a model are usual, and where: rows of episodes that it never learned from, with its errors there.
//!
//! A new error is ranked among those of the [`NEIGHBOURS`] rows whose states and actions are most like its own. If nothing changed, all
//! of these ranks are equally probable, however large errors are there and whatever their law: a conformal p-value that is localised by
//! inputs (Guan 2023, arXiv:2106.08460, with a window of nearest neighbours). So a policy that goes where the model errs more is
//! no surprise; where it goes beyond all rows that were calibrated on, nothing can be said.

use super::inputs::Inputs;
use serde::{Deserialize, Serialize};
use terrella_core::{Signature, Table};

/// Rows that an error is ranked among. A rank in 50 of a continuous law is off by 0.08 on average where the same place is
/// met again and again (1/√(3 · 50)), which is within the least tolerance.
pub(super) const NEIGHBOURS: usize = 50;

/// What is usual, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    pub(super) signature: Signature,
    pub(super) angles: Vec<usize>,
    pub(super) inputs: Inputs,
    /// How much of an error goes on in the next row, one a number of the state.
    pub(super) goes_on: Vec<f32>,
    /// Where the rows lie, `[rows, inputs]`.
    pub(super) places: Table,
    /// What of their errors did not go on from the row before, `[rows, state]`.
    pub(super) fresh: Table,
    /// Their errors, `[rows, state]`.
    pub(super) errors: Table,
    /// Which episode each row is of.
    pub(super) episodes: Vec<u32>,
    /// Means of both scores of each number of the state while nothing changes, which are taken out: where rows lie closer, as neighbours
    /// mostly do, models are better.
    pub(super) centre: Vec<[f32; 2]>,
    /// How far away the last of the neighbours usually is, squared.
    pub(super) reach: f32,
    /// Shortest and longest time between two rows, in seconds.
    pub(super) lasts: [f64; 2],
    /// The longest stretch of rows in which each number of the state stood still.
    pub(super) still: Vec<usize>,
    /// What came of comparing the rows with each other.
    pub quiet: Quiet,
}

/// What episodes that were calibrated on say of each other: each is watched against the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quiet {
    /// Rows that were compared.
    pub rows: usize,
    /// Of so many episodes.
    pub episodes: usize,
    /// Rows in a block: for so long do scores remember each other.
    pub block: usize,
    /// How far the mean of a score may be from 0 before it is evidence.
    pub tolerance: f64,
    /// The most that bets held while these rows went by.
    pub highest: f64,
    /// Blocks that were bet on.
    pub blocks: u64,
    /// The largest share of an error that goes on in the next row, which is taken out, and the largest autocorrelation of scores that
    /// is then left.
    pub remembers: [f64; 2],
}

/// An error among those of similar inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scored {
    /// The most similar row.
    pub(super) nearest: usize,
    /// Squared distance of the last neighbour.
    pub(super) distance: f32,
    /// For each number of the state, in `[−1, 1]`: how far up the error ranks, 0 in the middle.
    pub(super) signed: Vec<f64>,
    /// The same of its size.
    pub(super) sized: Vec<f64>,
    /// The error beyond the mean of the neighbours' errors.
    pub(super) off: Vec<f64>,
    /// Size of the error, and mean size of the neighbours' errors.
    pub(super) sizes: Vec<[f64; 2]>,
}

impl Usual {
    /// Signature of the recordings.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Rows that are kept.
    pub fn rows(&self) -> usize {
        self.episodes.len()
    }

    /// An error less what goes on of the one before.
    pub(super) fn freshly(&self, before: &[f32], error: &[f32]) -> Vec<f32> {
        error.iter().zip(before).zip(&self.goes_on).map(|((e, before), share)| e - share * before).collect()
    }

    /// Whether rows like these were calibrated on.
    pub(super) fn covers(&self, scored: &Scored) -> bool {
        scored.distance <= self.reach
    }

    /// Ranks an error at a place among its neighbours, those of episode `but` left out.
    ///
    /// # Panics
    /// If there are fewer rows than neighbours.
    pub(super) fn score(
        &self,
        place: &[f32],
        (error, fresh): (&[f32], &[f32]),
        but: Option<u32>,
        room: &mut Vec<(f32, u32)>,
    ) -> Scored {
        room.clear();
        let rows =
            self.places.rows().zip(&self.episodes).enumerate().filter(|(_, (_, episode))| but != Some(**episode));
        room.extend(rows.map(|(at, (other, _))| {
            let apart: f32 = other.iter().zip(place).map(|(a, b)| (a - b) * (a - b)).sum();
            (apart, at as u32)
        }));
        let last = NEIGHBOURS - 1;
        let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let (_, &mut (distance, _), _) = room.select_nth_unstable_by(last, order);
        let near = &room[..=last];
        let nearest = near.iter().copied().min_by(order).map_or(0, |(_, at)| at as usize);
        let n = NEIGHBOURS as f64;
        let mut scored = Scored {
            nearest,
            distance,
            signed: Vec::with_capacity(error.len()),
            sized: Vec::with_capacity(error.len()),
            off: Vec::with_capacity(error.len()),
            sizes: Vec::with_capacity(error.len()),
        };
        for (column, (error, fresh)) in error.iter().zip(fresh).enumerate() {
            let (mut signed, mut sized, mut sum, mut size) = (0, 0, 0.0, 0.0);
            for (_, at) in near {
                let [usual, raw] = [&self.fresh, &self.errors].map(|table| table.row(*at as usize)[column]);
                signed += sign(*fresh, usual);
                sized += sign(fresh.abs(), usual.abs());
                sum += f64::from(raw);
                size += f64::from(raw.abs());
            }
            let [signed_mean, sized_mean] = self.centre[column].map(f64::from);
            scored.signed.push(centred(f64::from(signed) / (n + 1.0), signed_mean));
            scored.sized.push(centred(f64::from(sized) / (n + 1.0), sized_mean));
            scored.off.push(f64::from(*error) - sum / n);
            scored.sizes.push([f64::from(error.abs()), size / n]);
        }
        scored
    }
}

/// A score in `[−1, 1]` around another middle, in the same bounds.
pub(super) fn centred(score: f64, mean: f64) -> f64 {
    (score - mean) / (1.0 + mean.abs())
}

/// 1 if the first number is greater, −1 if it is less, 0 if they are the same.
fn sign(a: f32, b: f32) -> i32 {
    i32::from(a > b) - i32::from(a < b)
}
