//! Hashes of an episode's rows, by which recordings are compared bit for bit.

use crate::Episode;
use crate::seed::mix;

/// Shared rows that make two recordings one, at least.
pub(crate) const SHARED: usize = 4;
/// Where a hash begins (FNV-1a's offset).
pub(crate) const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// A number mixed into a hash, where the order counts.
pub(crate) fn mixed(hash: u64, x: u64) -> u64 {
    mix(hash.rotate_left(5) ^ x)
}

/// What of a row is hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// The state alone.
    State,
    /// The action alone.
    Action,
    /// State, then action.
    Both,
}

/// A hash of each row.
pub(crate) fn row_hashes(episode: &Episode, of: Of) -> impl Iterator<Item = u64> + '_ {
    (0..episode.len()).map(move |at| {
        let state = if matches!(of, Of::Action) { &[] } else { episode.states.row(at) };
        let action = if matches!(of, Of::State) { &[] } else { episode.actions.row(at) };
        // One zero, not two.
        let numbers = state.iter().chain(action);
        numbers.fold(OFFSET, |hash, x| mixed(hash, u64::from((x + 0.0).to_bits())))
    })
}
