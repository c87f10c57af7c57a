//! One integration binary: what every world promises, then what single worlds promise.

mod contract;
mod experts;
mod factors;
mod original;
mod policies;
mod sim_contract;
mod sims;
mod swings;
