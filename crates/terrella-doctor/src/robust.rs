//! Order statistics that some bad episodes do not move.

/// The quantile of numbers, linear between neighbours; 0 of none.
pub(crate) fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    of_sorted(values, q)
}

/// The quantile of sorted numbers.
pub(crate) fn of_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let position = q * last as f64;
    let (low, high) = (sorted[position as usize], sorted[(position.ceil() as usize).min(last)]);
    low + (high - low) * position.fract()
}

/// The median.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// A limit that values of healthy episodes stay below: the median and some spreads above it, where
/// the spread is that of the middle half, so that a quarter of bad episodes do not lift it.
pub(crate) fn fence(values: impl IntoIterator<Item = f64>, spreads: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|x| x.is_finite()).collect();
    let middle = median(&mut values);
    let spread = of_sorted(&values, 0.75) - of_sorted(&values, 0.25);
    middle + spreads * spread
}

/// As [`fence`] for sizes, which spread by factors as often as by differences: the larger of both,
/// but no more than three times what nine of ten stay below.
pub(crate) fn size_fence(sizes: &[f64], spreads: f64) -> f64 {
    let logs = sizes.iter().filter(|x| **x > 0.0).map(|x| x.ln());
    let wide = fence(logs, spreads / 3.0).exp().min(3.0 * quantile(&mut sizes.to_vec(), 0.9));
    fence(sizes.iter().copied(), spreads).max(wide)
}

/// The size of the step into a row; 0 beyond the ends.
pub(crate) fn step_into(values: &[f64], row: usize) -> f64 {
    if row > 0 && row < values.len() { (values[row] - values[row - 1]).abs() } else { 0.0 }
}

/// Maximal runs of equal neighbours: start and length.
pub(crate) fn runs(values: &[f64]) -> Vec<[usize; 2]> {
    let mut runs = Vec::new();
    let mut start = 0;
    for at in 1..=values.len() {
        if at == values.len() || values[at] != values[start] {
            runs.push([start, at - start]);
            start = at;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_runs_agree_with_hand_arithmetic() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0, 10.0]), 2.5, "between the middle two");
        assert_eq!(quantile(&mut [], 0.5), 0.0, "of none");
        assert_eq!(runs(&[1.0, 1.0, 2.0, 1.0]), [[0, 2], [2, 1], [3, 1]], "three runs");
        let fence = fence((0..8).map(f64::from).chain([1e6, 1e7]), 2.0);
        assert!(fence < 20.0, "two bad ones of ten do not lift it: {fence}");
    }
}
