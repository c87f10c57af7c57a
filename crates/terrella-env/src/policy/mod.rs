//! Scripted policies for every world: random ones and a noisy wrapper; demonstrators stand with their worlds.
//!
//! All read the logged state, never the picture, and draw from the key given to `begin` alone.

mod random;

pub use random::{Noisy, RandomPolicy};

use terrella_core::{Error, Observation, Result};

/// The first `N` numbers of the logged state.
pub(crate) fn state<const N: usize>(who: &str, observation: &Observation) -> Result<[f64; N]> {
    match observation.state.first_chunk::<N>() {
        Some(row) => Ok(row.map(f64::from)),
        None => Err(Error::Invalid(format!(
            "{who} needs {N} numbers of state but the observation has {}; log the state, or choose another policy",
            observation.state.len()
        ))),
    }
}
