//! Two policies on the same pairs: who solved what the other did not, and whether episodes tell them apart.

use crate::clusters::{by_episode, difference_interval, sign_flips};
use crate::stats::Interval;
use serde::{Deserialize, Serialize};
use terrella_core::Key;

/// Two policies on the same pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Pairs that both solved.
    pub both: usize,
    /// Pairs that only the first solved.
    pub only_first: usize,
    /// Pairs that only the second solved.
    pub only_second: usize,
    /// Pairs that neither solved.
    pub neither: usize,
    /// Success rate of the first minus that of the second.
    pub difference: f64,
    /// Its interval, whole episodes resampled.
    pub interval: Interval,
    /// Two-sided probability of the difference by chance, whole episodes flipped.
    pub p: f64,
}

/// Compares two lists of outcomes of the same pairs in the same order, each pair of one episode.
///
/// # Panics
/// If the lists differ in length.
pub fn compare((first, second): (&[bool], &[bool]), episodes: &[usize], key: Key) -> Paired {
    assert_eq!((first.len(), first.len()), (second.len(), episodes.len()), "outcomes of the same pairs");
    let count = |a: bool, b: bool| first.iter().zip(second).filter(|(x, y)| (**x, **y) == (a, b)).count();
    let (only_first, only_second) = (count(true, false), count(false, true));
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect();
    let groups = by_episode(&differences, episodes);
    let difference = (only_first as f64 - only_second as f64) / first.len().max(1) as f64;
    Paired {
        both: count(true, true),
        only_first,
        only_second,
        neither: count(false, false),
        difference,
        interval: difference_interval(&groups, difference, key),
        p: sign_flips(&groups, key.with("flips")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-5
    }

    #[test]
    fn a_paired_comparison_counts_all_four_cells() {
        let lists = (&[true, true, false, true][..], &[true, false, false, false][..]);
        let paired = compare(lists, &[0, 1, 2, 3], Key::new(0));
        assert_eq!((paired.both, paired.only_first, paired.only_second, paired.neither), (1, 2, 0, 1), "cells");
        assert!(near(paired.difference, 0.5) && near(paired.p, 0.5), "{paired:?}");
    }
}
