//! How far things may be moved and still be seen.

use crate::Symmetry;

/// Pixels to the right and down, the least and the most each.
pub(crate) type Room = [[isize; 2]; 2];

/// As share of a picture's side: so far from its edge the middle of a thing is still taken for seen.
const MARGIN: f32 = 0.04;

/// How far all points of these states, rows of this width, can move with a picture of this side and stay in it, `most` pixels
/// at most. What lies at an edge already, or beyond, may stay where it is.
pub(crate) fn room(moves: &Symmetry, (rows, width): (&[f32], usize), (most, side): (usize, usize)) -> Room {
    let most = most as isize;
    [0, 1].map(|axis| {
        let places = || {
            let of_row =
                |row: &'_ [f32]| moves.points.iter().map(|point| row[point[axis]] / moves.side).collect::<Vec<f32>>();
            rows.chunks_exact(width.max(1)).flat_map(of_row)
        };
        let pixels = |share: f32| (share * side as f32).round() as isize;
        let least = places().fold(f32::INFINITY, f32::min);
        let furthest = places().fold(f32::NEG_INFINITY, f32::max);
        if least > furthest {
            return [-most, most];
        }
        [pixels(MARGIN - least).clamp(-most, 0), pixels(1.0 - MARGIN - furthest).clamp(0, most)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_stays_in_the_picture() {
        let moves = Symmetry { side: 500.0, points: vec![[1, 2]], headings: vec![], action_points: vec![] };
        let rows = [9.0, 100.0, 250.0, 9.0, 200.0, 495.0];
        // At the right 60 % are left less the margin, below nothing.
        assert_eq!(room(&moves, (&rows, 3), (30, 100)), [[-16, 30], [-30, 0]]);
        assert_eq!(room(&moves, (&rows, 3), (80, 100)), [[-16, 56], [-46, 0]]);
        let none = Symmetry { points: vec![], ..moves };
        assert_eq!(room(&none, (&rows, 3), (7, 100)), [[-7, 7]; 2], "where there are no points nothing is in the way");
    }
}
