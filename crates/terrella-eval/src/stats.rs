//! The few statistics that a success rate needs: intervals, spread over seeds, paired comparison.
//!
//! Intervals are 95 %. Wilson (1927) is for a count of successes and stays honest at 0 and at n;
//! the percentile bootstrap (Efron 1979) resamples whole groups, because attempts from one episode
//! resemble each other. Intervals by episode are in `clusters`, comparisons in
//! `paired`.

use serde::{Deserialize, Serialize};
use terrella_core::Key;

/// Resamples of a bootstrap; the 2.5 % ends then rest on 50 of them.
const N_RESAMPLES: u64 = 2000;
/// The 97.5 % point of the standard normal distribution.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The Wilson score interval of a proportion (Wilson 1927, equation as in Agresti and Coull 1998):
/// `(p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)`. Without trials it is all of `[0, 1]`.
pub fn wilson(successes: usize, n: usize) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    wilson_of(successes as f64 / n as f64, n as f64)
}

/// Wilson's interval of a rate whose evidence is worth `n` independent trials, not always whole.
pub(crate) fn wilson_of(p: f64, n: f64) -> Interval {
    let (centre, scale) = (p + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At 0 and at 1 one end is exact, whatever rounding says.
    let low = if p <= 0.0 { 0.0 } else { ((centre - half) / scale).max(0.0) };
    let high = if p >= 1.0 { 1.0 } else { ((centre + half) / scale).min(1.0) };
    Interval { low, high }
}

/// The percentile bootstrap of the mean over all values, where whole groups are resampled.
/// Without any value both ends are not a number.
pub fn bootstrap(groups: &[Vec<f64>], key: Key) -> Interval {
    let sums: Vec<(f64, f64)> =
        groups.iter().filter(|g| !g.is_empty()).map(|g| (g.iter().sum(), g.len() as f64)).collect();
    if sums.is_empty() {
        return Interval { low: f64::NAN, high: f64::NAN };
    }
    resampled(sums.len(), key, |draws| {
        let (sum, n) = draws.fold((0.0, 0.0), |(sum, n), at| (sum + sums[at].0, n + sums[at].1));
        Some(sum / n)
    })
}

/// The percentile interval of what `statistic` makes of `n` draws with replacement from `0..n`; where it makes
/// nothing of them they do not count, and without any both ends are not a number.
pub(crate) fn resampled(
    n: usize,
    key: Key,
    statistic: impl Fn(&mut dyn Iterator<Item = usize>) -> Option<f64>,
) -> Interval {
    let resample = |i| {
        let mut stream = key.at(i).stream();
        statistic(&mut (0..n).map(|_| stream.below(n)))
    };
    let mut found: Vec<f64> = (0..N_RESAMPLES).filter_map(resample).collect();
    found.sort_by(f64::total_cmp);
    let last = found.len().saturating_sub(1) as f64;
    let at = |share: f64| found.get((last * share).round() as usize).copied().unwrap_or(f64::NAN);
    Interval { low: at(0.025), high: at(0.975) }
}

/// Mean and sample standard deviation (0 for fewer than two values).
pub fn mean_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let square: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, if values.len() < 2 { 0.0 } else { (square / (n - 1.0)).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-5
    }

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29.
        for (successes, n, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let interval = wilson(successes, n);
            assert!(near(interval.low, low) && near(interval.high, high), "{successes}/{n}: {interval:?}");
        }
        assert!(wilson(20, 20).high > 1.0 - 1e-12 && wilson(20, 20).low < 0.85, "certain only from above");
    }

    #[test]
    fn spread_and_bootstrap_agree_with_theory() {
        assert_eq!(mean_sd(&[1.0, 2.0, 3.0]), (2.0, 1.0), "by hand");
        let mut stream = Key::new(1).stream();
        let groups: Vec<Vec<f64>> = (0..400).map(|_| vec![stream.normal()]).collect();
        let interval = bootstrap(&groups, Key::new(2));
        let width = interval.high - interval.low;
        assert!((width - 2.0 * Z / 20.0).abs() < 0.03, "about ±1.96/√400: {width}");
        assert_eq!(interval, bootstrap(&groups, Key::new(2)), "keyed");
        // Ten copies of each value are no new evidence: the interval must not shrink.
        let copied: Vec<Vec<f64>> = groups.iter().map(|g| g.repeat(10)).collect();
        let again = bootstrap(&copied, Key::new(2));
        assert!((again.high - again.low - width).abs() < 1e-9, "whole groups are resampled");
    }
}
