//! Stored times: order, holes, rate.
//!
//! An episode's own median interval is the measure of its holes; the stated rate and that of the other
//! episodes are the measure of its rate.

use crate::examine::View;
use crate::finding::{Check, Finding, Severity};
use crate::robust::{median, quantile};

/// A hole is an interval of this many usual ones, which lost at least half a sample.
const HOLE: f64 = 1.5;
/// Intervals that are within this part of the usual one come from a clock without jitter.
const STEADY: f64 = 0.05;
/// Relative difference of rates that matters over a minute.
const DRIFT: f64 = 0.005;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let evidence = &view.subject.evidence;
    let fps = view.subject.signature.fps;
    if evidence.iter().all(|e| e.times.len() < 2) {
        let what = format!("no times are stored; rows are taken to be {:.3} ms apart ({fps} a second)", 1e3 / fps);
        return vec![Finding::new(Check::NoClock, Severity::Warn, what, "record the time of each sample")];
    }
    let mut found = Vec::new();
    let mut usual: Vec<f64> = evidence.iter().filter_map(|e| interval(&e.times)).collect();
    let of_dataset = median(&mut usual);
    for (at, evidence) in evidence.iter().enumerate() {
        let times = &evidence.times;
        found.extend(order(times).map(|f| f.in_episode(at)));
        let Some(dt) = interval(times) else { continue };
        found.extend(holes(times, dt).into_iter().map(|f| f.in_episode(at)));
        found.extend(rate(times, dt, of_dataset).map(|f| f.in_episode(at)));
    }
    // Samples may come faster than rows, but their rate is then a plain multiple of none at all: only a
    // clock that is one of rows can be held against the stated rate.
    let rows = view.subject.episodes.iter().zip(evidence).filter(|(e, c)| e.len().abs_diff(c.times.len()) <= 1);
    if rows.count() * 2 > evidence.len() && (of_dataset * fps - 1.0).abs() > 0.01 {
        let what = format!(
            "stored times lie {:.3} ms apart, that is {:.2} a second; the dataset says {fps}",
            1e3 * of_dataset,
            1.0 / of_dataset
        );
        found.push(Finding::new(Check::ClockRate, Severity::Fail, what, "find out which is right and correct the other"));
    }
    found
}

/// The median interval that is not 0.
fn interval(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    (steps.len() * 2 > times.len() && steps.len() > 2).then(|| median(&mut steps))
}

fn order(times: &[f64]) -> Option<Finding> {
    let bad: Vec<usize> = (1..times.len()).filter(|&i| times[i] <= times[i - 1]).collect();
    let (first, last) = (*bad.first()?, *bad.last()?);
    let back = bad.iter().filter(|&&i| times[i] < times[i - 1]).count();
    let what = format!(
        "time runs backwards {back} times and stands still {} times, first from {:.4} to {:.4} s",
        bad.len() - back,
        times[first - 1],
        times[first]
    );
    let remedy = "sort or drop the rows, or count samples at a rate if the clock is wrong";
    Some(Finding::new(Check::ClockOrder, Severity::Fail, what, remedy).in_rows(first - 1, last))
}

fn holes(times: &[f64], dt: f64) -> Vec<Finding> {
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    // A clock with jitter has long intervals of its own.
    let limit = (HOLE * dt).max(2.0 * quantile(&mut steps, 0.95));
    let holes: Vec<usize> = (1..times.len()).filter(|&i| times[i] - times[i - 1] > limit).collect();
    let (Some(first), Some(last)) = (holes.first(), holes.last()) else { return Vec::new() };
    let longest = holes.iter().map(|&i| times[i] - times[i - 1]).fold(0.0, f64::max);
    let what = format!(
        "{} hole{} in time, the longest {:.4} s ({:.1} intervals)",
        holes.len(),
        if holes.len() == 1 { "" } else { "s" },
        longest,
        longest / dt
    );
    vec![
        Finding::new(Check::ClockGap, Severity::Fail, what, "cut the episode there, or record again")
            .in_rows(first - 1, *last),
    ]
}

/// A rate unlike that of the other episodes, or one that changes on the way.
fn rate(times: &[f64], dt: f64, of_dataset: f64) -> Option<Finding> {
    let n = times.len();
    let remedy = "check the clock of the recorder; give the rate of rows by hand if times cannot be trusted";
    let mean = |range: std::ops::Range<usize>| {
        let mut steps: Vec<f64> = times[range].windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
        median(&mut steps)
    };
    let ratio = dt / of_dataset;
    let steady = times.windows(2).filter(|w| ((w[1] - w[0]) / dt - 1.0).abs() < STEADY).count() * 10 > n * 9;
    if (ratio - 1.0).abs() > DRIFT && steady {
        let what = format!("its interval is {:.4} ms, that of the other episodes {:.4} ms", 1e3 * dt, 1e3 * of_dataset);
        return Some(Finding::new(Check::ClockRate, Severity::Fail, what, remedy));
    }
    if n < 20 || !steady {
        return None;
    }
    let (early, late) = (mean(0..n / 3), mean(n - n / 3..n));
    ((late / early - 1.0).abs() > DRIFT).then(|| {
        let what = format!("its interval goes from {:.4} to {:.4} ms", 1e3 * early, 1e3 * late);
        Finding::new(Check::ClockRate, Severity::Fail, what, remedy)
    })
}
