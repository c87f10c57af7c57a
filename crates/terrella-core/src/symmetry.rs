//! The eight symmetries of a square world, as data augmentation.
//!
//! A top-down world without gravity does not care which way up it is seen. Where that holds, each
//! recording is worth eight: positions turn about the centre, headings turn with them, and the
//! picture's pixels move the same way. It is an option because it is a claim about the world.

use crate::{Image, Observation};
use serde::{Deserialize, Serialize};

/// One of the eight symmetries: mirror the columns, mirror the rows, then swap the axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u8);

impl Turn {
    /// Leaves everything as it is.
    pub const NONE: Self = Self(0);

    /// All eight.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..8).map(Self)
    }

    /// The turn with this number (modulo eight).
    pub fn number(index: usize) -> Self {
        Self((index % 8) as u8)
    }

    /// Its number.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The turn that undoes this one.
    #[must_use]
    pub fn inverse(self) -> Self {
        // Mirroring undoes itself; after a swap the two mirrors have changed their places.
        if self.0 & 4 == 0 { self } else { Self(4 | (self.0 & 1) << 1 | (self.0 >> 1) & 1) }
    }

    /// Turns a vector (x right, y down).
    pub fn vector(self, [x, y]: [f32; 2]) -> [f32; 2] {
        let x = if self.0 & 1 == 0 { x } else { -x };
        let y = if self.0 & 2 == 0 { y } else { -y };
        if self.0 & 4 == 0 { [x, y] } else { [y, x] }
    }

    /// The pixel of the original that lands on `(row, column)` of the turned picture.
    pub fn source(self, row: usize, column: usize, size: usize) -> (usize, usize) {
        let (row, column) = if self.0 & 4 == 0 { (row, column) } else { (column, row) };
        let column = if self.0 & 1 == 0 { column } else { size - 1 - column };
        let row = if self.0 & 2 == 0 { row } else { size - 1 - row };
        (row, column)
    }

    /// The picture, turned.
    ///
    /// # Panics
    /// If it is not square.
    pub fn image(self, image: &Image) -> Image {
        let size = image.width;
        assert_eq!(image.height, size, "a picture of a square world is square");
        Image { height: size, width: size, data: self.pixels(&image.data, size) }
    }

    /// The RGB bytes of a square picture of this side, turned.
    pub fn pixels(self, picture: &[u8], size: usize) -> Vec<u8> {
        let places = (0..size).flat_map(|row| (0..size).map(move |column| self.source(row, column, size)));
        places.flat_map(|(row, column)| picture[(row * size + column) * 3..][..3].iter().copied()).collect()
    }
}

/// Which numbers of a log are points and headings in a square world.
///
/// A heading `θ` is taken as the direction `(−sin θ, cos θ)`: the body's own y axis, in a picture
/// whose y points down. The body must look the same mirrored about that axis, or mirrored
/// recordings would show another body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symmetry {
    /// Side of the square from the origin about whose centre points turn.
    #[serde(rename = "extent")]
    pub side: f32,
    /// Pairs of state numbers that are points.
    pub points: Vec<[usize; 2]>,
    /// State numbers that are headings.
    pub headings: Vec<usize>,
    /// Pairs of action numbers that are points.
    pub action_points: Vec<[usize; 2]>,
}

impl Symmetry {
    /// Turns states, row by row.
    pub fn turn_states(&self, turn: Turn, rows: &mut [f32], width: usize) {
        rows.chunks_mut(width).for_each(|row| self.turn_state(turn, row));
    }

    /// Turns actions, row by row.
    pub fn turn_actions(&self, turn: Turn, rows: &mut [f32], width: usize) {
        rows.chunks_mut(width).for_each(|row| self.turn_action(turn, row));
    }

    /// Turns one state row in place.
    pub fn turn_state(&self, turn: Turn, row: &mut [f32]) {
        self.turn_points(turn, &self.points, row);
        for &h in &self.headings {
            let [x, y] = turn.vector([-row[h].sin(), row[h].cos()]);
            row[h] = (-x).atan2(y).rem_euclid(std::f32::consts::TAU);
        }
    }

    /// Turns what was seen.
    pub fn turn_observation(&self, turn: Turn, seen: Observation) -> Observation {
        let Observation { image, mut state } = seen;
        if !state.is_empty() {
            self.turn_state(turn, &mut state);
        }
        Observation { image: image.map(|image| turn.image(&image)), state }
    }

    /// Turns one action row in place.
    pub fn turn_action(&self, turn: Turn, row: &mut [f32]) {
        self.turn_points(turn, &self.action_points, row);
    }

    /// Moves the points of one state row, by shares of the side.
    pub fn move_state(&self, by: [f32; 2], row: &mut [f32]) {
        self.move_points(by, &self.points, row);
    }

    /// Moves the points of one action row, by shares of the side.
    pub fn move_action(&self, by: [f32; 2], row: &mut [f32]) {
        self.move_points(by, &self.action_points, row);
    }

    fn move_points(&self, by: [f32; 2], points: &[[usize; 2]], row: &mut [f32]) {
        points.iter().flat_map(|point| point.iter().zip(by)).for_each(|(&at, by)| row[at] += by * self.side);
    }

    fn turn_points(&self, turn: Turn, points: &[[usize; 2]], row: &mut [f32]) {
        let centre = self.side / 2.0;
        for &[x, y] in points {
            [row[x], row[y]] = turn.vector([row[x] - centre, row[y] - centre]).map(|v| v + centre);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bright pixel and a logged point that start together stay together under all turns.
    #[test]
    fn pictures_and_points_turn_alike() {
        let size = 6;
        let symmetry = Symmetry { side: 6.0, points: vec![[0, 1]], headings: vec![], action_points: vec![] };
        for turn in Turn::all() {
            let (row, column) = (1, 4);
            let mut point = [column as f32 + 0.5, row as f32 + 0.5];
            symmetry.turn_state(turn, &mut point);
            let (y, x) = (point[1] as usize, point[0] as usize);
            assert_eq!(turn.source(y, x, size), (row, column), "turn {turn:?}");
            let mut image = Image::filled(size, size, [0; 3]);
            image.data[(row * size + column) * 3..][..3].copy_from_slice(&[9, 8, 7]);
            let state = vec![column as f32 + 0.5, row as f32 + 0.5];
            let seen = symmetry.turn_observation(turn, Observation { image: Some(image), state });
            assert_eq!(seen.state, point, "turn {turn:?}");
            assert_eq!(seen.image.expect("a picture").pixel(y, x), [9, 8, 7], "turn {turn:?}");
        }
    }

    /// As settings and checkpoints of earlier versions wrote it.
    #[test]
    fn files_of_earlier_versions_are_read() {
        let written = r#"{"extent":6.0,"points":[[0,1]],"headings":[],"action_points":[]}"#;
        let read: Symmetry = serde_json::from_str(written).expect("a symmetry");
        assert_eq!((read.side, serde_json::to_string(&read).ok().as_deref()), (6.0, Some(written)));
    }

    #[test]
    fn points_are_moved_and_nothing_else() {
        let symmetry = Symmetry { side: 8.0, points: vec![[0, 1]], headings: vec![2], action_points: vec![[1, 2]] };
        let (mut state, mut action) = ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]);
        symmetry.move_state([0.25, -0.5], &mut state);
        symmetry.move_action([0.25, -0.5], &mut action);
        assert_eq!((state, action), ([3.0, -2.0, 3.0], [1.0, 4.0, -1.0]));
    }

    #[test]
    fn every_turn_can_be_undone() {
        for turn in Turn::all() {
            assert_eq!(turn.inverse().vector(turn.vector([3.0, 5.0])), [3.0, 5.0], "{turn:?}");
        }
    }

    #[test]
    fn headings_turn_with_the_points_they_point_at() {
        let symmetry = Symmetry { side: 2.0, points: vec![[0, 1], [2, 3]], headings: vec![4], action_points: vec![] };
        for turn in Turn::all() {
            let theta = 0.7f32;
            // A point one unit ahead of the body at (0.3, 0.4).
            let mut row = [0.3 - theta.sin(), 0.4 + theta.cos(), 0.3, 0.4, theta];
            symmetry.turn_state(turn, &mut row);
            assert!((row[0] - (row[2] - row[4].sin())).abs() < 1e-5, "turn {turn:?}: {row:?}");
            assert!((row[1] - (row[3] + row[4].cos())).abs() < 1e-5, "turn {turn:?}: {row:?}");
        }
    }
}
