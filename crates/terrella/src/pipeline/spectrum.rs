//! Where the power of recorded actions lies: how fast somebody acted, and so how many rows one look ahead should span.

use std::f64::consts::TAU;

/// Rows of a stretch at most: longer ones would tell slower movements than anything asked here.
const STRETCH: usize = 256;
/// Stretches that are looked at, evenly spaced.
const STRETCHES: usize = 64;

/// The frequency, in cycles a second, below which `share` of the power of columns of equally many rows lies, the mean of each
/// stretch taken away; each column counts alike. Nothing if no stretch is long enough or nothing moves.
pub(super) fn frequency_below(episodes: &[Vec<Vec<f64>>], fps: f64, share: f64) -> Option<f64> {
    let rows = episodes.iter().map(|columns| columns.first().map_or(0, Vec::len)).max()?.min(STRETCH);
    if rows < 8 {
        return None;
    }
    let long = episodes.iter().filter(|columns| columns.first().is_some_and(|c| c.len() >= rows));
    let all: Vec<(&Vec<Vec<f64>>, usize)> =
        long.flat_map(|e| (0..=e[0].len() - rows).step_by(rows).map(move |start| (e, start))).collect();
    let every = all.len().div_ceil(STRETCHES).max(1);
    let columns = all.first()?.0.len();
    let mut power = vec![vec![0.0; rows / 2 + 1]; columns];
    for (episode, start) in all.iter().step_by(every) {
        for (column, power) in episode.iter().zip(&mut power) {
            add_power(&column[*start..start + rows], power);
        }
    }
    let mut total = vec![0.0; rows / 2 + 1];
    for column in power {
        let sum: f64 = column.iter().sum();
        if sum > 0.0 && sum.is_finite() {
            total.iter_mut().zip(&column).for_each(|(total, p)| *total += p / sum);
        }
    }
    let sum: f64 = total.iter().sum();
    let mut below = 0.0;
    let at = total.iter().position(|p| {
        below += p;
        sum > 0.0 && below >= share * sum
    })?;
    Some(at as f64 * fps / rows as f64)
}

/// Adds the power at each number of cycles, of a stretch under a Hann window.
fn add_power(stretch: &[f64], power: &mut [f64]) {
    let n = stretch.len() as f64;
    let mean = stretch.iter().sum::<f64>() / n;
    let windowed: Vec<f64> =
        stretch.iter().enumerate().map(|(i, x)| (x - mean) * (0.5 - 0.5 * (TAU * i as f64 / n).cos())).collect();
    for (cycles, power) in power.iter_mut().enumerate() {
        let turn = TAU * cycles as f64 / n;
        let (mut re, mut im) = (0.0, 0.0);
        for (i, x) in windowed.iter().enumerate() {
            let (sin, cos) = (turn * i as f64).sin_cos();
            re += x * cos;
            im += x * sin;
        }
        *power += re * re + im * im;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_power_of_a_wave_lies_at_its_frequency_whatever_its_size() {
        let wave = |hz: f64, size: f64| (0..600).map(|i| size * (TAU * hz * f64::from(i) / 50.0).sin() + 7.0).collect();
        let told = |columns: Vec<Vec<f64>>, share| frequency_below(&[columns], 50.0, share).expect("a frequency");
        assert!((told(vec![wave(2.0, 1.0)], 0.5) - 2.0).abs() < 0.2, "{}", told(vec![wave(2.0, 1.0)], 0.5));
        let both = vec![wave(1.0, 100.0), wave(8.0, 0.01)];
        assert!(told(both.clone(), 0.3) < 1.5 && told(both, 0.9) > 7.0, "columns count alike");
        assert_eq!(frequency_below(&[vec![vec![3.0; 100]]], 50.0, 0.9), None, "nothing moves");
        assert_eq!(frequency_below(&[vec![vec![0.0, 1.0, 0.0]]], 50.0, 0.9), None, "too short");
    }
}
