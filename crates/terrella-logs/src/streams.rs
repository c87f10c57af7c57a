//! Streams of a recording: their columns side by side, and the times of their samples.
//!
//! Numbers of one stream need not come in the same samples: joints that two publishers share a topic for, cells that
//! are filled at different rates. Those that are missing at different samples are parts of their own.

use super::column::Column;
use super::contents::Place;
use super::mapping::{Rule, Stream};
use super::reader::Reader;
use super::runs::{Stamps, present};
use super::units::converted;
use std::collections::BTreeMap;

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
    pub(super) rule: Rule,
    pub(super) circular: bool,
}

/// Numbers of a stream that are there in the same samples.
pub(super) struct Part {
    /// Which numbers of the stream.
    pub(super) numbers: Vec<usize>,
    pub(super) stamps: Stamps,
    pub(super) column: Column,
}

impl Reader<'_> {
    pub(super) fn stream(&mut self, stream: &Stream, usual: Rule) -> Result<Samples, String> {
        let mut columns = Vec::new();
        let (mut names, mut known) = (Vec::new(), Vec::new());
        let place = Place { file: stream.file.as_deref(), topic: stream.topic.as_deref() };
        for selector in &stream.columns {
            let (file, content) = self.content(place)?;
            let column = content.numbers(selector).map_err(|e| format!("{}: {e}", place.on(&file)))?;
            names.extend(number_names(selector, column.width));
            known.resize(names.len(), converted(content.unit(selector), stream.unit).to_owned());
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
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a String>, n: usize) -> String {
    let shown: Vec<&str> = names.take(LISTED).map(String::as_str).collect();
    let more = n.saturating_sub(LISTED);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
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
}
