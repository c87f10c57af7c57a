//! Acrobot: swing the tip of two links up by a motor in the elbow (Gymnasium's Acrobot-v1).
//!
//! Both links are 1 m and 1 kg, their centres half-way, moments of inertia 1 kg m², 9.8 m/s²; the
//! equations are those of Sutton and Barto's book. One Runge-Kutta step of fourth order over 0.2 s,
//! then angles wrap into [−π, π] and velocities are limited. Every step costs 1 until the tip is
//! 1 m above the pivot; the one that ends there costs nothing.

use super::{coordinate, finite, names, picture, runge_kutta, wrapped};
use std::f64::consts::PI;
use terrella_core::{Actions, EnvSpec, Image, Key, Result, Sim, Step};

const GRAVITY: f64 = 9.8;
/// From a joint to the centre of its link, in m.
const CENTRE: f64 = 0.5;
/// Moment of inertia of a link, in kg m².
const INERTIA: f64 = 1.0;
/// Limits of the two velocities, in rad/s.
const LIMITS: [f64; 2] = [4.0 * PI, 9.0 * PI];

/// The world. State: angle of the first link from hanging, angle of the second from the first, and
/// their velocities.
#[derive(Clone, Debug)]
pub struct Acrobot {
    spec: std::sync::Arc<EnvSpec>,
    state: [f64; 4],
    n_steps: usize,
}

impl Default for Acrobot {
    fn default() -> Self {
        let spec = EnvSpec {
            id: "acrobot".into(),
            dt: 0.2,
            state: vec![
                coordinate("angle_1", "rad", true),
                coordinate("angle_2", "rad", true),
                coordinate("velocity_1", "rad/s", false),
                coordinate("velocity_2", "rad/s", false),
            ],
            observation: names(["cos_1", "sin_1", "cos_2", "sin_2", "velocity_1", "velocity_2"]),
            actions: Actions::Choice(["back", "rest", "forth"].map(String::from).to_vec()),
            max_steps: Some(500),
            ..EnvSpec::default()
        };
        let mut world = Self { spec: spec.into(), state: [0.0; 4], n_steps: 0 };
        world.reset(0);
        world
    }
}

/// How fast the state changes under a torque in N m.
fn rate([first, second, turn, bend]: [f64; 4], torque: f64) -> [f64; 4] {
    let (sin, cos) = second.sin_cos();
    // The inertia of both links about the pivot, and that which couples the elbow to it.
    let whole = CENTRE * CENTRE + (1.0 + CENTRE * CENTRE + 2.0 * CENTRE * cos) + 2.0 * INERTIA;
    let coupled = CENTRE * CENTRE + CENTRE * cos + INERTIA;
    let pull_2 = CENTRE * GRAVITY * (first + second - PI / 2.0).cos();
    let pull_1 = -CENTRE * bend * bend * sin - 2.0 * CENTRE * bend * turn * sin
        + (CENTRE + 1.0) * GRAVITY * (first - PI / 2.0).cos()
        + pull_2;
    let bending = (torque + coupled / whole * pull_1 - CENTRE * turn * turn * sin - pull_2)
        / (CENTRE * CENTRE + INERTIA - coupled * coupled / whole);
    let turning = -(coupled * bending + pull_1) / whole;
    [turn, bend, turning, bending]
}

impl Sim for Acrobot {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("acrobot.reset").stream();
        // The original starts from singles.
        self.state = std::array::from_fn(|_| f64::from(stream.uniform(-0.1, 0.1) as f32));
        self.n_steps = 0;
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.state = finite("acrobot", state)?;
        self.n_steps = 0;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.state.to_vec()
    }

    fn observe(&self) -> Vec<f32> {
        let [first, second, turn, bend] = self.state;
        [first.cos(), first.sin(), second.cos(), second.sin(), turn, bend].map(|x| x as f32).to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let torque = Actions::index(action[0], 3) as f64 - 1.0;
        let end = runge_kutta(self.state, self.spec.dt, |state| rate(state, torque));
        let [turn, bend] = [0, 1].map(|i| end[2 + i].clamp(-LIMITS[i], LIMITS[i]));
        self.state = [wrapped(end[0]), wrapped(end[1]), turn, bend];
        self.n_steps += 1;
        let terminated = -self.state[0].cos() - (self.state[1] + self.state[0]).cos() > 1.0;
        let reward = if terminated { 0.0 } else { -1.0 };
        Step { reward, terminated, truncated: self.spec.is_over(self.n_steps) }
    }

    fn draw(&self, size: usize) -> Image {
        // 55 world pixels a metre: both links fit in every direction.
        let from = |[x, y]: [f64; 2], angle: f64| [x + 55.0 * angle.sin(), y + 55.0 * angle.cos()];
        let pivot = [128.0; 2];
        let elbow = from(pivot, self.state[0]);
        let tip = from(elbow, self.state[0] + self.state[1]);
        let [pivot, elbow, tip] = [pivot, elbow, tip].map(|p| p.map(|x| x as i32));
        picture(size, |canvas| {
            canvas.line([0, 73], [255, 73], 1, [0; 3]);
            canvas.fat_segment(pivot, elbow, 5.0, [0, 160, 160]);
            canvas.fat_segment(elbow, tip, 5.0, [0, 204, 204]);
            canvas.disc(pivot, 6, [160, 160, 0]);
            canvas.disc(elbow, 6, [160, 160, 0]);
        })
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend(self.state);
        snapshot.push(self.n_steps as f64);
    }

    fn load(&mut self, snapshot: &[f64]) {
        self.state.copy_from_slice(&snapshot[..4]);
        self.n_steps = snapshot[4] as usize;
    }
}
