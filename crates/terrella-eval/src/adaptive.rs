//! Intervals for a stream whose law may change: adaptive conformal inference.
//!
//! A band that was calibrated once promises nothing after a shift. Here each miss widens the next interval and each hit narrows
//! it a little: `α ← α + γ · (1 − level − missed)` (Gibbs and Candès 2021, arXiv:2106.00170, equation 2). Whatever the stream,
//! after T steps the share of misses differs from `1 − level` by at most `(max(α₀, 1 − α₀) + γ) / (γ · T)` (their proposition
//! 4.1). Only the last scores are kept, so that memory is bounded however long the stream.

use crate::conformal::conformal_factor;
use std::collections::VecDeque;
use terrella_core::{Error, Result};

/// A conformal factor that follows a stream of scores.
#[derive(Clone, Debug)]
pub struct Adaptive {
    level: f64,
    step: f64,
    /// The share of misses that the next interval is made for.
    alpha: f64,
    room: usize,
    scores: VecDeque<f64>,
    seen: u64,
    missed: u64,
}

impl Adaptive {
    /// Follows a stream at a level, with a step size γ, over its last `room` scores.
    ///
    /// The larger the step, the sooner coverage is back after a shift and the more intervals swing; 0.005 is the authors' choice.
    ///
    /// # Errors
    /// If level or step do not lie between 0 and 1, or there is no room for a score.
    pub fn new(level: f64, step: f64, room: usize) -> Result<Self> {
        let share = |x: f64| x > 0.0 && x < 1.0;
        if !share(level) || !share(step) || room == 0 {
            return Err(Error::Invalid(format!(
                "a stream cannot be followed at level {level} in steps of {step} over its last {room} scores; level and step lie between 0 and 1 (0.9 and 0.005 are usual), and one score at least is kept"
            )));
        }
        let scores = VecDeque::with_capacity(room.min(4096));
        Ok(Self { level, step, alpha: 1.0 - level, room, scores, seen: 0, missed: 0 })
    }

    /// Up to which score the next interval reaches: infinity where everything must be held, as with too few scores, and minus
    /// infinity where nothing may be.
    pub fn factor(&self) -> f64 {
        if self.alpha <= 0.0 {
            f64::INFINITY
        } else if self.alpha >= 1.0 {
            f64::NEG_INFINITY
        } else {
            let scores: Vec<f64> = self.scores.iter().copied().collect();
            conformal_factor(&scores, 1.0 - self.alpha)
        }
    }

    /// Takes the next score, an error in units of what was told with it, and says whether the interval held it. A score that is
    /// no number was not held.
    pub fn see(&mut self, score: f64) -> bool {
        let score = if score.is_nan() { f64::INFINITY } else { score };
        // An endless interval holds an endless score, too.
        let held = score <= self.factor();
        self.seen += 1;
        self.missed += u64::from(!held);
        self.alpha += self.step * (1.0 - self.level - f64::from(u8::from(!held)));
        if self.scores.len() == self.room {
            self.scores.pop_front();
        }
        self.scores.push_back(score);
        held
    }

    /// Share of the scores that were held so far; not a number before the first.
    pub fn coverage(&self) -> f64 {
        1.0 - self.missed as f64 / self.seen as f64
    }

    /// How far that share may be from the level after so many scores, whatever they were.
    pub fn bound(&self) -> f64 {
        (self.level.max(1.0 - self.level) + self.step) / (self.step * self.seen as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    /// Errors that become five times as large in the middle, with and without adapting.
    #[test]
    fn coverage_comes_back_after_a_shift() {
        let mut stream = Key::new(4).with("shift").stream();
        let mut adaptive = Adaptive::new(0.9, 0.02, 200).expect("a level and a step");
        let calibrating: Vec<f64> = (0..2000).map(|_| stream.normal().abs()).collect();
        let fixed = conformal_factor(&calibrating, 0.9);
        calibrating.iter().for_each(|score| {
            adaptive.see(*score);
        });
        // Right after the shift, later, and how an interval that was calibrated before it does.
        let (mut early, mut late, mut unmoved) = (0, 0, 0);
        for at in 0..3000 {
            let score = 5.0 * stream.normal().abs();
            let held = u32::from(adaptive.see(score));
            early += if at < 8 { held } else { 0 };
            late += if at >= 1000 { held } else { 0 };
            unmoved += u32::from(score <= fixed);
        }
        assert!(early < 6, "a shift is not foreseen: {early} of 8");
        assert!((f64::from(late) / 2000.0 - 0.9).abs() < 0.02, "and is followed: {late} of 2000");
        assert!(f64::from(unmoved) / 3000.0 < 0.4, "what was calibrated once holds {unmoved} of 3000");
        assert_eq!(adaptive.scores.len(), 200, "no more is kept");
    }

    #[test]
    fn misses_stay_within_the_bound_whatever_comes() {
        type Scores = fn(u64) -> f64;
        let streams: [(&str, Scores); 5] = [
            ("rising", |at| at as f64),
            ("falling", |at| 1.0 / (at + 1) as f64),
            ("alternating", |at| (at % 2) as f64),
            ("endless", |_| f64::INFINITY),
            ("no numbers", |_| f64::NAN),
        ];
        for (name, score) in streams {
            let mut adaptive = Adaptive::new(0.9, 0.05, 50).expect("a level and a step");
            (0..1000).for_each(|at| {
                adaptive.see(score(at));
            });
            let (coverage, bound) = (adaptive.coverage(), adaptive.bound());
            assert!(bound < 0.02, "which says something: {bound}");
            assert!((coverage - 0.9).abs() <= bound + 1e-12, "{name}: {coverage}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_what_is_usual() {
        for (level, step, room) in [(1.0, 0.01, 10), (0.9, 0.0, 10), (0.9, f64::NAN, 10), (0.9, 0.01, 0)] {
            let told = Adaptive::new(level, step, room).expect_err("refused").to_string();
            assert!(told.contains("0.005"), "{told}");
        }
    }
}
