//! When rows of a replay buffer were recorded, where it says so.
//!
//! Floats are seconds. Whole numbers are those of a clock that counts from 1970, whose size tells their unit.

use super::array::RowArray;
use std::ops::Range;
use terrella_data::timing::first_unordered;
use terrella_data::{Note, Result};

/// Smallest count since 2001 of a unit, and its seconds.
const UNITS: [(f64, f64); 4] = [(1e18, 1e-9), (1e15, 1e-6), (1e12, 1e-3), (1e9, 1.0)];

/// Stored times of all rows in seconds, counted from the first, and the usual rate.
pub(super) struct Times {
    pub(super) seconds: Vec<f64>,
    pub(super) rate: f64,
}

/// Reads times; nothing, and a note, where they are no clock.
pub(super) fn read(array: &RowArray, episodes: &[Range<usize>]) -> Result<(Option<Times>, Option<Note>)> {
    let stored = array.read_f64()?;
    let told = |what: String| Note { place: array.described.name.clone(), what: format!("not kept: {what}") };
    Ok(match of(&stored, array.described.dtype.starts_with('f'), episodes) {
        Ok(times) => (Some(times), None),
        Err(why) => (None, Some(told(why))),
    })
}

fn of(stored: &[f64], floats: bool, episodes: &[Range<usize>]) -> Result<Times, String> {
    let Some(&first) = stored.first() else { return Err("it is empty".to_owned()) };
    let unit = if floats { Some(1.0) } else { UNITS.iter().find(|(least, _)| first >= *least).map(|(_, unit)| *unit) };
    let unit = unit.ok_or_else(|| format!("whole numbers from {first} on are of no unit that is known"))?;
    let seconds: Vec<f64> = stored.iter().map(|t| (t - first) * unit).collect();
    for (at, rows) in episodes.iter().enumerate() {
        if let Some(row) = first_unordered(&seconds[rows.clone()]) {
            let what = format!(
                "row {row} of episode {at} is at {}, which is not after the row before",
                stored[rows.start + row]
            );
            return Err(what);
        }
    }
    let steps = episodes.iter().flat_map(|rows| seconds[rows.clone()].windows(2).map(|w| w[1] - w[0]));
    let mut steps: Vec<f64> = steps.collect();
    steps.sort_unstable_by(f64::total_cmp);
    let step = *steps.get(steps.len() / 2).ok_or("no episode has two rows")?;
    // A clock of microseconds does not say 10.000 003 Hz.
    let rate = 1.0 / step;
    let rate = if (rate / rate.round() - 1.0).abs() < 1e-3 { rate.round() } else { rate };
    Ok(Times { seconds, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_a_clock_is_known_by_its_size() {
        let two = [0..3, 3..5];
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
        for (first, second) in [(1.7e18, 1e9), (1.7e15, 1e6), (1.7e12, 1e3)] {
            let stored = [0.0, 0.1, 0.2, 9.0, 9.1].map(|t| first + t * second);
            let times = of(&stored, false, &two).expect("a clock");
            assert!(close(&times.seconds, &[0.0, 0.1, 0.2, 9.0, 9.1]), "{:?}", times.seconds);
            assert_eq!(times.rate, 10.0, "10 a second");
        }
        let times = of(&[5.0, 5.04, 5.08, 0.0, 0.04], true, &two).expect("each episode from its own start");
        assert!((times.rate - 25.0).abs() < 1e-9, "{}", times.rate);
        assert!(of(&[0.0, 1.0, 2.0, 3.0, 4.0], false, &two).is_err_and(|e| e.contains("no unit")), "numbers of rows");
        assert!(of(&[0.0, 0.1, 0.1, 3.0, 4.0], true, &two).is_err_and(|e| e.contains("row 2 of episode 0")), "stands");
    }
}
