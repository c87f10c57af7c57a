//! Clocks that begin anew while a recording goes on: a simulation that is restarted, a bag that is played again.
//!
//! What lies between two restarts is a run. Runs have no order in time, so each is put onto rows by itself. A stream
//! that says nothing in a run shows no restart by its stamps: where the clock of logging ran on, that says which run
//! its samples belong to.

use super::clock::{Times, WRONG_CLOCK, median_interval};
use std::ops::Range;

/// Neighbours that tell a restart from a sample that comes too late, or that is wrong.
const AROUND: usize = 3;
/// Samples that runs have on average at least; a clock that jumps more often is none.
const SHORTEST: usize = 4;

/// Which clock a time is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// The clock of logging, or one that agrees with it.
    Logging,
    /// One that runs by itself, such as that of a simulation.
    Own,
    /// Nobody says.
    Unknown,
}

/// When the samples of a stream were taken.
#[derive(Clone, Debug)]
pub(super) struct Stamps {
    /// The column they are from, for messages.
    pub(super) clock: String,
    pub(super) axis: Axis,
    /// Seconds; NaN where a sample has none.
    pub(super) times: Vec<f64>,
    /// The same by the clock of logging, where there is one.
    pub(super) logged: Option<Vec<f64>>,
    /// Samples of each run.
    runs: Vec<Range<usize>>,
}

impl Stamps {
    pub(super) fn new(clock: String, axis: Axis, times: Vec<f64>, logged: Option<Vec<f64>>) -> Self {
        let runs = std::iter::once(0..times.len()).collect();
        Self { clock, axis, times, logged, runs }
    }

    /// Times of a clock that is believed.
    pub(super) fn plain(clock: &str, times: Vec<f64>) -> Self {
        Self::new(clock.to_owned(), Axis::Unknown, times, None)
    }

    /// Those of some samples.
    pub(super) fn pick(&self, samples: &[usize]) -> Self {
        let of = |times: &Vec<f64>| samples.iter().map(|at| times[*at]).collect::<Vec<f64>>();
        Self::new(self.clock.clone(), self.axis, of(&self.times), self.logged.as_ref().map(of))
    }

    /// Times of a run, which increase, and the samples that they are of.
    pub(super) fn during(&self, run: usize) -> Result<(Times, Vec<usize>), String> {
        let samples = self.runs.get(run).cloned().unwrap_or_default();
        Times::ascending(&self.times, samples).map_err(|e| format!("{}: {e}", self.clock))
    }

    /// Samples a second.
    pub(super) fn rate(&self) -> Option<f64> {
        median_interval(&self.times).map(f64::recip)
    }

    /// Samples of a run, before equal ones are left out.
    pub(super) fn len_of(&self, run: usize) -> usize {
        self.runs.get(run).map_or(0, Range::len)
    }
}

/// The samples with which a clock begins anew; none where it jumps about, which is no restart.
pub(super) fn restarts(times: &[f64]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for at in 1..times.len() {
        if times[at] >= times[at - 1] {
            continue;
        }
        let run = at - found.last().copied().unwrap_or(0);
        let before = &times[at - run.min(AROUND)..at];
        let after = &times[at + 1..times.len().min(at + 1 + AROUND)];
        // Of a run that was over at once nothing is left to stay below.
        let stays = match (run > AROUND, after) {
            (_, []) => false,
            (true, after) => after.iter().all(|t| *t < times[at - 1]),
            (false, [next, ..]) => *next <= times[at - 1],
        };
        if stays && before.iter().all(|t| *t >= times[at]) {
            found.push(at);
        }
    }
    if (found.len() + 1) * SHORTEST > times.len() { Vec::new() } else { found }
}

/// Finds the runs of all streams, and gives how many there are and what to tell of them.
pub(super) fn agree(mut all: Vec<&mut Stamps>) -> Result<(usize, Option<String>), String> {
    same_axis(&all)?;
    let starts: Vec<Vec<usize>> = all.iter().map(|stamps| restarts(&stamps.times)).collect();
    let most = starts.iter().map(Vec::len).max().unwrap_or(0);
    let Some(leader) = starts.iter().position(|s| s.len() == most).filter(|_| most > 0) else { return Ok((1, None)) };
    let (clock, first) = (all[leader].clock.clone(), starts[leader][0]);
    let [before, after] = [first - 1, first].map(|at| all[leader].times[at]);
    let begun: Option<Vec<f64>> =
        all[leader].logged.as_ref().map(|logged| starts[leader].iter().map(|at| logged[*at]).collect());
    for (stamps, own) in all.iter_mut().zip(starts) {
        let starts = match (&begun, &stamps.logged) {
            _ if own.len() == most => own,
            (Some(begun), Some(logged)) if !is_logging(&stamps.clock) => {
                begun.iter().map(|begun| logged.partition_point(|t| t < begun)).collect()
            }
            _ => {
                return Err(format!(
                    "the clock {clock} begins anew {} (first {after:.3} s after {before:.3} s), the clock {} {}, so that nobody knows what belongs together; give all streams one clock (topics have log_time)",
                    often(most),
                    stamps.clock,
                    often(own.len())
                ));
            }
        };
        let ends = starts.iter().copied().chain([stamps.times.len()]);
        stamps.runs = [0].into_iter().chain(starts.iter().copied()).zip(ends).map(|(from, to)| from..to).collect();
    }
    let told = format!(
        "the clock {clock} begins anew {} (first at sample {first}: {after:.3} s after {before:.3} s); each of its {} parts is an episode of its own",
        often(most),
        most + 1
    );
    Ok((most + 1, Some(told)))
}

fn often(n: usize) -> String {
    match n {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

/// Whether a column of times is of the clock of logging itself.
pub(super) fn is_logging(column: &str) -> bool {
    matches!(column, "log_time" | "publish_time")
}

/// Fails where two streams have clocks that have nothing to do with each other.
fn same_axis(all: &[&mut Stamps]) -> Result<(), String> {
    let of = |axis| all.iter().find(|stamps| stamps.axis == axis);
    let (Some(own), Some(logging)) = (of(Axis::Own), of(Axis::Logging)) else { return Ok(()) };
    let first = |stamps: &Stamps| stamps.times.first().copied().unwrap_or_default();
    Err(format!(
        "the clock {} (from {:.3} s) is more than a day off the clock of logging, which others of its streams are on ({}, from {:.3} s): they have nothing to do with each other; give all streams clock = {{ column = \"log_time\" }}",
        own.clock,
        first(own),
        logging.clock,
        first(logging)
    ))
}

/// Times without those that are missing, and the samples that have one; fails at one that is no time.
pub(super) fn present(stamps: &Stamps) -> Result<Vec<usize>, String> {
    if let Some(at) = stamps.times.iter().position(|t| t.is_infinite()) {
        return Err(format!("the time of sample {at} by {} is {}; {WRONG_CLOCK}", stamps.clock, stamps.times[at]));
    }
    Ok((0..stamps.times.len()).filter(|at| stamps.times[*at].is_finite()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n: usize, from: f64) -> impl Iterator<Item = f64> {
        (0..n).map(move |i| from + i as f64 * 0.05)
    }

    #[test]
    fn a_clock_that_begins_anew_is_told_from_one_that_is_wrong() {
        let twice: Vec<f64> = ramp(160, 0.0).chain(ramp(140, 0.0)).collect();
        assert_eq!(restarts(&twice), [160], "from 0 again");
        let thrice: Vec<f64> = ramp(30, 7.0).chain(ramp(20, 2.0)).chain(ramp(40, 2.5)).collect();
        assert_eq!(restarts(&thrice), [30, 50], "from anywhere");
        let short: Vec<f64> = ramp(2, 0.0).chain(ramp(20, 0.0)).collect();
        assert_eq!(restarts(&short), [2], "after two samples");
        let with = |at: usize, t: f64| {
            let mut times: Vec<f64> = ramp(40, 0.0).collect();
            times[at] = t;
            restarts(&times)
        };
        assert!(with(20, 0.3).is_empty() && with(20, 9.0).is_empty() && with(39, 0.0).is_empty(), "one that is wrong");
        assert!(with(20, 0.93).is_empty(), "one that comes late");
        let noise: Vec<f64> = (0..40).map(|i| f64::from(i * 37 % 11)).collect();
        assert!(restarts(&noise).is_empty(), "no clock");
    }

    #[test]
    fn a_stream_without_stamps_in_a_run_is_cut_by_the_clock_of_logging() {
        let logged = |times: &[f64]| times.to_vec();
        let sim: Vec<f64> = ramp(20, 0.0).chain(ramp(20, 0.0)).collect();
        let log: Vec<f64> = ramp(40, 0.0).collect();
        let stamps = |name: &str, times: &[f64], log: Option<Vec<f64>>| {
            Stamps::new(name.to_owned(), Axis::Own, times.to_vec(), log)
        };
        let (mut a, mut b) = (stamps("a", &sim, Some(log)), stamps("b", &[0.5], Some(logged(&[1.5]))));
        let (runs, told) = agree(vec![&mut a, &mut b]).expect("they agree");
        assert!(runs == 2 && told.is_some_and(|t| t.contains("at sample 20: 0.000 s after 0.950 s")), "two runs");
        assert_eq!(b.during(0).expect("a run").1, Vec::<usize>::new(), "nothing in the first");
        assert_eq!(b.during(1).expect("a run").0.0, [0.5], "all in the second");
        let mut c = stamps("c", &[0.5], None);
        assert!(agree(vec![&mut a, &mut c]).is_err_and(|e| e.contains("begins anew once")), "nobody knows");
        let mut d = Stamps::new("log_time".to_owned(), Axis::Logging, vec![0.0], None);
        assert!(agree(vec![&mut a, &mut d]).is_err_and(|e| e.contains("nothing to do")), "two clocks");
    }
}
