//! The pushed body: one or two axis-aligned boxes in its own frame, with mass, inertia and keypoints.

use crate::geometry::{Vec2, vec2};
use serde::{Deserialize, Serialize};

/// What the pushed body looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// The T of the original task.
    #[default]
    T,
    /// The T with its stem moved to one end of the bar.
    L,
    /// The bar of the T alone.
    Bar,
    /// A square of the area of the bar.
    Square,
}

/// A box in the frame of its body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BoxShape {
    pub(crate) low: Vec2,
    pub(crate) high: Vec2,
}

impl BoxShape {
    const fn new(x0: f64, x1: f64, y0: f64, y1: f64) -> Self {
        Self { low: vec2(x0, y0), high: vec2(x1, y1) }
    }

    /// Corners, in the order in which the mathematical angle grows.
    pub(crate) fn corners(&self) -> [Vec2; 4] {
        [self.low, vec2(self.high.x, self.low.y), self.high, vec2(self.low.x, self.high.y)]
    }

    pub(crate) fn centre(&self) -> Vec2 {
        (self.low + self.high) * 0.5
    }

    fn scaled(&self, s: f64) -> Self {
        Self { low: self.low * s, high: self.high * s }
    }

    /// Second moment about the frame's origin for unit mass.
    fn moment(&self) -> f64 {
        let (size, centre) = (self.high - self.low, self.centre());
        size.dot(size) / 12.0 + centre.dot(centre)
    }
}

/// Where the body is: centre of gravity and the cosine and sine of its angle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pose {
    pub(crate) position: Vec2,
    pub(crate) rotation: Vec2,
}

/// Where the recordings' nine keypoints sit in the frame of the T: fitted to them, exact to 0.01 px.
const KEYPOINTS: [Vec2; 9] = [
    vec2(9.27, 90.04),
    vec2(-60.98, -1.19),
    vec2(60.91, -1.39),
    vec2(-0.27, 25.54),
    vec2(-14.06, 122.82),
    vec2(39.0, 32.86),
    vec2(-39.97, 32.73),
    vec2(-16.82, 62.86),
    vec2(23.54, -1.69),
];

/// Everything about the body that does not change.
#[derive(Clone, Debug)]
pub(crate) struct BodyShape {
    boxes: [BoxShape; 2],
    n_boxes: usize,
    /// Centre of gravity in the body's frame; the body turns about it.
    pub(crate) centre: Vec2,
    pub(crate) inverse_mass: f64,
    pub(crate) inverse_inertia: f64,
    /// No point of the body is farther from the centre of gravity.
    pub(crate) reach: f64,
    pub(crate) keypoints: [Vec2; 9],
}

impl BodyShape {
    /// A body of this shape; mass and inertia are multiples of the original T's.
    pub(crate) fn new(shape: Shape, scale: f64, mass: f64, inertia: f64) -> Self {
        let bar = BoxShape::new(-60.0, 60.0, 0.0, 30.0);
        let (first, second) = match shape {
            Shape::T => (bar, Some(BoxShape::new(-15.0, 15.0, 30.0, 120.0))),
            Shape::L => (bar, Some(BoxShape::new(-60.0, -30.0, 30.0, 120.0))),
            Shape::Bar => (bar, None),
            Shape::Square => (BoxShape::new(-30.0, 30.0, -30.0, 30.0), None),
        };
        let (first, second) = (first.scaled(scale), second.map(|b| b.scaled(scale)));
        let boxes = [first, second.unwrap_or(first)];
        let n_boxes = 1 + usize::from(second.is_some());
        // The original takes the mean of the two boxes' centres although the stem is smaller, and
        // twice the bar's moment about the frame's origin. Both are kept: recordings depend on them.
        let centre = (boxes[0].centre() + boxes[1].centre()) * 0.5;
        let moment = 2.0 * boxes[0].moment() * mass * inertia;
        let corners = || boxes.iter().flat_map(BoxShape::corners);
        let reach = corners().map(|c| (c - centre).length()).fold(0.0, f64::max);
        let mut keypoints = KEYPOINTS.map(|k| k * scale);
        if shape != Shape::T {
            keypoints = [centre; 9];
            for (keypoint, corner) in keypoints.iter_mut().zip(corners()) {
                *keypoint = corner;
            }
        }
        Self { boxes, n_boxes, centre, inverse_mass: 1.0 / mass, inverse_inertia: 1.0 / moment, reach, keypoints }
    }

    /// The rectangle around each box in the world.
    pub(crate) fn boxes_bounds(&self, pose: &Pose) -> [[Vec2; 2]; 2] {
        self.boxes.map(|shape| {
            let centre = pose.position + (shape.centre() - self.centre).rotated(pose.rotation);
            let half = (shape.high - shape.low) * 0.5;
            let (cos, sin) = (pose.rotation.x.abs(), pose.rotation.y.abs());
            let reach = vec2(half.x * cos + half.y * sin, half.x * sin + half.y * cos);
            [centre - reach, centre + reach]
        })
    }

    /// The boxes, in drawing order.
    pub(crate) fn boxes(&self) -> &[BoxShape] {
        &self.boxes[..self.n_boxes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_t_has_the_moment_and_centre_of_the_original() {
        let t = BodyShape::new(Shape::T, 1.0, 1.0, 1.0);
        assert_eq!(t.centre, vec2(0.0, 45.0), "mean of the two centres");
        assert!((t.inverse_inertia * 3000.0 - 1.0).abs() < 1e-12, "twice the bar's 1500");
        assert!((t.reach - 76.485_292_703_891_76).abs() < 1e-9, "to a corner of the stem: {}", t.reach);
    }
}
