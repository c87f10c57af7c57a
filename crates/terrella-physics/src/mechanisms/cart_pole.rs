//! A pole on a cart that is pushed: Barto, Sutton and Anderson (1983), with friction of cart and hinge.
//!
//! The pole is uniform, `half` its half length; angles are from upright. With M all masses:
//! `θ″ = [g sin θ − cos θ (F − b v + m h θ′² sin θ)/M − c θ′/(m h)] / [h (4/3 − m cos² θ/M)]`,
//! `v′ = (F − b v + m h (θ′² sin θ − θ″ cos θ))/M`.

use crate::equations::Equations;
use crate::number::{Number, real};
use crate::parameter::{Parameter, Quantity};

/// The equations.
#[derive(Clone, Copy, Debug)]
pub struct CartPole;

impl Equations for CartPole {
    const NAME: &'static str = "cart-pole";
    const ABOUT: &'static str = "a pole on a cart that is pushed";
    const STATE: &'static [Quantity] = &[
        Quantity { name: "position", unit: "m", also: &["x", "cart.position"] },
        Quantity { name: "velocity", unit: "m/s", also: &["cart.velocity"] },
        Quantity { name: "angle", unit: "rad", also: &["theta", "pole.angle"] },
        Quantity { name: "angular_velocity", unit: "rad/s", also: &["pole.velocity", "theta_dot"] },
    ];
    const ACTION: &'static [Quantity] = &[Quantity { name: "force", unit: "N", also: &["push"] }];
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { name: "cart", unit: "kg", value: 1.0, prior: [0.1, 10.0], free: true, about: "mass of the cart" },
        Parameter { name: "pole", unit: "kg", value: 0.1, prior: [0.01, 2.0], free: true, about: "mass of the pole" },
        Parameter {
            name: "half",
            unit: "m",
            value: 0.5,
            prior: [0.05, 2.0],
            free: true,
            about: "half of the pole's length",
        },
        Parameter {
            name: "track",
            unit: "N s/m",
            value: 0.1,
            prior: [1e-3, 10.0],
            free: true,
            about: "friction of the cart that grows with velocity",
        },
        Parameter {
            name: "hinge",
            unit: "N m s/rad",
            value: 2e-3,
            prior: [1e-5, 0.1],
            free: true,
            about: "friction of the hinge that grows with velocity",
        },
        Parameter { name: "gravity", unit: "m/s²", value: 9.81, prior: [9.7, 9.9], free: false, about: "gravity" },
    ];

    fn derivative<T: Number>(state: &[T], action: &[T], parameters: &[T], out: &mut [T]) {
        let [velocity, angle, turn] = [state[1], state[2], state[3]];
        let [cart, pole, half] = [parameters[0], parameters[1], parameters[2]];
        let [track, hinge, gravity] = [parameters[3], parameters[4], parameters[5]];
        let (all, sin, cos) = (cart + pole, angle.sin(), angle.cos());
        let pushed = (action[0] - track * velocity + pole * half * turn * turn * sin) / all;
        let share = real::<T>(4.0 / 3.0) - pole * cos * cos / all;
        let turning = (gravity * sin - cos * pushed - hinge * turn / (pole * half)) / (half * share);
        out[0] = velocity;
        out[1] = pushed - pole * half * turning * cos / all;
        out[2] = turn;
        out[3] = turning;
    }

    fn energy(state: &[f64], parameters: &[f64]) -> Option<f64> {
        let [velocity, angle, turn] = [state[1], state[2], state[3]];
        let [cart, pole, half, gravity] = [parameters[0], parameters[1], parameters[2], parameters[5]];
        let across = velocity + half * turn * angle.cos();
        let up = half * turn * angle.sin();
        let moving = cart * velocity * velocity + pole * (across * across + up * up);
        let turning = pole * half * half / 3.0 * turn * turn;
        Some(0.5 * (moving + turning) + pole * gravity * half * angle.cos())
    }
}
