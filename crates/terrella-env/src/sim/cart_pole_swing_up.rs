//! Cart-pole swing-up: the pole hangs, and a force on the cart swings it up and holds it there.
//!
//! Cart 1 kg, uniform pole 0.1 kg and 1 m, force ±10 N, 9.81 m/s², no friction: sizes and reward are
//! those of the swing-up of the DeepMind Control Suite (Tassa et al. 2018); equations, steps and ends
//! of the track are our own. Four Runge-Kutta steps of 0.01 s a step. At ±1.8 m a buffer stops the
//! cart dead: its momentum is lost, the pole swings on. It never terminates.

use super::{coordinate, finite, names, picture, runge_kutta, wrapped};
use std::f64::consts::PI;
use terrella_core::{Actions, EnvSpec, Image, Key, Result, Sim, Space, Step};

const GRAVITY: f64 = 9.81;
/// Masses of the cart and of the pole, in kg.
const MASSES: [f64; 2] = [1.0, 0.1];
/// Half of the pole's length, in m.
const HALF: f64 = 0.5;
/// Largest force, in N.
const FORCE: f32 = 10.0;
/// How far the cart gets from the middle, in m.
const TRACK: f64 = 1.8;
/// Runge-Kutta steps a step.
const PARTS: usize = 4;

/// The world. State: position and velocity of the cart, angle of the pole from upright, and its velocity.
#[derive(Clone, Debug)]
pub struct CartPoleSwingUp {
    spec: std::sync::Arc<EnvSpec>,
    state: [f64; 4],
    n_steps: usize,
}

impl Default for CartPoleSwingUp {
    fn default() -> Self {
        let spec = EnvSpec {
            id: "cart_pole_swing_up".into(),
            // A planner that looks 30 steps ahead sees 1.2 s, enough to swing up; 15 steps are not.
            dt: 0.04,
            state: vec![
                coordinate("position", "m", false),
                coordinate("velocity", "m/s", false),
                coordinate("angle", "rad", true),
                coordinate("angular_velocity", "rad/s", false),
            ],
            observation: names(["position", "velocity", "cos", "sin", "angular_velocity"]),
            actions: Actions::Box(Space::uniform(&["force"], -FORCE, FORCE)),
            max_steps: Some(250),
            ..EnvSpec::default()
        };
        let mut world = Self { spec: spec.into(), state: [0.0; 4], n_steps: 0 };
        world.reset(0);
        world
    }
}

/// How fast the state changes under a force in N.
fn rate([_, velocity, angle, turn]: [f64; 4], force: f64) -> [f64; 4] {
    let ([cart, pole], (sin, cos)) = (MASSES, angle.sin_cos());
    let pushed = (force + pole * HALF * turn * turn * sin) / (cart + pole);
    let turning = (GRAVITY * sin - cos * pushed) / (HALF * (4.0 / 3.0 - pole * cos * cos / (cart + pole)));
    let moving = pushed - pole * HALF * turning * cos / (cart + pole);
    [velocity, moving, turn, turning]
}

/// Keeps the cart on its track. The blow goes through the cart alone, so what the pole has of
/// angular momentum about its joint, moving joint included, stays.
fn stopped([position, velocity, angle, turn]: [f64; 4]) -> [f64; 4] {
    if position.abs() <= TRACK {
        return [position, velocity, angle, turn];
    }
    let at = TRACK.copysign(position);
    if velocity * at <= 0.0 {
        return [at, velocity, angle, turn];
    }
    [at, 0.0, angle, turn + 0.75 * angle.cos() * velocity / HALF]
}

/// 1 at 0, 0.1 at the margin: a Gaussian.
fn near(x: f64, margin: f64) -> f64 {
    0.1f64.powf((x / margin).powi(2))
}

/// Up, in the middle, at rest, with little force: a product of four shares.
fn reward([position, _, angle, turn]: [f64; 4], force: f64) -> f64 {
    let upright = (1.0 + angle.cos()) / 2.0;
    let centred = (1.0 + near(position, 2.0)) / 2.0;
    let slow = (1.0 + near(turn, 5.0)) / 2.0;
    let gentle = (5.0 - (force / f64::from(FORCE)).powi(2)) / 5.0;
    upright * centred * slow * gentle
}

impl Sim for CartPoleSwingUp {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("cart_pole_swing_up.reset").stream();
        let [position, velocity, off, turn] = std::array::from_fn(|_| stream.uniform(-0.1, 0.1));
        self.state = [position, velocity, wrapped(PI + off), turn];
        self.n_steps = 0;
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.state = finite("cart_pole_swing_up", state)?;
        self.n_steps = 0;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.state.to_vec()
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend(self.state);
        snapshot.push(self.n_steps as f64);
    }

    fn load(&mut self, snapshot: &[f64]) {
        self.state.copy_from_slice(&snapshot[..4]);
        self.n_steps = snapshot[4] as usize;
    }

    fn observe(&self) -> Vec<f32> {
        let [position, velocity, angle, turn] = self.state;
        [position, velocity, angle.cos(), angle.sin(), turn].map(|x| x as f32).to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let force = f64::from(crate::clamped(action[0], -FORCE, FORCE));
        let part = self.spec.dt / PARTS as f64;
        for _ in 0..PARTS {
            self.state = stopped(runge_kutta(self.state, part, |state| rate(state, force)));
        }
        self.state[2] = wrapped(self.state[2]);
        self.n_steps += 1;
        let truncated = self.spec.is_over(self.n_steps);
        Step { reward: reward(self.state, force), terminated: false, truncated }
    }

    fn draw(&self, size: usize) -> Image {
        // 60 world pixels a metre: the track, the cart at its end, and the pole above and below.
        let (x, angle) = (128.0 + 60.0 * self.state[0].clamp(-TRACK, TRACK), self.state[2]);
        let tip = [x + 60.0 * angle.sin(), 128.0 - 60.0 * angle.cos()].map(|p| p as i32);
        let cart = [x as i32, 128];
        picture(size, |canvas| {
            canvas.line([0, 128], [255, 128], 2, [0; 3]);
            for buffer in [2, 253] {
                canvas.line([buffer, 112], [buffer, 144], 4, [0; 3]);
            }
            canvas.fat_segment([cart[0] - 8, 128], [cart[0] + 8, 128], 8.0, [60; 3]);
            canvas.fat_segment(cart, tip, 4.0, [202, 152, 101]);
        })
    }
}
