//! Rows of one episode, by what its arrays are.
//!
//! Recorders store an observation more than actions, since the last action leads to one; it is kept as a row of its own
//! whose action is 0. Some store with each observation the action that led to it; those actions go one row up.

use super::recorded::Recorded;
use super::store::{Rows, Store};
use terrella_core::Table;
use terrella_data::outcome::Outcome;
use terrella_data::vectors::{Vector, joined};
use terrella_data::{Error, Result};

/// Which array is what; names are those below the episode's group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parts {
    pub(crate) state: Vec<Vector>,
    pub(crate) action: Vec<String>,
    /// Of the camera, if there is one, and of each view.
    pub(crate) pictures: Vec<String>,
    /// Reward, end of the task, cut of the recording.
    pub(crate) outcomes: [Option<String>; 3],
    /// Whether the task is done; the last row counts.
    pub(crate) success: Option<String>,
    /// Whether an action is stored with the observation that it led to.
    pub(crate) actions_led: bool,
    /// Whether outcomes are stored with the observation that came with them.
    pub(crate) outcomes_led: bool,
}

impl Parts {
    /// Whether an array is read.
    pub(crate) fn has(&self, name: &str) -> bool {
        let outcomes = self.outcomes.iter().flatten().chain(&self.success);
        self.action.iter().chain(&self.pictures).chain(outcomes).any(|n| n == name)
            || self.state.iter().any(|v| v.name == name)
    }
}

/// Where the rows of an episode are: below a group, and in a span of its arrays where that holds several episodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) group: &'a str,
    pub(crate) span: Option<(usize, usize)>,
}

impl Place<'_> {
    fn rows(&self, store: &dyn Store, name: &str) -> Result<Rows> {
        let array = if self.group.is_empty() { name.to_owned() } else { format!("{}/{name}", self.group) };
        let (from, len) = match self.span {
            Some(span) => span,
            None => (0, store.shape(&array)?.rows()),
        };
        Ok(Rows { array, from, len })
    }
}

/// Reads one episode.
pub(crate) fn read(store: &dyn Store, place: Place<'_>, parts: &Parts) -> Result<Recorded> {
    let table = |name: &str| store.table(&place.rows(store, name)?);
    let of_one_length = |tables: Vec<(&str, Table)>| -> Result<Table> {
        let odd = tables.iter().find(|(_, table)| table.len() != tables[0].1.len());
        if let (Some((name, odd)), Some((first, other))) = (odd, tables.first()) {
            let what = format!("{} has {} rows of {name} and {} of {first}", place.group, odd.len(), other.len());
            return Err(Error::broken(store.path(), what, "record one row of each a step"));
        }
        Ok(joined(&tables.into_iter().map(|(_, table)| table).collect::<Vec<_>>()))
    };
    let tables = parts.action.iter().map(|name| Ok((name.as_str(), table(name)?)));
    let mut actions = of_one_length(tables.collect::<Result<_>>()?)?;
    let tables = parts.state.iter().map(|v| Ok((v.name.as_str(), table(&v.name)?)));
    let states = of_one_length(tables.collect::<Result<_>>()?)?;
    let pictures = parts.pictures.iter().map(|name| place.rows(store, name)).collect::<Result<Vec<_>>>()?;
    let acted = actions.len();
    let seen = if states.width > 0 { Some(states.len()) } else { pictures.first().map(|rows| rows.len) };
    let seen = seen.unwrap_or(acted);
    let over = parts.actions_led || seen == acted + 1;
    if acted == 0 || !(seen == acted || seen == acted + 1 && !parts.actions_led) {
        let what = format!("{} has {acted} actions and {seen} observations", place.group);
        return Err(Error::broken(store.path(), what, "record an action with each observation, but for the last"));
    }
    let nothing_done = vec![0.0; actions.width];
    if parts.actions_led {
        actions.data.drain(..actions.width);
    }
    if over {
        actions.data.extend(nothing_done);
    }
    let success = parts.success.as_ref().and_then(|name| table(name).ok()).and_then(|t| t.data.last().copied());
    let recorded =
        Recorded { states, actions, pictures, success: success.map(|x| x != 0.0), over, ..Recorded::default() };
    let outcomes = parts.outcomes.clone().map(|name| name.and_then(|name| place.rows(store, &name).ok()));
    let mut recorded = recorded.with_outcome(store, outcomes).with_sizes(store)?;
    if over || parts.outcomes_led {
        let led = |n: usize| usize::from(parts.outcomes_led || n == acted + 1);
        let Outcome { rewards, terminated, truncated } = &mut recorded.outcome;
        if !rewards.is_empty() {
            rewards.drain(..led(rewards.len()));
            rewards.push(0.0);
        }
        for flags in [terminated, truncated] {
            if let Some(last) = flags.last().copied() {
                flags.drain(..led(flags.len()));
                flags.push(last);
            }
        }
    }
    Ok(recorded)
}
