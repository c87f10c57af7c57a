//! Intervals that hold what they promise: split-conformal prediction.
//!
//! How sure a model says it is may be wrong by any factor. On recordings that it did not learn from, each error is divided by the
//! deviation that was told with it; the right one of these numbers, times the deviation, is how far an interval
//! must reach (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, arXiv:1604.04173, section 5.2). The promise is for rows
//! as exchangeable as those; rows of one episode resemble each other, so that what is kept should be measured on other episodes.

use crate::promise::rank;

/// How many told deviations an interval must reach to hold the truth with this probability: the `⌈(n + 1) · coverage⌉`-th smallest
/// of n errors, each in deviations. Infinity if there are too few.
pub fn conformal_factor(errors: &[f64], coverage: f64) -> f64 {
    let mut sorted = errors.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(rank(errors.len(), coverage) - 1).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn the_right_one_of_the_errors_is_taken() {
        let nine: Vec<f64> = (1..=9).rev().map(f64::from).collect();
        assert_eq!((conformal_factor(&nine, 0.9), conformal_factor(&nine, 0.5)), (9.0, 5.0), "ranks 9 and 5 of 10");
        assert_eq!(conformal_factor(&nine[..8], 0.9), f64::INFINITY, "eight cannot promise nine of ten");
        assert_eq!(conformal_factor(&[], 0.9), f64::INFINITY, "nor can none");
    }

    /// Deviations that are told wrong by a factor, and errors with heavy tails.
    #[test]
    fn nine_of_ten_intervals_hold_the_truth_however_wrong_the_deviations() {
        for (factor, power) in [(0.1, 1.0), (1.0, 1.0), (7.0, 3.0)] {
            let (mut held, tries) = (0, 4000);
            for at in 0..tries {
                let mut stream = Key::new(3).with("conformal").at(at).stream();
                let mut error = || {
                    let deviation = stream.uniform(0.5, 5.0);
                    (stream.normal().abs().powf(power) * deviation, factor * deviation)
                };
                let errors: Vec<f64> = (0..50).map(|_| error()).map(|(error, told)| error / told).collect();
                let (fresh, told) = error();
                held += u64::from(fresh <= conformal_factor(&errors, 0.9) * told);
            }
            // ⌈0.9 · 51⌉ / 51 = 0.902, and three standard errors of 4,000 tries.
            let rate = held as f64 / tries as f64;
            assert!((0.888..0.917).contains(&rate), "told {factor} times too wide, to the power {power}: {rate}");
        }
    }
}
