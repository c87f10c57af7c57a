//! Double pendulum: two motors too weak to lift two links at once swing them up and hold them.
//!
//! Uniform rods of 0.3 m and 0.5 kg under 9.81 m/s², torques up to ±1.5 N m in the shoulder and ±0.5
//! in the elbow (to hold both level takes 2.9 and 0.7), 0.03 N m s/rad of friction in each joint. Eight
//! Runge-Kutta steps of 0.005 s a step. The reward is how high the tip is: 0 hanging, 1 upright. It
//! never terminates. Masses, friction and how late torques take effect are options.

use super::two_links::TwoLinks;
use super::{coordinate, finite, names};
use crate::Error;
use crate::error::require;
use crate::latency::Latency;
use crate::policy::RandomPolicy;
use crate::world::{Factor, LATE, World, read};
use serde::{Deserialize, Serialize};
use serde_json::json;
use terrella_core::{Actions, AnySim, EnvSpec, Image, Key, Result, Sim, Space, Step};

/// Name in the registry.
const ID: &str = "double_pendulum";
/// The entry of the registry.
pub(crate) const WORLD: World = World {
    id: ID,
    about: "two weak motors swing two links up and hold them (25 Hz)",
    make: |options| Ok(AnySim::new(DoublePendulum::with(&read(ID, options)?)?)),
    demonstrator: |options| {
        DoublePendulum::with(&read(ID, options)?)?;
        Err(Error::NoDemonstrator { id: ID.to_owned() })
    },
    explorer: |options| {
        Ok(Box::new(RandomPolicy::new(DoublePendulum::with(&read(ID, options)?)?.spec.actions.clone())))
    },
    seeker: None,
    factors: &[
        Factor {
            name: "friction",
            unit: "N m s/rad in each joint",
            sizes: [0.045, 0.06, 0.12],
            options: |friction| json!({ "friction": friction }),
        },
        Factor {
            name: "mass",
            unit: "kg of the second link",
            sizes: [0.65, 0.8, 1.0],
            options: |mass| json!({ "masses": [0.5, mass] }),
        },
        LATE,
    ],
};

/// Largest torques of the shoulder and of the elbow, in N m.
const TORQUES: [f32; 2] = [1.5, 0.5];
/// Runge-Kutta steps a step. Without motors and friction the elbow turns with up to 57 rad/s; in 15 episodes
/// from starts all round, energy strayed by at most 2.4e-3 of what lies between hanging and upright, with
/// four steps by 2.6e-2. From starts up to level it strays by less than 1e-5.
const PARTS: usize = 8;

/// Factors of variation of the double pendulum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DoublePendulumOptions {
    /// Friction of each joint, in N m s/rad.
    pub friction: f64,
    /// Masses of the first link and of the second, in kg.
    pub masses: [f64; 2],
    /// Steps until torques take effect; until then there are none. Hidden from the state, so the default is 0.
    pub latency: usize,
}

impl Default for DoublePendulumOptions {
    fn default() -> Self {
        Self { friction: 0.03, masses: [0.5; 2], latency: 0 }
    }
}

/// The world. State: angle of the first link from hanging, angle of the second from the first, and
/// their velocities.
#[derive(Clone, Debug)]
pub struct DoublePendulum {
    spec: std::sync::Arc<EnvSpec>,
    links: TwoLinks,
    state: [f64; 4],
    n_steps: usize,
    steps_late: usize,
    latency: Latency,
}

impl DoublePendulum {
    /// The world with this friction in both joints, in N m s/rad.
    pub fn new(friction: f64) -> Self {
        Self::of(&DoublePendulumOptions { friction, ..DoublePendulumOptions::default() })
    }

    /// A world with these factors of variation, reset with seed 0.
    ///
    /// # Errors
    /// If an option is out of range.
    pub fn with(options: &DoublePendulumOptions) -> crate::Result<Self> {
        let DoublePendulumOptions { friction, masses: [first, second], latency } = *options;
        require((0.0..=1.0).contains(&friction), ID, "friction", friction, "in 0..=1")?;
        // A step of the equations is short enough for these.
        for mass in [first, second] {
            require((0.05..=5.0).contains(&mass), ID, "masses", mass, "two in 0.05..=5")?;
        }
        require(latency <= 100, ID, "latency", latency, "at most 100")?;
        Ok(Self::of(options))
    }

    fn of(options: &DoublePendulumOptions) -> Self {
        let spec = EnvSpec {
            id: ID.into(),
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
        let (masses, friction) = (options.masses, options.friction);
        let links = TwoLinks { lengths: [0.3; 2], masses, gravity: 9.81, friction };
        let (steps_late, latency) = (options.latency, Latency::default());
        let mut world = Self { spec: spec.into(), links, state: [0.0; 4], n_steps: 0, steps_late, latency };
        world.reset(0);
        world
    }
}

impl Default for DoublePendulum {
    fn default() -> Self {
        Self::of(&DoublePendulumOptions::default())
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
        self.latency.reset(self.steps_late, [0.0; 2]);
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.state = finite(ID, state)?;
        self.n_steps = 0;
        self.latency.reset(self.steps_late, [0.0; 2]);
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.state.to_vec()
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend(self.state);
        snapshot.push(self.n_steps as f64);
        self.latency.save(snapshot);
    }

    fn load(&mut self, snapshot: &[f64]) {
        self.state.copy_from_slice(&snapshot[..4]);
        self.n_steps = snapshot[4] as usize;
        self.latency.load(&snapshot[5..]);
    }

    fn observe(&self) -> Vec<f32> {
        let [first, second, turn, bend] = self.state;
        [first.cos(), first.sin(), second.cos(), second.sin(), turn, bend].map(|x| x as f32).to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let torques = [0, 1].map(|i| f64::from(crate::clamped(action[i], -TORQUES[i], TORQUES[i])));
        let torques = self.latency.pass(torques);
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
