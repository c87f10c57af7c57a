//! One recording as a mechanism sees it: its own columns, in its own order, in SI units.

use terrella_core::{Error, Result};

/// Rows of states and actions; the action in row `t` leaves the state in row `t` and lasts `dt[t]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Number of its episode; intervals count episodes, not rows.
    pub episode: usize,
    /// `[rows, state]`.
    pub states: Vec<f64>,
    /// `[rows, action]`.
    pub actions: Vec<f64>,
    /// Seconds to the next row, `[rows]`.
    pub dt: Vec<f64>,
}

impl Record {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.dt.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.dt.is_empty()
    }

    /// The state in a row, of so many numbers.
    pub fn state(&self, row: usize, width: usize) -> &[f64] {
        &self.states[row * width..(row + 1) * width]
    }

    /// Fails where a number is none, or lengths do not fit a mechanism with so many numbers in a state and in an action.
    ///
    /// # Errors
    /// The first such number with its row.
    pub fn check(&self, state: usize, action: usize) -> Result<()> {
        Error::check("state numbers of a record", self.len() * state, self.states.len())?;
        Error::check("action numbers of a record", self.len() * action, self.actions.len())?;
        for (what, numbers, width) in [("state", &self.states, state), ("action", &self.actions, action)] {
            if let Some(at) = numbers.iter().position(|x| !x.is_finite()) {
                return Err(Error::Invalid(format!(
                    "number {} of the {what} in row {} of episode {} is {}; leave that episode out, or cut it there",
                    at % width,
                    at / width,
                    self.episode,
                    numbers[at]
                )));
            }
        }
        match self.dt.iter().position(|dt| !(dt.is_finite() && *dt > 0.0)) {
            Some(row) => Err(Error::Invalid(format!(
                "row {row} of episode {} lasts {} s; rows must follow each other in time",
                self.episode, self.dt[row]
            ))),
            None => Ok(()),
        }
    }
}
