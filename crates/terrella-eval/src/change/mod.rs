//! Whether the world behind a stream of rows has changed, told while it is read.
//!
//! What a model foretells of the next row is wrong by something; [`Usual`] is how wrong it is at which states and actions, on episodes
//! that it never learned from. A [`Watcher`] ranks each new error among those of the most similar inputs, and bets against these ranks
//! being usual: what the bets have won is the evidence, and there is a bound on how often it becomes great by chance
//! (e-detectors of Shin, Ramdas and Rinaldo 2023, arXiv:2203.03532). Other actions alone lead to other inputs, not to other ranks.

mod alarm;
mod bets;
mod calibrate;
mod evidence;
mod inputs;
mod surprise;
mod usual;
mod watcher;

pub use alarm::{Alarm, Effect, Notice, Sign, Summary, Told};
pub use bets::Place;
pub use calibrate::calibrate;
pub use surprise::{Recorded, foretold};
pub use usual::{Quiet, Usual};
pub use watcher::{Row, Watcher};
