//! The mechanisms that are there: one file each, and one line in the registry.

mod ball;
mod bicycle;
mod cart_pole;
mod double_pendulum;
mod pendulum;

pub use ball::Ball;
pub use bicycle::Bicycle;
pub use cart_pole::CartPole;
pub use double_pendulum::DoublePendulum;
pub use pendulum::Pendulum;

use crate::equations::{Equations, Integrated};
use crate::mechanism::Mechanism;
use terrella_core::{Error, Result};

/// A mechanism of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it is, in words.
    pub about: &'static str,
    make: fn(usize) -> Box<dyn Mechanism>,
}

/// All of them.
pub const MECHANISMS: &[Entry] =
    &[entry::<Pendulum>(), entry::<DoublePendulum>(), entry::<CartPole>(), entry::<Ball>(), entry::<Bicycle>()];

const fn entry<E: Equations>() -> Entry {
    Entry { name: E::NAME, about: E::ABOUT, make: made::<E> }
}

fn made<E: Equations>(parts: usize) -> Box<dyn Mechanism> {
    Box::new(Integrated::<E>::new(parts))
}

/// The mechanism of this name, whose steps have so many parts.
///
/// # Errors
/// If there is none; those that there are are named.
pub fn mechanism(name: &str, parts: usize) -> Result<Box<dyn Mechanism>> {
    let found = MECHANISMS.iter().find(|entry| entry.name == name);
    found.map(|entry| (entry.make)(parts)).ok_or_else(|| {
        let names: Vec<&str> = MECHANISMS.iter().map(|entry| entry.name).collect();
        Error::Invalid(format!("there is no mechanism {name:?}; there are {}", names.join(", ")))
    })
}
