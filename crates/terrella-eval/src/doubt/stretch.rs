//! A stretch of what a model is shown, and of what is done there.

use crate::recorded::recorded;
use terrella_core::{Dataset, Observation, Result, View};

/// Moments of one episode, a block apart.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    /// The episode.
    pub episode: usize,
    /// Row of the first moment.
    pub start: usize,
    /// What is seen; one more than blocks where it is known what came of the last.
    pub seen: Vec<Observation>,
    /// What is done from each moment on.
    pub blocks: Vec<Vec<f32>>,
    /// How many seconds each lasts.
    pub lasts: Vec<f32>,
}

impl Stretch {
    /// As recorded, from a row on; as many blocks of `skip` rows as there are of what is asked for.
    ///
    /// # Errors
    /// If it sees pictures, and none were recorded.
    pub fn recorded(
        dataset: &Dataset,
        (episode, start): (usize, usize),
        (skip, blocks): (usize, usize),
        view: View,
    ) -> Result<Self> {
        let log = &dataset.episodes[episode];
        let (width, fps) = (log.actions.width, dataset.signature.fps);
        let blocks = blocks.min(log.len().saturating_sub(start + 1) / skip);
        let mut stretch = Self { episode, start, ..Self::default() };
        for block in 0..=blocks {
            let row = start + block * skip;
            stretch.seen.push(recorded(dataset, (episode, row), view)?);
            if block < blocks {
                stretch.blocks.push(log.actions.data[row * width..(row + skip) * width].to_vec());
                stretch.lasts.push(log.durations(row..row + skip, fps).sum::<f64>() as f32);
            }
        }
        Ok(stretch)
    }

    /// Where stretches of so many rows begin in an episode of this length: so many of them at most, spread evenly, none over another.
    pub(crate) fn starts(len: usize, rows: usize, at_most: usize) -> Vec<usize> {
        let there = (len.saturating_sub(1) / rows.max(1)).clamp(1, at_most.max(1));
        let last = len.saturating_sub(1).saturating_sub(rows);
        (0..there).map(|at| (last * at).checked_div(there - 1).unwrap_or(0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_spread_and_do_not_overlap() {
        assert_eq!(Stretch::starts(201, 50, 4), [0, 50, 100, 150], "all of it");
        assert_eq!(Stretch::starts(1001, 50, 3), [0, 475, 950], "as many as are asked for");
        assert_eq!(Stretch::starts(30, 50, 4), [0], "a short one");
        assert_eq!(Stretch::starts(120, 50, 4), [0, 69], "as many as there is room for");
    }
}
