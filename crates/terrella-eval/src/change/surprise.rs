//! What a model foretells of each next row, and how far off it is.

use crate::open_loop::foretell;
use crate::recorded::recorded;
use std::ops::Range;
use terrella_core::{Dataset, Dynamics, Error, Result, Table, View, wrapped};

/// The states that a model foretells one row after each of these, `[rows, state]`. Each row is foretold by itself.
///
/// # Errors
/// If the model does not step row by row, or cannot tell states; and if there is no row after one of these.
pub fn foretold<D: Dynamics>(dynamics: &D, dataset: &Dataset, episode: usize, rows: Range<usize>) -> Result<Table> {
    let log = &dataset.episodes[episode];
    let width = dataset.signature.action.len();
    Error::check("action numbers of a step of the model", width, dynamics.block_width())?;
    if rows.end >= log.len() && !rows.is_empty() {
        return Err(Error::Invalid(format!(
            "episode {episode} has {} rows, so that nothing comes after row {}; ask for fewer rows",
            log.len(),
            rows.end - 1
        )));
    }
    if rows.is_empty() {
        return Ok(Table::new(dataset.signature.state.len()));
    }
    let view = View { picture: None, state: true };
    let seen = rows.clone().map(|row| recorded(dataset, (episode, row), view)).collect::<Result<Vec<_>>>()?;
    let actions = log.actions.data[rows.start * width..rows.end * width].to_vec();
    let dt = log.durations(rows, dataset.signature.fps).map(|dt| dt as f32).collect();
    let told = foretell(dynamics, &seen, [(actions, dt)])?;
    told.ok_or_else(|| Error::Invalid("the model cannot tell states; train it with model.readout = true".to_owned()))
}

/// One episode that was foretold row by row: what was there, what was done, and how far off the model was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// States that something followed, `[rows, state]`.
    pub states: Table,
    /// What was done there, `[rows, action]`.
    pub actions: Table,
    /// What came next less what was foretold, angles the shorter way round, `[rows, state]`.
    pub errors: Table,
    /// Seconds to the next row.
    pub lasts: Vec<f64>,
}

impl Recorded {
    /// An episode and what was foretold of all of its rows but the first.
    ///
    /// # Errors
    /// If there are not as many as that.
    pub fn of(dataset: &Dataset, episode: usize, foretold: &Table, angles: &[usize]) -> Result<Self> {
        let log = &dataset.episodes[episode];
        let n = log.len().saturating_sub(1);
        Error::check("rows that were foretold", n, foretold.len())?;
        let mut errors = Table::new(log.states.width);
        (0..n).for_each(|row| errors.data.extend(error(log.states.row(row + 1), foretold.row(row), angles)));
        let first = |table: &Table| Table { width: table.width, data: table.data[..n * table.width].to_vec() };
        let lasts = log.durations(0..n, dataset.signature.fps).collect();
        Ok(Self { states: first(&log.states), actions: first(&log.actions), errors, lasts })
    }
}

/// What came less what was foretold, angles the shorter way round.
pub(super) fn error(came: &[f32], foretold: &[f32], angles: &[usize]) -> Vec<f32> {
    let apart = |(i, (a, b)): (usize, (&f32, &f32))| if angles.contains(&i) { wrapped(a - b) } else { a - b };
    came.iter().zip(foretold).enumerate().map(apart).collect()
}
