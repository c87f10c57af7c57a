//! What a mechanism foretells from one measured row on, told the actions that followed.

use crate::delay::delayed;
use crate::mechanism::{Mechanism, Row};
use crate::record::Record;

/// The state so many rows after one that was measured, with actions that are late by `delay` rows. Where it is no number any more, the
/// last one that was stays.
///
/// # Panics
/// If the record ends before.
pub fn forecast(
    mechanism: &dyn Mechanism,
    record: &Record,
    (start, steps): (usize, usize),
    (parameters, delay): (&[f64], f64),
) -> Vec<f64> {
    let width = mechanism.state().len();
    let mut state = record.state(start, width).to_vec();
    let mut next = vec![0.0; width];
    let mut action = vec![0.0; mechanism.action().len()];
    for row in start..start + steps {
        delayed(record, row, delay, &mut action);
        mechanism.step_into(Row { state: &state, action: &action, parameters, dt: record.dt[row] }, &mut next);
        if !next.iter().all(|x| x.is_finite()) {
            break;
        }
        std::mem::swap(&mut state, &mut next);
    }
    state
}
