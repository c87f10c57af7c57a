//! What each kind of flight log can do.

use super::found::FlightLog;
use std::collections::BTreeSet;

/// What a field of a topic usually is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// How the vehicle stands and moves; the rate of the topic with the lowest number is that of the rows.
    State(u8),
    /// What it was told to do; of several, those with the lowest number are meant.
    Action(u8),
}

/// A kind of flight log.
pub(crate) trait Kind: Sync {
    /// What it is, for people.
    fn name(&self) -> &'static str;

    /// Whether a file is one, by its name without folders and its first bytes.
    fn is(&self, name: &str, head: &[u8]) -> bool;

    /// Reads a file; messages of `wanted` topics become tables, those of others are counted.
    ///
    /// # Errors
    /// If it is none, or there is nothing in it.
    fn read(&self, bytes: &[u8], wanted: &BTreeSet<&str>) -> Result<FlightLog, String>;

    /// What a field usually is, where that is known.
    fn role(&self, topic: &str, field: &str) -> Option<Role>;

    /// Whether any field of a topic has a role; those of others are not read to guess a mapping.
    fn is_known(&self, topic: &str) -> bool;
}
