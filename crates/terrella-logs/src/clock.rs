//! Samples of several clocks put onto rows of one rate, with the error of doing so.
//!
//! A row stands for an instant. States are interpolated there, actions are those in force, pictures
//! are the nearest. How far the samples that were used lie from their rows is kept, because it bounds
//! what any model can learn from the result.

use super::column::Column;
use super::mapping::Rule;
use std::ops::Range;

/// A fraction of an interval that counts as none: floating times are not exact.
pub(super) const SAME: f64 = 1e-6;

/// What helps against times that are wrong.
pub(super) const WRONG_CLOCK: &str =
    "if that clock is wrong, name another column of times (topics have log_time), or give rate = .. instead";

/// Times of samples in seconds, increasing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Times(pub(super) Vec<f64>);

impl Times {
    /// Times of these samples in their order. Of equal ones the last sample counts; the others given are those that do.
    pub(super) fn ascending(times: &[f64], samples: Range<usize>) -> Result<(Self, Vec<usize>), String> {
        let mut ascending: Vec<f64> = Vec::with_capacity(samples.len());
        let mut kept = Vec::with_capacity(samples.len());
        for at in samples {
            let t = times[at];
            match ascending.last().copied() {
                Some(before) if t < before => {
                    return Err(format!("time runs backwards at sample {at}: {t} s after {before} s; {WRONG_CLOCK}"));
                }
                Some(before) if t == before => {
                    kept.pop();
                    ascending.pop();
                }
                _ => {}
            }
            ascending.push(t);
            kept.push(at);
        }
        Ok((Self(ascending), kept))
    }

    /// Times of `n` samples at a rate.
    pub(super) fn regular(n: usize, rate: f64) -> Self {
        Self((0..n).map(|i| i as f64 / rate).collect())
    }

    /// The median interval, which is robust against gaps.
    pub(super) fn median_interval(&self) -> Option<f64> {
        median_interval(&self.0)
    }

    /// What 64 bits lose of the latest of these times.
    pub(super) fn rounding(&self) -> f64 {
        self.0.last().map_or(0.0, |t| rounding(*t))
    }

    /// The last sample at or before each of these instants.
    fn before(&self, instants: &[f64]) -> impl Iterator<Item = usize> {
        let slack = self.median_interval().unwrap_or(0.0) * SAME + self.rounding();
        instants.iter().map(move |t| self.0.partition_point(|x| *x <= t + slack).saturating_sub(1))
    }
}

/// Times of a column in seconds, which has so many of them in one of its units; counted from the first, so that
/// nanoseconds of an epoch keep their precision.
pub(super) fn in_seconds(column: &[f64], seconds: f64) -> Vec<f64> {
    let origin = column.iter().copied().find(|t| t.is_finite()).unwrap_or_default();
    column.iter().map(|raw| (raw - origin) * seconds + origin * seconds).collect()
}

/// What 64 bits lose of a time: half a microsecond, if it counts from 1970.
pub(super) fn rounding(time: f64) -> f64 {
    2.0 * f64::EPSILON * time.abs()
}

/// The median of the steps forward between times.
pub(super) fn median_interval(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).filter(|step| *step > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied()
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
    fn clocks_that_stand_or_run_backwards_are_told() {
        let (times, kept) = Times::ascending(&[0.0, 0.0, 0.005], 0..3).expect("increasing");
        assert_eq!((times.0, kept), (vec![0.0, 0.005], vec![1, 2]), "the last of equal ones counts");
        let backwards = Times::ascending(&[9.0, 0.0, 2.0, 1.0], 1..4);
        assert!(backwards.is_err_and(|e| e.contains("backwards at sample 3")), "backwards");
    }
}
