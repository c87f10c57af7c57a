//! CartPole: push a cart left or right so that its pole stays up (Gymnasium's CartPole-v1).
//!
//! Equations of Barto, Sutton and Anderson (1983) without friction: cart 1 kg, pole 0.1 kg and 1 m,
//! force ±10 N, 9.8 m/s², explicit Euler with 0.02 s. Every step earns 1. It terminates when the
//! cart is beyond 2.4 m or the pole beyond 12°. The pole's mass, the friction of its joint (as in that paper, 0
//! there and in Gymnasium's) and how late a push takes effect are options.

use super::{coordinate, finite, picture};
use crate::Error;
use crate::error::require;
use crate::latency::Latency;
use crate::policy::RandomPolicy;
use crate::world::{Factor, LATE, World, read};
use serde::{Deserialize, Serialize};
use serde_json::json;
use terrella_core::{Actions, AnySim, EnvSpec, Image, Key, Result, Sim, Step};

/// Name in the registry.
const ID: &str = "cart_pole";
/// The entry of the registry.
pub(crate) const WORLD: World = World {
    id: ID,
    about: "a cart is pushed so that its pole stays up (CartPole-v1; 50 Hz)",
    make: |options| Ok(AnySim::new(CartPole::with(&read(ID, options)?)?)),
    demonstrator: |options| {
        CartPole::with(&read(ID, options)?)?;
        Err(Error::NoDemonstrator { id: ID.to_owned() })
    },
    explorer: |options| Ok(Box::new(RandomPolicy::new(CartPole::with(&read(ID, options)?)?.spec.actions.clone()))),
    seeker: None,
    factors: &[
        Factor {
            name: "friction",
            unit: "N m s/rad in the joint",
            sizes: [0.01, 0.03, 0.1],
            options: |friction| json!({ "friction": friction }),
        },
        Factor {
            name: "mass",
            unit: "kg of the pole",
            sizes: [0.13, 0.2, 0.4],
            options: |mass| json!({ "mass": mass }),
        },
        LATE,
    ],
};
/// Half of the pole's length, in m.
const HALF: f64 = 0.5;
/// Mass of the pole and of all, in kg.
const MASSES: [f64; 2] = [0.1, 1.1];

/// Factors of variation of the cart-pole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CartPoleOptions {
    /// Mass of the pole, in kg.
    pub mass: f64,
    /// Friction of the pole's joint, in N m s/rad.
    pub friction: f64,
    /// Steps until a push takes effect; until then there is none. Hidden from the state, so the default is 0.
    pub latency: usize,
}

impl Default for CartPoleOptions {
    fn default() -> Self {
        Self { mass: MASSES[0], friction: 0.0, latency: 0 }
    }
}

/// The world.
#[derive(Clone, Debug)]
pub struct CartPole {
    spec: std::sync::Arc<EnvSpec>,
    options: CartPoleOptions,
    state: [f64; 4],
    n_steps: usize,
    latency: Latency,
}

impl Default for CartPole {
    fn default() -> Self {
        Self::of(CartPoleOptions::default())
    }
}

impl CartPole {
    /// A world with these factors of variation, reset with seed 0.
    ///
    /// # Errors
    /// If an option is out of range.
    pub fn with(options: &CartPoleOptions) -> crate::Result<Self> {
        let CartPoleOptions { mass, friction, latency } = *options;
        require((0.01..=2.0).contains(&mass), ID, "mass", mass, "in 0.01..=2")?;
        // More would make the explicit steps of the equations overshoot.
        require((0.0..=0.2).contains(&friction), ID, "friction", friction, "in 0..=0.2")?;
        require(latency <= 100, ID, "latency", latency, "at most 100")?;
        Ok(Self::of(options.clone()))
    }

    fn of(options: CartPoleOptions) -> Self {
        let state = vec![
            coordinate("position", "m", false),
            coordinate("velocity", "m/s", false),
            coordinate("angle", "rad", true),
            coordinate("angular_velocity", "rad/s", false),
        ];
        let spec = EnvSpec {
            id: ID.into(),
            dt: 0.02,
            observation: state.iter().map(|c| c.name.clone()).collect(),
            state,
            actions: Actions::Choice(["left", "right"].map(String::from).to_vec()),
            max_steps: Some(500),
            ..EnvSpec::default()
        };
        let mut world = Self { spec: spec.into(), options, state: [0.0; 4], n_steps: 0, latency: Latency::default() };
        world.reset(0);
        world
    }
}

impl Sim for CartPole {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("cart_pole.reset").stream();
        self.state = std::array::from_fn(|_| stream.uniform(-0.05, 0.05));
        self.n_steps = 0;
        self.latency.reset(self.options.latency, [0.0; 2]);
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.state = finite(ID, state)?;
        self.n_steps = 0;
        self.latency.reset(self.options.latency, [0.0; 2]);
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.state.to_vec()
    }

    fn observe(&self) -> Vec<f32> {
        self.state.map(|x| x as f32).to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let [force, _] = self.latency.pass([[-10.0, 10.0][Actions::index(action[0], 2)], 0.0]);
        let [x, v, angle, turn] = self.state;
        // The cart keeps its mass; that of both is written so that it is Gymnasium's to the last bit.
        let (pole, all) = (self.options.mass, MASSES[1] + (self.options.mass - MASSES[0]));
        let (sin, cos) = angle.sin_cos();
        let pushed = (force + pole * HALF * turn * turn * sin) / all;
        let rubbed = self.options.friction * turn / (pole * HALF);
        let turning = (9.8 * sin - cos * pushed - rubbed) / (HALF * (4.0 / 3.0 - pole * cos * cos / all));
        let moving = pushed - pole * HALF * turning * cos / all;
        let dt = self.spec.dt;
        self.state = [x + dt * v, v + dt * moving, angle + dt * turn, turn + dt * turning];
        self.n_steps += 1;
        let terminated = self.state[0].abs() > 2.4 || self.state[2].abs() > 12f64.to_radians();
        Step { reward: 1.0, terminated, truncated: self.spec.is_over(self.n_steps) }
    }

    fn draw(&self, size: usize) -> Image {
        let (x, angle) = (128.0 + 50.0 * self.state[0].clamp(-3.0, 3.0), self.state[2]);
        let tip = [x + 100.0 * angle.sin(), 180.0 - 100.0 * angle.cos()].map(|p| p as i32);
        let cart = [x as i32, 180];
        picture(size, |canvas| {
            canvas.line([0, 180], [255, 180], 2, [0; 3]);
            canvas.fat_segment([cart[0] - 20, 180], [cart[0] + 20, 180], 10.0, [60; 3]);
            canvas.fat_segment(cart, tip, 4.0, [202, 152, 101]);
        })
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
}
