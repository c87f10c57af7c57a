//! Two uniform rods, one on the end of the other, with a motor and viscous friction in each joint.
//!
//! Angles are that of the first rod from hanging and that of the second from the first. With the
//! inertia matrix M, M q″ = torque − what turning brings − gravity − friction · q′ (any textbook of
//! robotics); M is 2 × 2, so it is solved by hand.

use super::{picture, runge_kutta, wrapped};
use crate::raster::Canvas;
use terrella_core::Image;

/// The rods. Angles and their velocities are its state.
#[derive(Clone, Debug)]
pub(super) struct TwoLinks {
    /// In m.
    pub(super) lengths: [f64; 2],
    /// In kg.
    pub(super) masses: [f64; 2],
    /// In m/s²; 0 where the rods lie on a table.
    pub(super) gravity: f64,
    /// Friction of a joint, in N m s/rad.
    pub(super) friction: f64,
}

impl TwoLinks {
    /// How fast the state changes under torques in N m.
    fn rate(&self, [first, second, turn, bend]: [f64; 4], torques: [f64; 2]) -> [f64; 4] {
        let ([l1, l2], [m1, m2], (sin, cos)) = (self.lengths, self.masses, second.sin_cos());
        let tip = m2 * l2 * l2 / 3.0;
        let coupled = tip + m2 * l1 * l2 * cos / 2.0;
        let whole = m1 * l1 * l1 / 3.0 + m2 * l1 * l1 + 2.0 * coupled - tip;
        let swing = m2 * l1 * l2 * sin / 2.0;
        let pull_2 = m2 * l2 / 2.0 * self.gravity * (first + second).sin();
        let pull_1 = (m1 / 2.0 + m2) * l1 * self.gravity * first.sin() + pull_2;
        let a = torques[0] + swing * bend * (2.0 * turn + bend) - pull_1 - self.friction * turn;
        let b = torques[1] - swing * turn * turn - pull_2 - self.friction * bend;
        let determinant = whole * tip - coupled * coupled;
        [turn, bend, (tip * a - coupled * b) / determinant, (whole * b - coupled * a) / determinant]
    }

    /// The state after `parts` Runge-Kutta steps in `time` seconds, its angles wrapped.
    pub(super) fn moved(&self, mut state: [f64; 4], torques: [f64; 2], time: f64, parts: usize) -> [f64; 4] {
        for _ in 0..parts {
            state = runge_kutta(state, time / parts as f64, |state| self.rate(state, torques));
        }
        let [first, second, turn, bend] = state;
        [wrapped(first), wrapped(second), turn, bend]
    }

    /// Elbow and tip, in m to the right of the shoulder and above it.
    pub(super) fn points(&self, first: f64, second: f64) -> [[f64; 2]; 2] {
        let [l1, l2] = self.lengths;
        let elbow = [l1 * first.sin(), -l1 * first.cos()];
        [elbow, [elbow[0] + l2 * (first + second).sin(), elbow[1] - l2 * (first + second).cos()]]
    }

    /// A picture with the shoulder in its middle: what `below` draws, then the rods. `below` is given
    /// the way from metres to pixels.
    pub(super) fn draw(
        &self,
        (first, second): (f64, f64),
        (size, pixels): (usize, f64),
        below: impl FnOnce(&mut Canvas, &dyn Fn([f64; 2]) -> [i32; 2]),
    ) -> Image {
        let at = |[x, y]: [f64; 2]| [128.0 + pixels * x, 128.0 - pixels * y].map(|p| p as i32);
        let [elbow, tip] = self.points(first, second).map(at);
        picture(size, |canvas| {
            below(canvas, &at);
            canvas.fat_segment([128; 2], elbow, 6.0, [70, 90, 160]);
            canvas.fat_segment(elbow, tip, 5.0, [120, 150, 220]);
            canvas.disc([128; 2], 5, [0; 3]);
            canvas.disc(elbow, 5, [0; 3]);
            canvas.disc(tip, 5, [230, 120, 40]);
        })
    }
}
