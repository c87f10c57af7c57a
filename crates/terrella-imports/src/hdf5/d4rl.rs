//! D4RL's layout: `observations`, `actions`, `rewards`, `terminals` and `timeouts`, rows of all episodes after one another.
//!
//! An episode ends with a row that is terminal or timed out. Where timeouts are not stored, it also ends where
//! `next_observations` do not go on in the next row. Rows after the last end are an episode that is cut.

use super::file::Hdf5;
use crate::arrays::episode::{Parts, Place, read as read_episode};
use crate::arrays::listing::{CHOSEN_BY, not_kept};
use crate::arrays::recorded::{Cameras, Found, pictures_among};
use crate::arrays::spans::by_ends;
use crate::arrays::store::{Rows, Store};
use terrella_data::vectors::{Vector, choose_vectors, joined_names};
use terrella_data::{Error, Note, Result, SourceOptions};

/// What came of each action.
const OUTCOMES: [&str; 3] = ["rewards", "terminals", "timeouts"];
const NEXT: &str = "next_observations";

pub(super) fn is(file: &Hdf5) -> bool {
    ["observations", "actions", "terminals"].iter().all(|name| file.shape(name).is_ok())
}

pub(super) fn read(file: &Hdf5, options: &SourceOptions) -> Result<Found> {
    let arrays = file.below("");
    let rows = file.shape("actions")?.rows();
    let there = |name: &str| arrays.iter().any(|(n, shape)| n == name && shape.is_column() && shape.rows() == rows);
    let outcomes = OUTCOMES.map(|name| there(name).then(|| name.to_owned()));
    let whole = |name: &str| file.table(&Rows { array: name.to_owned(), from: 0, len: rows });
    let flags = |name: &Option<String>| -> Result<Vec<bool>> {
        let Some(name) = name else { return Ok(vec![false; rows]) };
        Ok(whole(name)?.data.iter().map(|x| *x != 0.0).collect())
    };
    let (terminals, timeouts) = (flags(&outcomes[1])?, flags(&outcomes[2])?);
    if outcomes[1].is_none() {
        let what = format!("terminals is {}, {rows} truths are needed", file.shape("terminals")?);
        return Err(Error::broken(file.path(), what, "store one a row"));
    }
    let mut notes: Vec<Note> = Vec::new();
    let mut note = |place: &str, what: String| notes.push(Note { place: place.to_owned(), what });
    let mut ends: Vec<bool> = terminals.iter().zip(&timeouts).map(|(end, cut)| *end || *cut).collect();
    if outcomes[2].is_none() {
        let jumps = if arrays.iter().any(|(name, _)| name == NEXT) { jumps(file, rows)? } else { None };
        match jumps {
            Some(jumps) => {
                let found = jumps.iter().zip(&ends).filter(|(jump, end)| **jump && !**end).count();
                ends.iter_mut().zip(jumps).for_each(|(end, jump)| *end |= jump);
                note("timeouts", format!("not stored: {found} episodes end where {NEXT} do not go on in the next row"));
            }
            None => note("timeouts", "not stored: episodes end with terminals alone".to_owned()),
        }
    }
    let (spans, left) = by_ends(ends);
    if let Some((from, len)) = spans.last().filter(|_| left) {
        note(
            "timeouts",
            format!("the last {len} rows, from row {from} on, have no end; they are an episode that was cut"),
        );
    }
    let shown = pictures_among(file, "", &arrays);
    let cameras = Cameras::choose(file.path(), options, &shown, None)?;
    let pictures: Vec<String> = cameras.names().map(str::to_owned).collect();
    let fixed = |name: &str| name == "actions" || name == NEXT || OUTCOMES.contains(&name);
    let offered = arrays.iter().filter(|(name, shape)| !fixed(name) && shape.rows() == rows);
    let offered = offered.filter_map(|(name, shape)| Some(Vector::new(name, shape.width()?))).collect();
    let state = choose_vectors(file.path(), options, offered, |v| v.name == "observations")?;
    let names = joined_names(&state);
    let parts = Parts { state, action: vec!["actions".to_owned()], pictures, outcomes, ..Parts::default() };
    let known = |name: &str| parts.has(name) || name == "timeouts" || name.starts_with("metadata/");
    notes.extend(not_kept(&arrays, CHOSEN_BY, known));
    let episode = |(at, span)| {
        let read = read_episode(file, Place { group: "", span: Some(span) }, &parts);
        let read = read.map(|mut episode| {
            // Where no timeouts are stored, an end that is not terminal is a cut all the same.
            if episode.outcome.truncated.is_empty() {
                let ended = &episode.outcome.terminated;
                let last = ended.len().saturating_sub(1);
                episode.outcome.truncated = (0..ended.len()).map(|row| row == last && !ended[row]).collect();
            }
            episode
        });
        (format!("episode {at}"), read)
    };
    let episodes = spans.into_iter().enumerate().map(episode).collect();
    Ok(Found { state: names, cameras, outcomes: OUTCOMES, episodes, notes, ..Found::default() })
}

/// Rows after which something else goes on; nothing where the two do not fit each other.
fn jumps(file: &Hdf5, rows: usize) -> Result<Option<Vec<bool>>> {
    let table = |name: &str| file.table(&Rows { array: name.to_owned(), from: 0, len: rows });
    let (Ok(now), Ok(next)) = (table("observations"), table(NEXT)) else { return Ok(None) };
    if now.width != next.width || now.width == 0 {
        return Ok(None);
    }
    Ok(Some((0..rows).map(|row| row + 1 < rows && next.row(row) != now.row(row + 1)).collect()))
}
