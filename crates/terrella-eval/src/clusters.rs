//! Intervals that count episodes: attempts from one recording resemble each other.
//!
//! A rate gets Wilson's interval for the number of *independent* attempts that its evidence is worth:
//! attempts divided by the design effect `1 + ρ (Σm²/n − 1)` of the intra-episode correlation ρ
//! (Kish 1965), with Student's quantile for few episodes (Korn and Graubard 1998). ρ comes from the
//! analysis of variance and is raised while few episodes tell of it: where all attempts end alike
//! nothing does, ρ is taken as 1 and only episodes count. Differences get a bootstrap of episodes,
//! and a test that flips the sign of whole episodes.

use crate::stats::{Interval, Z, bootstrap, wilson_of};
use std::collections::BTreeMap;
use terrella_core::Key;

/// Random sign flips of the paired test; all of them are tried where there are no more.
const N_FLIPS: u64 = 4096;

/// The 95 % interval of a rate over episodes, each with its successes and attempts.
/// Without attempts it is all of `[0, 1]`.
pub fn wilson_by_episode(episodes: &[(usize, usize)]) -> Interval {
    let episodes: Vec<(f64, f64)> = episodes.iter().filter(|e| e.1 > 0).map(|e| (e.0 as f64, e.1 as f64)).collect();
    let sum = |f: fn(&(f64, f64)) -> f64| episodes.iter().map(f).sum::<f64>();
    let (k, n, squares, groups) = (sum(|e| e.0), sum(|e| e.1), sum(|e| e.1 * e.1), episodes.len() as f64);
    if n == 0.0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    // What the evidence is worth if all attempts of an episode end alike: never less than that.
    let least = n * n / squares;
    let rate = k / n;
    if groups < 2.0 {
        return wilson_of(rate, least);
    }
    let within = sum(|e| e.0 * (e.1 - e.0) / e.1);
    let between: f64 = episodes.iter().map(|e| e.1 * (e.0 / e.1 - rate).powi(2)).sum::<f64>() / (groups - 1.0);
    let within = if n > groups { within / (n - groups) } else { 0.0 };
    let size = (n - squares / n) / (groups - 1.0);
    let total = between + (size - 1.0) * within;
    let measured = if total > 0.0 { ((between - within) / total).clamp(0.0, 1.0) } else { 1.0 };
    // Episodes that tell whether outcomes go together: those that hold the rarer outcome.
    let telling = episodes.iter().filter(|e| e.0 > 0.0).count().min(episodes.iter().filter(|e| e.0 < e.1).count());
    let rho = measured + (1.0 - measured) / (1.0 + (telling * telling) as f64);
    let student = (Z / student(groups - 1.0)).powi(2);
    let worth = n / (1.0 + rho * (squares / n - 1.0)) * student;
    wilson_of(rate, worth.max(least))
}

/// The 97.5 % point of Student's distribution: from tables for 1 to 3 degrees of freedom, else
/// the expansion of Abramowitz and Stegun 26.7.5, which is then right to 0.02.
fn student(df: f64) -> f64 {
    if df < 1.5 {
        return 12.706;
    }
    if df < 2.5 {
        return 4.303;
    }
    if df < 3.5 {
        return 3.182;
    }
    let z = Z;
    z + (z.powi(3) + z) / (4.0 * df)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * df * df)
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / (384.0 * df.powi(3))
}

/// Values by the episode they belong to, episodes ascending.
pub(crate) fn by_episode<T: Copy>(values: &[T], episodes: &[usize]) -> Vec<Vec<T>> {
    let mut groups: BTreeMap<usize, Vec<T>> = BTreeMap::new();
    for (value, episode) in values.iter().zip(episodes) {
        groups.entry(*episode).or_default().push(*value);
    }
    groups.into_values().collect()
}

/// The interval of a mean difference, whole episodes resampled; stretched about the mean by
/// Student's quantile, because the plain percentiles are too narrow for few episodes (Hesterberg 2015).
pub(crate) fn difference_interval(groups: &[Vec<f64>], mean: f64, key: Key) -> Interval {
    let plain = bootstrap(groups, key);
    let n = groups.len() as f64;
    if n < 2.0 {
        return Interval { low: -1.0, high: 1.0 };
    }
    let stretch = student(n - 1.0) / Z * (n / (n - 1.0)).sqrt();
    let end = |x: f64| (mean + (x - mean) * stretch).clamp(-1.0, 1.0);
    Interval { low: end(plain.low), high: end(plain.high) }
}

/// The two-sided probability of a difference this large if each episode's could as well have the
/// other sign.
pub(crate) fn sign_flips(groups: &[Vec<f64>], key: Key) -> f64 {
    let sums: Vec<f64> = groups.iter().map(|g| g.iter().sum::<f64>()).filter(|s| s.abs() > 1e-12).collect();
    let seen = sums.iter().sum::<f64>().abs() - 1e-9;
    let all = u32::try_from(sums.len()).ok().and_then(|n| 1u64.checked_shl(n)).filter(|n| *n <= N_FLIPS);
    let flipped = |i: u64| {
        let mut stream = key.at(i).stream();
        let flip = |(at, s): (usize, &f64)| {
            let negative = if all.is_some() { (i >> at) & 1 == 1 } else { stream.chance(0.5) };
            if negative { -s } else { *s }
        };
        sums.iter().enumerate().map(flip).sum::<f64>().abs() >= seen
    };
    let n = all.unwrap_or(N_FLIPS);
    let hits = (0..n).filter(|i| flipped(*i)).count() as f64;
    // A sample of the flips includes what was seen, so that no probability is 0.
    if all.is_some() { hits / n as f64 } else { (hits + 1.0) / (n + 1) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare, wilson};

    #[test]
    fn students_quantile_is_that_of_the_tables() {
        for (df, t) in [(1.0, 12.706), (2.0, 4.303), (4.0, 2.776), (5.0, 2.571), (10.0, 2.228), (60.0, 2.0)] {
            assert!((student(df) - t).abs() < 0.02, "{df}: {}", student(df));
        }
    }

    #[test]
    fn equal_outcomes_within_episodes_widen_the_interval_to_that_of_the_episodes() {
        let alike: Vec<(usize, usize)> = (0..20).map(|e| (if e % 2 == 0 { 15 } else { 0 }, 15)).collect();
        let (wide, episodes, attempts) = (wilson_by_episode(&alike), wilson(10, 20), wilson(150, 300));
        assert!(wide.low <= episodes.low + 1e-9 && wide.high >= episodes.high - 1e-9, "{wide:?} {episodes:?}");
        assert!(wide.high - wide.low > 3.0 * (attempts.high - attempts.low), "far wider than {attempts:?}");
        let mixed: Vec<(usize, usize)> = (0..20).map(|e| (7 + e % 2, 15)).collect();
        let narrow = wilson_by_episode(&mixed);
        assert!(
            narrow.high - narrow.low < 1.3 * (attempts.high - attempts.low),
            "no correlation, no price: {narrow:?}"
        );
        for (k, n) in [(0, 10), (10, 10), (3, 10)] {
            let single: Vec<(usize, usize)> = (0..n).map(|e| (usize::from(e < k), 1)).collect();
            assert_eq!(wilson_by_episode(&single), wilson(k, n), "one attempt an episode is Wilson's interval");
        }
        assert_eq!(wilson_by_episode(&[(0, 30); 10]), wilson(0, 10), "never: only episodes count");
        assert_eq!(wilson_by_episode(&[(30, 30); 10]), wilson(10, 10), "always: only episodes count");
        assert_eq!(wilson_by_episode(&[]), Interval { low: 0.0, high: 1.0 }, "nothing is known");
    }

    /// How often the interval holds the true rate, and Wilson's of the attempts does. An attempt ends as
    /// its episode does with probability √ρ, and by its own coin otherwise: correlation ρ.
    fn coverage(rate: f64, rho: f64, (groups, size): (usize, usize)) -> (f64, f64) {
        const N: u64 = 1500;
        let mut covered = (0, 0);
        for i in 0..N {
            let mut stream = Key::new(7).with("coverage").at(i).stream();
            let draw = |_| {
                let fate = stream.chance(rate);
                let own = |s: &mut terrella_core::Stream| if s.chance(rho.sqrt()) { fate } else { s.chance(rate) };
                ((0..size).filter(|_| own(&mut stream)).count(), size)
            };
            let episodes: Vec<(usize, usize)> = (0..groups).map(draw).collect();
            let holds = |i: Interval| usize::from(i.low <= rate && rate <= i.high);
            covered.0 += holds(wilson_by_episode(&episodes));
            covered.1 += holds(wilson(episodes.iter().map(|e| e.0).sum(), groups * size));
        }
        (covered.0 as f64 / N as f64, covered.1 as f64 / N as f64)
    }

    #[test]
    fn nineteen_of_twenty_intervals_hold_the_truth() {
        let (mut ours, mut alone) = (Vec::new(), Vec::new());
        for shape in [(4, 25), (8, 12), (20, 15), (60, 5)] {
            for rho in [0.0, 0.1, 0.3, 0.7, 1.0] {
                for rate in [0.0, 0.02, 0.1, 0.3, 0.5, 0.9, 1.0] {
                    let (by_episode, by_attempt) = coverage(rate, rho, shape);
                    eprintln!("{shape:?} rho {rho} rate {rate}: {by_episode:.3}, attempts alone {by_attempt:.3}");
                    if rate == 0.0 || rate == 1.0 {
                        assert!(by_episode == 1.0, "what never or always happens is in the interval");
                        continue;
                    }
                    ours.push(by_episode);
                    alone.push(by_attempt);
                }
            }
        }
        let summary = |x: &[f64]| (x.iter().sum::<f64>() / x.len() as f64, x.iter().fold(1.0, |a: f64, b| a.min(*b)));
        let (ours, alone) = (summary(&ours), summary(&alone));
        eprintln!("mean and least coverage: {ours:?}, attempts alone {alone:?}");
        // The least is that of Wilson's interval itself for 8 independent trials at a rate of 2 %: 0.85.
        assert!(ours.0 > 0.94 && ours.1 > 0.83, "{ours:?}");
        assert!(alone.0 < 0.8 && alone.1 < 0.4, "attempts alone promise too much: {alone:?}");
    }

    #[test]
    fn a_paired_comparison_counts_episodes() {
        // The first policy wins whole episodes: 6 of 8, fifteen attempts each.
        let episodes: Vec<usize> = (0..120).map(|i| i / 15).collect();
        let first: Vec<bool> = episodes.iter().map(|e| *e < 6).collect();
        let second: Vec<bool> = episodes.iter().map(|e| *e >= 6).collect();
        let grouped = compare((&first, &second), &episodes, Key::new(0));
        let lone: Vec<usize> = (0..120).collect();
        let naive = compare((&first, &second), &lone, Key::new(0));
        let width = |p: &crate::Paired| p.interval.high - p.interval.low;
        assert!(width(&grouped) > 2.0 * width(&naive), "{grouped:?} {naive:?}");
        assert!(naive.interval.low > 0.0 && grouped.interval.low < 0.0, "six of eight episodes prove nothing");
        // Exactly: 2 (C(8,0) + C(8,1) + C(8,2)) / 2⁸ = 74/256.
        assert!((grouped.p - 74.0 / 256.0).abs() < 1e-9, "{}", grouped.p);
    }
}
