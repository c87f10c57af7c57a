//! What each keypoint is used for: whether it is there, how far it wanders, and whether it sits on what never changes.

use serde::Serialize;
use terrella_core::Table;

/// A keypoint that wanders less than this share of the picture's side sticks.
const STICKS: f64 = 0.02;

/// Keypoints of held-out rows.
#[derive(Clone, Debug, Default)]
pub struct SeenAt {
    /// x and y in pixels of the picture, and presence, of each keypoint.
    pub keypoints: Table,
    /// Whether nothing but ground is around each, row by row.
    pub bare: Vec<bool>,
    /// Side of the pictures in pixels.
    pub side: usize,
}

/// How one keypoint is used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeypointUse {
    /// Mean presence.
    pub presence: f64,
    /// Share of the rows in which it is there.
    pub there: f64,
    /// Deviation of its place from its mean place where it is there, in pixels of the picture.
    pub wanders: f64,
    /// Share of the rows in which it is there and nothing but ground is around it.
    pub bare: f64,
    /// Whether it is there and never moves, over all held-out episodes.
    pub sticks: bool,
}

/// Whether a keypoint of this presence is there.
pub fn is_there(presence: f32) -> bool {
    presence > 0.5
}

/// How each keypoint is used.
pub fn uses(seen: &SeenAt) -> Vec<KeypointUse> {
    let (count, rows) = (seen.keypoints.width / 3, seen.keypoints.len());
    let one = |keypoint: usize| {
        let at = |row: usize| -> [f32; 3] { std::array::from_fn(|i| seen.keypoints.row(row)[3 * keypoint + i]) };
        let there: Vec<usize> = (0..rows).filter(|&row| is_there(at(row)[2])).collect();
        let n = there.len().max(1) as f64;
        // Without rows the sum would be a negative nothing.
        let mean = |of: &dyn Fn(usize) -> f64| there.iter().map(|&row| of(row)).sum::<f64>().max(0.0) / n;
        let middle = [0, 1].map(|i| mean(&|row| f64::from(at(row)[i])));
        let square = mean(&|row| (0..2).map(|i| (f64::from(at(row)[i]) - middle[i]).powi(2)).sum());
        let wanders = square.sqrt();
        KeypointUse {
            presence: (0..rows).map(|row| f64::from(at(row)[2])).sum::<f64>() / rows.max(1) as f64,
            there: there.len() as f64 / rows.max(1) as f64,
            wanders,
            bare: mean(&|row| f64::from(u8::from(seen.bare[row * count + keypoint]))),
            sticks: there.len() * 10 > rows && wanders < STICKS * seen.side as f64,
        }
    };
    (0..count).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_never_moves_sticks_and_one_that_is_not_there_does_not() {
        let row = |x: f32| [10.0, 20.0, 0.9, x, 20.0, 0.9, 50.0, 50.0, 0.1];
        let keypoints = Table::from_data(9, [row(10.0), row(30.0)].concat());
        let bare = vec![true, false, true, true, true, true];
        let [stuck, moves, gone] = &uses(&SeenAt { keypoints, bare, side: 96 })[..] else { panic!("three") };
        assert_eq!((stuck.sticks, stuck.bare, stuck.wanders), (true, 1.0, 0.0));
        assert_eq!((moves.sticks, moves.bare, moves.wanders), (false, 0.5, 10.0));
        assert_eq!((gone.sticks, gone.there, gone.bare), (false, 0.0, 0.0));
    }
}
