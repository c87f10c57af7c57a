//! What a model foretells along clips of recordings, beside what was recorded there.
//!
//! Clips go together in batches. A clip of a short episode goes as far as there are rows: what is foretold beyond them is not compared.

use crate::band::ClipErrors;
use crate::crps::{crps, is_inside};
use crate::foresee::{apart, foresee};
use crate::open_loop::Block;
use crate::recorded::recorded;
use crate::spread::spread;
use terrella_core::{Clip, Dataset, Dynamics, Error, Key, Result, Table, View};

/// Clips that go through a model together: with copies and particles, some hundred rows.
const BATCH: usize = 32;

/// How far, and how often, is foretold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    /// Rows of a block.
    pub(crate) skip: usize,
    /// Blocks.
    pub(crate) blocks: usize,
    /// Clips of each episode, fewer where there are not so many starts.
    pub(crate) clips: usize,
    /// Copies of each.
    pub(crate) copies: usize,
    /// What starts and noise hang on.
    pub(crate) key: Key,
}

/// Errors along clips of these episodes, those of an episode one after the other. `angles` says which numbers go round.
///
/// # Errors
/// If the model cannot tell states of these recordings.
pub(crate) fn compare_clips<D: Dynamics>(
    dynamics: &D,
    (dataset, episodes): (&Dataset, &[usize]),
    (view, angles): (View, &[bool]),
    ahead: &Ahead,
) -> Result<Vec<ClipErrors>> {
    let rows = ahead.blocks * ahead.skip;
    let key = ahead.key.with("clips");
    let starts = |episode: usize| 0..dataset.episodes[episode].len().saturating_sub(rows).max(1);
    let of = |episode: &usize| spread(&[*episode], ahead.clips.max(1), starts, |e| key.at(e as u64));
    let clips: Vec<Clip> = episodes.iter().flat_map(of).collect();
    let mut all = Vec::with_capacity(clips.len());
    for (at, batch) in clips.chunks(BATCH).enumerate() {
        let seen = batch.iter().map(|clip| recorded(dataset, (clip.episode, clip.start), view));
        let seen = seen.collect::<Result<Vec<_>>>()?;
        let blocks: Vec<Block> =
            (0..ahead.blocks).map(|block| recorded_block(dataset, batch, (block, ahead.skip))).collect();
        let noise = (ahead.copies, ahead.key.with("noise").at(at as u64));
        let foreseen = foresee(dynamics, &seen, &blocks, noise)?;
        let width = foreseen.told.first().map_or(0, |told| told.width);
        Error::check("numbers of a foretold state", dataset.signature.state.len(), width)?;
        for (row, clip) in batch.iter().enumerate() {
            let log = &dataset.episodes[clip.episode];
            let blocks = ahead.blocks.min((log.len() - 1 - clip.start) / ahead.skip);
            let along = |tables: &[Table]| {
                let data = tables[..blocks].iter().flat_map(|table| table.row(row)).copied().collect();
                Table { width, data }
            };
            let mut errors = Table::new(width);
            let mut judged = foreseen.samples.as_ref().map(|_| [Table::new(width), Table::new(width)]);
            for (block, told) in foreseen.told[..blocks].iter().enumerate() {
                let truth = log.states.row(clip.start + (block + 1) * ahead.skip);
                let error = |column: usize| {
                    let (told, truth) = (f64::from(told.row(row)[column]), f64::from(truth[column]));
                    apart(angles[column], told, truth) as f32
                };
                errors.push(&(0..width).map(error).collect::<Vec<f32>>());
                if let (Some([scores, inside]), Some(samples)) = (&mut judged, &foreseen.samples) {
                    let n = samples[block].len() / batch.len();
                    let judge = |column: usize| {
                        let sample = |at: usize| f64::from(samples[block].row(row * n + at)[column]);
                        let error = |at: usize| apart(angles[column], sample(at), f64::from(truth[column]));
                        let mut errors: Vec<f64> = (0..n).map(error).collect();
                        (crps(&mut errors) as f32, f32::from(u8::from(is_inside(&errors))))
                    };
                    let (score, held): (Vec<f32>, Vec<f32>) = (0..width).map(judge).unzip();
                    scores.push(&score);
                    inside.push(&held);
                }
            }
            let deviation = foreseen.deviation.as_deref().map(along);
            let (episode, start, told) = (clip.episode, clip.start, along(&foreseen.told));
            let (scores, inside) = judged.map_or((None, None), |[scores, inside]| (Some(scores), Some(inside)));
            all.push(ClipErrors { episode, start, apart: errors, told, deviation, scores, inside });
        }
    }
    Ok(all)
}

/// What was done in one block of some clips, and for how long; behind the end of a recording its last action goes on.
fn recorded_block(dataset: &Dataset, clips: &[Clip], (block, skip): (usize, usize)) -> Block {
    let (mut actions, mut dt) = (Vec::new(), Vec::new());
    for clip in clips {
        let log = &dataset.episodes[clip.episode];
        let rows = clip.start + block * skip..clip.start + (block + 1) * skip;
        for row in rows.clone() {
            actions.extend_from_slice(log.actions.row(row.min(log.len() - 1)));
        }
        dt.push(log.durations(rows, dataset.signature.fps).sum::<f64>() as f32);
    }
    (actions, dt)
}
