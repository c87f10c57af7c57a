//! Numbers of any size as numbers that networks tell well: the symmetric logarithm, and rewards as a distribution over places.
//!
//! `symlog(x) = sign(x) · ln(1 + |x|)` (DreamerV3, equation 1). A reward is two-hot (equation 8): the two places beside it share it
//! by how near it is. Places are even in the symmetric logarithm and reach from the least to the most reward that was recorded, not
//! to ±e²⁰: within minutes of training the far ones would keep some probability, and a millionth of e²⁰ is no small reward.

use terrella_core::Stats;

/// `sign(x) · ln(1 + |x|)`.
pub(super) fn symlog(x: f32) -> f32 {
    x.abs().ln_1p().copysign(x)
}

/// Undoes [`symlog`], up to the ±e²⁰ that the paper allows for: what a fresh network tells stays a number.
pub(super) fn symexp(x: f32) -> f32 {
    x.abs().min(20.0).exp_m1().copysign(x)
}

/// The places of a reward.
#[derive(Clone, Debug)]
pub(super) struct Places {
    least: f32,
    /// Between two of them.
    apart: f32,
    /// The rewards at the places.
    rewards: Vec<f32>,
}

impl Places {
    /// So many places over the rewards of these statistics.
    pub(super) fn new(stats: &Stats, n: usize) -> Self {
        let [mut least, mut most] = [&stats.min, &stats.max].map(|x| symlog(x.first().copied().unwrap_or(0.0)));
        if !(least.is_finite() && most.is_finite() && most - least > 1e-6) {
            // All rewards are alike, or none was counted.
            let middle = symlog(stats.mean.first().copied().unwrap_or(0.0));
            (least, most) = (middle - 0.5, middle + 0.5);
        }
        let apart = (most - least) / (n - 1) as f32;
        Self { least, apart, rewards: (0..n).map(|i| symexp(least + apart * i as f32)).collect() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rewards.len()
    }

    /// Appends the two-hot row of a reward; one beyond the places is at the last.
    pub(super) fn two_hot(&self, reward: f32, rows: &mut Vec<f32>) {
        let (first, last) = (rows.len(), self.len() - 1);
        let at = ((symlog(reward) - self.least) / self.apart).clamp(0.0, last as f32);
        let below = (at as usize).min(last - 1);
        // Shares by the rewards themselves, so that the mean of the two is the reward.
        let [low, high] = [self.rewards[below], self.rewards[below + 1]];
        let share = ((reward - low) / (high - low)).clamp(0.0, 1.0);
        rows.resize(first + self.len(), 0.0);
        rows[first + below] = 1.0 - share;
        rows[first + below + 1] = share;
    }

    /// The mean reward of a distribution that is told as logits.
    pub(super) fn mean(&self, logits: &[f32]) -> f32 {
        let most = logits.iter().fold(f32::NEG_INFINITY, |most, x| most.max(*x));
        let weights = logits.iter().map(|x| f64::from(x - most).exp());
        let (mut sum, mut all) = (0.0, 0.0);
        for (weight, reward) in weights.zip(&self.rewards) {
            sum += weight * f64::from(*reward);
            all += weight;
        }
        (sum / all) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(least: f32, most: f32) -> Places {
        Places::new(&Stats { mean: vec![least], min: vec![least], max: vec![most], ..Stats::default() }, 9)
    }

    #[test]
    fn the_symmetric_logarithm_is_undone() {
        for x in [-1e4f32, -3.0, -1e-3, 0.0, 0.5, 7.0, 1e5] {
            assert!((symexp(symlog(x)) - x).abs() <= 1e-5 * (1.0 + x.abs()), "{x}");
        }
        assert!((symlog(std::f32::consts::E - 1.0) - 1.0).abs() < 1e-6, "ln(1 + e − 1)");
    }

    #[test]
    fn the_mean_of_a_two_hot_reward_is_the_reward() {
        let places = places(-10.0, 3.0);
        for reward in [-10.0f32, -9.9, -2.5, 0.0, 0.3, 2.9, 3.0] {
            let mut row = Vec::new();
            places.two_hot(reward, &mut row);
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "shares of one: {row:?}");
            assert!(row.iter().filter(|x| **x > 0.0).count() <= 2, "at most two: {row:?}");
            let logits: Vec<f32> = row.iter().map(|x| x.max(1e-30).ln()).collect();
            let told = places.mean(&logits);
            assert!((told - reward).abs() < 1e-4, "{told} for {reward}");
        }
        let mut row = Vec::new();
        places.two_hot(99.0, &mut row);
        assert_eq!(row[8], 1.0, "beyond all is at the last");
    }

    #[test]
    fn rewards_that_are_all_alike_have_places_around_them() {
        let places = places(1.0, 1.0);
        let mut row = Vec::new();
        places.two_hot(1.0, &mut row);
        let logits: Vec<f32> = row.iter().map(|x| x.max(1e-30).ln()).collect();
        assert!((places.mean(&logits) - 1.0).abs() < 1e-4, "{row:?}");
    }
}
