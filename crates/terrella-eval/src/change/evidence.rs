//! From an error that is ranked among usual ones to bets in every way in which a world may change.
//!
//! For each number of the state: errors are greater or less than usual; they go with a state, an action or the change of an action, as
//! under more friction, less thrust or later actions; or they are larger or smaller. The score of such a way is a rank times what it
//! may go with, known before the error is seen, so that its mean stays 0 while nothing changes.
//!
//! A model's error at one place repeats itself, so that a stream that stays in a few places would bet on the same error again and
//! again. A score is therefore divided by how often its most similar row was met lately.

use super::bets::{Bets, Crossing, Place, Won};
use super::usual::{Scored, Usual};

/// After how large a part of all rows a visit is forgotten to a third. A stream like the recordings meets a row once in as many rows as
/// there are, so that its scores keep eight ninths of their weight.
const LATELY: f64 = 1.0 / 8.0;

/// In which way something may change: what goes with the errors of a number of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing: they are shifted.
    Always,
    /// What the inputs name at this place.
    With(usize),
    /// Their size.
    Size,
}

/// The evidence of one stream.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    bets: Bets,
    with: usize,
    /// For each row that is usual, how often it was met lately, as of which row.
    visits: Vec<(f64, u64)>,
    rows: u64,
    scores: Vec<f64>,
    sizes: Vec<[f64; 2]>,
}

impl Evidence {
    /// Evidence that alarms once it reaches the threshold; errors may go with so many numbers.
    pub(super) fn new(usual: &Usual, with: usize, (block, tolerance): (usize, f64), threshold: f64) -> Self {
        let ways = usual.signature.state.len() * (with + 2);
        Self {
            bets: Bets::new(ways, (block, tolerance), threshold),
            with,
            visits: vec![(0.0, 0); usual.rows()],
            rows: 0,
            scores: Vec::with_capacity(ways),
            sizes: Vec::with_capacity(ways),
        }
    }

    /// One row, and what its errors may go with.
    pub(super) fn row(&mut self, place: Place, scored: &Scored, with: &[f32]) -> Option<Crossing> {
        let weight = self.weight(scored.nearest);
        self.scores.clear();
        self.sizes.clear();
        for (column, off) in scored.off.iter().enumerate() {
            let signed = weight * scored.signed[column];
            self.scores.push(signed);
            self.sizes.push([*off, 1.0]);
            for x in with.iter().map(|x| f64::from(*x)) {
                self.scores.push(signed * x.clamp(-1.0, 1.0));
                self.sizes.push([off * x, x * x]);
            }
            self.scores.push(weight * scored.sized[column]);
            self.sizes.push(scored.sizes[column]);
        }
        self.bets.row(place, &self.scores, &self.sizes)
    }

    /// The number of the state and the way of a bet.
    pub(super) fn way(&self, won: &Won) -> (usize, Way) {
        let each = self.with + 2;
        let way = match won.way % each {
            0 => Way::Always,
            at if at <= self.with => Way::With(at - 1),
            _ => Way::Size,
        };
        (won.way / each, way)
    }

    /// The bets.
    pub(super) fn bets(&self) -> &Bets {
        &self.bets
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        16 * self.visits.capacity() + 8 * self.scores.capacity() + 16 * self.sizes.capacity() + self.bets.bytes()
    }

    /// What a score counts whose most similar row is this one, which is then met once more.
    fn weight(&mut self, nearest: usize) -> f64 {
        let lately = (LATELY * self.visits.len() as f64).max(1.0);
        self.rows += 1;
        let Some((visits, at)) = self.visits.get_mut(nearest) else { return 1.0 };
        let left = *visits * (-((self.rows - *at) as f64) / lately).exp();
        (*visits, *at) = (left + 1.0, self.rows);
        1.0 / (1.0 + left)
    }
}
