//! A stream in one run of its clock, put onto rows: each part of its numbers by its own samples.

use super::clock::{Misfit, Times, align};
use super::column::Column;
use super::extent::Bound;
use super::mapping::Rule;
use super::streams::{Samples, listed};
use std::f64::consts::{PI, TAU};

/// A stream in one run of its clock.
pub(super) struct Laid<'a> {
    of: &'a Samples,
    parts: Vec<(&'a [usize], Times, Column)>,
    /// Samples that repeat the time of the next one.
    pub(super) repeated: usize,
}

impl Samples {
    /// The samples of one run.
    pub(super) fn during(&self, run: usize) -> Result<Laid<'_>, String> {
        let mut repeated = 0;
        let parts = self.parts.iter().map(|part| {
            let (times, kept) = part.stamps.during(run).map_err(|e| format!("{}: {e}", self.name))?;
            repeated += part.stamps.len_of(run) - kept.len();
            let w = part.column.width;
            let data = kept.iter().flat_map(|at| part.column.data[at * w..(at + 1) * w].iter().copied()).collect();
            Ok((&part.numbers[..], times, Column { width: w, data }))
        });
        let parts = parts.collect::<Result<_, String>>()?;
        Ok(Laid { of: self, parts, repeated })
    }
}

impl Laid<'_> {
    /// Its clocks: one where all its numbers come together.
    pub(super) fn bounds(&self) -> impl Iterator<Item = Bound<'_>> {
        self.parts.iter().map(|(numbers, times, _)| {
            let name = match &self.parts[..] {
                [_] => self.of.name.clone(),
                _ => listed(numbers.iter().map(|at| &self.of.names[*at]), numbers.len()),
            };
            Bound { name, times, held: self.of.rule == Rule::Hold }
        })
    }

    /// The clock with the most samples.
    pub(super) fn busiest(&self) -> Option<&Times> {
        self.parts.iter().map(|(_, times, _)| times).max_by_key(|times| times.0.len())
    }

    /// The sum of what was sampled from each instant until the next one, and for `dt` seconds from the last.
    pub(super) fn until_next(&self, instants: &[f64], dt: f64) -> Vec<f64> {
        let mut sums = vec![0.0; instants.len()];
        // Stored times are rounded: a sample that is nearly at a row is of that row, as marks are.
        let slack = 1e-3 * dt;
        let end = instants.last().map_or(f64::NEG_INFINITY, |last| last + dt - slack);
        for (_, times, column) in &self.parts {
            for (t, x) in times.0.iter().zip(&column.data).filter(|(t, _)| **t < end) {
                if let Some(row) = instants.partition_point(|i| *i <= t + slack).checked_sub(1) {
                    sums[row] += x;
                }
            }
        }
        sums
    }

    /// Its numbers at these instants, rows × width.
    pub(super) fn on(&self, instants: &[f64], misfits: &mut Vec<(String, Misfit)>) -> Vec<f64> {
        let width = self.of.names.len();
        let mut rows = vec![0.0; instants.len() * width];
        let rule = self.of.rule;
        let how = match rule {
            Rule::Interpolate => "interpolated",
            Rule::Hold => "held",
            Rule::Nearest => "nearest",
        };
        for (numbers, times, column) in &self.parts {
            let mut misfit = Misfit::default();
            let data = if self.of.circular && rule == Rule::Interpolate {
                let unwrapped = Column { width: column.width, data: unwrap(column) };
                let data = align(times, &unwrapped, instants, rule, &mut misfit);
                data.into_iter().map(|x| (x + PI).rem_euclid(TAU) - PI).collect()
            } else {
                align(times, column, instants, rule, &mut misfit)
            };
            for (row, found) in rows.chunks_mut(width).zip(data.chunks(numbers.len())) {
                numbers.iter().zip(found).for_each(|(number, x)| row[*number] = *x);
            }
            let names: Vec<&str> = numbers.iter().map(|at| self.of.names[*at].as_str()).collect();
            misfits.push((format!("{} ({how})", names.join(", ")), misfit));
        }
        rows
    }
}

/// Angles without jumps of a turn.
fn unwrap(column: &Column) -> Vec<f64> {
    let w = column.width;
    let mut data = column.data.clone();
    for at in w..data.len() {
        let step = data[at] - data[at - w];
        data[at] -= (step / TAU).round() * TAU;
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_unwrapped_column_by_column() {
        let column = Column { width: 2, data: vec![3.0, 0.0, -3.0, 0.1] };
        let unwrapped = unwrap(&column);
        assert!((unwrapped[2] - (TAU - 3.0)).abs() < 1e-12 && unwrapped[3] == 0.1, "{unwrapped:?}");
    }
}
