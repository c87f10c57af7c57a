//! Worlds with rewards: four whose equations and constants are those of Gymnasium's worlds of that
//! name, and three with equations of their own.
//!
//! Each is a plain value behind [`terrella_core::Sim`], its state in doubles; [`registry`](crate::registry()) lists them.
//! `tests/judges/gymnasium_worlds.sh` steps the four beside the originals.

mod acrobot;
pub(crate) mod cart_pole;
mod cart_pole_swing_up;
pub(crate) mod double_pendulum;
mod mountain_car;
mod pendulum;
mod reacher;
mod two_links;

pub use acrobot::Acrobot;
pub use cart_pole::{CartPole, CartPoleOptions};
pub use cart_pole_swing_up::CartPoleSwingUp;
pub use double_pendulum::{DoublePendulum, DoublePendulumOptions};
pub use mountain_car::MountainCar;
pub use pendulum::Pendulum;
pub use reacher::Reacher;

use crate::Error;
use crate::policy::RandomPolicy;
use crate::raster::{Backdrop, Canvas, Grid};
use crate::world::World;
use serde_json::Value;
use std::f64::consts::{PI, TAU};
use terrella_core::{AnySim, Coordinate, Image, Name, Result, Sim};

/// Side of every picture's world, in world pixels.
const EXTENT: usize = 256;

/// The entry of the registry for a world with rewards. It has no options, and nobody scripted its task: who
/// explores it draws from all actions.
pub(crate) const fn entry<S: Sim + Default + 'static>(id: &'static str, about: &'static str) -> World {
    World {
        id,
        about,
        make: |options| Ok(AnySim::new(plain::<S>(options)?)),
        demonstrator: |options| Err(Error::NoDemonstrator { id: plain::<S>(options)?.spec().id.to_string() }),
        explorer: |options| Ok(Box::new(RandomPolicy::new(plain::<S>(options)?.spec().actions.clone()))),
        seeker: None,
        factors: &[],
    }
}

/// A world without options.
fn plain<S: Sim + Default>(options: &Value) -> crate::Result<S> {
    let world = S::default();
    if options.is_null() || options.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(world);
    }
    Err(Error::Options { id: world.spec().id.to_string(), reason: "this world has none".to_owned() })
}

fn coordinate(name: &'static str, unit: &'static str, angle: bool) -> Coordinate {
    Coordinate { name: name.into(), unit: unit.into(), angle }
}

/// Names of an observation's numbers.
fn names<const N: usize>(names: [&'static str; N]) -> Vec<Name> {
    names.map(Name::from).to_vec()
}

/// A state of `N` finite numbers.
fn finite<const N: usize>(id: &str, state: &[f64]) -> Result<[f64; N]> {
    crate::row(&format!("{id} state"), state)
}

/// An angle in [−π, π]; one that is inside is left as it is.
fn wrapped(angle: f64) -> f64 {
    if angle > PI {
        angle - TAU * ((angle - PI) / TAU).ceil()
    } else if angle < -PI {
        angle + TAU * ((-PI - angle) / TAU).ceil()
    } else {
        angle
    }
}

/// The state after `time` seconds, by one Runge-Kutta step of fourth order.
fn runge_kutta<const N: usize>(start: [f64; N], time: f64, rate: impl Fn([f64; N]) -> [f64; N]) -> [f64; N] {
    let after = |rate: [f64; N], time: f64| std::array::from_fn(|i| start[i] + time * rate[i]);
    let k1 = rate(start);
    let k2 = rate(after(k1, time / 2.0));
    let k3 = rate(after(k2, time / 2.0));
    let k4 = rate(after(k3, time));
    std::array::from_fn(|i| start[i] + time / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// A picture on white ground.
fn picture(size: usize, draw: impl FnOnce(&mut Canvas)) -> Image {
    let backdrop = Backdrop::new(Grid::new(EXTENT, size), |_, _| [255; 3], draw);
    crate::artist::Artist::default().draw(size, || backdrop, |_| {})
}
