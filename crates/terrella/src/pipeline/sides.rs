//! The sides from which what acts is taught: every recording as it is, and turned, moved or seen otherwise, as the model learned.
//!
//! Where pictures are moved as far as what changes in them stays in view, a recording is moved piece by piece: over all of it
//! hands and things go everywhere, and nothing could be moved.

use super::Recordings;
use anyhow::Result;
use std::ops::Range;
use terrella_core::{Episode, Key};
use terrella_model::{Augment, Changes, Saved, Symmetry, Trace, Turn};

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
    /// As this model learned; goals lie at most so many rows ahead.
    pub(super) fn of(saved: &Saved, reach: usize, seed: u64) -> Self {
        Self {
            symmetry: saved.train.symmetry.clone(),
            augment: saved.train.augment.clone(),
            picture: saved.world.teaching().picture,
            // Room for goals of any distance behind most of its rows.
            piece: 2 * reach.max(1),
            key: Key::new(seed).with("reacher sees"),
        }
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
        let log = &recordings.dataset.episodes[episode];
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

    /// Pieces of one length; where the first ends is drawn, so that other sides are cut elsewhere.
    fn pieces(&self, log: &Episode, key: Key) -> Vec<Range<usize>> {
        if self.picture.is_none() || self.augment.shift == 0 {
            return vec![0..log.len()];
        }
        let first = self.piece / 2 + key.with("piece").stream().below(self.piece / 2 + 1);
        let mut ends: Vec<usize> = (first..log.len()).step_by(self.piece).collect();
        ends.push(log.len());
        let begins = std::iter::once(0).chain(ends.clone());
        begins.zip(ends).map(|(begin, end)| begin..end).collect()
    }
}
