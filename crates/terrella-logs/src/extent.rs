//! From when to when a recording has rows, and how many it costs that its streams do not run all the time.
//!
//! Rows begin where the last stream begins. They end where the first one ends, except that a stream that is held
//! stays in force: a command that is published only when it changes, or once, bounds nothing by its last message. Only a
//! last row at which a steady one was due again is not invented: recordings that were cut off end like that.

use super::clock::{SAME, Times};
use std::collections::BTreeMap;

/// Rows that any recording may have, and rows for each of its samples: a clock that jumps must not fill the memory.
const ROWS: f64 = 1e6;
const ROWS_A_SAMPLE: f64 = 64.0;
/// A recording that keeps fewer rows than this, and less than this part of them, is a mistake.
const FEW: usize = 10;
const PART: usize = 10;
/// Samples, and the longest interval among them in usual ones, that make a stream steady.
const STEADY: (usize, f64) = (2, 1.5);
/// A last value that is held for longer than so many usual intervals is told.
const LONG_HELD: f64 = 1.5;

/// A stream, when it was sampled, and whether its last value stays in force.
pub(super) struct Bound<'a> {
    pub(super) name: String,
    pub(super) times: &'a Times,
    pub(super) held: bool,
}

impl Bound<'_> {
    fn first(&self) -> f64 {
        self.times.0.first().copied().unwrap_or(f64::INFINITY)
    }

    fn last(&self) -> f64 {
        self.times.0.last().copied().unwrap_or(f64::NEG_INFINITY)
    }
}

/// From when to when there are rows, if there are any.
pub(super) fn common(bounds: &[Bound<'_>]) -> Option<(f64, f64)> {
    let start = bounds.iter().map(Bound::first).fold(f64::NEG_INFINITY, f64::max);
    let end = bounds.iter().filter(|b| !b.held).map(Bound::last).fold(f64::INFINITY, f64::min);
    let held = bounds.iter().map(Bound::last).fold(f64::NEG_INFINITY, f64::max);
    // Streams that are all held end with the last of them.
    let end = if bounds.iter().all(|b| b.held) { held } else { end };
    (start.is_finite() && end.is_finite() && end >= start).then_some((start, end))
}

/// The steady held stream that was due again at the last of these instants, which then has no sample of its own.
fn due_at_last<'a>(bounds: &'a [Bound<'_>], instants: &[f64]) -> Option<&'a Bound<'a>> {
    let [.., before, last] = instants else { return None };
    bounds.iter().filter(|b| b.held && b.last() < *last).find(|b| {
        let steps = b.times.0.windows(2).map(|w| w[1] - w[0]);
        let Some(usual) = b.times.median_interval().filter(|_| b.times.0.len() >= STEADY.0) else { return false };
        let due = b.last() + usual * (1.0 - 1e-3);
        due <= *last && due > *before && steps.fold(0.0, f64::max) <= STEADY.1 * usual
    })
}

/// Instants without a last one at which a held stream was due again.
fn sampled(bounds: &[Bound<'_>], mut instants: Vec<f64>) -> Vec<f64> {
    if due_at_last(bounds, &instants).is_some() {
        instants.pop();
    }
    instants
}

/// Instants of rows at a rate.
pub(super) fn rows(bounds: &[Bound<'_>], fps: f64) -> Result<Vec<f64>, String> {
    let Some((start, end)) = common(bounds) else { return Ok(Vec::new()) };
    let n = count(end - start, fps, rounding(bounds)) + 1.0;
    let samples = bounds.iter().map(|b| b.times.0.len()).max().unwrap_or(0);
    if n > ROWS.max(samples as f64 * ROWS_A_SAMPLE) {
        return Err(format!(
            "its clocks run for {:.3e} s, which would be {n:.3e} rows at {fps} a second for {samples} samples; correct the clock or its unit, or give rate = .. instead of its column",
            end - start
        ));
    }
    Ok(sampled(bounds, (0..n as usize).map(|i| start + i as f64 / fps).collect()))
}

/// Samples of one clock where there are rows.
pub(super) fn within(times: &[f64], bounds: &[Bound<'_>]) -> Vec<f64> {
    let Some((start, end)) = common(bounds) else { return Vec::new() };
    sampled(bounds, times.iter().copied().filter(|t| *t >= start && *t <= end).collect())
}

/// Whole rows in so many seconds, of clocks that are rounded so much.
fn count(seconds: f64, fps: f64, rounding: f64) -> f64 {
    ((seconds + rounding) * fps + SAME).floor().max(0.0)
}

/// What is lost of the times of these streams.
fn rounding(bounds: &[Bound<'_>]) -> f64 {
    bounds.iter().map(|b| b.times.rounding()).fold(0.0, f64::max)
}

/// Why there are no rows, or too few.
pub(super) fn spelled(bounds: &[Bound<'_>]) -> String {
    let one = |b: &Bound<'_>| match &b.times.0[..] {
        [] => format!("{} has no sample", b.name),
        _ => format!("{} {:.3} to {:.3} s", b.name, b.first(), b.last()),
    };
    bounds.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a stream costs, or is taken for, at an end of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    /// Rows before its first sample are left out.
    Before,
    /// Rows after its last sample are left out.
    After,
    /// Rows after its last sample repeat it.
    Held,
}

/// Rows that streams cost, or that repeat their last value, of how many, and in how many recordings.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Edges(BTreeMap<(String, Edge), [usize; 3]>);

impl Edges {
    /// Counts the rows outside of where all streams run, beside so many rows inside. They might be where any stream
    /// runs, or at the samples of `base`. `marked` says how many of the seconds between two instants belong to episodes.
    pub(super) fn of(
        bounds: &[Bound<'_>],
        base: Option<&Times>,
        (fps, rows): (f64, usize),
        marked: &dyn Fn(f64, f64) -> f64,
    ) -> Self {
        let mut edges = Self::default();
        let Some((start, end)) = common(bounds) else { return edges };
        let firsts = bounds.iter().map(Bound::first).filter(|_| base.is_none());
        let lasts = bounds.iter().map(Bound::last).filter(|_| base.is_none());
        let of_base = |at: Option<&f64>| at.copied().into_iter();
        let earliest = firsts.chain(of_base(base.and_then(|b| b.0.first()))).fold(start, f64::min);
        let latest = lasts.chain(of_base(base.and_then(|b| b.0.last()))).fold(end, f64::max);
        let rounding = rounding(bounds);
        let within = |from: f64, to: f64| count(marked(from, to), fps, rounding) as usize;
        let (early, late) = (within(earliest, start), within(end, latest));
        let of = rows + early + late;
        let mut add = |bound: Option<&Bound<'_>>, edge, rows| {
            if let Some(bound) = bound.filter(|_| rows > 0) {
                edges.0.insert((bound.name.clone(), edge), [rows, of, 1]);
            }
        };
        add(bounds.iter().find(|b| b.first() == start), Edge::Before, early);
        add(bounds.iter().find(|b| !b.held && b.last() == end), Edge::After, late);
        for bound in bounds.iter().filter(|b| b.held && b.last() < end) {
            let usual = bound.times.median_interval().unwrap_or(0.0);
            let long = end - bound.last() > LONG_HELD * usual;
            add(Some(bound).filter(|_| long), Edge::Held, within(bound.last().max(start), end));
        }
        edges
    }

    /// Adds those of another part of the same recording, or of another recording.
    pub(super) fn merge(&mut self, other: Self, recordings: usize) {
        for (key, [rows, of, _]) in other.0 {
            let sum = self.0.entry(key).or_insert([0, 0, 0]);
            *sum = [sum[0] + rows, sum[1] + of, sum[2] + recordings];
        }
    }

    /// Rows that were left out.
    pub(super) fn lost(&self) -> usize {
        self.0.iter().filter(|((_, edge), _)| *edge != Edge::Held).map(|(_, [rows, ..])| rows).sum()
    }

    /// Which stream, and what to know of it.
    pub(super) fn told(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|((name, edge), [rows, of, recordings])| {
            let lost = |place: &str| match rows * 2 < *of {
                // That streams begin and end at different times is no loss, unless it costs most of a recording.
                true => format!("{rows} of {of} rows, {place}, are left out"),
                false => format!("left out: {rows} of {of} rows, {place}"),
            };
            let what = match edge {
                Edge::Before => lost("before its first sample"),
                Edge::After => lost("after its last sample"),
                Edge::Held => format!("its last value stays in force for {rows} of {of} rows, to the end"),
            };
            let parts = if *recordings > 1 { format!(" (in {recordings} recordings)") } else { String::new() };
            (name.as_str(), what + &parts)
        })
    }
}

/// Whether so few rows of a recording are left that it is no use.
pub(super) fn too_few(rows: usize, lost: usize) -> bool {
    rows < FEW && rows * PART < rows + lost
}

#[cfg(test)]
mod tests {
    use super::super::clock::{Misfit, align, in_seconds};
    use super::super::column::Column;
    use super::super::mapping::Rule;
    use super::*;

    fn bound<'a>(name: &str, times: &'a Times, held: bool) -> Bound<'a> {
        Bound { name: name.to_owned(), times, held }
    }

    #[test]
    fn only_the_time_that_all_clocks_cover_has_rows() {
        let (a, b) = (Times(vec![0.0, 1.0, 2.0]), Times(vec![0.5, 1.5]));
        let both = [bound("a", &a, false), bound("b", &b, false)];
        assert_eq!(rows(&both, 2.0), Ok(vec![0.5, 1.0, 1.5]), "from the latest start to the earliest end");
        let never = Times(vec![7.0]);
        assert_eq!(rows(&[bound("a", &a, false), bound("b", &never, false)], 2.0), Ok(vec![]), "they never meet");
        let jumps = Times(vec![0.0, 0.1, 1e9]);
        let jumps = rows(&[bound("a", &jumps, false)], 50.0);
        assert!(jumps.is_err_and(|e| e.contains("5.000e10 rows")), "a clock that jumps");
    }

    #[test]
    fn rows_at_the_rate_of_the_samples_are_the_samples() {
        // Those of a clock that counts from 1970 are rounded.
        let since_1970 = |rate: f64| {
            let counted: Vec<f64> = (0..1000).map(|i| 1_709_287_200e6 + (f64::from(i) / rate * 1e6).round()).collect();
            Times(in_seconds(&counted, 1e-6))
        };
        let regular = [3.0, 5.0, 15.0, 30.0, 83.0].map(|rate| (rate, Times::regular(1000, rate)));
        for (rate, times) in regular.into_iter().chain([5.0, 20.0, 50.0, 250.0].map(|rate| (rate, since_1970(rate)))) {
            let samples = Column { width: 1, data: (0..1000).map(|i| f64::from(i) * 0.37).collect() };
            let mut misfit = Misfit::default();
            for rule in [Rule::Interpolate, Rule::Hold, Rule::Nearest] {
                let instants = rows(&[bound("a", &times, rule == Rule::Hold)], rate).expect("rows");
                assert_eq!(align(&times, &samples, &instants, rule, &mut misfit), samples.data, "{rate} Hz, {rule:?}");
            }
        }
    }

    #[test]
    fn what_is_held_stays_in_force_and_what_it_costs_is_counted() {
        let (state, command) = (Times::regular(300, 20.0), Times(vec![2.0, 5.0]));
        let bounds = [bound("/joints", &state, false), bound("/cmd", &command, true)];
        let instants = rows(&bounds, 20.0).expect("rows");
        assert_eq!((instants.len(), instants[0]), (260, 2.0), "to the end of the joints");
        let edges = Edges::of(&bounds, None, (20.0, instants.len()), &|from, to| to - from);
        let told: Vec<(&str, String)> = edges.told().collect();
        let wanted = [
            ("/cmd", "40 of 300 rows, before its first sample, are left out"),
            ("/cmd", "its last value stays in force for 199 of 300 rows, to the end"),
        ];
        assert_eq!(told, wanted.map(|(name, what)| (name, what.to_owned())), "both are told");
        assert_eq!(edges.lost(), 40, "rows that are gone");
        let cut = Times::regular(299, 20.0);
        let bounds = [bound("/joints", &state, false), bound("/cmd", &cut, true)];
        assert_eq!(rows(&bounds, 20.0).map(|rows| rows.len()), Ok(299), "a command that was due is not invented");
        assert_eq!(within(&state.0, &bounds).len(), 299, "nor at samples");
        let silent = Times::regular(100, 20.0);
        let bounds = [bound("/joints", &state, false), bound("/cmd", &silent, true)];
        assert_eq!(rows(&bounds, 20.0).map(|rows| rows.len()), Ok(300), "one that fell silent is in force");
        let late = Times(vec![20.0]);
        assert_eq!(common(&[bound("a", &state, false), bound("b", &late, true)]), None, "it begins too late");
        let all_held = [bound("a", &state, true), bound("b", &command, true)];
        assert_eq!(common(&all_held), Some((2.0, 14.95)), "with the last of them");
    }

    #[test]
    fn a_recording_that_shrinks_to_a_few_rows_is_a_mistake() {
        assert!(too_few(1, 299) && too_few(9, 100), "a few of many");
        assert!(!too_few(9, 20) && !too_few(100, 5000) && !too_few(1, 0), "many, or a short recording");
    }
}
