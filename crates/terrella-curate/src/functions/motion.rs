//! Measures of motion: length, energy, jerk, idleness. Distances are Euclidean over the given columns.

use super::Rows;

/// Lengths of the steps between rows.
pub(super) fn steps(rows: &Rows) -> Vec<f64> {
    (1..rows.len()).map(|t| distance(rows.row(t - 1), rows.row(t))).collect()
}

pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
}

/// Sum of the lengths of the steps; 0 for a single row.
pub(super) fn path_length(rows: &Rows) -> Option<f64> {
    Some(steps(rows).iter().sum())
}

/// Sum over steps of the squared speed.
pub(super) fn energy(rows: &Rows) -> Option<f64> {
    let step = rows.step()?;
    Some(steps(rows).iter().map(|d| (d / step).powi(2)).sum())
}

/// Root mean square of the third difference over the cubed step; needs four rows.
pub(super) fn jerk(rows: &Rows) -> Option<f64> {
    let n = rows.len().checked_sub(3).filter(|n| *n > 0)?;
    let cubed = rows.step()?.powi(3);
    let third = |t: usize, i: usize| {
        let x = |k: usize| rows.row(t + k)[i];
        (x(3) - 3.0 * x(2) + 3.0 * x(1) - x(0)) / cubed
    };
    let sum: f64 = (0..n).flat_map(|t| (0..rows.width).map(move |i| third(t, i).powi(2))).sum();
    Some((sum / n as f64).sqrt())
}

/// Share of steps that are shorter than 1 % of the mean step; 1 where nothing moves, NULL for a single row.
pub(super) fn idle_fraction(rows: &Rows) -> Option<f64> {
    let steps = steps(rows);
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    let idle = steps.iter().filter(|d| **d <= 0.01 * mean).count();
    (!steps.is_empty()).then(|| idle as f64 / steps.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(dt: f64, x: impl Fn(f64) -> f64, n: usize) -> Rows {
        let order: Vec<f64> = (0..n).map(|t| t as f64 * dt).collect();
        Rows { width: 1, values: order.iter().map(|t| x(*t)).collect(), order }
    }

    fn near(a: Option<f64>, b: f64) {
        let a = a.expect("an answer");
        assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a}, expected {b}");
    }

    #[test]
    fn polynomials_have_their_derivatives() {
        near(jerk(&rows(0.1, |t| 2.0 * t.powi(3), 20)), 12.0);
        near(jerk(&rows(0.1, |t| 3.0 * t * t, 20)), 0.0);
        near(energy(&rows(0.5, |t| 3.0 * t, 11)), 90.0);
        near(path_length(&rows(0.5, |t| -3.0 * t, 11)), 15.0);
        assert_eq!(jerk(&rows(0.1, |t| t, 3)), None, "three rows have no third difference");
    }

    #[test]
    fn standing_still_is_idle() {
        near(idle_fraction(&rows(1.0, |t| t.min(5.0), 11)), 0.5);
        near(idle_fraction(&rows(1.0, |_| 1.0, 5)), 1.0);
        assert_eq!(idle_fraction(&rows(1.0, |t| t, 1)), None, "one row has no step");
    }
}
