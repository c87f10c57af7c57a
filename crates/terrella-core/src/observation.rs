//! What an agent is shown of a world, at one instant: as much of it as its [`View`](crate::View) asks for.

use crate::{Error, Image, Result, Table};

/// What an agent is shown.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The picture, if the agent sees.
    pub image: Option<Image>,
    /// The state, if it is logged; empty otherwise.
    pub state: Vec<f32>,
}

impl Observation {
    /// The states of several, a row each.
    ///
    /// # Errors
    /// If they are not all as wide.
    pub fn states(seen: &[Self]) -> Result<Table> {
        let width = seen.first().map_or(0, |seen| seen.state.len());
        seen.iter().try_for_each(|seen| Error::check("numbers of a logged state", width, seen.state.len()))?;
        Ok(Table { width, data: seen.iter().flat_map(|seen| seen.state.iter().copied()).collect() })
    }
}
