//! A small picture of a thing, with how much of each pixel it covers, and where it lies in a picture.

use serde::{Deserialize, Serialize};
use std::f32::consts::TAU;

/// Where a thing is in a picture, and which way up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Its middle in pixels from the upper left corner, x to the right, y down.
    pub at: [f32; 2],
    /// How it is turned, in radians: its own x axis points to (cos, sin), its own y axis to (−sin, cos).
    pub turn: f32,
}

/// How a thing looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sprite {
    /// Pixels along a side, an odd number; its middle is the middle of the one in the middle.
    pub(super) side: usize,
    /// Red, green and blue, each times the cover, and the cover, 0 to 1.
    pub(super) pixels: Vec<[f32; 4]>,
    /// Whether it looks otherwise when it is turned.
    pub(super) turns: bool,
    /// Whether it looks the same when its own x axis is mirrored.
    pub(super) mirrors: bool,
}

impl Pose {
    /// The place in a thing's own axes of a place in the picture.
    pub(super) fn inside(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (sin, cos) = self.turn.sin_cos();
        let [x, y] = [x - self.at[0], y - self.at[1]];
        [cos * x + sin * y, cos * y - sin * x]
    }

    /// The place in the picture of a place in a thing's own axes.
    pub(super) fn outside(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (sin, cos) = self.turn.sin_cos();
        [self.at[0] + cos * x - sin * y, self.at[1] + sin * x + cos * y]
    }
}

impl Sprite {
    /// A sprite that covers so many pixels around its middle, pixel by pixel.
    pub(super) fn new(radius: f32, pixel: impl Fn([f32; 2]) -> [f32; 4]) -> Self {
        let half = radius.ceil() as usize;
        let side = 2 * half + 1;
        let own = |at: usize| at as f32 - half as f32;
        let pixels = (0..side * side).map(|at| pixel([own(at % side), own(at / side)])).collect();
        Self { side, pixels, turns: true, mirrors: false }
    }

    /// Whether it looks otherwise when it is turned; where it does not, its turn means nothing.
    pub fn turns(&self) -> bool {
        self.turns
    }

    /// Whether it looks the same in a mirror that swaps the sides of its own y axis.
    pub fn mirrors(&self) -> bool {
        self.mirrors
    }

    /// Pixels that it covers.
    pub fn area(&self) -> f32 {
        self.pixels.iter().map(|p| p[3]).sum()
    }

    /// Half its side.
    pub(super) fn reach(&self) -> f32 {
        (self.side / 2) as f32
    }

    /// What is at a place in its own axes, between pixels in proportion; nothing beyond.
    pub(super) fn sample(&self, [x, y]: [f32; 2]) -> [f32; 4] {
        let [u, v] = [x + self.reach(), y + self.reach()];
        let [left, top] = [u.floor(), v.floor()];
        let last = self.side as f32 - 1.0;
        if left < 0.0 || top < 0.0 || left >= last || top >= last {
            return [0.0; 4];
        }
        mixed(&self.pixels, self.side, [left as usize, top as usize], [u - left, v - top])
    }

    /// The same seen through a map of its own axes.
    #[must_use]
    pub(super) fn through(&self, map: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        let mapped = Self::new(self.reach(), |own| self.sample(map(own)));
        Self { turns: self.turns, mirrors: self.mirrors, ..mapped }
    }

    /// The same with its cover spread by so many pixels to all sides; its colours mean nothing.
    pub(super) fn grown(&self, by: f32) -> Self {
        let around = (0..8).map(|at| (at as f32 * TAU / 8.0).sin_cos()).map(|(sin, cos)| [by * cos, by * sin]);
        let around: Vec<[f32; 2]> = around.chain([[0.0; 2]]).collect();
        let most = |[x, y]: [f32; 2]| around.iter().map(|d| self.sample([x + d[0], y + d[1]])[3]).fold(0.0, f32::max);
        let grown = Self::new(self.reach() + by.ceil(), |own| [0.0, 0.0, 0.0, most(own)]);
        Self { turns: self.turns, mirrors: self.mirrors, ..grown }
    }

    /// How unlike another of its size it is, as a share of what both are: 0 if they are equal, 1 if they share nothing.
    pub(super) fn unlike(&self, other: &Self) -> f32 {
        let (mut apart, mut all) = (0.0, 0.0);
        for (a, b) in self.pixels.iter().zip(&other.pixels) {
            for (a, b) in a.iter().zip(b) {
                apart += (a - b).powi(2);
                all += a.powi(2) + b.powi(2);
            }
        }
        apart / f32::max(all, 1e-9)
    }
}

/// What lies between a pixel, the one to its right and the two below, in proportion.
pub(super) fn mixed<const N: usize>(
    pixels: &[[f32; N]],
    side: usize,
    [left, top]: [usize; 2],
    [u, v]: [f32; 2],
) -> [f32; N] {
    let at = top * side + left;
    let four =
        [(at, (1.0 - u) * (1.0 - v)), (at + 1, u * (1.0 - v)), (at + side, (1.0 - u) * v), (at + side + 1, u * v)];
    let mut sum = [0.0; N];
    for (at, share) in four {
        sum.iter_mut().zip(pixels[at]).for_each(|(sum, x)| *sum += share * x);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_and_outside_undo_each_other_and_own_axes_are_headings() {
        let pose = Pose { at: [3.0, 4.0], turn: 0.7 };
        let [x, y] = pose.outside([0.0, 2.0]);
        assert!((x - (3.0 - 2.0 * 0.7f32.sin())).abs() < 1e-6 && (y - (4.0 + 2.0 * 0.7f32.cos())).abs() < 1e-6);
        let back = pose.inside([x, y]);
        assert!(back[0].abs() < 1e-6 && (back[1] - 2.0).abs() < 1e-6, "{back:?}");
    }

    #[test]
    fn what_lies_between_pixels_is_in_proportion() {
        let sprite = Sprite::new(2.0, |[x, _]| [x, 0.0, 0.0, 1.0]);
        assert_eq!(sprite.side, 5);
        assert!((sprite.sample([0.25, -0.5])[0] - 0.25).abs() < 1e-6);
        assert_eq!(sprite.sample([2.5, 0.0]), [0.0; 4], "beyond");
        assert!(sprite.unlike(&sprite) < 1e-9 && sprite.unlike(&sprite.through(|[x, y]| [-x, y])) > 0.1);
    }
}
