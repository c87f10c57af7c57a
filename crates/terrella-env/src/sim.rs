//! Worlds with rewards: four whose equations and constants are those of Gymnasium's worlds of that
//! name, and three with equations of their own.
//!
//! Each is a plain value behind [`terrella_core::Sim`], its state in doubles; [`sims`] lists them.
//! `tests/judges/gymnasium_worlds.sh` steps the four beside the originals.

mod acrobot;
mod cart_pole;
mod cart_pole_swing_up;
mod double_pendulum;
mod mountain_car;
mod pendulum;
mod reacher;
mod two_links;

pub use acrobot::Acrobot;
pub use cart_pole::CartPole;
pub use cart_pole_swing_up::CartPoleSwingUp;
pub use double_pendulum::DoublePendulum;
pub use mountain_car::MountainCar;
pub use pendulum::Pendulum;
pub use reacher::Reacher;

use crate::raster::{Backdrop, Canvas, Grid};
use std::f64::consts::{PI, TAU};
use terrella_core::{AnySim, Coordinate, Error, Image, Name, Result};

/// Side of every picture's world, in world pixels.
const EXTENT: usize = 256;

/// An entry of the list of worlds with rewards.
#[derive(Debug)]
pub struct SimWorld {
    /// Its name.
    pub id: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Makes one, reset with seed 0.
    pub make: fn() -> AnySim,
}

/// The worlds with rewards.
pub fn sims() -> &'static [SimWorld] {
    &[
        SimWorld {
            id: "pendulum",
            about: "a weak motor swings a rod up and holds it (Pendulum-v1; 20 Hz)",
            make: || AnySim::new(Pendulum::default()),
        },
        SimWorld {
            id: "cart_pole",
            about: "a cart is pushed so that its pole stays up (CartPole-v1; 50 Hz)",
            make: || AnySim::new(CartPole::default()),
        },
        SimWorld {
            id: "acrobot",
            about: "a motor in the elbow swings two links up (Acrobot-v1; 5 Hz)",
            make: || AnySim::new(Acrobot::default()),
        },
        SimWorld {
            id: "mountain_car",
            about: "a weak car rocks itself up a hill (MountainCarContinuous-v0)",
            make: || AnySim::new(MountainCar::default()),
        },
        SimWorld {
            id: "cart_pole_swing_up",
            about: "a cart between buffers swings its hanging pole up and holds it there (25 Hz)",
            make: || AnySim::new(CartPoleSwingUp::default()),
        },
        SimWorld {
            id: "double_pendulum",
            about: "two weak motors swing two links up and hold them (25 Hz)",
            make: || AnySim::new(DoublePendulum::default()),
        },
        SimWorld {
            id: "reacher",
            about: "an arm of two links brings its tip to a target (50 Hz)",
            make: || AnySim::new(Reacher::default()),
        },
    ]
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
    Error::check("state size", N, state.len())?;
    if let Some(at) = state.iter().position(|x| !x.is_finite()) {
        return Err(Error::Invalid(format!("{id}: state number {at} is {}; give finite numbers", state[at])));
    }
    Ok(std::array::from_fn(|i| state[i]))
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
