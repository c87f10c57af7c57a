//! Long recordings cut into pieces, so that some can be held out where there are few episodes or one.
//!
//! Pieces that are held out lie beside pieces that are learned from: a score on them says less of another day than one on whole
//! episodes, and whoever cuts has to say so.

use crate::{Dataset, Episode, Key, Table};
use std::ops::Range;

impl Episode {
    /// Some of its rows as an episode of their own, whose times begin at 0.
    #[must_use]
    pub fn piece(&self, rows: Range<usize>) -> Self {
        let table = |table: &Table| {
            let held = rows.start * table.width..rows.end * table.width;
            Table { width: table.width, data: table.data.get(held).unwrap_or_default().to_vec() }
        };
        fn some<T: Clone>(all: &[T], rows: &Range<usize>) -> Vec<T> {
            all.get(rows.clone()).unwrap_or_default().to_vec()
        }
        let times = some(&self.times, &rows);
        let first = times.first().copied().unwrap_or(0.0);
        Self {
            index: self.index,
            task: self.task.clone(),
            states: table(&self.states),
            actions: table(&self.actions),
            frames: self.frames.as_ref().map(|frames| frames.part(rows.clone())),
            times: times.into_iter().map(|time| time - first).collect(),
            rewards: some(&self.rewards, &rows),
            terminated: some(&self.terminated, &rows),
            truncated: some(&self.truncated, &rows),
        }
    }
}

impl Dataset {
    /// The same rows in pieces of about so many, numbered anew, with a hash made of that of the whole and of the cut. Where it is
    /// logged which steps ended an attempt, a piece is truncated at its end, if the episode goes on.
    #[must_use]
    pub fn cut(&self, rows: usize) -> Self {
        let mut episodes = Vec::new();
        for episode in &self.episodes {
            let pieces = ((episode.len() as f64 / rows.max(1) as f64).round() as usize).max(1);
            for piece in 0..pieces {
                let at = |nth: usize| nth * episode.len() / pieces;
                let mut part = Episode { index: episodes.len(), ..episode.piece(at(piece)..at(piece + 1)) };
                if self.signature.ends && piece + 1 < pieces {
                    part.truncated.resize(part.len(), false);
                    part.truncated.iter_mut().last().into_iter().for_each(|end| *end = true);
                }
                episodes.push(part);
            }
        }
        let hash = crate::dataset::hash(Key::new(0).with(&self.hash).with("cut").at(rows as u64));
        Self { episodes, hash, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frames, Image, Signature, Stats};

    #[test]
    fn pieces_hold_every_row_once_with_all_that_belongs_to_it() {
        let n = 23;
        let image = |at: usize| Image { height: 1, width: 1, data: vec![at as u8; 3] };
        let episode = Episode {
            states: Table::from_data(1, (0..n).map(|x| x as f32).collect()),
            actions: Table::from_data(2, (0..2 * n).map(|x| x as f32).collect()),
            frames: Some(Frames::from_images(&(0..n).map(image).collect::<Vec<_>>())),
            times: (0..n).map(|x| x as f64 * 0.1).collect(),
            rewards: (0..n).map(|x| x as f32).collect(),
            terminated: (0..n).map(|x| x + 1 == n).collect(),
            ..Episode::default()
        };
        let signature = Signature {
            fps: 10.0,
            image: Some([1, 1]),
            state: vec!["x".to_owned()],
            units: Vec::new(),
            action: vec!["a".to_owned(), "b".to_owned()],
            env: None,
            reward: true,
            ends: true,
        };
        let stats = Stats::of(1, std::iter::once(&episode.states));
        let whole = Dataset {
            signature,
            episodes: vec![episode],
            state_stats: stats.clone(),
            action_stats: stats,
            hash: "h".to_owned(),
            notes: Vec::new(),
        };
        let cut = whole.cut(6);
        let lengths: Vec<usize> = cut.episodes.iter().map(Episode::len).collect();
        assert_eq!(lengths, [5, 6, 6, 6], "about as many");
        let states: Vec<f32> = cut.episodes.iter().flat_map(|e| e.states.data.clone()).collect();
        assert_eq!(states, whole.episodes[0].states.data, "every row, in order");
        let second = &cut.episodes[1];
        assert_eq!(
            (second.index, second.times[0], second.rewards[0], second.actions.row(0)),
            (1, 0.0, 5.0, &[10.0, 11.0][..])
        );
        assert_eq!(second.frames.as_ref().map(|f| f.bytes(0)[0]), Some(5), "its pictures");
        assert_eq!((second.truncated.last(), second.terminated.last()), (Some(&true), Some(&false)), "it went on");
        let last = &cut.episodes[3];
        assert!(last.truncated.is_empty() && last.terminated.last() == Some(&true), "the end as it was logged");
        assert!(cut.hash != whole.hash && cut.hash != whole.cut(5).hash, "another set");
        assert_eq!(whole.cut(1000).episodes.len(), 1, "nothing to cut");
    }
}
