//! The sides from which what acts is taught: every recording as it is, and turned, moved or seen otherwise, as the model learned.
//!
//! Where pictures are moved as far as what changes in them stays in view, a recording is moved piece by piece: over all of it
//! hands and things go everywhere, and nothing could be moved.

use super::Recordings;
use anyhow::Result;
use std::ops::Range;
use terrella_core::{Episode, Key};
use terrella_model::{Augment, Changes, ReacherConfig, Saved, Symmetry, Trace, Turn};

/// Ways in which what acts sees each recording, as it is among them.
const SIDES: usize = 8;

/// How recordings are seen from each side.
pub(super) struct Sides {
    symmetry: Option<Symmetry>,
    augment: Augment,
    picture: Option<usize>,
    /// Rows of a piece.
    piece: usize,
    key: Key,
}

impl Sides {
    /// As this model learned.
    pub(super) fn of(saved: &Saved, config: &ReacherConfig) -> Self {
        let (symmetry, augment) = (saved.train.symmetry.clone(), saved.train.augment.clone());
        let picture = saved.world.teaching().picture;
        // Room for goals of any distance behind most of its rows.
        let piece = 2 * config.reach.max(1);
        Self { symmetry, augment, picture, piece, key: Key::new(config.seed).with("reacher sees") }
    }

    /// Number of sides; the first is recordings as they are.
    pub(super) fn len(&self) -> usize {
        if self.symmetry.is_some() || self.augment.varies() { SIDES } else { 1 }
    }

    /// What is seen and done in an episode from one of the sides.
    ///
    /// # Errors
    /// If the recording lacks what is looked at.
    pub(super) fn traces(
        &self,
        (saved, recordings): (&Saved, &Recordings),
        (side, episode): (usize, usize),
    ) -> Result<Vec<Trace>> {
        let key = self.key.at(side as u64).at(episode as u64);
        let log = &recordings.taught().episodes[episode];
        let trace = |rows: Range<usize>, changes: &Changes| Ok(Trace::of(&saved.world, (log, rows), changes)?);
        if side == 0 {
            return Ok(vec![trace(0..log.len(), &Changes::none(1))?]);
        }
        let each = |rows: Range<usize>| {
            let key = if rows.start == 0 { key } else { key.at(rows.start as u64) };
            let seen = (log, rows.clone(), self.picture);
            let changes = Changes::of_rows(&self.augment, self.symmetry.as_ref(), seen, key)?;
            trace(rows, &changes.turned(Turn::number(side)))
        };
        self.pieces(log, key).into_iter().map(each).collect()
    }

    /// What of a recording is seen as one.
    fn pieces(&self, log: &Episode, key: Key) -> Vec<Range<usize>> {
        let moved = self.picture.is_some() && self.augment.shift > 0;
        if moved { pieces(log.len(), self.piece, key.with("piece")) } else { std::iter::once(0..log.len()).collect() }
    }
}

/// So many rows in pieces of one length; where the first ends is drawn, so that other sides are cut elsewhere.
fn pieces(rows: usize, piece: usize, key: Key) -> Vec<Range<usize>> {
    let first = piece / 2 + key.stream().below(piece / 2 + 1);
    let mut ends: Vec<usize> = (first..rows).step_by(piece).collect();
    ends.push(rows);
    let begins = std::iter::once(0).chain(ends.clone());
    begins.zip(ends).map(|(begin, end)| begin..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hold_every_row_once_and_are_cut_elsewhere_each_time() {
        let mut cuts = std::collections::BTreeSet::new();
        for side in 0..20 {
            let pieces = pieces(130, 40, Key::new(3).at(side));
            let rows: Vec<usize> = pieces.iter().cloned().flatten().collect();
            assert_eq!(rows, (0..130).collect::<Vec<_>>(), "{pieces:?}");
            assert!(pieces.iter().all(|rows| (1..=40).contains(&rows.len())), "{pieces:?}");
            cuts.insert(pieces[0].end);
        }
        assert!(cuts.len() > 5 && cuts.iter().all(|cut| (20..=40).contains(cut)), "{cuts:?}");
        let short = pieces(15, 40, Key::new(3));
        assert_eq!((short.len(), short[0].clone()), (1, 0..15), "shorter than a piece");
    }
}
