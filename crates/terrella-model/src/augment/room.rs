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

/// Levels of 255 by which a pixel differs where something moved, and not only the light or a camera's noise.
const CHANGED: u8 = 24;

/// How far pictures of one clip can be moved, `most` pixels at most, so that all that changes from the first to any other of them
/// stays in view: for logs that do not say where things are. Pictures are RGB bytes of this width, in rows.
pub(crate) fn room_seen<'a>(mut pictures: impl Iterator<Item = &'a [u8]>, width: usize, most: usize) -> Room {
    let most = most as isize;
    let Some(first) = pictures.next() else { return [[-most, most]; 2] };
    let height = first.len() / (3 * width).max(1);
    let mut changed = vec![false; width * height];
    for picture in pictures {
        for (changed, (a, b)) in changed.iter_mut().zip(first.chunks_exact(3).zip(picture.chunks_exact(3))) {
            *changed |= a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > CHANGED);
        }
    }
    // Least and furthest, of columns and of rows.
    let mut within = [[isize::MAX, isize::MIN]; 2];
    for at in (0..changed.len()).filter(|&at| changed[at]) {
        for (within, place) in within.iter_mut().zip([at % width, at / width]) {
            *within = [within[0].min(place as isize), within[1].max(place as isize)];
        }
    }
    [(within[0], width), (within[1], height)].map(|([least, furthest], side)| {
        if least > furthest {
            return [-most, most];
        }
        [(-least).max(-most), (side as isize - 1 - furthest).min(most)]
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

    #[test]
    fn what_changes_in_pictures_stays_in_them() {
        // A dot that goes from column 2, row 1 to column 5, row 3 of 10 by 8, on a ground that flickers a little.
        let picture = |column: usize, row: usize, ground: u8| {
            let mut picture = vec![ground; 3 * 10 * 8];
            picture[3 * (row * 10 + column)..][..3].fill(255);
            picture
        };
        let pictures = [picture(2, 1, 90), picture(5, 3, 100), picture(4, 2, 80)];
        let room = |most: usize| room_seen(pictures.iter().map(Vec::as_slice), 10, most);
        assert_eq!(room(20), [[-2, 4], [-1, 4]]);
        assert_eq!(room(3), [[-2, 3], [-1, 3]], "not further than was asked");
        assert_eq!(room_seen(pictures[..1].iter().map(Vec::as_slice), 10, 7), [[-7, 7]; 2], "nothing changes");
        assert_eq!(room_seen(std::iter::empty(), 10, 7), [[-7, 7]; 2], "no pictures");
    }
}
