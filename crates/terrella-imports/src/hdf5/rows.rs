//! The layout of stable-worldmodel: one dataset a column at the root, rows of all episodes after one another,
//! with `ep_len` and `ep_offset`, or `ep_idx`, to tell where each begins.
//!
//! The last action of an episode may be NaN there, since nothing follows; it is read as 0 and told.

use super::file::Hdf5;
use crate::arrays::listing::listed;
use crate::arrays::recorded::{Cameras, Found, Recorded, pictures_among};
use crate::arrays::store::{Rows, Store};
use terrella_data::vectors::{Vector, choose_vectors, joined, joined_names};
use terrella_data::{Error, Note, Result, SourceOptions};

/// What came of each action.
const OUTCOMES: [&str; 3] = ["reward", "terminated", "truncated"];
/// What others call these, the best first.
const SPELLED: [&[&str]; 3] = [
    &["reward", "rewards", "next.reward"],
    &["terminated", "terminal", "terminals", "terminations", "done", "dones", "next.done"],
    &["truncated", "truncations", "timeouts", "next.truncated"],
];
/// Columns that can be the state, the best first.
const STATES: [&str; 3] = ["state", "observation", "proprio"];

pub(super) fn read(file: &Hdf5, options: &SourceOptions) -> Result<Found> {
    let columns = file.datasets("");
    let has = |name: &str| columns.iter().any(|(n, _)| n == name);
    let episodes = if has("ep_len") {
        by_length(file, has("ep_offset"))?
    } else if has("ep_idx") {
        by_index(&file.integers("ep_idx")?)
    } else {
        return Err(unknown(file));
    };
    if !has("action") {
        return Err(unknown(file));
    }
    let usual = STATES.iter().find(|name| columns.iter().any(|(n, s)| n == *name && s.is_table()));
    let shown = pictures_among(file, "", &columns);
    let cameras = Cameras::choose(file.path(), options, &shown, None)?;
    let told = ["action", "ep_len", "ep_offset", "ep_idx", "step_idx"];
    let offered = columns
        .iter()
        .filter(|(n, _)| !told.contains(&n.as_str()) && !SPELLED.iter().any(|names| names.contains(&n.as_str())));
    let offered = offered.filter_map(|(n, s)| Some(Vector::new(n, s.width()?))).collect();
    let state = choose_vectors(file.path(), options, offered, |v| usual.is_some_and(|name| v.name == *name))?;
    let column = |name: &&&str| columns.iter().any(|(n, s)| n == **name && s.is_column());
    let outcomes = SPELLED.map(|names| names.iter().find(column).copied());
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
        let rows = |name: &str| Rows { array: name.to_owned(), from, len };
        let mut actions = file.table(&rows("action"))?;
        let last = actions.data.len() - actions.width.min(actions.data.len());
        if actions.data[last..].iter().any(|x| x.is_nan()) {
            actions.data[last..].fill(0.0);
            *endings += 1;
        }
        let states = state.iter().map(|v| file.table(&rows(&v.name))).collect::<Result<Vec<_>>>()?;
        let pictures = cameras.names().map(rows).collect();
        let states = joined(&states);
        let recorded = Recorded { states, actions, pictures, ..Recorded::default() };
        recorded.with_outcome(file, outcomes.map(|name| name.map(rows))).with_sizes(file)
    };
    let named = episodes.into_iter().enumerate().map(|(at, rows)| (format!("episode {at}"), read(rows, &mut endings)));
    let episodes: Vec<_> = named.collect();
    if endings > 0 {
        let what = format!("the last action of {endings} episodes is NaN and was read as 0");
        notes.push(Note { place: "action".to_owned(), what });
    }
    // Whatever the one column is called, its numbers are those of the state.
    let names = if options.vectors.is_empty() { Vec::new() } else { joined_names(&state) };
    Ok(Found { state: names, cameras, outcomes: OUTCOMES, episodes, notes, ..Found::default() })
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

/// Tells all that there is, and how a mapping for it begins.
fn unknown(file: &Hdf5) -> Error {
    let arrays = file.below("");
    let held = format!("it holds {}", listed(&arrays));
    if file.cut().is_some() {
        return file.broken("no layout is known, and it", &held);
    }
    let lost: String = file.told().iter().map(|note| format!("; {}", note.what)).collect();
    Error::Invalid(format!(
        "{}: it is HDF5 of no layout that is known; {held}{lost}; say which array is what in a file and give it with --map FILE. It may begin with\n\nfps = 20.0\n\n[arrays]\nepisodes = \"traj_*\"       # groups, one an episode; or ends, lengths, first, last\nstate = [\"…\"]\naction = [\"…\"]\n\ndocs/logs.md has the rest",
        file.path().display()
    ))
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
