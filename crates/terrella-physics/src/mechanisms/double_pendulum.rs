//! Two links with a motor in each joint: `M(q) q″ = τ + what turning brings − gravity − friction`.
//!
//! Angles are that of the first link from hanging down and that of the second from the first. Each link has a mass, a centre of mass
//! and an inertia about it; M is 2 × 2 and is inverted by hand (any textbook of robotics). Under known gravity a
//! recording tells five combinations of the seven numbers of the links at most; which it does not, [`Direction`](crate::Direction) says.

use crate::equations::Equations;
use crate::number::{Number, smooth_sign};
use crate::parameter::{Parameter, Quantity};

/// Width in rad/s within which dry friction changes its sign: that of velocity noise in recordings of such joints.
const STICKS: f64 = 0.1;

/// The equations.
#[derive(Clone, Copy, Debug)]
pub struct DoublePendulum;

const fn link(name: &'static str, unit: &'static str, value: f64, prior: [f64; 2], about: &'static str) -> Parameter {
    Parameter { name, unit, value, prior, free: true, about }
}

impl Equations for DoublePendulum {
    const NAME: &'static str = "double-pendulum";
    const ABOUT: &'static str = "two links with a motor and friction in each joint";
    const STATE: &'static [Quantity] = &[
        Quantity { name: "joint1.angle", unit: "rad", also: &["angle_1", "q1", "theta1"] },
        Quantity { name: "joint2.angle", unit: "rad", also: &["angle_2", "q2", "theta2"] },
        Quantity { name: "joint1.velocity", unit: "rad/s", also: &["velocity_1", "dq1"] },
        Quantity { name: "joint2.velocity", unit: "rad/s", also: &["velocity_2", "dq2"] },
    ];
    const ACTION: &'static [Quantity] = &[
        Quantity { name: "joint1.torque", unit: "N m", also: &["torque_1", "tau1"] },
        Quantity { name: "joint2.torque", unit: "N m", also: &["torque_2", "tau2"] },
    ];
    const PARAMETERS: &'static [Parameter] = &[
        link("mass1", "kg", 0.5, [0.1, 2.0], "mass of the first link"),
        link("mass2", "kg", 0.5, [0.1, 2.0], "mass of the second link"),
        link("length1", "m", 0.3, [0.1, 0.6], "from the first joint to the second"),
        link("centre1", "m", 0.2, [0.05, 0.6], "from the first joint to the centre of mass of its link"),
        link("centre2", "m", 0.2, [0.05, 0.6], "from the second joint to the centre of mass of its link"),
        link("inertia1", "kg m²", 5e-3, [3e-4, 0.1], "inertia of the first link about its centre of mass"),
        link("inertia2", "kg m²", 5e-3, [3e-4, 0.1], "inertia of the second link about its centre of mass"),
        link("viscous1", "N m s/rad", 5e-3, [1e-4, 0.3], "friction of the first joint that grows with velocity"),
        link("viscous2", "N m s/rad", 5e-3, [1e-4, 0.3], "friction of the second joint that grows with velocity"),
        link("coulomb1", "N m", 0.02, [1e-3, 0.5], "dry friction of the first joint"),
        link("coulomb2", "N m", 0.02, [1e-3, 0.5], "dry friction of the second joint"),
        Parameter { name: "gravity", unit: "m/s²", value: 9.81, prior: [9.7, 9.9], free: false, about: "gravity" },
    ];

    fn derivative<T: Number>(state: &[T], action: &[T], parameters: &[T], out: &mut [T]) {
        let [first, second, turn, bend] = [state[0], state[1], state[2], state[3]];
        let [m1, m2, l1, r1, r2] = [parameters[0], parameters[1], parameters[2], parameters[3], parameters[4]];
        let [i1, i2, gravity] = [parameters[5], parameters[6], parameters[11]];
        let [viscous, coulomb] = [[parameters[7], parameters[8]], [parameters[9], parameters[10]]];
        let tip = i2 + m2 * r2 * r2;
        let reach = m2 * l1 * r2;
        let coupled = tip + reach * second.cos();
        let whole = i1 + m1 * r1 * r1 + m2 * l1 * l1 + coupled * 2.0 - tip;
        let swing = reach * second.sin();
        let pull_2 = m2 * r2 * gravity * (first + second).sin();
        let pull_1 = (m1 * r1 + m2 * l1) * gravity * first.sin() + pull_2;
        let drag_1 = viscous[0] * turn + coulomb[0] * smooth_sign(turn, STICKS);
        let drag_2 = viscous[1] * bend + coulomb[1] * smooth_sign(bend, STICKS);
        let a = action[0] + swing * bend * (turn * 2.0 + bend) - pull_1 - drag_1;
        let b = action[1] - swing * turn * turn - pull_2 - drag_2;
        let determinant = whole * tip - coupled * coupled;
        out[0] = turn;
        out[1] = bend;
        out[2] = (tip * a - coupled * b) / determinant;
        out[3] = (whole * b - coupled * a) / determinant;
    }

    fn energy(state: &[f64], parameters: &[f64]) -> Option<f64> {
        let [first, second, turn, bend] = [state[0], state[1], state[2], state[3]];
        let [m1, m2, l1, r1, r2] = [parameters[0], parameters[1], parameters[2], parameters[3], parameters[4]];
        let [i1, i2, gravity] = [parameters[5], parameters[6], parameters[11]];
        // Height and speed of the centres of mass, not the matrix above: the two check each other.
        let speed_1 = r1 * turn;
        let across = l1 * turn * first.cos() + r2 * (turn + bend) * (first + second).cos();
        let up = l1 * turn * first.sin() + r2 * (turn + bend) * (first + second).sin();
        let moving = m1 * speed_1 * speed_1 + m2 * (across * across + up * up);
        let turning = i1 * turn * turn + i2 * (turn + bend) * (turn + bend);
        let height_1 = -r1 * first.cos();
        let height_2 = -l1 * first.cos() - r2 * (first + second).cos();
        Some(0.5 * (moving + turning) + gravity * (m1 * height_1 + m2 * height_2))
    }
}
