//! Where the camera stands: what stands still is looked for in a picture, moved aside and scaled.
//!
//! A camera that was pushed, or stands farther away, shows everything elsewhere, the ground with it. Where the ground's edges are found
//! elsewhere, the picture is laid back to where they were; where they are in their places, or anywhere else explains them
//! little better, nothing is touched. Pixels that things hide count alike wherever one looks (truncated differences).

use super::canvas::{apart, bytes, colours};
use super::sprite::mixed;
use terrella_core::Image;

/// A pixel of the ground is an edge if a neighbour differs by this share of the range.
const EDGE: f32 = 0.02;
/// Differences of this share of the range and more are all the same.
const OTHER: f32 = 0.05;
/// With fewer edges nobody knows where the camera stands.
const EDGES: usize = 60;
/// If so few of the edges are missing, it was not moved.
const MISSING: f32 = 0.15;
/// It was moved if it misses so many times fewer of them elsewhere.
const FEWER: f32 = 0.6;
/// How far it is looked for, in pixels of a picture of half the size, and how much farther or nearer.
const FAR: i32 = 5;
const ZOOMS: [f32; 8] = [1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 1.05, 1.1];
/// Best of these, each looked at closely, by steps in pixels.
const CLOSELY: usize = 3;
const STEPS: [f32; 4] = [1.0, 0.5, 0.2, 0.1];

/// How a picture shows what the recordings' camera saw.
#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    /// In pixels, to the right and down.
    shift: [f32; 2],
    /// Above 1 nearer, about the middle of the picture.
    zoom: f32,
}

impl View {
    const RECORDED: Self = Self { shift: [0.0; 2], zoom: 1.0 };

    /// Where a place of the recordings' camera is seen.
    fn place(&self, at: [f32; 2], side: usize) -> [f32; 2] {
        let middle = side as f32 / 2.0;
        [0, 1].map(|i| middle + self.zoom * (at[i] - middle) + self.shift[i])
    }
}

/// What stands still, ready to be looked for in pictures.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    ground: Vec<[f32; 3]>,
    whole: Level,
    half: Level,
}

/// A ground of one size.
#[derive(Clone, Debug)]
struct Level {
    ground: Vec<[f32; 3]>,
    side: usize,
    edges: Vec<usize>,
}

impl Level {
    fn new(ground: Vec<[f32; 3]>, side: usize) -> Self {
        let mut edges = vec![false; side * side];
        let differ = |a: usize, b: usize| apart(&ground[a], &ground[b]) >= EDGE;
        for at in 0..side * side {
            let right = (at + 1) % side != 0 && differ(at, at + 1);
            let below = at + side < side * side && differ(at, at + side);
            if right || below {
                // Both sides of it, and what is beside these.
                let (x, y) = (at % side, at / side);
                for row in y.saturating_sub(1)..(y + 3).min(side) {
                    edges[row * side + x.saturating_sub(1)..row * side + (x + 3).min(side)].fill(true);
                }
            }
        }
        let edges = (0..side * side).filter(|&at| edges[at]).collect();
        Self { ground, side, edges }
    }

    /// The share of the ground's edges that this picture does not show so, every `stride`-th of them; 1 if most would be out of view.
    fn missing(&self, seen: &[[f32; 3]], view: View, stride: usize) -> f32 {
        let (mut sum, mut n) = (0.0, 0);
        for &at in self.edges.iter().step_by(stride) {
            let own = [(at % self.side) as f32 + 0.5, (at / self.side) as f32 + 0.5];
            if let Some(seen) = sample(seen, self.side, view.place(own, self.side)) {
                sum += (apart(&seen, &self.ground[at]) / OTHER).min(1.0);
                n += 1;
            }
        }
        if n * stride * 2 < self.edges.len() { 1.0 } else { sum / n.max(1) as f32 }
    }
}

impl Camera {
    /// Before this ground.
    pub(super) fn new(ground: Vec<[f32; 3]>, side: usize) -> Self {
        // A line of one pixel that moves by half of one is another picture; what is a little blurred hardly is.
        let soft = blurred(&ground, side);
        let half = Level::new(halved(&soft, side), side / 2);
        Self { whole: Level::new(soft, side), half, ground }
    }

    /// The picture as the recordings' camera would have shown it, if what stands still shows that this one stands elsewhere; pictures
    /// of another size are left alone.
    pub(crate) fn laid_back(&self, image: &Image) -> Option<Image> {
        if [image.height, image.width] != [self.whole.side; 2] {
            return None;
        }
        let seen = colours(&image.data);
        let view = self.moved(&seen)?;
        Some(laid_back(&seen, &self.ground, self.whole.side, view))
    }

    /// How a picture is seen, if not as the recordings' camera saw it.
    fn moved(&self, seen: &[[f32; 3]]) -> Option<View> {
        let Self { whole, half, .. } = self;
        if whole.edges.len() < EDGES {
            return None;
        }
        let seen = blurred(seen, whole.side);
        let was = whole.missing(&seen, View::RECORDED, 1);
        if was < MISSING {
            return None;
        }
        let small = halved(&seen, whole.side);
        let shifts = (-FAR..=FAR).flat_map(|y| (-FAR..=FAR).map(move |x| [x as f32, y as f32]));
        let views = shifts.flat_map(|shift| ZOOMS.map(|zoom| View { shift, zoom }));
        let mut tried: Vec<(f32, View)> = views.map(|view| (half.missing(&small, view, 2), view)).collect();
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        let closely = tried
            .iter()
            .take(CLOSELY)
            .map(|(_, view)| closely((whole, &seen), View { shift: view.shift.map(|pixels| 2.0 * pixels), ..*view }));
        let best = closely.min_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 < FEWER * was).then_some(best.1)
    }
}

/// The view near another of which no small step misses less.
fn closely((level, seen): (&Level, &[[f32; 3]]), view: View) -> (f32, View) {
    let mut best = (level.missing(seen, view, 1), view);
    for step in STEPS {
        let zoom = 2.0 * step / level.side as f32;
        let moves = [[step, 0.0, 0.0], [0.0, step, 0.0], [0.0, 0.0, zoom]];
        for _ in 0..8 {
            let before = best.0;
            for [x, y, zoom] in moves.into_iter().flat_map(|by| [by, by.map(|by| -by)]) {
                let from = best.1;
                let view = View { shift: [from.shift[0] + x, from.shift[1] + y], zoom: from.zoom + zoom };
                let missing = level.missing(seen, view, 1);
                if missing < best.0 {
                    best = (missing, view);
                }
            }
            if best.0 >= before {
                break;
            }
        }
    }
    best
}

/// A picture as the recordings' camera would have shown it; beyond its edges there is the ground.
fn laid_back(seen: &[[f32; 3]], ground: &[[f32; 3]], side: usize, view: View) -> Image {
    let own = |at: usize| [(at % side) as f32 + 0.5, (at / side) as f32 + 0.5];
    let pixel = |at: usize| sample(seen, side, view.place(own(at), side)).unwrap_or(ground[at]);
    let back: Vec<[f32; 3]> = (0..side * side).map(pixel).collect();
    Image { height: side, width: side, data: bytes(&back) }
}

/// The colour at a place, between the middles of pixels in proportion; nothing outside of the picture.
fn sample(picture: &[[f32; 3]], side: usize, [x, y]: [f32; 2]) -> Option<[f32; 3]> {
    let last = side as f32 - 1.0;
    let (x, y) = (x - 0.5, y - 0.5);
    if x < -0.5 || y < -0.5 || x > last + 0.5 || y > last + 0.5 {
        return None;
    }
    let (x, y) = (x.clamp(0.0, last), y.clamp(0.0, last));
    let (left, top) = ((x as usize).min(side - 2), (y as usize).min(side - 2));
    Some(mixed(picture, side, [left, top], [x - left as f32, y - top as f32]))
}

/// A picture with each pixel shared with its neighbours: a quarter, a half and a quarter, along rows and columns.
fn blurred(picture: &[[f32; 3]], side: usize) -> Vec<[f32; 3]> {
    let along = |picture: &[[f32; 3]], step: usize, place: &dyn Fn(usize) -> usize| -> Vec<[f32; 3]> {
        let mixed = |at: usize| {
            let before = if place(at) == 0 { at } else { at - step };
            let after = if place(at) + 1 == side { at } else { at + step };
            std::array::from_fn(|i| (picture[before][i] + 2.0 * picture[at][i] + picture[after][i]) / 4.0)
        };
        (0..side * side).map(mixed).collect()
    };
    along(&along(picture, 1, &|at| at % side), side, &|at| at / side)
}

/// A picture of half the side.
fn halved(picture: &[[f32; 3]], side: usize) -> Vec<[f32; 3]> {
    let half = side / 2;
    let mean = |at: usize| {
        let first = 2 * (at / half) * side + 2 * (at % half);
        let four = [first, first + 1, first + side, first + side + 1].map(|at| picture[at]);
        std::array::from_fn(|i| four.iter().map(|pixel| pixel[i]).sum::<f32>() / 4.0)
    };
    (0..half * half).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame, a mark and a disc, which is no part of the ground.
    fn drawn([disc, mark]: [Option<[f32; 2]>; 2]) -> Vec<[f32; 3]> {
        let colour = |at: usize| {
            let [x, y] = [(at % 64) as f32 + 0.5, (at / 64) as f32 + 0.5];
            let near = |middle: Option<[f32; 2]>, r: f32| middle.is_some_and(|m| (x - m[0]).hypot(y - m[1]) < r);
            let frame = [x, y].iter().any(|x| (3.0..5.0).contains(x) || (59.0..61.0).contains(x));
            match () {
                () if near(disc, 5.0) => [0.2, 0.3, 0.8],
                () if frame => [0.7; 3],
                () if near(mark, 8.0) => [0.5, 0.9, 0.5],
                () => [1.0; 3],
            }
        };
        (0..64 * 64).map(colour).collect()
    }

    fn moved(seen: &[[f32; 3]], ground: &[[f32; 3]]) -> Option<View> {
        Camera::new(ground.to_vec(), 64).moved(seen)
    }

    #[test]
    fn a_camera_that_was_moved_is_found_out_and_its_pictures_laid_back() {
        let (ground, shown) = (drawn([None, Some([24.0, 40.0])]), drawn([Some([40.0, 22.0]), Some([24.0, 40.0])]));
        assert_eq!(moved(&shown, &ground), None, "it stands where it stood");
        for view in [View { shift: [3.4, -2.0], zoom: 1.0 }, View { shift: [0.0, 0.0], zoom: 0.88 }] {
            let back = View { shift: view.shift.map(|by| -by / view.zoom), zoom: 1.0 / view.zoom };
            // Beyond its edges a picture goes on as it ended.
            let own = |at: usize| back.place([(at % 64) as f32 + 0.5, (at / 64) as f32 + 0.5], 64);
            let pixel = |at: usize| sample(&shown, 64, own(at).map(|x| x.clamp(0.5, 63.5))).expect("inside");
            let seen: Vec<[f32; 3]> = (0..64 * 64).map(pixel).collect();
            let found = moved(&seen, &ground).expect("it was moved");
            let off = [0, 1].map(|i| found.shift[i] - view.shift[i]);
            assert!(off[0].hypot(off[1]) < 0.3 && (found.zoom - view.zoom).abs() < 0.01, "{found:?} for {view:?}");
            let again = colours(&laid_back(&seen, &ground, 64, found).data);
            let differ = again.iter().zip(&shown).filter(|(a, b)| apart(a, b) > 0.3).count();
            assert!(differ < 60, "{differ} pixels differ");
        }
    }

    #[test]
    fn a_mark_that_was_moved_is_no_camera_that_was_and_bare_ground_says_nothing() {
        let ground = drawn([None, Some([24.0, 40.0])]);
        assert_eq!(moved(&drawn([Some([40.0, 22.0]), Some([30.0, 36.0])]), &ground), None);
        assert_eq!(moved(&[[0.2; 3]; 64 * 64], &ground), None, "the light went out");
        assert_eq!(moved(&ground, &[[0.9; 3]; 64 * 64]), None);
    }
}
