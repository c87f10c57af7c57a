//! The layout of stable-worldmodel: one dataset a column at the root, rows of all episodes after one another,
//! with `ep_len` and `ep_offset`, or `ep_idx`, to tell where each begins.
//!
//! The last action of an episode may be NaN there, since nothing follows; it is read as 0 and told.

use super::file::{Hdf5, Rows, Shape};
use super::recording::{Found, Recorded, Recording, cameras};
use crate::outcome::Outcome;
use crate::vectors::{Vector, choose_vectors, joined, joined_names};
use crate::{Error, Note, Result, SourceOptions};

/// What came of each action.
const OUTCOMES: [&str; 3] = ["reward", "terminated", "truncated"];
/// Columns that can be the state, the best first.
const STATES: [&str; 3] = ["state", "observation", "proprio"];

pub(super) fn open(file: Hdf5, options: &SourceOptions) -> Result<Recording> {
    let columns = file.datasets("");
    let has = |name: &str| columns.iter().any(|(n, _)| n == name);
    let episodes = if has("ep_len") {
        by_length(&file, has("ep_offset"))?
    } else if has("ep_idx") {
        by_index(&file.integers("ep_idx")?)
    } else {
        return Err(unknown(&file, &columns));
    };
    if !has("action") {
        return Err(unknown(&file, &columns));
    }
    let usual = STATES.iter().find(|name| columns.iter().any(|(n, s)| n == *name && s.is_table()));
    let cameras = cameras(&file, options, &columns)?;
    let told = ["action", "ep_len", "ep_offset", "ep_idx", "step_idx"];
    let offered = columns.iter().filter(|(n, _)| !told.contains(&n.as_str()) && !OUTCOMES.contains(&n.as_str()));
    let offered = offered.filter_map(|(n, s)| Some(Vector::new(n, s.width()?))).collect();
    let state = choose_vectors(file.path(), options, offered, |v| usual.is_some_and(|name| v.name == *name))?;
    let outcomes = OUTCOMES.map(|name| columns.iter().any(|(n, s)| n == name && s.is_column()).then_some(name));
    let others: Vec<&str> = columns
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|n| {
            !told.contains(n)
                && !outcomes.contains(&Some(*n))
                && state.iter().all(|v| v.name != *n)
                && cameras.names().all(|camera| camera != *n)
        })
        .collect();
    let mut notes = Vec::new();
    if !others.is_empty() {
        notes.push(Note { place: "datasets".to_owned(), what: format!("not kept: {}", others.join(", ")) });
    }
    let mut endings = 0;
    let read = |(from, len): (usize, usize), endings: &mut usize| -> Result<Recorded> {
        let rows = |name: &str| Rows { dataset: name.to_owned(), from, len };
        let mut actions = file.table(&rows("action"))?;
        let last = actions.data.len() - actions.width.min(actions.data.len());
        if actions.data[last..].iter().any(|x| x.is_nan()) {
            actions.data[last..].fill(0.0);
            *endings += 1;
        }
        let states = state.iter().map(|v| file.table(&rows(&v.name))).collect::<Result<Vec<_>>>()?;
        let pictures = cameras.names().map(rows).collect();
        let states = joined(&states);
        let recorded = Recorded { states, actions, pictures, success: None, outcome: Outcome::default() };
        Ok(recorded.with_outcome(&file, outcomes.map(|name| name.map(rows))))
    };
    let named = episodes.into_iter().enumerate().map(|(at, rows)| (format!("episode {at}"), read(rows, &mut endings)));
    let episodes: Vec<_> = named.collect();
    if endings > 0 {
        let what = format!("the last action of {endings} episodes is NaN and was read as 0");
        notes.push(Note { place: "action".to_owned(), what });
    }
    // Whatever the one column is called, its numbers are those of the state.
    let names = if options.vectors.is_empty() { Vec::new() } else { joined_names(&state) };
    let found = Found { fps: None, task: None, state: names, outcomes: OUTCOMES, episodes, notes };
    Recording::new(file, options, &cameras, found)
}

/// First row and length of each episode.
fn by_length(file: &Hdf5, offsets: bool) -> Result<Vec<(usize, usize)>> {
    let lengths = file.integers("ep_len")?;
    let offsets = if offsets { Some(file.integers("ep_offset")?) } else { None };
    if offsets.as_ref().is_some_and(|o| o.len() != lengths.len()) {
        let n = offsets.map_or(0, |o| o.len());
        let what = format!("ep_len has {} entries, ep_offset {n}", lengths.len());
        return Err(Error::broken(file.path(), what, "store one of each an episode"));
    }
    let mut next = 0_i64;
    let mut episodes = Vec::with_capacity(lengths.len());
    for (at, length) in lengths.iter().enumerate() {
        let from = offsets.as_ref().map_or(next, |o| o[at]);
        let both = usize::try_from(from).ok().zip(usize::try_from(*length).ok());
        let Some(rows) = both else {
            let what = format!("episode {at} begins at row {from} and has {length} rows");
            return Err(Error::broken(file.path(), what, "repair ep_len and ep_offset"));
        };
        episodes.push(rows);
        next = from.saturating_add(*length);
    }
    Ok(episodes)
}

/// Runs of rows with one number.
fn by_index(indices: &[i64]) -> Vec<(usize, usize)> {
    let mut episodes: Vec<(usize, usize)> = Vec::new();
    for (row, index) in indices.iter().enumerate() {
        match episodes.last_mut() {
            Some((_, len)) if row > 0 && indices[row - 1] == *index => *len += 1,
            _ => episodes.push((row, 1)),
        }
    }
    episodes
}

fn unknown(file: &Hdf5, columns: &[(String, Shape)]) -> Error {
    let mut found: Vec<String> = columns.iter().map(|(name, shape)| format!("{name} ({shape})")).collect();
    for group in file.groups("") {
        let inside = file.datasets(&group).into_iter().map(|(name, shape)| format!("{group}/{name} ({shape})"));
        found.extend(inside);
        found.push(format!("{group}/"));
    }
    found.truncate(20);
    let what = format!("it is HDF5 of no layout that is known; it holds {}", found.join(", "));
    Error::broken(file.path(), what, "store action and ep_len at the root, or demonstrations as robomimic does")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_number_are_episodes() {
        assert_eq!(by_index(&[0, 0, 1, 5, 5, 5]), [(0, 2), (2, 1), (3, 3)], "runs");
        assert_eq!(by_index(&[]), [], "none");
    }
}
