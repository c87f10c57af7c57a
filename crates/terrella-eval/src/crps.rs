//! How good a distribution was, given what then happened: the continuous ranked probability score.
//!
//! `CRPS = E|X − y| − ½ E|X − X'|` (Gneiting and Raftery 2007, equation 21) is in the unit of what is foretold, the absolute error of
//! a point, and least for who says what is so. Of m samples the second mean is taken over pairs of different ones, so that few samples
//! are not punished for being few (Ferro 2014, the fair score).

/// The score of samples, given as errors (`sample − truth`); they are sorted on the way. Not a number of none.
pub fn crps(errors: &mut [f64]) -> f64 {
    let m = errors.len() as f64;
    let mean = errors.iter().map(|error| error.abs()).sum::<f64>() / m;
    if errors.len() < 2 {
        return mean;
    }
    errors.sort_by(f64::total_cmp);
    // The sum over pairs i < j of x_j − x_i, of sorted ones.
    let pairs: f64 = errors.iter().enumerate().map(|(i, error)| (2.0 * i as f64 - m + 1.0) * error).sum();
    mean - pairs / (m * (m - 1.0))
}

/// Whether the truth lies between the 5 % and the 95 % quantile of samples, given as sorted errors.
pub(crate) fn is_inside(sorted: &[f64]) -> bool {
    let n = sorted.len() as f64;
    let below = sorted.iter().filter(|error| **error < 0.0).count() as f64;
    let above = sorted.iter().filter(|error| **error > 0.0).count() as f64;
    below <= 0.95 * n && above <= 0.95 * n
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn the_score_agrees_with_hand_arithmetic() {
        assert_eq!(crps(&mut [-3.0]), 3.0, "of a point: its absolute error");
        assert_eq!(crps(&mut [1.0, -1.0]), 0.0, "the truth in the middle of two");
        // E|X − y| = 2, pairs 2, 1 and 3 apart: 2 − ½ · 2.
        let score = crps(&mut [3.0, 0.0, 1.0].map(|x: f64| x + 2.0 / 3.0));
        assert!((score - 1.0).abs() < 1e-12, "{score}");
    }

    /// Of a standard normal at its mean: 2 φ(0) − 1/√π = 0.2337.
    #[test]
    fn the_score_of_a_known_gaussian_is_found() {
        let mut stream = Key::new(6).with("crps").stream();
        let mut errors: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let score = crps(&mut errors);
        assert!((score - 0.2337).abs() < 0.01, "{score}");
        assert!(is_inside(&errors), "in the middle");
        let far: Vec<f64> = errors.iter().map(|error| error + 1.7).collect();
        assert!(!is_inside(&far), "beyond 1.645 deviations");
    }
}
