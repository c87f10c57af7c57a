//! Pendulum: a rod on a motor too weak to lift it at once (Gymnasium's Pendulum-v1).
//!
//! The rod is 1 m and 1 kg under 10 m/s²: θ″ = 3g/(2l)·sin θ + 3u/(ml²), θ = 0 upright. The new
//! velocity, limited to 8 rad/s, moves the angle (semi-implicit Euler, 0.05 s). The reward is
//! −(θ² + 0.1·θ′² + 0.001·u²) before the step, θ wrapped into [−π, π). It never terminates.

use super::{coordinate, finite, names, picture};
use std::f64::consts::PI;
use terrella_core::{Actions, EnvSpec, Image, Key, Result, Sim, Space, Step};

/// The world.
#[derive(Clone, Debug)]
pub struct Pendulum {
    spec: std::sync::Arc<EnvSpec>,
    angle: f64,
    velocity: f64,
    n_steps: usize,
}

impl Default for Pendulum {
    fn default() -> Self {
        let spec = EnvSpec {
            id: "pendulum".into(),
            dt: 0.05,
            state: vec![coordinate("angle", "rad", true), coordinate("velocity", "rad/s", false)],
            observation: names(["cos", "sin", "velocity"]),
            actions: Actions::Box(Space::uniform(&["torque"], -2.0, 2.0)),
            max_steps: Some(200),
            ..EnvSpec::default()
        };
        let mut world = Self { spec: spec.into(), angle: 0.0, velocity: 0.0, n_steps: 0 };
        world.reset(0);
        world
    }
}

impl Sim for Pendulum {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("pendulum.reset").stream();
        (self.angle, self.velocity) = (stream.uniform(-PI, PI), stream.uniform(-1.0, 1.0));
        self.n_steps = 0;
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        [self.angle, self.velocity] = finite("pendulum", state)?;
        self.n_steps = 0;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        vec![self.angle, self.velocity]
    }

    fn observe(&self) -> Vec<f32> {
        [self.angle.cos(), self.angle.sin(), self.velocity].map(|x| x as f32).to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let torque = crate::clamped(action[0], -2.0, 2.0);
        // As there, what the torque alone makes is a single: near upright the difference would grow.
        let (effort, push) = (f64::from(0.001 * (torque * torque)), f64::from(3.0 * torque));
        let wrapped = (self.angle + PI).rem_euclid(2.0 * PI) - PI;
        let cost = wrapped.powi(2) + 0.1 * self.velocity.powi(2) + effort;
        let dt = self.spec.dt;
        self.velocity = (self.velocity + (15.0 * self.angle.sin() + push) * dt).clamp(-8.0, 8.0);
        self.angle += self.velocity * dt;
        self.n_steps += 1;
        Step { reward: -cost, terminated: false, truncated: self.spec.is_over(self.n_steps) }
    }

    fn draw(&self, size: usize) -> Image {
        let tip = [128.0 + 90.0 * self.angle.sin(), 128.0 - 90.0 * self.angle.cos()].map(|x| x as i32);
        picture(size, |canvas| {
            canvas.fat_segment([128, 128], tip, 8.0, [204, 77, 77]);
            canvas.disc([128, 128], 4, [0; 3]);
        })
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend([self.angle, self.velocity, self.n_steps as f64]);
    }

    fn load(&mut self, snapshot: &[f64]) {
        [self.angle, self.velocity] = [snapshot[0], snapshot[1]];
        self.n_steps = snapshot[2] as usize;
    }
}
