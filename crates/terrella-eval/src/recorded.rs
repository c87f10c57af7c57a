//! A recorded row as a model or a policy would have seen it.

use terrella_core::{Dataset, Error, Observation, Result, View};

/// What a model or a policy is shown of a row of an episode, both counted from 0.
///
/// # Errors
/// If it sees pictures, and none were recorded.
///
/// # Panics
/// If there is no such row.
pub fn recorded(dataset: &Dataset, (episode, row): (usize, usize), view: View) -> Result<Observation> {
    let log = &dataset.episodes[episode];
    let image = match (view.picture, &log.frames) {
        (None, _) => None,
        (Some(size), Some(frames)) => Some(frames.image(row).resized(size, size)),
        (Some(_), None) => {
            return Err(Error::Invalid(format!(
                "episode {episode} has no pictures, but the model is to see; use recordings with pictures, or a model of states"
            )));
        }
    };
    Ok(Observation { image, state: if view.state { log.states.row(row).to_vec() } else { Vec::new() } })
}
