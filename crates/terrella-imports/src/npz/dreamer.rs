//! Replay of the Dreamer family: one archive an episode, with `image`, `action`, `reward`, `is_first`, `is_last`,
//! `is_terminal` and perhaps `discount`.
//!
//! A row holds what was observed, and the action and the reward that led to it, so those go one row up. Replay of DreamerV3 is
//! in chunks of a stream, named by time, two marks and length; there a row holds the action that was chosen in it.

use super::file::Npz;
use crate::arrays::episode::{Parts, Place, read as read_episode};
use crate::arrays::listing::{CHOSEN_BY, not_kept};
use crate::arrays::recorded::{Cameras, Found, pictures_among};
use crate::arrays::spans::by_beginnings;
use crate::arrays::store::{Kind, Rows, Store};
use terrella_data::vectors::{Vector, choose_vectors, joined_names, made_of};
use terrella_data::{Note, Result, SourceOptions};

const OUTCOMES: [&str; 3] = ["reward", "is_terminal", "is_last"];
const FIRST: &str = "is_first";
const DISCOUNT: &str = "discount";
/// What only chunks of DreamerV3 have.
const CHUNKS: [&str; 2] = ["stepid", "consec"];

pub(super) fn is(file: &Npz) -> bool {
    let has = |name: &str| file.shape(name).is_ok_and(|shape| shape.is_numbers());
    has("action") && has("reward") && [FIRST, OUTCOMES[1], OUTCOMES[2], DISCOUNT].into_iter().any(has)
}

pub(super) fn read(file: &Npz, options: &SourceOptions) -> Result<Found> {
    let arrays = file.below("");
    let rows = file.shape("action")?.rows();
    let column = |name: &str| arrays.iter().any(|(n, s)| n == name && s.is_column() && s.rows() == rows);
    let flags = |name: &str| -> Result<Vec<bool>> {
        let table = file.table(&Rows { array: name.to_owned(), from: 0, len: rows })?;
        Ok(table.data.iter().map(|x| *x != 0.0).collect())
    };
    let name = file.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let chunk = arrays.iter().any(|(n, _)| CHUNKS.contains(&n.as_str())) || name.split('-').count() == 4;
    let mut notes: Vec<Note> = Vec::new();
    let mut note = |place: &str, what: &str| notes.push(Note { place: place.to_owned(), what: what.to_owned() });
    note(
        "action",
        if chunk {
            "a chunk of DreamerV3's replay: each action leaves its row; rewards and ends came with their row and go one up. An episode that goes on in another chunk is cut there"
        } else {
            "each led to the row that it is stored in, so actions, rewards and ends go one row up"
        },
    );
    let shown = pictures_among(file, "", &arrays);
    let preferred = ["image"].into_iter().find(|name| shown.contains(name));
    let cameras = Cameras::choose(file.path(), options, &shown, preferred)?;
    let fixed = |name: &str| {
        let told = OUTCOMES.contains(&name) || CHUNKS.contains(&name) || [FIRST, DISCOUNT, "action"].contains(&name);
        told || shown.contains(&name)
    };
    let offered = arrays.iter().filter(|(name, shape)| !fixed(name) && shape.rows() == rows);
    let offered = offered.filter_map(|(name, shape)| Some(Vector::new(name, shape.width()?))).collect();
    let float = |name: &str| arrays.iter().any(|(n, shape)| n == name && shape.kind == Kind::Float);
    // What begins so is an agent's own note, what has a slash its latents.
    let usual = |v: &Vector| float(&v.name) && !v.name.starts_with("log") && !v.name.contains('/');
    let state = choose_vectors(file.path(), options, offered, usual)?;
    if options.vectors.is_empty() {
        notes.extend(made_of("state", state.iter().map(|v| v.name.as_str())));
    }
    let mut note = |place: &str, what: &str| notes.push(Note { place: place.to_owned(), what: what.to_owned() });
    let mut outcomes = OUTCOMES.map(|name| column(name).then(|| name.to_owned()));
    let discounted = outcomes[1].is_none() && column(DISCOUNT);
    if discounted {
        note(DISCOUNT, "taken as the end of the task where it is 0, which nothing else tells");
        outcomes[1] = Some(DISCOUNT.to_owned());
    }
    let spans = if column(FIRST) { by_beginnings(&flags(FIRST)?) } else { vec![(0, rows)] };
    let parts = Parts {
        action: vec!["action".to_owned()],
        pictures: cameras.names().map(str::to_owned).collect(),
        actions_led: !chunk,
        outcomes_led: true,
        outcomes,
        state,
        ..Parts::default()
    };
    notes.extend(not_kept(&arrays, CHOSEN_BY, |name| parts.has(name) || name == FIRST || CHUNKS.contains(&name)));
    let episode = |(at, span)| {
        let read = read_episode(file, Place { group: "", span: Some(span) }, &parts).map(|mut episode| {
            let outcome = &mut episode.outcome;
            if discounted {
                outcome.terminated.iter_mut().for_each(|end| *end = !*end);
            }
            // The last row of a task that goes on is where the recording was cut.
            let ended = outcome.terminated.iter();
            outcome.truncated.iter_mut().zip(ended).for_each(|(last, ended)| *last &= !ended);
            episode
        });
        (format!("episode {at}"), read)
    };
    let episodes = spans.into_iter().enumerate().map(episode).collect();
    let state = joined_names(&parts.state);
    Ok(Found { state, cameras, outcomes: OUTCOMES, episodes, notes, ..Found::default() })
}
