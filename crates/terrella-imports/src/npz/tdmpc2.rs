//! Episodes of TD-MPC2: `obs`, `action`, `reward` and perhaps `terminated`, in a row more than there are actions.
//!
//! A row holds what was observed, and the action and the reward that led to it, so those go one row up. Nothing led to the
//! first row of an episode, where TD-MPC2 stores NaN: by that the layout is known, and where one of several episodes begins.

use super::dreamer;
use super::file::Npz;
use crate::arrays::episode::{Parts, Place, read as read_episode};
use crate::arrays::listing::{CHOSEN_BY, not_kept};
use crate::arrays::recorded::{Cameras, Found, pictures_among};
use crate::arrays::spans::{Span, by_beginnings};
use crate::arrays::store::{Kind, Rows, Store};
use terrella_data::outcome::Outcome;
use terrella_data::vectors::{Vector, choose_vectors, joined_names, made_of};
use terrella_data::{Error, Note, Result, SourceOptions};

const ACTION: &str = "action";
const OUTCOMES: [&str; 3] = ["reward", "terminated", "truncated"];

pub(super) fn is(file: &Npz) -> bool {
    let rows = |name: &str| file.shape(name).ok().filter(|shape| shape.is_numbers()).map(|shape| shape.rows());
    let alike = rows(ACTION).is_some_and(|rows| rows > 0) && rows(ACTION) == rows(OUTCOMES[0]);
    let observed = file.below("").iter().any(|(name, _)| is_observed(name));
    alike && observed && !dreamer::is(file) && begins(file, 1).is_ok_and(|begins| begins == [true])
}

/// Whether an array is an observation, or a part of one.
fn is_observed(name: &str) -> bool {
    name == "obs" || name.starts_with("obs/") || name.starts_with("obs.")
}

/// Whether nothing led to each of the first rows.
fn begins(file: &Npz, len: usize) -> Result<Vec<bool>> {
    let rewards = file.table(&Rows { array: OUTCOMES[0].to_owned(), from: 0, len })?;
    Ok(rewards.rows().map(|row| row.iter().all(|x| x.is_nan())).collect())
}

pub(super) fn read(file: &Npz, options: &SourceOptions) -> Result<Found> {
    let arrays = file.below("");
    let rows = file.shape(ACTION)?.rows();
    let mut shown = pictures_among(file, "", &arrays);
    shown.retain(|name| is_observed(name));
    let cameras = Cameras::choose(file.path(), options, &shown, shown.first().copied())?;
    let fixed = |name: &str| OUTCOMES.contains(&name) || name == ACTION || shown.contains(&name);
    let offered = arrays.iter().filter(|(name, shape)| !fixed(name) && shape.rows() == rows);
    let offered = offered.filter_map(|(name, shape)| Some(Vector::new(name, shape.width()?))).collect();
    let float = |name: &str| arrays.iter().any(|(n, shape)| n == name && shape.kind == Kind::Float);
    let state = choose_vectors(file.path(), options, offered, |v| is_observed(&v.name) && float(&v.name))?;
    if state.is_empty() && shown.is_empty() {
        let seen = arrays.iter().filter(|(name, _)| is_observed(name));
        let seen = seen.map(|(name, shape)| format!("{name} is {shape}")).collect::<Vec<_>>().join(", ");
        let what = format!("{seen}: neither rows of floats nor pictures");
        return Err(Error::broken(file.path(), what, "store one RGB picture a row, with its colours last"));
    }
    let led =
        "each led to the row that it is stored in (the first row has none), so actions, rewards and ends go one row up";
    let mut notes = vec![Note { place: ACTION.to_owned(), what: led.to_owned() }];
    if options.vectors.is_empty() {
        notes.extend(made_of("state", state.iter().map(|v| v.name.as_str())));
    }
    let column = |name: &str| arrays.iter().any(|(n, s)| n == name && s.is_column() && s.rows() == rows);
    let ends = column(OUTCOMES[1]).then(|| file.table(&Rows { array: OUTCOMES[1].to_owned(), from: 0, len: rows }));
    let ends = ends.transpose()?;
    let parts = Parts {
        action: vec![ACTION.to_owned()],
        pictures: cameras.names().map(str::to_owned).collect(),
        actions_led: true,
        outcomes_led: true,
        // Ends are not among them, since those have no number in the first row.
        outcomes: [Some(OUTCOMES[0].to_owned()), None, None],
        state,
        ..Parts::default()
    };
    let known = |name: &str| parts.has(name) || (name == OUTCOMES[1] && ends.is_some());
    notes.extend(not_kept(&arrays, CHOSEN_BY, known));
    let episode = |(at, span): (usize, Span)| {
        let read = read_episode(file, Place { group: "", span: Some(span) }, &parts).map(|mut episode| {
            if let Some(ends) = &ends {
                end(&ends.data[span.0..span.0 + span.1], &mut episode.outcome);
            }
            episode
        });
        (format!("episode {at}"), read)
    };
    let episodes = by_beginnings(&begins(file, rows)?).into_iter().enumerate().map(episode).collect();
    let state = joined_names(&parts.state);
    Ok(Found { state, cameras, outcomes: OUTCOMES, episodes, notes, ..Found::default() })
}

/// Ends one row up; the last row repeats how the episode ended. A task that goes on was cut there.
fn end(stored: &[f32], outcome: &mut Outcome) {
    let rows = stored.len();
    let ended = |row: usize| stored[(row + 1).min(rows - 1)] > 0.5;
    outcome.terminated = (0..rows).map(ended).collect();
    outcome.truncated = (0..rows).map(|row| row + 2 >= rows && !ended(row)).collect();
}
