//! Mountain car: too weak for the hill, it must swing up (Gymnasium's MountainCarContinuous-v0).
//!
//! v ← v + 0.0015·u − 0.0025·cos 3x, limited to ±0.07, then x ← x + v in [−1.2, 0.6]; against the left
//! wall it stops. Past 0.45, not rolling back, it terminates and earns 100. A step costs 0.1·u², u as
//! it was asked for, not as it was limited to ±1. The original keeps singles from its first step on:
//! so does this one, else episodes drift apart.

use super::{coordinate, finite, picture};
use terrella_core::{Actions, EnvSpec, Image, Key, Result, Sim, Space, Step};

/// Ends of the road.
const ROAD: [f32; 2] = [-1.2, 0.6];
/// Largest speed, a step.
const SPEED: f32 = 0.07;
/// Where the flag stands.
const FLAG: f32 = 0.45;

/// The world.
#[derive(Clone, Debug)]
pub struct MountainCar {
    spec: std::sync::Arc<EnvSpec>,
    position: f64,
    velocity: f64,
    n_steps: usize,
}

impl Default for MountainCar {
    fn default() -> Self {
        let state = vec![coordinate("position", "1", false), coordinate("velocity", "1/step", false)];
        let spec = EnvSpec {
            id: "mountain_car".into(),
            // The original has no seconds; its pictures are shown 30 times a second.
            dt: 1.0 / 30.0,
            observation: state.iter().map(|c| c.name.clone()).collect(),
            state,
            actions: Actions::Box(Space::uniform(&["force"], -1.0, 1.0)),
            max_steps: Some(999),
            ..EnvSpec::default()
        };
        let mut world = Self { spec: spec.into(), position: 0.0, velocity: 0.0, n_steps: 0 };
        world.reset(0);
        world
    }
}

/// Rounded to a single.
fn single(x: f64) -> f64 {
    f64::from(x as f32)
}

/// Height of the road.
fn height(position: f64) -> f64 {
    0.45 * (3.0 * position).sin() + 0.55
}

impl Sim for MountainCar {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("mountain_car.reset").stream();
        (self.position, self.velocity) = (stream.uniform(-0.6, -0.4), 0.0);
        self.n_steps = 0;
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        [self.position, self.velocity] = finite("mountain_car", state)?;
        self.n_steps = 0;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        vec![self.position, self.velocity]
    }

    fn observe(&self) -> Vec<f32> {
        vec![self.position as f32, self.velocity as f32]
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let asked = crate::clamped(action[0], f32::MIN, f32::MAX);
        let force = asked.clamp(-1.0, 1.0);
        // A start in doubles is stepped in doubles once; singles stay singles after every operation.
        let singles = [self.position, self.velocity].iter().all(|&x| single(x) == x);
        let round = |x: f64| if singles { single(x) } else { x };
        let pull = 0.0025 * round(3.0 * self.position).cos();
        let push = if force == asked {
            f64::from(force * 0.0015 - pull as f32)
        } else {
            round(f64::from(force) * 0.0015 - pull) // a limited force is a double there
        };
        let [low, high] = ROAD.map(f64::from);
        let speed = f64::from(SPEED);
        let mut velocity = round(self.velocity + push).clamp(-speed, speed);
        let position = round(self.position + velocity).clamp(low, high);
        if position <= low && velocity < 0.0 {
            velocity = 0.0;
        }
        let terminated = position >= f64::from(FLAG) && velocity >= 0.0;
        (self.position, self.velocity) = (single(position), single(velocity));
        self.n_steps += 1;
        let reward = f64::from(u8::from(terminated)) * 100.0 - f64::from(asked).powi(2) * 0.1;
        Step { reward, terminated, truncated: self.spec.is_over(self.n_steps) }
    }

    fn draw(&self, size: usize) -> Image {
        let at = |position: f64| {
            let position = position.clamp(f64::from(ROAD[0]), f64::from(ROAD[1]));
            [140.0 * (position + 1.2) + 2.0, 236.0 - 140.0 * height(position)].map(|x| x as i32)
        };
        let (flag, [x, y]) = (at(f64::from(FLAG)), at(self.position));
        picture(size, |canvas| {
            let road: Vec<_> = (0..=36).map(|i| at(-1.2 + 0.05 * f64::from(i))).collect();
            road.windows(2).for_each(|ends| canvas.line(ends[0], ends[1], 2, [0; 3]));
            canvas.line(flag, [flag[0], flag[1] - 40], 2, [0; 3]);
            canvas.polygon(
                &[[flag[0], flag[1] - 40], [flag[0] + 20, flag[1] - 34], [flag[0], flag[1] - 28]],
                [204, 204, 0],
            );
            canvas.disc([x, y - 8], 8, [60, 60, 160]);
        })
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend([self.position, self.velocity, self.n_steps as f64]);
    }

    fn load(&mut self, snapshot: &[f64]) {
        [self.position, self.velocity] = [snapshot[0], snapshot[1]];
        self.n_steps = snapshot[2] as usize;
    }
}
