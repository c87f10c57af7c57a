//! Double pendulum: two motors too weak to lift two links at once swing them up and hold them.
//!
//! Uniform rods of 0.3 m and 0.5 kg under 9.81 m/s², torques up to ±1.5 N m in the shoulder and ±0.5
//! in the elbow (to hold both level takes 2.9 and 0.7), 0.03 N m s/rad of friction in each joint. Eight
//! Runge-Kutta steps of 0.005 s a step. The reward is how high the tip is: 0 hanging, 1 upright. It
//! never terminates.

use super::two_links::TwoLinks;
use super::{coordinate, finite, names};
use terrella_core::{Actions, EnvSpec, Image, Key, Result, Sim, Space, Step};

/// Largest torques of the shoulder and of the elbow, in N m.
const TORQUES: [f32; 2] = [1.5, 0.5];
/// Runge-Kutta steps a step. Without motors and friction the elbow turns with up to 57 rad/s; in 15 episodes
/// from starts all round, energy strayed by at most 2.4e-3 of what lies between hanging and upright, with
/// four steps by 2.6e-2. From starts up to level it strays by less than 1e-5.
const PARTS: usize = 8;

/// The world. State: angle of the first link from hanging, angle of the second from the first, and
/// their velocities.
#[derive(Clone, Debug)]
pub struct DoublePendulum {
    spec: std::sync::Arc<EnvSpec>,
    links: TwoLinks,
    state: [f64; 4],
    n_steps: usize,
}

impl DoublePendulum {
    /// The world with this friction in both joints, in N m s/rad.
    pub fn new(friction: f64) -> Self {
        let spec = EnvSpec {
            id: "double_pendulum".into(),
            dt: 0.04,
            state: vec![
                coordinate("angle_1", "rad", true),
                coordinate("angle_2", "rad", true),
                coordinate("velocity_1", "rad/s", false),
                coordinate("velocity_2", "rad/s", false),
            ],
            observation: names(["cos_1", "sin_1", "cos_2", "sin_2", "velocity_1", "velocity_2"]),
            actions: Actions::Box(Space {
                low: TORQUES.map(|t| -t).to_vec(),
                high: TORQUES.to_vec(),
                ..Space::uniform(&["torque_1", "torque_2"], 0.0, 0.0)
            }),
            max_steps: Some(250),
            ..EnvSpec::default()
        };
        let links = TwoLinks { lengths: [0.3; 2], masses: [0.5; 2], gravity: 9.81, friction };
        let mut world = Self { spec: spec.into(), links, state: [0.0; 4], n_steps: 0 };
        world.reset(0);
        world
    }
}

impl Default for DoublePendulum {
    fn default() -> Self {
        Self::new(0.03)
    }
}

impl Sim for DoublePendulum {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("double_pendulum.reset").stream();
        self.state = std::array::from_fn(|_| stream.uniform(-0.1, 0.1));
        self.n_steps = 0;
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.state = finite("double_pendulum", state)?;
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
        let [first, second, turn, bend] = self.state;
        [first.cos(), first.sin(), second.cos(), second.sin(), turn, bend].map(|x| x as f32).to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let torques = [0, 1].map(|i| f64::from(crate::clamped(action[i], -TORQUES[i], TORQUES[i])));
        self.state = self.links.moved(self.state, torques, self.spec.dt, PARTS);
        self.n_steps += 1;
        let [_, tip] = self.links.points(self.state[0], self.state[1]);
        let height = tip[1] / self.links.lengths.iter().sum::<f64>();
        let reward = ((1.0 + height) / 2.0).clamp(0.0, 1.0);
        Step { reward, terminated: false, truncated: self.spec.is_over(self.n_steps) }
    }

    fn draw(&self, size: usize) -> Image {
        self.links.draw((self.state[0], self.state[1]), (size, 190.0), |_, _| ())
    }
}
