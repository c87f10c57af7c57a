//! Streams of a recording: their columns side by side, the times of their samples, and what is put onto rows.
//!
//! Numbers of one stream need not come in the same samples: joints that two publishers share a topic for, cells that
//! are filled at different rates. Those that are missing at different samples are parts of their own.

use super::clock::{Misfit, Times, align};
use super::column::Column;
use super::contents::Place;
use super::extent::Bound;
use super::mapping::{Rule, Stream};
use super::reader::Reader;
use super::runs::{Stamps, present};
use std::collections::BTreeMap;
use std::f64::consts::{PI, TAU};

/// Names and parts that a message lists.
const LISTED: usize = 4;

/// A stream that was read.
pub(super) struct Samples {
    /// What it is asked for by.
    pub(super) name: String,
    pub(super) names: Vec<String>,
    /// Unit of each number; empty where the mapping says nothing.
    pub(super) units: Vec<String>,
    pub(super) parts: Vec<Part>,
    rule: Rule,
    circular: bool,
}

/// Numbers of a stream that are there in the same samples.
pub(super) struct Part {
    /// Which numbers of the stream.
    numbers: Vec<usize>,
    pub(super) stamps: Stamps,
    column: Column,
}

/// A stream in one run of its clock.
pub(super) struct Laid<'a> {
    of: &'a Samples,
    parts: Vec<(&'a [usize], Times, Column)>,
    /// Samples that repeat the time of the next one.
    pub(super) repeated: usize,
}

impl Reader<'_> {
    pub(super) fn stream(&mut self, stream: &Stream, usual: Rule) -> Result<Samples, String> {
        let mut columns = Vec::new();
        let mut names = Vec::new();
        let place = Place { file: stream.file.as_deref(), topic: stream.topic.as_deref() };
        for selector in &stream.columns {
            let (file, content) = self.content(place)?;
            let column = content.numbers(selector).map_err(|e| format!("{}: {e}", place.on(&file)))?;
            names.extend(number_names(selector, column.width));
            self.used.extend(selector.split('|').map(|s| s.trim().to_owned()));
            columns.push(column);
        }
        let n = columns.iter().map(Column::rows).min().unwrap_or(0);
        if n == 0 || columns.iter().any(|p| p.rows() != n) {
            let counts: Vec<String> = columns.iter().map(|p| p.rows().to_string()).collect();
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
            [] => vec![String::new(); names.len()],
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
        let width = columns.iter().map(|p| p.width).sum();
        let factor = stream.unit.factor();
        let data = (0..n).flat_map(|at| columns.iter().flat_map(move |p| &p.data[at * p.width..(at + 1) * p.width]));
        let column = Column { width, data: data.map(|x| x * factor).collect() };
        let first = self.stored.is_none();
        let mut stamps = self.stamps(stream.clock.as_ref(), place, n)?;
        stamps.times.iter_mut().for_each(|t| *t -= stream.delay);
        let (parts, busiest) = self.parts(&names, &stamps, &column)?;
        if let Some(stored) = self.stored.as_mut().filter(|stored| first && parts.len() > 1 && stored.len() == n) {
            // Times of several publishers are not one clock.
            *stored = busiest.iter().map(|at| stored[*at]).collect();
        }
        let rule = stream.align.unwrap_or(usual);
        Ok(Samples { name: stream.name().to_owned(), names, units, parts, rule, circular: stream.circular })
    }

    /// A stream of one number a sample.
    pub(super) fn outcome(&mut self, what: &str, stream: &Stream) -> Result<Samples, String> {
        let samples = self.stream(stream, Rule::Hold)?;
        match samples.names.len() {
            1 => Ok(samples),
            width => Err(format!("{what} has {width} numbers a sample ({}); it is one", stream.columns.join(", "))),
        }
    }

    /// Takes numbers apart that are missing at different samples, and leaves out samples that lack them; the samples of
    /// the part that has the most of them come beside.
    fn parts(&mut self, names: &[String], stamps: &Stamps, column: &Column) -> Result<(Vec<Part>, Vec<usize>), String> {
        let (n, w) = (column.rows(), column.width);
        let timed = present(stamps)?;
        if timed.len() < n {
            let lacking = n - timed.len();
            self.tell(format!("{lacking} of {n} samples of {} have no time and were left out", names[0]));
        }
        let mut places: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for number in 0..w {
            let mut there = vec![0u64; n.div_ceil(64)];
            for at in timed.iter().copied().filter(|at| column.data[at * w + number].is_finite()) {
                there[at / 64] |= 1 << (at % 64);
            }
            let group = *places.entry(there).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Vec::new());
            }
            groups[group].push(number);
        }
        let mut parts = Vec::with_capacity(groups.len());
        let mut busiest = Vec::new();
        for numbers in groups {
            let first = numbers[0];
            let good: Vec<usize> = timed.iter().copied().filter(|at| column.data[at * w + first].is_finite()).collect();
            if good.is_empty() {
                let lacking = listed(numbers.iter().map(|at| &names[*at]), numbers.len());
                return Err(format!("{lacking}: none of {n} samples is complete and finite"));
            }
            let data = good.iter().flat_map(|at| numbers.iter().map(move |number| column.data[at * w + number]));
            let column = Column { width: numbers.len(), data: data.collect() };
            parts.push(Part { numbers, stamps: stamps.pick(&good), column });
            if good.len() > busiest.len() {
                busiest = good;
            }
        }
        self.tell_gaps(names, &parts, timed.len());
        Ok((parts, busiest))
    }

    /// Tells of samples that lack numbers.
    fn tell_gaps(&mut self, names: &[String], parts: &[Part], n: usize) {
        match parts {
            [one] if one.column.rows() < n => self.tell(format!(
                "{} of {n} samples of {} are missing or not finite; rows there come from their neighbours",
                n - one.column.rows(),
                names[0]
            )),
            [] | [_] => {}
            several => {
                let one = |part: &Part| {
                    let of = listed(part.numbers.iter().map(|at| &names[*at]), part.numbers.len());
                    format!("{of} in {} of {n} samples", part.column.rows())
                };
                let more = several.len().saturating_sub(LISTED);
                let more = if more > 0 { format!("; and {more} others") } else { String::new() };
                let shown: Vec<String> = several.iter().take(LISTED).map(one).collect();
                self.tell(format!(
                    "numbers of one stream are not always there together ({}{more}): each was put onto rows by the samples that have it",
                    shown.join("; ")
                ));
            }
        }
    }
}

/// Some names, and how many more there are.
fn listed<'a>(names: impl Iterator<Item = &'a String>, n: usize) -> String {
    let shown: Vec<&str> = names.take(LISTED).map(String::as_str).collect();
    let more = n.saturating_sub(LISTED);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
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
