//! How late actions work, in rows, whole or fractional.
//!
//! Held for a row each, an action that is late by 1.3 rows works in the last 0.7 of the row after the next and the first 0.3 of the
//! one behind it; what a step is told is their average over the row.

use crate::record::Record;
use serde::Serialize;

/// What a scan over delays found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delay {
    /// The likeliest, in rows.
    pub rows: f64,
    /// The same in s, at the mean time between rows.
    pub seconds: f64,
    /// Its 90 % interval by the profile likelihood, in rows, rows taken as independent; nothing where the profile has no valley.
    pub interval: Option<[f64; 2]>,
    /// Each delay that was tried, and how much less likely it is than the best: differences of log-likelihood.
    pub profile: Vec<[f64; 2]>,
}

/// The action that works in a row when actions are late by so many rows; before the first row the first one is held.
pub(crate) fn delayed(record: &Record, row: usize, delay: f64, out: &mut [f64]) {
    let width = out.len();
    let (whole, part) = (delay.floor(), delay.fract());
    let at = |late: f64| (row as f64 - late).max(0.0) as usize * width;
    let (newer, older) = (at(whole), at(whole + 1.0));
    for (i, out) in out.iter_mut().enumerate() {
        *out = (1.0 - part) * record.actions[newer + i] + part * record.actions[older + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_late_by_whole_and_fractional_rows() {
        let record = Record { actions: vec![0.0, 10.0, 20.0, 30.0], dt: vec![0.1; 4], ..Record::default() };
        let at = |row: usize, delay: f64| {
            let mut out = [0.0];
            delayed(&record, row, delay, &mut out);
            out[0]
        };
        assert_eq!([at(3, 0.0), at(3, 1.0), at(3, 2.0)], [30.0, 20.0, 10.0], "whole rows");
        assert!((at(3, 1.25) - 17.5).abs() < 1e-12, "a quarter of the one before");
        assert_eq!(at(0, 2.0), 0.0, "the first one is held");
    }
}
