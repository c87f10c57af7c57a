//! A mass on a rod with a motor in its pivot: `m l² θ″ = u − b θ′ − c sign θ′ − m g l sin(θ − θ₀)`, θ₀ where it hangs.
//!
//! Swinging freely it tells neither its mass nor its length and gravity apart; a known torque weighs it.

use crate::equations::Equations;
use crate::number::{Number, smooth_sign};
use crate::parameter::{Parameter, Quantity};

/// Width in rad/s within which dry friction changes its sign: below what encoders of this class resolve in a row of 10 ms.
const STICKS: f64 = 0.05;

/// The equations.
#[derive(Clone, Copy, Debug)]
pub struct Pendulum;

impl Equations for Pendulum {
    const NAME: &'static str = "pendulum";
    const ABOUT: &'static str = "a mass on a rod with a motor in its pivot";
    const STATE: &'static [Quantity] = &[
        Quantity { name: "angle", unit: "rad", also: &["position", "theta", "joint1.angle"] },
        Quantity { name: "velocity", unit: "rad/s", also: &["angular_velocity", "theta_dot", "joint1.velocity"] },
    ];
    const ACTION: &'static [Quantity] = &[Quantity { name: "torque", unit: "N m", also: &["joint1.torque", "tau"] }];
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "mass",
            unit: "kg",
            value: 0.5,
            prior: [0.05, 5.0],
            free: true,
            about: "the mass at its end",
        },
        Parameter {
            name: "length",
            unit: "m",
            value: 0.5,
            prior: [0.1, 2.0],
            free: true,
            about: "from the pivot to the mass",
        },
        Parameter {
            name: "viscous",
            unit: "N m s/rad",
            value: 0.02,
            prior: [1e-3, 1.0],
            free: true,
            about: "friction that grows with velocity",
        },
        Parameter { name: "coulomb", unit: "N m", value: 0.02, prior: [1e-3, 1.0], free: true, about: "dry friction" },
        Parameter { name: "gravity", unit: "m/s²", value: 9.81, prior: [9.7, 9.9], free: false, about: "gravity" },
        Parameter {
            name: "rest",
            unit: "rad",
            value: 0.0,
            prior: [-0.2, 0.2],
            free: false,
            about: "the angle at which it hangs",
        },
    ];

    fn derivative<T: Number>(state: &[T], action: &[T], parameters: &[T], out: &mut [T]) {
        let ([angle, velocity], [mass, length, viscous, coulomb, gravity, rest]) = (
            [state[0], state[1]],
            [parameters[0], parameters[1], parameters[2], parameters[3], parameters[4], parameters[5]],
        );
        let friction = viscous * velocity + coulomb * smooth_sign(velocity, STICKS);
        let weight = mass * gravity * length * (angle - rest).sin();
        out[0] = velocity;
        out[1] = (action[0] - friction - weight) / (mass * length * length);
    }

    fn energy(state: &[f64], parameters: &[f64]) -> Option<f64> {
        let [mass, length, gravity, rest] = [parameters[0], parameters[1], parameters[4], parameters[5]];
        let moving = 0.5 * mass * (length * state[1]).powi(2);
        Some(moving - mass * gravity * length * (state[0] - rest).cos())
    }
}
