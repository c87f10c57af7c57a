//! Worlds to act in, each with what it declares of itself, and with demonstrators.
//!
//! Every world is a plain value behind [`terrella_core::Sim`]: keyed seeds, bit-exact replay,
//! snapshots below a microsecond, pictures of any size. [`registry`] lists them, [`make`] builds
//! one from JSON options, [`make_env`] one that has goals, [`demonstrator`] gives a scripted policy
//! that does its task.

mod artist;
mod balls;
mod behaviours;
mod error;
mod geometry;
mod latency;
mod lens;
mod look;
pub mod policy;
pub mod pusht;
mod raster;
mod registry;
mod shifts;
mod sim;
mod tworoom;
mod world;

pub use balls::{Balls, BallsOptions};
pub use behaviours::{Behaviour, behaviours};
pub use error::{Error, Result};
pub use geometry::{Vec2, angle_difference};
pub use lens::{Lens, Through};
pub use look::{Look, Pattern};
pub use pusht::{PushT, PushTOptions};
pub use registry::{Exploring, demonstrator, explorer, make, make_env, registry, sims};
pub use shifts::{Shift, shifts};
pub use sim::{
    Acrobot, CartPole, CartPoleOptions, CartPoleSwingUp, DoublePendulum, DoublePendulumOptions, MountainCar, Pendulum,
    Reacher,
};
pub use tworoom::{TwoRoom, TwoRoomOptions};
pub use world::{BoxedPolicy, World};

/// Red, green, blue, 0 to 255.
pub type Rgb = [u8; 3];

/// The numbers of a row; fails if the width is wrong or one is not finite.
fn row<const N: usize>(what: &str, row: &[f64]) -> terrella_core::Result<[f64; N]> {
    terrella_core::Error::check(what, N, row.len())?;
    if let Some(at) = row.iter().position(|x| !x.is_finite()) {
        return Err(terrella_core::Error::Invalid(format!(
            "{what}: number {at} is {}; drop the row or repair the log",
            row[at]
        )));
    }
    Ok(std::array::from_fn(|i| row[i]))
}

/// A logged row as doubles, checked as by [`row`].
fn logged<const N: usize>(what: &str, logged: &[f32]) -> terrella_core::Result<[f64; N]> {
    row(what, &logged.iter().map(|x| f64::from(*x)).collect::<Vec<_>>())
}

/// A number moved into its bounds; what is not a number becomes the middle, so that no world breaks.
fn clamped(x: f32, low: f32, high: f32) -> f32 {
    if x.is_nan() { (low + high) / 2.0 } else { x.clamp(low, high) }
}

/// Distance of the first two numbers of two rows.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    (f64::from(a[0]) - f64::from(b[0])).hypot(f64::from(a[1]) - f64::from(b[1]))
}
