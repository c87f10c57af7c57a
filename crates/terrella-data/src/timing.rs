//! When rows were recorded: kept where they are not `1 / fps` apart, and refused where they are no clock.
//!
//! Most datasets store times that only repeat the rate. Those say nothing new and stay as they are; times of
//! their own go into [`terrella_core::Episode::times`], counted from the first row.

/// Seconds by which a row may lie beside `row / fps` and still be there: a microsecond is less than any recorder's
/// clock is true to, and more than what arithmetic adds.
const SAME: f64 = 1e-6;

/// What 32 bits add to that, as a fraction of the time: half a unit in the last place when the time was stored, and
/// as much again where it was computed in 32 bits.
const COARSE: f64 = 1.0 / (1u32 << 23) as f64;

/// Seconds from the first row to each, rising; empty where rows are `1 / fps` apart.
///
/// # Errors
/// Why they are no clock, and in which row.
pub fn own_times(stored: &[f64], fps: f64) -> Result<Vec<f64>, String> {
    let Some(&first) = stored.first() else { return Ok(Vec::new()) };
    let coarse = if stored.iter().all(|t| f64::from(*t as f32) == *t) { COARSE } else { 0.0 };
    let regular = |(row, t): (usize, &f64)| {
        let off = (t - first - row as f64 / fps).abs();
        off <= SAME + coarse * (t.abs() + first.abs())
    };
    if stored.iter().enumerate().all(regular) {
        return Ok(Vec::new());
    }
    match first_unordered(stored) {
        Some(row) => Err(format!("row {row} is at {} s{}", stored[row], after(stored, row))),
        None => Ok(stored.iter().map(|t| t - first).collect()),
    }
}

/// The first row that is not later than the one before it, or at no time at all.
pub fn first_unordered(times: &[f64]) -> Option<usize> {
    (0..times.len()).find(|&row| !times[row].is_finite() || (row > 0 && times[row] <= times[row - 1]))
}

fn after(times: &[f64], row: usize) -> String {
    row.checked_sub(1).map_or(String::new(), |before| format!(" after {} s", times[before]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_repeat_the_rate_are_not_kept() {
        for fps in [3.0, 10.0, 30.0, 50.0, 500.0] {
            let n = 100_000;
            let exact: Vec<f64> = (0..n).map(|t| f64::from(t) / fps).collect();
            let stored: Vec<f64> = exact.iter().map(|t| f64::from(*t as f32)).collect();
            let computed: Vec<f64> = (0..n).map(|t| f64::from(t as f32 / fps as f32)).collect();
            let late: Vec<f64> = exact.iter().map(|t| f64::from((t + 77.7) as f32)).collect();
            for times in [exact, stored, computed, late] {
                assert_eq!(own_times(&times, fps), Ok(vec![]), "{fps} Hz");
            }
        }
    }

    #[test]
    fn other_times_are_kept_from_the_first_row_on() {
        assert_eq!(own_times(&[2.0, 2.5, 2.75], 10.0), Ok(vec![0.0, 0.5, 0.75]), "irregular");
        assert_eq!(own_times(&[0.0, 0.1, 0.200_002], 10.0), Ok(vec![0.0, 0.1, 0.200_002]), "by two microseconds");
        assert_eq!(own_times(&[], 10.0), Ok(vec![]), "none");
    }

    #[test]
    fn times_that_are_no_clock_are_told() {
        assert_eq!(own_times(&[0.0, 0.3, 0.2], 10.0), Err("row 2 is at 0.2 s after 0.3 s".to_owned()), "backwards");
        assert!(own_times(&[0.0, 0.3, 0.3], 10.0).is_err_and(|e| e.contains("row 2")), "stands still");
        assert!(own_times(&[f64::NAN, 0.1], 10.0).is_err_and(|e| e == "row 0 is at NaN s"), "no time");
    }
}
