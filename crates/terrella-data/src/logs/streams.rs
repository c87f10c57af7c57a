//! Streams of a recording: their columns side by side, the times of their samples, and what is put onto rows.

use super::clock::{Misfit, Times, align};
use super::column::Column;
use super::contents::Place;
use super::mapping::{Clock, Rule, Stream};
use super::reader::Reader;
use super::table::Stated;
use super::units::{TimeUnit, converted};
use std::f64::consts::{PI, TAU};

/// A stream that was read.
pub(super) struct Samples {
    pub(super) names: Vec<String>,
    /// Unit of each number; empty where the mapping says nothing.
    pub(super) units: Vec<String>,
    pub(super) times: Times,
    pub(super) column: Column,
    rule: Rule,
    circular: bool,
}

impl Reader<'_> {
    pub(super) fn stream(&mut self, stream: &Stream, usual: Rule) -> Result<Samples, String> {
        let mut parts = Vec::new();
        let (mut names, mut known) = (Vec::new(), Vec::new());
        let place = Place { file: stream.file.as_deref(), topic: stream.topic.as_deref() };
        for selector in &stream.columns {
            let (file, content) = self.content(place)?;
            let column = content.numbers(selector).map_err(|e| format!("{file}: {e}"))?;
            names.extend(number_names(selector, column.width));
            known.resize(names.len(), converted(content.unit(selector), stream.unit).to_owned());
            self.used.extend(selector.split('|').map(|s| s.trim().to_owned()));
            parts.push(column);
        }
        let n = parts.iter().map(Column::rows).min().unwrap_or(0);
        if n == 0 || parts.iter().any(|p| p.rows() != n) {
            let counts: Vec<String> = parts.iter().map(|p| p.rows().to_string()).collect();
            return Err(format!(
                "{} have {} rows; columns of a stream need equally many",
                stream.columns.join(", "),
                counts.join(" and ")
            ));
        }
        if let Some(given) = &stream.names {
            if given.len() != names.len() {
                return Err(format!(
                    "{} names are given for the {} numbers of {}",
                    given.len(),
                    names.len(),
                    stream.columns.join(", ")
                ));
            }
            names.clone_from(given);
        }
        let units = match &stream.si[..] {
            [] => known,
            [one] => vec![one.clone(); names.len()],
            each if each.len() == names.len() => each.to_vec(),
            each => {
                return Err(format!(
                    "{} units (si) are given for the {} numbers of {}; give one for all, or one each",
                    each.len(),
                    names.len(),
                    stream.columns.join(", ")
                ));
            }
        };
        let width = parts.iter().map(|p| p.width).sum();
        let factor = stream.unit.factor();
        let data = (0..n).flat_map(|at| parts.iter().flat_map(move |p| &p.data[at * p.width..(at + 1) * p.width]));
        let column = Column { width, data: data.map(|x| x * factor).collect() };
        let (mut times, kept) = self.times(stream.clock.as_ref(), place, n)?;
        times.0.iter_mut().for_each(|t| *t -= stream.delay);
        let (times, column) = self.without_gaps(&names[0], times, &kept, &column)?;
        Ok(Samples { names, units, times, column, rule: stream.align.unwrap_or(usual), circular: stream.circular })
    }

    /// A stream of one number a sample.
    pub(super) fn outcome(&mut self, what: &str, stream: &Stream) -> Result<Samples, String> {
        let samples = self.stream(stream, Rule::Hold)?;
        match samples.column.width {
            1 => Ok(samples),
            width => Err(format!("{what} has {width} numbers a sample ({}); it is one", stream.columns.join(", "))),
        }
    }

    /// Leaves out samples that hold a missing number.
    fn without_gaps(
        &mut self,
        name: &str,
        times: Times,
        kept: &[usize],
        column: &Column,
    ) -> Result<(Times, Column), String> {
        let w = column.width;
        let row = |at: usize| &column.data[at * w..(at + 1) * w];
        let good: Vec<(f64, usize)> = times
            .0
            .iter()
            .copied()
            .zip(kept.iter().copied())
            .filter(|(_, at)| row(*at).iter().all(|x| x.is_finite()))
            .collect();
        let missing = kept.len() - good.len();
        if good.is_empty() {
            return Err(format!("{name} and what stands beside it have no sample that is complete and finite"));
        }
        if missing > 0 {
            self.odd.push(format!(
                "{missing} of {} samples of {name} are missing or not finite; rows there come from their neighbours",
                kept.len()
            ));
        }
        let repeated = column.rows() - kept.len();
        if repeated > 0 {
            self.odd.push(format!("{repeated} samples of {name} repeat the time of the next one and were left out"));
        }
        let data = good.iter().flat_map(|(_, at)| row(*at).iter().copied()).collect();
        Ok((Times(good.into_iter().map(|(t, _)| t).collect()), Column { width: w, data }))
    }

    /// Times of `n` samples in a file, and which of them count.
    pub(super) fn times(
        &mut self,
        clock: Option<&Clock>,
        place: Place<'_>,
        n: usize,
    ) -> Result<(Times, Vec<usize>), String> {
        let mut clock = clock.unwrap_or(&self.mapping.clock).clone();
        let clocked = Place { file: clock.file.as_deref().or(place.file), ..place };
        if clock.rate.is_none() && self.has_clock(clocked) {
            clock.column.get_or_insert_with(|| "log_time".to_owned());
        }
        if let Some(rate) = clock.rate.or(if clock.column.is_none() { self.mapping.fps } else { None }) {
            let times = Times::regular(n, rate);
            if let (Some(selector), None) = (&clock.stored, &self.stored) {
                let (_, content) = self.content(clocked)?;
                // Rows do not need it, so a log without it is as good.
                if let Ok((column, stated)) = content.clock(selector) {
                    let seconds = unit_of(clock.unit, stated).unwrap_or_default().seconds();
                    self.stored = Some(column.data.iter().zip(&times.0).map(|(raw, t)| [raw * seconds, *t]).collect());
                    self.used.insert(selector.clone());
                }
            }
            return Ok((times, (0..n).collect()));
        }
        let selector =
            clock.column.as_deref().ok_or("nothing says when its samples were taken; give a clock, or fps")?;
        let (name, content) = self.content(clocked)?;
        let (column, stated) = content.clock(selector).map_err(|e| format!("{name}: {e}"))?;
        if column.width != 1 || column.rows() != n {
            return Err(format!(
                "{name}: the clock {selector} has {} × {} numbers for {n} samples",
                column.rows(),
                column.width
            ));
        }
        let unit = unit_of(clock.unit, stated).map_err(|e| format!("{name}: the clock {selector} {e}"))?;
        let seconds = unit.seconds();
        if self.stored.is_none() {
            self.stored = Some(column.data.iter().map(|raw| [raw * seconds; 2]).collect());
        }
        let times = Times::of(&column.data, seconds).map_err(|e| format!("{name}: {selector}: {e}"))?;
        self.used.extend(selector.split('|').map(|s| s.trim().to_owned()));
        let dt = times.0.median_interval().unwrap_or_default();
        let longest = times.0.0.windows(2).map(|w| (w[1] - w[0], w[0])).max_by(|a, b| a.0.total_cmp(&b.0));
        // Between marked episodes a clock may stand still.
        let marked = self.mapping.marks.is_some();
        if let Some((gap, at)) = longest.filter(|(gap, _)| *gap > 10.0 * dt && !marked) {
            self.odd.push(format!(
                "the clock {selector} stands still for {gap:.3} s at {at:.3} s, {:.0} times its usual interval",
                gap / dt
            ));
        }
        Ok(times)
    }
}

impl Samples {
    /// The sum of what was sampled from each instant until the next one, and for `dt` seconds from the last.
    pub(super) fn until_next(&self, instants: &[f64], dt: f64) -> Vec<f64> {
        let mut sums = vec![0.0; instants.len()];
        // Stored times are rounded: a sample that is nearly at a row is of that row, as marks are.
        let slack = 1e-3 * dt;
        let end = instants.last().map_or(f64::NEG_INFINITY, |last| last + dt - slack);
        for (t, x) in self.times.0.iter().zip(&self.column.data).filter(|(t, _)| **t < end) {
            if let Some(row) = instants.partition_point(|i| *i <= t + slack).checked_sub(1) {
                sums[row] += x;
            }
        }
        sums
    }

    pub(super) fn on(&self, instants: &[f64], misfits: &mut Vec<(String, Misfit)>) -> Vec<f64> {
        let mut misfit = Misfit::default();
        let data = if self.circular && self.rule == Rule::Interpolate {
            let unwrapped = Column { width: self.column.width, data: unwrap(&self.column) };
            let data = align(&self.times, &unwrapped, instants, self.rule, &mut misfit);
            data.into_iter().map(|x| (x + PI).rem_euclid(TAU) - PI).collect()
        } else {
            align(&self.times, &self.column, instants, self.rule, &mut misfit)
        };
        let how = match self.rule {
            Rule::Interpolate => "interpolated",
            Rule::Hold => "held",
            Rule::Nearest => "nearest",
        };
        misfits.push((format!("{} ({how})", self.names.join(", ")), misfit));
        data
    }
}

/// The unit of a clock, by what a mapping says and by what the column itself says.
fn unit_of(given: Option<TimeUnit>, stated: Stated) -> Result<TimeUnit, String> {
    match (given, stated) {
        (given, Stated::Nothing) => Ok(given.unwrap_or_default()),
        (Some(given), Stated::Type(unit)) if given != unit => {
            Err(format!("is in {unit} by its type, and in {given} by the mapping; leave the unit out there"))
        }
        (_, Stated::Type(unit)) => Ok(unit),
        (None | Some(TimeUnit::S), Stated::Dates) => Ok(TimeUnit::Us),
        (Some(given), Stated::Dates) => {
            Err(format!("holds dates and times of day, which are not in {given}; leave the unit out of the mapping"))
        }
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

/// `name`, or `name.0`, `name.1` … where a column has several numbers.
fn number_names(selector: &str, width: usize) -> Vec<String> {
    let first = selector.split('|').next().unwrap_or(selector).trim();
    if width == 1 {
        return vec![first.to_owned()];
    }
    let (name, from) = match first.strip_suffix(']').and_then(|s| s.rsplit_once('[')) {
        Some((name, range)) => (name, range.split(':').next().and_then(|d| d.trim().parse().ok()).unwrap_or(0)),
        None => (first, 0),
    };
    (0..width).map(|i| format!("{name}.{}", from + i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_named_by_their_place() {
        assert_eq!(number_names("pos1 | pos_meas1", 1), ["pos1"], "the first alternative");
        assert_eq!(number_names("ob[3:6]", 3), ["ob.3", "ob.4", "ob.5"], "a range");
    }

    #[test]
    fn angles_are_unwrapped_column_by_column() {
        let column = Column { width: 2, data: vec![3.0, 0.0, -3.0, 0.1] };
        let unwrapped = unwrap(&column);
        assert!((unwrapped[2] - (TAU - 3.0)).abs() < 1e-12 && unwrapped[3] == 0.1, "{unwrapped:?}");
    }
}
