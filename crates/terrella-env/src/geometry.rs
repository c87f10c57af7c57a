//! Plane vectors in `f64`. Solvers need doubles: ten thousand small corrections a minute add up.

use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// A vector or point in world pixels, y down the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vec2 {
    /// Right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// Short constructor.
pub(crate) const fn vec2(x: f64, y: f64) -> Vec2 {
    Vec2 { x, y }
}

impl Vec2 {
    /// The origin.
    pub const ZERO: Self = vec2(0.0, 0.0);

    /// The unit vector of an angle.
    pub(crate) fn of_angle(angle: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        vec2(cos, sin)
    }

    pub(crate) fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    pub(crate) fn cross(self, other: Self) -> f64 {
        self.x * other.y - self.y * other.x
    }

    /// A quarter turn from x towards y.
    pub(crate) fn perp(self) -> Self {
        vec2(-self.y, self.x)
    }

    /// A quarter turn from y towards x.
    pub(crate) fn rperp(self) -> Self {
        vec2(self.y, -self.x)
    }

    pub(crate) fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The unit vector of this direction; zero stays zero.
    pub(crate) fn unit(self) -> Self {
        let length = self.length();
        if length > 0.0 { self * (1.0 / length) } else { Self::ZERO }
    }

    /// Turns by the rotation whose first column is `rotation` (complex product).
    pub(crate) fn rotated(self, rotation: Self) -> Self {
        vec2(self.x * rotation.x - self.y * rotation.y, self.x * rotation.y + self.y * rotation.x)
    }

    /// Undoes [`Self::rotated`].
    pub(crate) fn unrotated(self, rotation: Self) -> Self {
        vec2(self.x * rotation.x + self.y * rotation.y, self.y * rotation.x - self.x * rotation.y)
    }

    pub(crate) fn lerp(self, other: Self, t: f64) -> Self {
        self * (1.0 - t) + other * t
    }

    /// The nearest point of a segment, and where on it (0 at `a`, 1 at `b`).
    pub(crate) fn onto_segment(self, a: Self, b: Self) -> (Self, f64) {
        let d = b - a;
        let square = d.dot(d);
        let t = if square > 0.0 { ((self - a).dot(d) / square).clamp(0.0, 1.0) } else { 0.0 };
        (a + d * t, t)
    }
}

impl Add for Vec2 {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        vec2(self.x + o.x, self.y + o.y)
    }
}
impl Sub for Vec2 {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        vec2(self.x - o.x, self.y - o.y)
    }
}
impl Mul<f64> for Vec2 {
    type Output = Self;
    fn mul(self, s: f64) -> Self {
        vec2(self.x * s, self.y * s)
    }
}
impl Neg for Vec2 {
    type Output = Self;
    fn neg(self) -> Self {
        vec2(-self.x, -self.y)
    }
}
impl AddAssign for Vec2 {
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}
impl SubAssign for Vec2 {
    fn sub_assign(&mut self, o: Self) {
        *self = *self - o;
    }
}

/// The difference of two angles, in (-π, π].
pub fn angle_difference(a: f64, b: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    let d = (a - b).rem_euclid(TAU);
    if d > PI { d - TAU } else { d }
}

/// The pixel of a point.
pub(crate) fn pixel(p: Vec2) -> [i32; 2] {
    [p.x.round() as i32, p.y.round() as i32]
}
