//! A ball in the air, with bounces on a table: gravity, drag that grows with the square of speed, the lift of a constant spin.
//!
//! `v′ = −k |v| v + s × v + (0, 0, −g)`, with `s` the spin times its coefficient of lift, in 1/s. A bounce reverses the vertical
//! velocity times the restitution; friction μ takes at most μ (1 + e) |v_z| from the horizontal one, and no more than a thin shell
//! loses until it rolls, two fifths. The moment of the bounce is where a straight line crosses the plane, so that derivatives know
//! that it comes earlier or later. Spin neither decays nor is changed by a bounce.

use crate::equations::Equations;
use crate::number::{Number, real, value};
use crate::parameter::{Parameter, Quantity};

/// Share of its horizontal velocity that a thin shell without spin keeps when it rolls: 1 / (1 + 2/3) of a shell's inertia 2/3 m r².
const ROLLS: f64 = 0.6;
/// Speed in m/s below which friction and drag have no direction; far below any speed of a flying ball.
const STILL: f64 = 1e-6;
/// How far below the plane, in m, a falling ball is still taken to bounce: noise puts the start of a clip there, and who never crosses the
/// plane never bounces. Cameras see balls to some millimetres.
const SLACK: f64 = 0.02;

/// The equations.
#[derive(Clone, Copy, Debug)]
pub struct Ball;

impl Equations for Ball {
    const NAME: &'static str = "ball";
    const ABOUT: &'static str = "a ball in the air that bounces on a table";
    const STATE: &'static [Quantity] = &[
        Quantity { name: "ball.x", unit: "m", also: &["x"] },
        Quantity { name: "ball.y", unit: "m", also: &["y"] },
        Quantity { name: "ball.z", unit: "m", also: &["z"] },
        Quantity { name: "ball.velocity.x", unit: "m/s", also: &["vx", "velocity.x"] },
        Quantity { name: "ball.velocity.y", unit: "m/s", also: &["vy", "velocity.y"] },
        Quantity { name: "ball.velocity.z", unit: "m/s", also: &["vz", "velocity.z"] },
    ];
    const ACTION: &'static [Quantity] = &[];
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "drag",
            unit: "1/m",
            value: 0.12,
            prior: [0.01, 0.5],
            free: true,
            about: "½ ρ C A / m: how much of its speed a metre of air takes",
        },
        Parameter {
            name: "lift.x",
            unit: "1/s",
            value: 0.0,
            prior: [-2.0, 2.0],
            free: true,
            about: "spin about x, as lift",
        },
        Parameter {
            name: "lift.y",
            unit: "1/s",
            value: 0.0,
            prior: [-2.0, 2.0],
            free: true,
            about: "spin about y, as lift",
        },
        Parameter {
            name: "lift.z",
            unit: "1/s",
            value: 0.0,
            prior: [-2.0, 2.0],
            free: true,
            about: "spin about z, as lift",
        },
        Parameter { name: "gravity", unit: "m/s²", value: 9.81, prior: [9.7, 9.9], free: false, about: "gravity" },
        Parameter {
            name: "restitution",
            unit: "",
            value: 0.85,
            prior: [0.5, 1.0],
            free: true,
            about: "share of the vertical velocity after a bounce",
        },
        Parameter {
            name: "friction",
            unit: "",
            value: 0.2,
            prior: [0.02, 0.6],
            free: true,
            about: "of ball and table",
        },
        Parameter {
            name: "table.z",
            unit: "m",
            value: 0.0,
            prior: [-1.0, 1.0],
            free: true,
            about: "height of the ball's centre in a bounce",
        },
        Parameter {
            name: "table.end.y",
            unit: "m",
            value: -1e3,
            prior: [-1e4, 1e4],
            free: false,
            about: "there is no table where y is below this",
        },
    ];

    fn derivative<T: Number>(state: &[T], _: &[T], parameters: &[T], out: &mut [T]) {
        let [x, y, z] = [state[3], state[4], state[5]];
        let [drag, sx, sy, sz, gravity] = [parameters[0], parameters[1], parameters[2], parameters[3], parameters[4]];
        let speed = (x * x + y * y + z * z + STILL * STILL).sqrt();
        let slows = drag * speed;
        out[0] = x;
        out[1] = y;
        out[2] = z;
        out[3] = sy * z - sz * y - slows * x;
        out[4] = sz * x - sx * z - slows * y;
        out[5] = sx * y - sy * x - slows * z - gravity;
    }

    fn jump<T: Number>(before: &[T], after: &mut [T], parameters: &[T]) {
        let [restitution, friction, table, end] = [parameters[5], parameters[6], parameters[7], parameters[8]];
        let above = value(before[2]) >= value(table) - SLACK;
        let crossed = above && value(after[2]) < value(table) && value(after[5]) < 0.0;
        if !crossed || value(after[1]) < value(end) {
            return;
        }
        let [x, y, z] = [after[3], after[4], after[5]];
        // Time since it touched: back along a straight line, and on again as it bounced.
        let since = (after[2] - table) / z;
        let speed = (x * x + y * y + STILL * STILL).sqrt();
        let slid = real::<T>(1.0) + friction * (restitution + 1.0) * z / speed;
        let kept = if value(slid) > ROLLS { slid } else { real::<T>(ROLLS) };
        after[0] += x * (kept - 1.0) * since;
        after[1] += y * (kept - 1.0) * since;
        after[2] = table - restitution * z * since;
        after[3] = x * kept;
        after[4] = y * kept;
        after[5] = -restitution * z;
    }
}
