//! Worlds with rewards whose equations and constants are those of Gymnasium's worlds of that name.
//!
//! Each is a plain value behind [`terrella_core::Sim`], its state in doubles.

mod cart_pole;
mod pendulum;

pub use cart_pole::CartPole;
pub use pendulum::Pendulum;

use crate::raster::{Backdrop, Canvas, Grid};
use terrella_core::{Coordinate, Error, Image, Result};

/// Side of every picture's world, in world pixels.
const EXTENT: usize = 256;

fn coordinate(name: &'static str, unit: &'static str, angle: bool) -> Coordinate {
    Coordinate { name, unit, angle }
}

/// A state of `N` finite numbers.
fn finite<const N: usize>(id: &str, state: &[f64]) -> Result<[f64; N]> {
    Error::check("state size", N, state.len())?;
    if let Some(at) = state.iter().position(|x| !x.is_finite()) {
        return Err(Error::Invalid(format!("{id}: state number {at} is {}; give finite numbers", state[at])));
    }
    Ok(std::array::from_fn(|i| state[i]))
}

/// A picture on white ground.
fn picture(size: usize, draw: impl FnOnce(&mut Canvas)) -> Image {
    let backdrop = Backdrop::new(Grid::new(EXTENT, size), |_, _| [255; 3], draw);
    crate::artist::Artist::default().draw(size, || backdrop, |_| {})
}
