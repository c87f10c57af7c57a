//! Pictures as the network is shown them: cell by cell, each pixel beside how it differs from the ground.

use super::config::CELL;
use super::net::{DRAWN, SEEN};
use crate::Turn;

/// A pixel that differs from the ground by this share of the range stands out wholly; half as much of it is a doubt.
const OUT: f32 = 0.1;
/// Less than that is noise.
const NOISE: f32 = 0.02;
/// What drawing a pixel of bare ground wrongly counts, beside one that stands out: things must not be drawn where there are none.
const BARE: f32 = 0.1;

/// Some pictures, cut into cells.
#[derive(Default)]
pub(super) struct Lesson {
    pub(super) pictures: usize,
    /// How each is turned.
    pub(super) turns: Vec<Turn>,
    /// `[pictures, cells², SEEN]`.
    pub(super) seen: Vec<f32>,
    /// How much each cell stands out, `[pictures, cells²]`, 0 to 1.
    pub(super) standing: Vec<f32>,
    /// How pixels differ from the ground, `[pictures, cells², DRAWN]`.
    pub(super) drawn: Vec<f32>,
    /// What drawing each of these wrongly counts.
    pub(super) counts: Vec<f32>,
}

impl Lesson {
    /// Appends a picture of this side over its ground, turned.
    pub(super) fn push_turned(&mut self, (picture, ground): (&[u8], &[u8]), side: usize, turn: Turn) {
        self.turns.push(turn);
        if turn == Turn::NONE {
            self.cut(picture, ground, side);
        } else {
            self.cut(&turn.pixels(picture, side), &turn.pixels(ground, side), side);
        }
    }

    /// Appends a picture of this side over its ground.
    pub(super) fn push(&mut self, picture: &[u8], ground: &[u8], side: usize) {
        self.push_turned((picture, ground), side, Turn::NONE);
    }

    fn cut(&mut self, picture: &[u8], ground: &[u8], side: usize) {
        let cells = side / CELL;
        for (row, column) in (0..cells * cells).map(|at| (at / cells * CELL, at % cells * CELL)) {
            let mut out = 0.0;
            let start = self.drawn.len();
            for y in row..row + CELL {
                let at = (y * side + column) * 3;
                let pixels = picture[at..at + 3 * CELL].iter().zip(&ground[at..at + 3 * CELL]);
                for (pixel, bare) in pixels {
                    let (pixel, bare) = (f32::from(*pixel) / 255.0, f32::from(*bare) / 255.0);
                    self.seen.push(pixel - 0.5);
                    self.drawn.push(pixel - bare);
                }
            }
            let differ = self.drawn.len();
            for at in (start..differ).step_by(3) {
                let most = self.drawn[at..at + 3].iter().fold(0.0f32, |most, x| most.max(x.abs()));
                let stands = ((most - NOISE) / OUT).clamp(0.0, 1.0);
                out += stands;
                self.counts.extend([BARE + (1.0 - BARE) * stands; 3]);
            }
            self.seen.extend_from_within(self.seen.len() - DRAWN..);
            let from = self.seen.len() - DRAWN;
            self.seen[from..].copy_from_slice(&self.drawn[start..]);
            self.standing.push(out / (CELL * CELL) as f32);
        }
        debug_assert_eq!(
            self.seen.len() * DRAWN,
            self.drawn.len() * SEEN,
            "two numbers are seen of each that is drawn"
        );
        self.pictures += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stands_out_where_its_pixels_do_and_turns_with_its_picture() {
        let ground = vec![10; 16 * 16 * 3];
        let mut picture = ground.clone();
        // A pixel of the last cell of the first row.
        picture[(2 * 16 + 13) * 3] = 200;
        let mut lesson = Lesson::default();
        lesson.push(&picture, &ground, 16);
        lesson.push_turned((&picture, &ground), 16, Turn::number(3));
        let out: Vec<usize> = (0..32).filter(|at| lesson.standing[*at] > 0.0).collect();
        assert_eq!(out, [3, 16 + 12], "turned by half, it is the first cell of the last row");
        assert!((lesson.standing[3] - 1.0 / 16.0).abs() < 1e-6, "one pixel of sixteen");
        assert_eq!((lesson.seen.len(), lesson.drawn.len()), (2 * 16 * SEEN, 2 * 16 * DRAWN));
        assert_eq!(lesson.turns, [Turn::NONE, Turn::number(3)]);
    }
}
