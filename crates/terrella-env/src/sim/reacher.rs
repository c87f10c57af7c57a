//! Reacher: an arm of two links on a table brings its tip to a target and keeps it there.
//!
//! Links of 0.1 m and 0.11 m, targets anywhere within 0.2 m, 50 steps of 0.02 s, distance as cost: so has
//! Gymnasium's Reacher it. The equations are our own: uniform rods of 0.1 kg, torques up to ±0.1 N m
//! in the shoulder and ±0.03 in the elbow, 0.002 N m s/rad of friction in each joint, two Runge-Kutta
//! steps a step. The reward is −distance − 0.01 · (u₁² + u₂²), torques u as shares of the largest: full
//! torque costs as much as 2 cm. It never terminates.

use super::two_links::TwoLinks;
use super::{coordinate, finite, names};
use std::f64::consts::PI;
use terrella_core::{Actions, EnvSpec, Image, Key, Result, Sim, Space, Step};

/// Largest torques of the shoulder and of the elbow, in N m.
const TORQUES: [f32; 2] = [0.1, 0.03];
/// Runge-Kutta steps a step.
const PARTS: usize = 2;
/// How far targets are from the shoulder at most, in m.
const FAR: f64 = 0.2;

/// The world. State: angle of the first link (0 points down in the picture), angle of the second from
/// the first, their velocities, and where the target is: right of the shoulder, and above it.
#[derive(Clone, Debug)]
pub struct Reacher {
    spec: std::sync::Arc<EnvSpec>,
    links: TwoLinks,
    state: [f64; 6],
    n_steps: usize,
}

impl Default for Reacher {
    fn default() -> Self {
        let spec = EnvSpec {
            id: "reacher".into(),
            dt: 0.02,
            state: vec![
                coordinate("angle_1", "rad", true),
                coordinate("angle_2", "rad", true),
                coordinate("velocity_1", "rad/s", false),
                coordinate("velocity_2", "rad/s", false),
                coordinate("target_x", "m", false),
                coordinate("target_y", "m", false),
            ],
            observation: names([
                "cos_1",
                "sin_1",
                "cos_2",
                "sin_2",
                "velocity_1",
                "velocity_2",
                "target_x",
                "target_y",
                "to_target_x",
                "to_target_y",
            ]),
            actions: Actions::Box(Space {
                low: TORQUES.map(|t| -t).to_vec(),
                high: TORQUES.to_vec(),
                ..Space::uniform(&["torque_1", "torque_2"], 0.0, 0.0)
            }),
            max_steps: Some(50),
            ..EnvSpec::default()
        };
        let links = TwoLinks { lengths: [0.1, 0.11], masses: [0.1; 2], gravity: 0.0, friction: 0.002 };
        let mut world = Self { spec: spec.into(), links, state: [0.0; 6], n_steps: 0 };
        world.reset(0);
        world
    }
}

impl Reacher {
    /// From the tip to the target, in m.
    fn to_target(&self) -> [f64; 2] {
        let [first, second, _, _, x, y] = self.state;
        let [_, tip] = self.links.points(first, second);
        [x - tip[0], y - tip[1]]
    }
}

impl Sim for Reacher {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("reacher.reset").stream();
        let [first, second] = std::array::from_fn(|_| stream.uniform(-PI, PI));
        // The root makes all places of the disc as likely.
        let (sin, cos) = stream.uniform(-PI, PI).sin_cos();
        let far = FAR * stream.unit().sqrt();
        self.state = [first, second, 0.0, 0.0, far * cos, far * sin];
        self.n_steps = 0;
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.state = finite("reacher", state)?;
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
        self.state.copy_from_slice(&snapshot[..6]);
        self.n_steps = snapshot[6] as usize;
    }

    fn observe(&self) -> Vec<f32> {
        let [first, second, turn, bend, x, y] = self.state;
        let [right, up] = self.to_target();
        [first.cos(), first.sin(), second.cos(), second.sin(), turn, bend, x, y, right, up].map(|x| x as f32).to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let torques = [0, 1].map(|i| f64::from(crate::clamped(action[i], -TORQUES[i], TORQUES[i])));
        let [first, second, turn, bend, x, y] = self.state;
        let [first, second, turn, bend] = self.links.moved([first, second, turn, bend], torques, self.spec.dt, PARTS);
        self.state = [first, second, turn, bend, x, y];
        self.n_steps += 1;
        let [right, up] = self.to_target();
        let effort: f64 = [0, 1].map(|i| (torques[i] / f64::from(TORQUES[i])).powi(2)).iter().sum();
        let truncated = self.spec.is_over(self.n_steps);
        Step { reward: -right.hypot(up) - 0.01 * effort, terminated: false, truncated }
    }

    fn draw(&self, size: usize) -> Image {
        let [first, second, _, _, x, y] = self.state;
        // 560 world pixels a metre; a target outside of the picture is drawn at its edge.
        let target = [x, y].map(|p| p.clamp(-0.22, 0.22));
        self.links.draw((first, second), (size, 560.0), |canvas, at| canvas.disc(at(target), 9, [60, 170, 90]))
    }
}
