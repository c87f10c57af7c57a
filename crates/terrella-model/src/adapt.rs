//! A finished ensemble made to fit a machine that is not quite the one it learned, by few rows of it.
//!
//! Statistics stay what they were, and what was learned from is told on: evaluation knows the episodes that rows came from as learned.

use crate::checkpoint::Finished;
use crate::family::{EnsembleConfig, MovedBy, adapted};
use crate::{Error, Result};
use std::collections::BTreeSet;
use terrella_core::{Batch, Clip, Dataset};

/// The model after it was fitted to some rows, each of which has one that follows it (episode, row), and by how much it moved. Nothing is
/// random: the same rows give the same model.
///
/// # Errors
/// If there are no rows, the recordings have other widths, or lack rewards that were learned; or if the model does not say what it
/// learned from.
///
/// # Panics
/// If there is no such row, or none after it.
pub fn adapt(
    model: &Finished<EnsembleConfig>,
    dataset: &Dataset,
    rows: &[(usize, usize)],
) -> Result<(Finished<EnsembleConfig>, MovedBy)> {
    let (ours, theirs) = (&model.interface.signature, &dataset.signature);
    terrella_core::Error::check("state numbers of the recordings", ours.state.len(), theirs.state.len())?;
    terrella_core::Error::check("action numbers of the recordings", ours.action.len(), theirs.action.len())?;
    if rows.is_empty() {
        return Err(Error::Invalid("there are no rows to adapt to; give one at least".to_owned()));
    }
    let Some(learned) = model.interface.learned.clone() else {
        return Err(Error::Invalid(
            "this checkpoint is of an earlier version and does not say what it learned from, so that it could not be told on; train it anew".to_owned(),
        ));
    };
    let (net, moved) = adapted(&model.net, &model.family, &model.interface, &batch(dataset, rows))?;
    let episodes: BTreeSet<usize> = rows.iter().map(|(episode, _)| *episode).collect();
    let mut made = model.clone();
    made.net = net;
    made.interface.learned = Some(learned.with(episodes.iter().map(|&e| &dataset.episodes[e])));
    Ok((made, moved))
}

/// Each row and the one that follows, as a clip.
fn batch(dataset: &Dataset, rows: &[(usize, usize)]) -> Batch {
    let mut batch = Batch { n_frames: 2, ..Batch::default() };
    for &(episode, start) in rows {
        let log = &dataset.episodes[episode];
        batch.clips.push(Clip { episode, start });
        batch.states.extend_from_slice(log.states.row(start));
        batch.states.extend_from_slice(log.states.row(start + 1));
        batch.actions.extend_from_slice(log.actions.row(start));
        batch.dt.extend(log.durations(start..start + 1, dataset.signature.fps).map(|dt| dt as f32));
        batch.rewards.extend(log.rewards.get(start));
        batch.ends.extend(log.terminated.get(start).map(|ended| f32::from(u8::from(*ended))));
    }
    batch
}
