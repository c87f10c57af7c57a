//! What is learned on the frozen latents of a trained world, whichever its family: an amortised planner,
//! a head that says how many steps it takes, a picture decoder and a linear probe.
//!
//! A head knows nothing but rows of latents. A family says whether it has latents for that
//! ([`crate::Family::latent`]).

pub(crate) mod decoder;
pub(crate) mod probe;
pub(crate) mod reacher;
pub(crate) mod steps_to_go;
