//! Where keypoints are in chosen rows of recordings, and whether anything stands out from the ground there.

use anyhow::Result;
use std::fmt::Write as _;
use terrella_core::{Dataset, Table};

use super::finder::Finder;

/// A keypoint is over bare ground if nothing stands out within so many pixels.
const AROUND: f32 = 4.0;
/// A byte that differs by more from the ground stands out.
const STANDS: u8 = 25;

/// Keypoints in rows of episodes.
pub(super) struct Places {
    /// Episode and row.
    pub(super) rows: Vec<(usize, usize)>,
    /// x, y and presence of each keypoint, in pixels of the picture.
    pub(super) found: Table,
    /// Cosine and sine of the turn of each that can be seen to turn; nothing where none can.
    pub(super) turns: Table,
    /// Whether nothing stands out around each, row by row.
    pub(super) bare: Vec<bool>,
}

/// Rows of these episodes, at most so many of them all, evenly spread, in order.
pub(super) fn spread(dataset: &Dataset, episodes: &[usize], most: usize) -> Vec<(usize, usize)> {
    let all: Vec<(usize, usize)> =
        episodes.iter().flat_map(|&at| (0..dataset.episodes[at].len()).map(move |row| (at, row))).collect();
    let n = all.len().min(most);
    (0..n).map(|i| all[i * all.len() / n]).collect()
}

impl Places {
    /// Finds keypoints in these rows, which stand together by episode.
    ///
    /// # Errors
    /// If there are no pictures.
    pub(super) fn of(keypoints: &Finder, dataset: &Dataset, rows: Vec<(usize, usize)>) -> Result<Self> {
        let (mut found, mut turns) = (Table::new(3 * keypoints.count()), Table::default());
        let mut bare = Vec::with_capacity(rows.len() * keypoints.count());
        for together in rows.chunk_by(|a, b| a.0 == b.0) {
            let episode = &dataset.episodes[together[0].0];
            let at: Vec<usize> = together.iter().map(|(_, row)| *row).collect();
            let [told, turned] = keypoints.find(episode, &at)?;
            turns.width = turned.width;
            turns.data.extend(turned.data);
            let ground = keypoints.ground().under(episode)?;
            let Some(frames) = &episode.frames else { continue };
            for (&row, told) in at.iter().zip(told.rows()) {
                let picture = frames.bytes(row);
                bare.extend(told.chunks(3).map(|one| is_bare(picture, &ground, frames.size()[1], [one[0], one[1]])));
            }
            found.data.extend(told.data);
        }
        Ok(Self { rows, found, turns, bare })
    }

    /// Keypoints in a row.
    pub(super) fn keypoints(&self) -> usize {
        self.found.width / 3
    }

    /// The episode of each row.
    pub(super) fn episodes(&self) -> Vec<usize> {
        self.rows.iter().map(|(episode, _)| *episode).collect()
    }

    /// What the state says of each row.
    pub(super) fn states(&self, dataset: &Dataset) -> Table {
        let mut states = Table::new(dataset.signature.state.len());
        self.rows.iter().for_each(|(episode, row)| states.push(dataset.episodes[*episode].states.row(*row)));
        states
    }

    /// A line a row and keypoint.
    pub(super) fn to_csv(&self, dataset: &Dataset) -> String {
        let mut out = "episode,row,seconds,keypoint,x,y,presence\n".to_owned();
        for ((episode, row), told) in self.rows.iter().zip(self.found.rows()) {
            let seconds = dataset.episodes[*episode].time(*row, dataset.signature.fps);
            for (at, one) in told.chunks(3).enumerate() {
                // Writing to a string cannot fail.
                let _ =
                    writeln!(out, "{episode},{row},{seconds:.3},{},{:.2},{:.2},{:.3}", at + 1, one[0], one[1], one[2]);
            }
        }
        out
    }
}

/// Whether nothing stands out around a place.
fn is_bare(picture: &[u8], ground: &[u8], side: usize, [x, y]: [f32; 2]) -> bool {
    let span = |at: f32| {
        let end = |at: f32| (at.max(0.0) as usize).min(side);
        end((at - AROUND).floor())..end((at + AROUND).ceil())
    };
    span(y).all(|row| {
        span(x).all(|column| {
            let far = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y) > AROUND;
            let at = (row * side + column) * 3;
            far || (at..at + 3).all(|at| picture[at].abs_diff(ground[at]) <= STANDS)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ground_is_bare_where_nothing_stands_out_nearby() {
        let ground = vec![10; 20 * 20 * 3];
        let mut picture = ground.clone();
        picture[(10 * 20 + 10) * 3 + 1] = 90;
        let bare = |at| is_bare(&picture, &ground, 20, at);
        assert_eq!([bare([10.5, 13.0]), bare([10.5, 16.0]), bare([0.0, 30.0])], [false, true, true]);
    }
}
