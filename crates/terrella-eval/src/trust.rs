//! How far a model can be trusted, as it is kept: bands, how often they held, and up to which step they stay under tolerances.
//!
//! What is kept is finite, as JSON has no other numbers: where a band is endless, there is none.

use crate::Provenance;
use crate::band::Band;
use crate::scored::ScoredRow;
use crate::stats::{Interval, wilson};
use serde::{Deserialize, Serialize};
use terrella_core::Table;

/// How many of some episodes were held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// Those that stayed inside.
    pub held: usize,
    /// All.
    pub of: usize,
}

impl Covered {
    /// Scores of episodes that stay at or under a factor.
    pub(crate) fn count(scores: impl IntoIterator<Item = f64>, factor: Option<f64>) -> Self {
        // An endless band holds all.
        let held = |score: f64| factor.is_none_or(|factor| score <= factor);
        scores
            .into_iter()
            .fold(Self::default(), |all, score| Self { held: all.held + usize::from(held(score)), of: all.of + 1 })
    }

    /// Their share; not a number of none.
    pub fn rate(&self) -> f64 {
        self.held as f64 / self.of as f64
    }

    /// Its 95 % interval (Wilson's): each episode is one trial.
    pub fn interval(&self) -> Interval {
        wilson(self.held, self.of)
    }
}

/// How far one number of the state can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrustNumber {
    /// Judged episodes that stayed in its own band.
    pub covered: Covered,
    /// The usual scale after each block: the median over clips of the calibration episodes.
    pub scale: Vec<f64>,
    /// Rows up to which its usual band stays under its tolerance, if it has one.
    pub horizon: Option<usize>,
}

/// One clip of a judged episode, drawn by the seed and not for its looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrustExample {
    /// Episode of the recordings.
    pub episode: usize,
    /// Row that the model was shown.
    pub row: usize,
    /// Of each number, after each block from the first on: told, recorded, and how far the band reaches (nothing if endlessly).
    pub paths: Vec<Vec<(f64, f64, Option<f64>)>>,
}

/// Bands of a model, and how they held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    /// What asking and planning go by.
    pub band: Band,
    /// Episodes that the scale was fitted on; none where the model tells its own.
    pub fitted: usize,
    /// Held-out episodes that are shorter than the horizon; they count as far as they go.
    pub short: usize,
    /// Held-out episodes of which not even one block could be compared.
    pub left_out: usize,
    /// The numbers of the state, as in the band.
    pub numbers: Vec<TrustNumber>,
    /// Judged episodes that stayed in the band of all numbers at once.
    pub joint: Covered,
    /// Rows up to which that band stays under all tolerances, if there are any.
    pub horizon: Option<usize>,
    /// Blocks that tables tell of.
    pub told_at: Vec<usize>,
    /// Scores of distributions at these, of judged episodes.
    pub scored: Vec<ScoredRow>,
    /// Coverage that is asked for, of all numbers at once, and of single numbers in the mean.
    pub curve: Vec<[f64; 3]>,
    /// What it looks like.
    pub example: TrustExample,
    /// Where it came from.
    #[serde(default)]
    pub provenance: Option<Provenance>,
}

/// What is kept for those who ask: the band, and residuals where a model tells one future only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The band.
    pub band: Band,
    /// `truth − told` along clips of the episodes that calibrate, `[blocks, state]` each; none where the model has particles.
    pub residuals: Vec<Table>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episodes_are_counted_that_stay_inside() {
        let scores = [0.5, 1.0, f64::INFINITY];
        assert_eq!(Covered::count(scores, Some(1.0)), Covered { held: 2, of: 3 }, "at the end is inside");
        assert_eq!(Covered::count(scores, None).rate(), 1.0, "an endless band holds all");
        let Interval { low, high } = Covered { held: 0, of: 20 }.interval();
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "Wilson's: {high}");
    }
}
