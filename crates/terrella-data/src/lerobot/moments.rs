//! What the statistics of a column are: extremes, mean, deviation and the quantiles that LeRobot stores.

/// The quantiles LeRobot stores, in its order.
pub(crate) const QUANTILES: [(&str, f64); 5] = [("q01", 0.01), ("q10", 0.1), ("q50", 0.5), ("q90", 0.9), ("q99", 0.99)];

/// Minimum, maximum, mean, deviation and quantiles of sorted numbers.
pub(super) fn moments(sorted: &[f64]) -> [f64; 9] {
    let n = sorted.len().max(1) as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let variance = sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let at = |q: f64| {
        // Linear interpolation between the two neighbours, as NumPy does by default.
        let position = q * (n - 1.0);
        let low = sorted.get(position as usize).copied().unwrap_or(0.0);
        let high = sorted.get(position.ceil() as usize).copied().unwrap_or(low);
        low + (high - low) * position.fract()
    };
    let [q01, q10, q50, q90, q99] = QUANTILES.map(|(_, q)| at(q));
    [at(0.0), at(1.0), mean, variance.sqrt(), q01, q10, q50, q90, q99]
}
