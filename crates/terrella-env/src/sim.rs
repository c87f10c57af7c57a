//! Worlds with rewards whose equations and constants are those of Gymnasium's worlds of that name.
//!
//! Each is a plain value behind [`terrella_core::Sim`], its state in doubles; [`registry`](crate::registry()) lists them.
//! `tests/judges/gymnasium_worlds.sh` steps them beside the originals.

mod acrobot;
mod cart_pole;
mod mountain_car;
mod pendulum;

pub use acrobot::Acrobot;
pub use cart_pole::CartPole;
pub use mountain_car::MountainCar;
pub use pendulum::Pendulum;

use crate::Error;
use crate::policy::RandomPolicy;
use crate::raster::{Backdrop, Canvas, Grid};
use crate::registry::World;
use serde_json::Value;
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

/// A picture on white ground.
fn picture(size: usize, draw: impl FnOnce(&mut Canvas)) -> Image {
    let backdrop = Backdrop::new(Grid::new(EXTENT, size), |_, _| [255; 3], draw);
    crate::artist::Artist::default().draw(size, || backdrop, |_| {})
}
