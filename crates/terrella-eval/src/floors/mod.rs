//! What recordings alone achieve on the same pairs: floors that a careful reader asks for.
//!
//! Beside chance and idleness (see [`floors`](crate::floors)) three policies without a model remember
//! the training episodes. They look at exactly what the judged policy looks at ([`Memory`]) and differ
//! in what they ask of it: [`GoalBlind`] what was done in such a moment, [`NearestReplay`] which
//! recording went from here to there, [`Cloning`] what was done on the way to such a goal.

mod cloning;
mod goal_blind;
mod memory;
mod nearest_replay;

pub use cloning::Cloning;
pub use goal_blind::GoalBlind;
pub use memory::Memory;
pub use nearest_replay::NearestReplay;

/// Name, and what it is, of each floor that remembers.
pub(crate) const REMEMBERING: [(&str, &str); 3] = [
    ("goal-blind", "does what demonstrators did in similar moments, without seeing the goal"),
    ("nearest replay", "replays the training actions whose start and end are nearest to now and the goal"),
    ("cloning", "does what demonstrators did between a similar moment and a similar goal"),
];

/// Neighbours whose actions are averaged: enough to smooth noise, few enough to stay near.
pub(crate) const NEIGHBOURS: usize = 8;
