//! Distributions beside what was recorded, step by step: scores of a model's samples, and of two that need no model.
//!
//! “copy-last” says that nothing changes, a point; “recorded changes” adds to the last state what changed over as many rows in episodes that
//! were learned from, a distribution that knows how much things move, and nothing of actions.

use crate::band::{ClipErrors, kept};
use crate::crps::crps;
use crate::curves::Estimate;
use crate::foresee::apart;
use serde::{Deserialize, Serialize};
use terrella_core::{Dataset, Key};

/// Changes that a distribution of changes is made of.
const CHANGES: usize = 64;

/// Scores of one number of the state after some rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredRow {
    /// Which number of the state.
    pub column: usize,
    /// Rows ahead.
    pub steps: usize,
    /// The model's score; its absolute error where it tells one future.
    pub model: Estimate,
    /// That of the last state.
    pub copy_last: Estimate,
    /// That of recorded changes; nothing where none of the recorded episodes was learned from.
    pub changes: Option<Estimate>,
    /// Share of the clips in which the truth lay between 5 and 95 % of the model's samples; nothing where it tells one future.
    pub inside: Option<f64>,
}

/// Scores of clips after some blocks (counted from 1).
pub(crate) fn scored(
    (dataset, train): (&Dataset, &[usize]),
    clips: &[&ClipErrors],
    angles: &[bool],
    (blocks, skip, key): (&[usize], usize, Key),
) -> Vec<ScoredRow> {
    let mut rows = Vec::new();
    for &block in blocks {
        let there: Vec<&ClipErrors> = clips.iter().copied().filter(|clip| block <= clip.apart.len()).collect();
        let (steps, key) = (block * skip, key.at(block as u64));
        let places = changes(dataset, train, steps, key.with("changes"));
        let episodes: Vec<usize> = there.iter().map(|clip| clip.episode).collect();
        for (column, &angle) in angles.iter().enumerate() {
            if there.is_empty() {
                continue;
            }
            let state = |episode: usize, row: usize| f64::from(dataset.episodes[episode].states.row(row)[column]);
            let key = key.with("interval").at(column as u64);
            let estimate = |who: u64, of: &dyn Fn(&ClipErrors) -> f64| {
                let values: Vec<f64> = there.iter().map(|clip| kept(of(clip))).collect();
                Estimate::of(&values, &episodes, key.at(who))
            };
            let point = |clip: &ClipErrors| f64::from(clip.apart.row(block - 1)[column]).abs();
            let model = |clip: &ClipErrors| match &clip.scores {
                Some(scores) => f64::from(scores.row(block - 1)[column]),
                None => point(clip),
            };
            let last = |clip: &ClipErrors| (state(clip.episode, clip.start), state(clip.episode, clip.start + steps));
            let copied = |clip: &ClipErrors| {
                let (from, to) = last(clip);
                apart(angle, from, to).abs()
            };
            let changed = |clip: &ClipErrors| {
                let (from, to) = last(clip);
                let error = |&(episode, row): &(usize, usize)| {
                    let change = apart(angle, state(episode, row + steps), state(episode, row));
                    apart(angle, from + change, to)
                };
                crps(&mut places.iter().map(error).collect::<Vec<f64>>())
            };
            let inside: Option<Vec<f64>> =
                there.iter().map(|clip| Some(f64::from(clip.inside.as_ref()?.row(block - 1)[column]))).collect();
            rows.push(ScoredRow {
                column,
                steps,
                model: estimate(0, &model),
                copy_last: estimate(1, &copied),
                changes: (!places.is_empty()).then(|| estimate(2, &changed)),
                inside: inside.map(|inside| inside.iter().sum::<f64>() / inside.len() as f64),
            });
        }
    }
    rows
}

/// Rows of some episodes, of which the one so many steps on is recorded, too.
fn changes(dataset: &Dataset, episodes: &[usize], steps: usize, key: Key) -> Vec<(usize, usize)> {
    let long: Vec<usize> = episodes.iter().copied().filter(|&e| dataset.episodes[e].len() > steps).collect();
    if long.is_empty() {
        return Vec::new();
    }
    let mut stream = key.stream();
    let draw = |_| {
        let episode = long[stream.below(long.len())];
        (episode, stream.below(dataset.episodes[episode].len() - steps))
    };
    (0..CHANGES).map(draw).collect()
}
