//! Watches a run for collapse while it happens.
//!
//! A joint-embedding model can make its prediction error vanish by encoding everything alike. The
//! prediction error alone then looks splendid, so three other numbers are watched: the effective
//! rank of the latents, the smallest deviation over their dimensions, and the error against
//! simply copying the last latent.

use crate::losses::Progress;

/// What the monitor has seen.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    bad: u32,
}

/// Part of the run before which nothing is judged: fresh latents always look collapsed.
const GRACE: f64 = 0.15;
/// Logged steps in a row that must look bad.
const PATIENCE: u32 = 4;
/// Latents that span fewer directions than this tell scenes apart by less than a position.
const RANK: f32 = 1.5;
/// Mean squared change between frames, relative to unit variance, below which all frames are alike.
const CHANGE: f32 = 1e-5;

impl Monitor {
    /// Looks at one logged step; the answer explains a collapse that has lasted.
    pub fn look(&mut self, progress: &Progress) -> Option<String> {
        let losses = &progress.losses;
        if (progress.step as f64) < GRACE * progress.steps as f64 {
            return None;
        }
        // What a family does not watch is not a number, and never below anything.
        let (rank, change) = (losses.get("effective_rank"), losses.get("copy_last"));
        let collapsed = rank < RANK || change < CHANGE;
        self.bad = if collapsed { self.bad + 1 } else { 0 };
        (self.bad >= PATIENCE).then(|| {
            format!(
                "latents have collapsed: effective rank {rank:.2} (below {RANK}), smallest deviation {:.4}, frame-to-frame change {change:.1e}; \
                 raise model.weights.sigreg or lower train.learning_rate",
                losses.get("smallest_std")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::losses::Losses;

    #[test]
    fn a_lasting_collapse_is_explained_and_a_blink_is_not() {
        let mut monitor = Monitor::default();
        let mut look = |step, effective_rank| {
            let losses = Losses::of([("effective_rank", effective_rank), ("copy_last", 0.1)]);
            monitor.look(&Progress { step, steps: 100, learning_rate: 1e-3, losses })
        };
        assert!((0..10).all(|s| look(s, 1.0).is_none()), "the beginning is not judged");
        assert!(
            (20..23).all(|s| look(s, 1.0).is_none()) && look(23, 9.0).is_none(),
            "three bad looks, then a good one"
        );
        let told = (30..34).map(|s| look(s, 1.0)).last().flatten();
        assert!(
            told.is_some_and(|t| t.contains("effective rank 1.00") && t.contains("sigreg")),
            "says what and what to do"
        );
    }
}
