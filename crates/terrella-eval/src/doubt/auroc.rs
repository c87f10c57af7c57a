//! How well a score tells two sides apart: the area under the ROC curve, with an interval by episode.
//!
//! It is the probability that a number of the one side exceeds one of the other, ties halved (Hanley and McNeil 1982). Numbers of an
//! episode resemble each other, and both sides come from the same episodes, so whole episodes are resampled, with both of their sides.

use crate::stats::{Interval, resampled};
use serde::{Deserialize, Serialize};
use terrella_core::Key;

/// An area under the ROC curve: 0.5 is chance, 1 tells all apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Separated {
    /// The area.
    pub auroc: f64,
    /// Its 95 % interval, by episode.
    pub interval: Interval,
}

/// The area for scores of some episodes as they are, and changed: `[as it is, changed]`, an entry an episode. Nothing where one side has
/// no scores at all. What is no number counts as endlessly large.
pub fn auroc(episodes: &[[Vec<f64>; 2]], key: Key) -> Option<Separated> {
    let number = |x: &f64| if x.is_nan() { f64::INFINITY } else { *x };
    let sorted = |side: usize| -> Vec<Vec<f64>> {
        let one = |episode: &[Vec<f64>; 2]| {
            let mut scores: Vec<f64> = episode[side].iter().map(number).collect();
            scores.sort_by(f64::total_cmp);
            scores
        };
        episodes.iter().map(one).collect()
    };
    let [plain, changed] = [0, 1].map(sorted);
    // Pairs of each two episodes in which the changed one exceeds, and all of their pairs.
    let n = episodes.len();
    let mut wins = vec![0.0f64; n * n];
    for (at, wins) in wins.iter_mut().enumerate() {
        let plain = &plain[at / n];
        *wins = changed[at % n]
            .iter()
            .map(|x| {
                let (below, to) = (plain.partition_point(|y| y < x), plain.partition_point(|y| y <= x));
                below as f64 + 0.5 * (to - below) as f64
            })
            .sum();
    }
    let area = |counts: &[f64]| {
        let (mut won, mut pairs) = (0.0, 0.0);
        for (i, a) in counts.iter().enumerate().filter(|(_, a)| **a > 0.0) {
            for (j, b) in counts.iter().enumerate().filter(|(_, b)| **b > 0.0) {
                won += a * b * wins[i * n + j];
                pairs += a * b * (plain[i].len() * changed[j].len()) as f64;
            }
        }
        (pairs > 0.0).then(|| won / pairs)
    };
    let auroc = area(&vec![1.0; n])?;
    let interval = resampled(n, key, |draws| {
        let mut counts = vec![0.0; n];
        draws.for_each(|at| counts[at] += 1.0);
        area(&counts)
    });
    Some(Separated { auroc, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let of = |episodes: &[[Vec<f64>; 2]]| auroc(episodes, Key::new(1)).expect("two sides");
        // 2 of 4 pairs, and a tie.
        let one = of(&[[vec![1.0, 3.0], vec![2.0, 3.0]]]);
        assert_eq!(one.auroc, (1.0 + 1.0 + 0.5) / 4.0, "{one:?}");
        assert_eq!((one.interval.low, one.interval.high), (one.auroc, one.auroc), "one episode is all there is");
        let apart = of(&[[vec![0.0], vec![5.0]], [vec![1.0], vec![f64::NAN]]]);
        assert_eq!((apart.auroc, apart.interval.low), (1.0, 1.0), "what is no number is endlessly far");
        assert!(auroc(&[[vec![1.0], vec![]]], Key::new(1)).is_none(), "there is nothing to compare with");
    }

    #[test]
    fn copies_of_a_row_are_no_new_evidence_and_chance_is_a_half() {
        let mut stream = Key::new(4).stream();
        let mut episode = || [0, 1].map(|_| (0..5).map(|_| stream.normal()).collect::<Vec<f64>>());
        let episodes: Vec<[Vec<f64>; 2]> = (0..40).map(|_| episode()).collect();
        let of = |episodes: &[[Vec<f64>; 2]]| auroc(episodes, Key::new(2)).expect("two sides");
        let found = of(&episodes);
        // 200 of each are off by 0.03.
        assert!((found.auroc - 0.5).abs() < 0.12 && found.interval.low < found.interval.high, "{found:?}");
        let copied: Vec<[Vec<f64>; 2]> =
            episodes.iter().map(|episode| episode.each_ref().map(|side| side.repeat(10))).collect();
        let again = of(&copied);
        let ends = |s: Separated| [s.auroc, s.interval.low, s.interval.high];
        assert!(ends(found).iter().zip(ends(again)).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {again:?}");
    }
}
