//! A car as a bicycle without slip: `heading′ = speed · tan(gain · steering + offset) / wheelbase`.
//!
//! Position is that of the rear axle. At small angles a recording tells gain / wheelbase and nothing of the two alone, unless the
//! wheelbase is measured with a ruler and fixed. How late a car steers is not written here: a fit finds the delay of any mechanism's
//! actions.

use crate::equations::Equations;
use crate::number::Number;
use crate::parameter::{Parameter, Quantity};

/// The equations.
#[derive(Clone, Copy, Debug)]
pub struct Bicycle;

impl Equations for Bicycle {
    const NAME: &'static str = "bicycle";
    const ABOUT: &'static str = "a car that rolls without slip, steered and pushed";
    const STATE: &'static [Quantity] = &[
        Quantity { name: "x", unit: "m", also: &["position.x"] },
        Quantity { name: "y", unit: "m", also: &["position.y"] },
        Quantity { name: "heading", unit: "rad", also: &["yaw"] },
        Quantity { name: "speed", unit: "m/s", also: &["velocity"] },
    ];
    const ACTION: &'static [Quantity] = &[
        Quantity { name: "steering", unit: "", also: &["steer", "angle"] },
        Quantity { name: "throttle", unit: "", also: &["acceleration"] },
    ];
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "wheelbase",
            unit: "m",
            value: 1.0,
            prior: [0.1, 5.0],
            free: true,
            about: "from the rear axle to the front one",
        },
        Parameter {
            name: "steering.gain",
            unit: "rad",
            value: 1.0,
            prior: [0.1, 3.0],
            free: true,
            about: "angle of the wheels for each 1 of steering",
        },
        Parameter {
            name: "steering.offset",
            unit: "rad",
            value: 0.0,
            prior: [-0.2, 0.2],
            free: true,
            about: "angle of the wheels at steering 0",
        },
        Parameter {
            name: "throttle.gain",
            unit: "m/s²",
            value: 1.0,
            prior: [0.1, 20.0],
            free: true,
            about: "acceleration for each 1 of throttle",
        },
        Parameter {
            name: "drag",
            unit: "1/s",
            value: 0.1,
            prior: [1e-3, 2.0],
            free: true,
            about: "what slows it down",
        },
    ];

    fn derivative<T: Number>(state: &[T], action: &[T], parameters: &[T], out: &mut [T]) {
        let [heading, speed] = [state[2], state[3]];
        let [wheelbase, gain, offset] = [parameters[0], parameters[1], parameters[2]];
        let [push, drag] = [parameters[3], parameters[4]];
        out[0] = speed * heading.cos();
        out[1] = speed * heading.sin();
        out[2] = speed * (gain * action[0] + offset).tan() / wheelbase;
        out[3] = push * action[1] - drag * speed;
    }
}
