//! Samples of several clocks put onto rows of one rate, with the error of doing so.
//!
//! A row stands for an instant. States are interpolated there, actions are those in force, pictures
//! are the nearest. How far the samples that were used lie from their rows is kept, because it bounds
//! what any model can learn from the result.

use super::column::Column;
use super::mapping::Rule;

/// A fraction of an interval that counts as none: floating times are not exact.
const SAME: f64 = 1e-6;

/// Times of samples in seconds, increasing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Times(pub(super) Vec<f64>);

impl Times {
    /// Times from a column. Of equal ones the last sample counts; `kept` are the samples that do.
    pub(super) fn of(column: &[f64], seconds: f64) -> Result<(Self, Vec<usize>), String> {
        let mut times: Vec<f64> = Vec::with_capacity(column.len());
        let mut kept = Vec::with_capacity(column.len());
        // Counted from the first sample, so that nanoseconds of an epoch keep their precision.
        let origin = column.first().copied().unwrap_or_default();
        for (at, raw) in column.iter().enumerate() {
            let t = (raw - origin) * seconds + origin * seconds;
            if !t.is_finite() {
                return Err(format!("the time of sample {at} is {raw}"));
            }
            match times.last().copied() {
                Some(before) if t < before => {
                    return Err(format!(
                        "time runs backwards at sample {at}: {t} s after {before} s; if the clock is wrong, give rate = .. instead of its column"
                    ));
                }
                Some(before) if t == before => {
                    kept.pop();
                    times.pop();
                }
                _ => {}
            }
            times.push(t);
            kept.push(at);
        }
        Ok((Self(times), kept))
    }

    /// Times of `n` samples at a rate.
    pub(super) fn regular(n: usize, rate: f64) -> Self {
        Self((0..n).map(|i| i as f64 / rate).collect())
    }

    /// The median interval, which is robust against gaps.
    pub(super) fn median_interval(&self) -> Option<f64> {
        let mut steps: Vec<f64> = self.0.windows(2).map(|w| w[1] - w[0]).collect();
        steps.sort_by(f64::total_cmp);
        steps.get(steps.len() / 2).copied()
    }

    /// What 64 bits lose of the latest of these times: half a microsecond, if they count from 1970.
    fn rounding(&self) -> f64 {
        2.0 * f64::EPSILON * self.0.last().map_or(0.0, |t| t.abs())
    }

    /// The last sample at or before each of these instants.
    fn before(&self, instants: &[f64]) -> impl Iterator<Item = usize> {
        let slack = self.median_interval().unwrap_or(0.0) * SAME + self.rounding();
        instants.iter().map(move |t| self.0.partition_point(|x| *x <= t + slack).saturating_sub(1))
    }
}

/// How far samples lay from the rows they were used for, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Misfit {
    pub(super) largest: f64,
    pub(super) sum: f64,
    pub(super) rows: usize,
}

impl Misfit {
    fn add(&mut self, distance: f64) {
        self.largest = self.largest.max(distance);
        self.sum += distance;
        self.rows += 1;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.largest = self.largest.max(other.largest);
        self.sum += other.sum;
        self.rows += other.rows;
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.rows.max(1) as f64
    }
}

/// From when to when all clocks run.
pub(super) fn common(clocks: &[&Times]) -> Option<(f64, f64)> {
    let start = clocks.iter().filter_map(|t| t.0.first()).fold(f64::NEG_INFINITY, |a, b| a.max(*b));
    let end = clocks.iter().filter_map(|t| t.0.last()).fold(f64::INFINITY, |a, b| a.min(*b));
    (start.is_finite() && end.is_finite() && end >= start).then_some((start, end))
}

/// Rows that any recording may have, and rows for each of its samples: a clock that jumps must not fill the memory.
const ROWS: f64 = 1e6;
const ROWS_A_SAMPLE: f64 = 64.0;

/// Instants of rows that all clocks cover.
pub(super) fn rows(clocks: &[&Times], fps: f64) -> Result<Vec<f64>, String> {
    let Some((start, end)) = common(clocks) else { return Ok(Vec::new()) };
    let rounding = clocks.iter().map(|t| t.rounding()).fold(0.0, f64::max);
    let n = ((end - start + rounding) * fps + SAME).floor() + 1.0;
    let samples = clocks.iter().map(|t| t.0.len()).max().unwrap_or(0);
    if n > ROWS.max(samples as f64 * ROWS_A_SAMPLE) {
        return Err(format!(
            "its clocks run for {:.3e} s, which would be {n:.3e} rows at {fps} a second for {samples} samples; correct the clock or its unit, or give rate = .. instead of its column",
            end - start
        ));
    }
    Ok((0..n as usize).map(|i| start + i as f64 / fps).collect())
}

/// The sample used for each row by a rule that picks one.
pub(super) fn pick(times: &Times, rows: &[f64], rule: Rule, misfit: &mut Misfit) -> Vec<usize> {
    times
        .before(rows)
        .zip(rows)
        .map(|(mut at, &t)| {
            let next = (at + 1).min(times.0.len() - 1);
            if rule != Rule::Hold && (times.0[next] - t).abs() < (t - times.0[at]).abs() {
                at = next;
            }
            misfit.add((t - times.0[at]).abs());
            at
        })
        .collect()
}

/// Samples put onto rows, rows × width.
pub(super) fn align(times: &Times, samples: &Column, rows: &[f64], rule: Rule, misfit: &mut Misfit) -> Vec<f64> {
    let width = samples.width;
    let row = |at: usize| &samples.data[at * width..(at + 1) * width];
    if rule != Rule::Interpolate {
        return pick(times, rows, rule, misfit).into_iter().flat_map(|at| row(at).iter().copied()).collect();
    }
    let mut out = Vec::with_capacity(rows.len() * width);
    let rounding = times.rounding();
    for (at, &t) in times.before(rows).zip(rows) {
        let next = (at + 1).min(times.0.len() - 1);
        let gap = times.0[next] - times.0[at];
        let weight = if gap > 0.0 { ((t - times.0[at]) / gap).clamp(0.0, 1.0) } else { 0.0 };
        misfit.add((t - times.0[at]).abs().min((times.0[next] - t).abs()));
        if weight < SAME || t - times.0[at] < rounding {
            out.extend_from_slice(row(at));
        } else if weight > 1.0 - SAME {
            out.extend_from_slice(row(next));
        } else {
            out.extend(row(at).iter().zip(row(next)).map(|(a, b)| a + weight * (b - a)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(data: &[f64]) -> Column {
        Column { width: 1, data: data.to_vec() }
    }

    #[test]
    fn each_rule_gives_what_it_says() {
        let times = Times(vec![0.0, 1.0, 2.0]);
        let samples = column(&[0.0, 10.0, 20.0]);
        let mut misfit = Misfit::default();
        let mut on = |rule| align(&times, &samples, &[0.25, 1.0, 1.75], rule, &mut misfit);
        assert_eq!(on(Rule::Interpolate), [2.5, 10.0, 17.5], "on the line");
        assert_eq!(on(Rule::Hold), [0.0, 10.0, 10.0], "in force");
        assert_eq!(on(Rule::Nearest), [0.0, 10.0, 20.0], "nearest");
        assert_eq!((misfit.largest, misfit.rows), (0.75, 9), "how far they lay");
    }

    #[test]
    fn rows_at_the_rate_of_the_samples_are_the_samples() {
        // Those of a clock that counts from 1970 are rounded.
        let since_1970 = |rate: f64| {
            let counted: Vec<f64> = (0..1000).map(|i| 1_709_287_200e6 + (f64::from(i) / rate * 1e6).round()).collect();
            Times::of(&counted, 1e-6).expect("a clock").0
        };
        let regular = [3.0, 5.0, 15.0, 30.0, 83.0].map(|rate| (rate, Times::regular(1000, rate)));
        for (rate, times) in regular.into_iter().chain([5.0, 20.0, 50.0, 250.0].map(|rate| (rate, since_1970(rate)))) {
            let samples = column(&(0..1000).map(|i| f64::from(i) * 0.37).collect::<Vec<_>>());
            let rows = rows(&[&times], rate).expect("rows");
            let mut misfit = Misfit::default();
            for rule in [Rule::Interpolate, Rule::Hold, Rule::Nearest] {
                assert_eq!(align(&times, &samples, &rows, rule, &mut misfit), samples.data, "{rate} Hz, {rule:?}");
            }
        }
    }

    #[test]
    fn only_the_time_that_all_clocks_cover_has_rows() {
        let (a, b) = (Times(vec![0.0, 1.0, 2.0]), Times(vec![0.5, 1.5]));
        assert_eq!(rows(&[&a, &b], 2.0), Ok(vec![0.5, 1.0, 1.5]), "from the latest start to the earliest end");
        assert_eq!(rows(&[&a, &Times(vec![7.0])], 2.0), Ok(vec![]), "clocks that never meet");
        let jumps = Times(vec![0.0, 0.1, 1e9]);
        assert!(rows(&[&jumps], 50.0).is_err_and(|e| e.contains("5.000e10 rows")), "a clock that jumps");
    }

    #[test]
    fn clocks_that_stand_or_run_backwards_are_told() {
        let (times, kept) = Times::of(&[0.0, 0.0, 5.0], 1e-3).expect("increasing");
        assert_eq!((times.0, kept), (vec![0.0, 0.005], vec![1, 2]), "the last of equal ones counts");
        assert!(Times::of(&[0.0, 2.0, 1.0], 1.0).is_err_and(|e| e.contains("backwards at sample 2")), "backwards");
    }
}
