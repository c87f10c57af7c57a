//! Measures of whether motion can be real: 1 where nothing speaks against it, towards 0 where something does.
//!
//! None needs to know masses or units: each compares an episode with itself. `docs/curate.md` has the formulas
//! and how well they tell damaged recordings from real ones.

use super::Rows;

/// `1 / (1 + max(0, r − 2))`, where `r` is the largest change from one step to the next over the root mean
/// square step. A full reversal at the usual speed has `r = 2`. Each column counts in units of its own root
/// mean square step. 1 where nothing moves; none for fewer than three rows.
pub(super) fn continuity(rows: &Rows) -> Option<f64> {
    continuity_of(rows, rows.width)
}

fn continuity_of(rows: &Rows, width: usize) -> Option<f64> {
    let n = rows.len().checked_sub(2).filter(|n| *n > 0)?;
    let column = |i: usize| move |t: usize| rows.row(t)[i];
    let mut squares = vec![0.0; n];
    for i in 0..width {
        let x = column(i);
        let usual = (1..rows.len()).map(|t| (x(t) - x(t - 1)).powi(2)).sum::<f64>() / (rows.len() - 1) as f64;
        if usual > 0.0 {
            for (t, square) in squares.iter_mut().enumerate() {
                *square += (x(t + 2) - 2.0 * x(t + 1) + x(t)).powi(2) / usual;
            }
        }
    }
    let moving = (0..width).filter(|i| (1..rows.len()).any(|t| column(*i)(t) != column(*i)(0))).count().max(1);
    let r = squares.iter().fold(0.0, |a: f64, b| a.max(*b / moving as f64)).sqrt();
    r.is_finite().then(|| 1.0 / (1.0 + (r - 2.0).max(0.0)))
}

/// The cosine between how positions move and what velocities say, from row to row over all columns, at least 0:
/// `Σ Δx·v̄ / √(Σ Δx² Σ v̄²)` with `v̄` the mean of the velocities before and after. It does not matter in which
/// unit time is. Each column counts in units of its own root mean square step. The first half of the columns
/// are positions, the second half velocities in the same order. 1 where neither moves.
pub(super) fn kinematics(rows: &Rows) -> Option<f64> {
    let half = rows.width / 2;
    if half == 0 || !rows.width.is_multiple_of(2) || rows.len() < 2 {
        return None;
    }
    let (mut dot, mut moved, mut said) = (0.0, 0.0, 0.0);
    for i in 0..half {
        let pairs = (1..rows.len()).map(|t| {
            let (a, b) = (rows.row(t - 1), rows.row(t));
            (b[i] - a[i], (a[half + i] + b[half + i]) / 2.0)
        });
        let usual = pairs.clone().map(|(dx, _)| dx * dx).sum::<f64>() / (rows.len() - 1) as f64;
        let speed = pairs.clone().map(|(_, v)| v * v).sum::<f64>() / (rows.len() - 1) as f64;
        if usual > 0.0 && speed > 0.0 {
            for (dx, v) in pairs {
                dot += dx * v / (usual * speed).sqrt();
                moved += dx * dx / usual;
                said += v * v / speed;
            }
        } else if usual > 0.0 || speed > 0.0 {
            // Something moves that says it does not, or the other way round.
            moved += (rows.len() - 1) as f64;
            said += (rows.len() - 1) as f64;
        }
    }
    if !(moved * said).is_finite() {
        return None;
    }
    Some(if moved * said > 0.0 { (dot / (moved * said).sqrt()).max(0.0) } else { 1.0 })
}

/// Continuity of the positions times kinematics.
pub(super) fn consistency(rows: &Rows) -> Option<f64> {
    Some(continuity_of(rows, rows.width / 2)? * kinematics(rows)?)
}

/// The share of rows whose acceleration is the usual one, within a half of it, if the usual one (the median)
/// points down; else 0. Accelerations are second differences over a tenth of the episode, so that noise counts
/// little. The first column is the height; rows in twenty at least.
pub(super) fn free_fall(rows: &Rows) -> Option<f64> {
    if rows.len() < 20 || rows.width != 1 {
        return None;
    }
    let lag = rows.len() / 10;
    let accelerations: Vec<f64> =
        (lag..rows.len() - lag).map(|t| rows.values[t + lag] - 2.0 * rows.values[t] + rows.values[t - lag]).collect();
    let mut sorted = accelerations.clone();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted[sorted.len() / 2];
    if usual >= 0.0 {
        return Some(0.0);
    }
    let near = accelerations.iter().filter(|a| (**a - usual).abs() <= 0.5 * -usual).count();
    Some(near as f64 / accelerations.len() as f64)
}

/// `min(1, 2 · L / (L + G))` with `L` the largest fall of the energy from any row to a later one and `G` its largest
/// rise: below 1 where more came from nowhere than was lost, 0 where nothing was lost. Energy a unit of mass is
/// `g·h + ½|v|²`, smoothed by medians of five rows. Columns are the height, velocities, and `g`. Meant for bodies
/// that nobody pushes; velocities that were smoothed dip at a bounce, which counts as a loss and a rise.
pub(super) fn dissipation(rows: &Rows) -> Option<f64> {
    if rows.len() < 5 || rows.width < 3 {
        return None;
    }
    let last = rows.width - 1;
    let energy = |t: usize| {
        let row = rows.row(t);
        row[last] * row[0] + 0.5 * row[1..last].iter().map(|v| v * v).sum::<f64>()
    };
    let energies: Vec<f64> = (0..rows.len()).map(energy).collect();
    let (mut lowest, mut highest, mut rise, mut fall) = (f64::INFINITY, f64::NEG_INFINITY, 0.0_f64, 0.0_f64);
    for window in energies.windows(5) {
        let mut window = window.to_vec();
        window.sort_by(f64::total_cmp);
        let e = window[2];
        (lowest, highest) = (lowest.min(e), highest.max(e));
        (rise, fall) = (rise.max(e - lowest), fall.max(highest - e));
    }
    let both = rise + fall;
    both.is_finite().then(|| if both > 0.0 { (2.0 * fall / both).min(1.0) } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DT: f64 = 0.01;

    /// A ball that is thrown up and bounces, losing a third of its speed: height and velocity.
    fn ball(n: usize) -> Rows {
        let (mut h, mut v) = (1.0_f64, 1.0_f64);
        let mut values = Vec::new();
        for _ in 0..n {
            values.extend([h, v]);
            v -= 9.81 * DT;
            h += v * DT;
            if h < 0.0 {
                (h, v) = (-h, -0.67 * v);
            }
        }
        Rows { width: 2, values, order: (0..n).map(|t| t as f64 * DT).collect() }
    }

    fn column(rows: &Rows, i: usize) -> Rows {
        Rows { width: 1, values: rows.values.iter().skip(i).step_by(rows.width).copied().collect(), ..rows.clone() }
    }

    fn with_g(rows: &Rows) -> Rows {
        let values = rows.values.chunks(2).flat_map(|r| [r[0], r[1], 9.81]).collect();
        Rows { width: 3, values, ..rows.clone() }
    }

    #[test]
    fn a_real_ball_is_consistent_and_a_damaged_one_is_not() {
        let real = ball(100);
        let scores = |rows: &Rows| {
            [continuity(&column(rows, 0)), kinematics(rows), free_fall(&column(rows, 0)), dissipation(&with_g(rows))]
                .map(|s| s.expect("a score"))
        };
        let good = scores(&real);
        assert!(good[0] > 0.3 && good[1] > 0.99 && good[2] > 0.4 && good[3] > 0.8, "{good:?}");

        let mut teleported = real.clone();
        teleported.values.iter_mut().skip(120).step_by(2).for_each(|h| *h += 1.0);
        assert!(scores(&teleported)[0] < 0.5 * good[0], "a jump: {:?}", scores(&teleported));

        let mut flipped = real.clone();
        flipped.values.iter_mut().skip(101).step_by(2).for_each(|v| *v = -*v);
        assert!(scores(&flipped)[1] < 0.9, "velocities with another sign: {:?}", scores(&flipped));

        let mut reversed = real.clone();
        reversed.values = real.values.chunks(2).rev().flat_map(|r| [r[0], -r[1]]).collect();
        assert!(scores(&reversed)[3] < 0.1, "time runs backwards: {:?}", scores(&reversed));

        let mut floating = column(&real, 0);
        floating.values.iter_mut().enumerate().for_each(|(t, h)| *h = 2.0 - 0.01 * t as f64);
        assert!(
            free_fall(&floating).is_some_and(|s| s < 0.01) || free_fall(&floating).is_none(),
            "no gravity: {:?}",
            free_fall(&floating)
        );
    }

    #[test]
    fn standing_still_contradicts_nothing_unless_it_says_that_it_moves() {
        let rows = |v: f64| Rows { width: 2, values: [1.0, v].repeat(30), order: (0..30).map(f64::from).collect() };
        assert_eq!((continuity(&column(&rows(0.0), 0)), kinematics(&rows(0.0))), (Some(1.0), Some(1.0)), "at rest");
        assert_eq!(kinematics(&rows(1.0)), Some(0.0), "a frozen sensor");
        assert_eq!(kinematics(&column(&rows(0.0), 0)), None, "one column has no velocity");
    }
}
