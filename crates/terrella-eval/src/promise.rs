//! What a split-conformal promise is worth: over draws of n calibration episodes, its true coverage varies.
//!
//! With continuous scores the coverage that n exchangeable ones give is a random number with the law `Beta(r, n + 1 − r)`,
//! `r = ⌈(n + 1) · level⌉` (Vovk 2012, Conditional validity of inductive conformal predictors; Angelopoulos and Bates 2021,
//! arXiv:2107.07511, section 3.2). At 90 % its deviation is 6 points for 21 episodes and 1.5 for 400: "90 ± 3 %" cannot be
//! shown on 21, so the interval is printed beside every promise.

use crate::stats::Interval;
use serde::{Deserialize, Serialize};

/// Slack of a product that is whole in decimals: 10 · 0.9 is not always whole in binary.
const WHOLE: f64 = 1e-9;

/// The law of the coverage that some calibration episodes give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// Coverage that was asked for.
    pub level: f64,
    /// Calibration episodes, of which each counts once.
    pub episodes: usize,
    /// Coverage in the mean over draws of these episodes.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// Where it lies with 95 %.
    pub interval: Interval,
}

impl Promise {
    /// What so many episodes promise at a level; nothing if they are too few for any finite band.
    pub fn of(episodes: usize, level: f64) -> Option<Self> {
        let r = rank(episodes, level);
        if r > episodes {
            return None;
        }
        let (a, b) = (r as f64, (episodes + 1 - r) as f64);
        let deviation = (a * b / ((a + b).powi(2) * (a + b + 1.0))).sqrt();
        let at = |share: f64| beta_quantile([r, episodes + 1 - r], share);
        let interval = Interval { low: at(0.025), high: at(0.975) };
        Some(Self { level, episodes, mean: a / (a + b), deviation, interval })
    }

    /// In a sentence.
    pub fn words(&self) -> String {
        let Interval { low, high } = self.interval;
        format!(
            "{} calibration episodes make a promise of {:.0} % one of {:.1} % in the mean, ±{:.1} points (deviation) and from {:.1} to {:.1} % in 95 of 100 draws of them",
            self.episodes,
            100.0 * self.level,
            100.0 * self.mean,
            100.0 * self.deviation,
            100.0 * low,
            100.0 * high
        )
    }
}

/// Which of n sorted scores the band reaches, counted from 1; above n there is none.
pub(crate) fn rank(n: usize, level: f64) -> usize {
    ((n + 1) as f64 * level - WHOLE).ceil().max(1.0) as usize
}

/// The fewest calibration episodes that give a finite band at this level: the least n with `⌈(n + 1) · level⌉ ≤ n`.
pub fn episodes_needed(level: f64) -> usize {
    let guess = (level / (1.0 - level) - WHOLE).ceil().max(1.0) as usize;
    (guess.saturating_sub(1).max(1)..).find(|&n| rank(n, level) <= n).unwrap_or(guess)
}

/// The point below which a Beta law of whole parameters has this share: bisection of its distribution function.
fn beta_quantile(parameters: [usize; 2], share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // Halved as often as a double has bits.
    for _ in 0..53 {
        let middle = f64::midpoint(low, high);
        if beta_distribution(parameters, middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// `I_x(a, b)` of whole parameters: the chance of at least `a` successes in `a + b − 1` trials of chance `x`.
fn beta_distribution([a, b]: [usize; 2], x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return f64::from(u8::from(x >= 1.0));
    }
    let n = a + b - 1;
    // The logarithm of a binomial weight, from that of no success on; weights themselves leave the doubles.
    let mut log = n as f64 * (1.0 - x).ln();
    let mut sum = 0.0;
    for i in 0..=n {
        if i >= a {
            sum += log.exp();
        }
        log += ((n - i) as f64 / (i + 1) as f64).ln() + (x / (1.0 - x)).ln();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_of_the_coverage_agrees_with_hand_arithmetic() {
        // Beta(9, 1) has the distribution x⁹: its ends are the ninth roots of 0.025 and 0.975.
        let nine = Promise::of(9, 0.9).expect("just enough");
        assert!((nine.mean - 0.9).abs() < 1e-12, "9 of 10");
        assert!(
            (nine.interval.low - 0.663_733).abs() < 1e-5 && (nine.interval.high - 0.997_191).abs() < 1e-5,
            "{nine:?}"
        );
        // Beta(18, 2): 19 x¹⁸ − 18 x¹⁹.
        let nineteen = Promise::of(19, 0.9).expect("enough");
        for (x, share) in [(nineteen.interval.low, 0.025), (nineteen.interval.high, 0.975)] {
            assert!((19.0 * x.powi(18) - 18.0 * x.powi(19) - share).abs() < 1e-9, "{x}");
        }
        // √(18 · 2 / (20² · 21)).
        assert!((nineteen.deviation - 0.065_465).abs() < 1e-6, "{nineteen:?}");
    }

    #[test]
    fn twenty_one_episodes_promise_within_six_points_and_four_hundred_within_one_and_a_half() {
        let deviation = |n| 100.0 * Promise::of(n, 0.9).expect("enough").deviation;
        assert!((deviation(21) - 6.0).abs() < 0.05 && (deviation(400) - 1.5).abs() < 0.05, "in points");
        let many = Promise::of(400, 0.9).expect("enough");
        assert!(many.interval.low > 0.868 && many.interval.high < 0.930, "{many:?}");
        assert!(
            many.words().contains("400 calibration episodes") && many.words().contains("±1.5 points"),
            "{}",
            many.words()
        );
    }

    #[test]
    fn fewer_episodes_than_a_level_needs_promise_nothing() {
        for (level, needed) in [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)] {
            assert_eq!(episodes_needed(level), needed, "{level}");
            assert!(Promise::of(needed, level).is_some() && Promise::of(needed - 1, level).is_none(), "{level}");
        }
    }
}
