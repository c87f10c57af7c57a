//! Stored times: order, holes, rate.
//!
//! An episode's own usual interval is the measure of its holes, so that one that every episode has is told in each; the
//! stated rate and that of the other episodes are the measure of its rate.

use crate::finding::{Check, Finding, Severity};
use crate::robust::{median, quantile};
use crate::view::View;
use terrella_data::Evidence;

/// A hole is an interval of this many usual ones, and of nearly twice those that are long by nature.
const HOLE: f64 = 1.5;
const LONG: f64 = 1.8;
/// An interval of more usual ones than this is a hole however few intervals there are, if there are no more than a few such:
/// in a short episode one hole is a large part of all intervals, and many are how a recorder writes in bursts.
const FAR: f64 = 5.0;
const FEW: usize = 3;
/// Episodes that make an interval a usual one.
const USUAL: usize = 3;
/// Spread of the middle half of intervals, as a part of the median, from which on no single interval is the usual one.
const UNEVEN: f64 = 0.4;
/// How far off half of the intervals are where that is told, as a part of their mean.
const JITTER: f64 = 0.25;
/// Relative difference of rates that matters over a minute.
const DRIFT: f64 = 0.005;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let evidence = &view.subject.evidence;
    let fps = view.subject.signature.fps;
    if evidence.iter().all(|e| e.times.len() < 2) {
        let what = format!("no times are stored; rows are taken to be {:.3} ms apart ({fps} a second)", 1e3 / fps);
        return vec![Finding::new(Check::NoClock, Severity::Warn, what, "record the time of each sample")];
    }
    let mut found: Vec<Finding> = jitter(evidence).into_iter().collect();
    let mut usual: Vec<f64> = evidence.iter().filter_map(|e| interval(&e.times)).collect();
    let of_dataset = median(&mut usual);
    // A clock of rows is held against the stated rate, unless that is wrong for all of them.
    let stated = if (of_dataset * fps - 1.0).abs() > 0.01 { usual.clone() } else { vec![1.0 / fps; USUAL + 1] };
    for (at, evidence) in evidence.iter().enumerate() {
        let times = &evidence.times;
        found.extend(order(times).map(|f| f.in_episode(at)));
        let Some(dt) = interval(times) else { continue };
        let of_rows = view.subject.episodes[at].len().abs_diff(times.len()) <= 1;
        found.extend(holes(times, dt, of_rows.then_some(1.0 / fps)).map(|f| f.in_episode(at)));
        found.extend(rate(times, dt, if of_rows { &stated } else { &usual }).map(|f| f.in_episode(at)));
    }
    // Samples may come faster than rows, but their rate is then a plain multiple of none at all: only a
    // clock that is one of rows can be held against the stated rate.
    let rows = view.subject.episodes.iter().zip(evidence).filter(|(e, c)| e.len().abs_diff(c.times.len()) <= 1);
    if of_dataset > 0.0 && rows.count() * 2 > evidence.len() && (of_dataset * fps - 1.0).abs() > 0.01 {
        let what = format!(
            "stored times lie {:.3} ms apart, that is {:.2} a second; the dataset says {fps}",
            1e3 * of_dataset,
            1.0 / of_dataset
        );
        found.push(Finding::new(
            Check::ClockRate,
            Severity::Fail,
            what,
            "find out which is right and correct the other",
        ));
    }
    found
}

/// Intervals that go forward.
fn steps(times: &[f64]) -> Vec<f64> {
    times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect()
}

/// The usual interval: the mean of those near the median, which jitter and holes do not move.
fn interval(times: &[f64]) -> Option<f64> {
    let steps = steps(times);
    if steps.len() * 2 <= times.len() || steps.len() <= 2 {
        return None;
    }
    let middle = median(&mut steps.clone());
    let spread = |q: f64| quantile(&mut steps.clone(), q);
    if spread(0.75) - spread(0.25) > UNEVEN * middle {
        return Some(over_many(times));
    }
    let near: Vec<f64> = steps.into_iter().filter(|d| (d / middle - 1.0).abs() < 0.5).collect();
    Some(near.iter().sum::<f64>() / near.len() as f64)
}

/// The interval by the way that the clock goes in many rows: where samples come in pairs, or late by half an interval,
/// no single step is the usual one. Holes are in few of the ways.
fn over_many(times: &[f64]) -> f64 {
    // Of several numbers of rows, since samples that come in pairs or threes are off by as much in each of one number.
    let many = (times.len() / 5).max(1);
    let ways = (many..many + 12).flat_map(|n| times.windows(n + 1).map(move |w| (w[n] - w[0]) / n as f64));
    median(&mut ways.collect::<Vec<_>>())
}

/// Times that lie unevenly in the dataset as a whole: how far off half of the intervals are.
fn jitter(evidence: &[Evidence]) -> Option<Finding> {
    let off = |e: &Evidence| {
        let dt = interval(&e.times)?;
        let mut off: Vec<f64> = e.times.windows(2).map(|w| (w[1] - w[0] - dt).abs()).collect();
        Some((median(&mut off), dt))
    };
    let (mut off, mut dt): (Vec<f64>, Vec<f64>) = evidence.iter().filter_map(off).unzip();
    let (off, dt) = (median(&mut off), median(&mut dt));
    (off > JITTER * dt).then(|| {
        let what = format!(
            "stored times lie unevenly: half of the intervals are {:.3} ms or more off their mean of {:.3} ms ({:.2} a second)",
            1e3 * off,
            1e3 * dt,
            1.0 / dt
        );
        let remedy = "stamp samples where they are taken and not where they arrive; rows keep these times";
        Finding::new(Check::ClockJitter, Severity::Warn, what, remedy)
    })
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

/// Holes beside the usual interval, and beside the `stated` one where times are those of rows.
fn holes(times: &[f64], dt: f64, stated: Option<f64>) -> Option<Finding> {
    let mut steps = steps(times);
    // A clock with jitter has long intervals of its own.
    let limit = (HOLE * dt).max(LONG * quantile(&mut steps, 0.95));
    let longer = |limit: f64| (1..times.len()).filter(|&i| times[i] - times[i - 1] > limit).collect::<Vec<_>>();
    // Rows that come in bursts lie nearer than the rate says, and far from the next burst.
    let bursts = stated.is_some_and(|stated| dt < 0.5 * stated);
    let far = FAR * dt.max(stated.unwrap_or(0.0));
    let clear = !bursts && far < limit && longer(far).len() <= FEW;
    let holes = longer(if clear { far } else { limit });
    let (first, last) = (holes.first()?, holes.last()?);
    let longest = holes.iter().map(|&i| times[i] - times[i - 1]).fold(0.0, f64::max);
    let what = format!(
        "{} hole{} in time, the longest {:.4} s ({:.1} intervals)",
        holes.len(),
        if holes.len() == 1 { "" } else { "s" },
        longest,
        longest / dt
    );
    let finding = Finding::new(Check::ClockGap, Severity::Fail, what, "cut the episode there, or record again");
    Some(finding.in_rows(first - 1, *last))
}

/// A rate unlike that of the other episodes, or one that changes on the way.
fn rate(times: &[f64], dt: f64, all: &[f64]) -> Option<Finding> {
    let n = times.len();
    let remedy = "check the clock of the recorder; give the rate of rows by hand if times cannot be trusted";
    // What jitter alone does to the mean of so many intervals.
    let jitter = times.windows(2).map(|w| ((w[1] - w[0]) / dt - 1.0).clamp(-0.5, 0.5).powi(2)).sum::<f64>().sqrt();
    let drift = DRIFT.max(4.0 * jitter / n as f64);
    // Recorders of several rates may have made a dataset; a clock that is near to none of them is off.
    let near = |a: f64, b: f64| (a / b - 1.0).abs() <= drift;
    // Beyond that it is another recorder rather than a clock that is off.
    let near_enough = |a: f64, b: f64| (a / b).ln().abs() < 0.3;
    let modes = all.iter().filter(|m| all.iter().filter(|x| near(**x, **m)).count() > USUAL);
    let closest = modes.min_by(|a, b| (dt / **a).ln().abs().total_cmp(&(dt / **b).ln().abs()));
    if let Some(mode) = closest.filter(|m| !near(dt, **m) && near_enough(dt, **m)) {
        let what = format!("its interval is {:.4} ms, that of other episodes {:.4} ms", 1e3 * dt, 1e3 * mode);
        return Some(Finding::new(Check::ClockRate, Severity::Fail, what, remedy));
    }
    let (early, late) = (interval(&times[..n / 3])?, interval(&times[n - n / 3..])?);
    (n >= 20 && (late / early - 1.0).abs() > 3.0 * drift).then(|| {
        let what = format!("its interval goes from {:.4} to {:.4} ms", 1e3 * early, 1e3 * late);
        Finding::new(Check::ClockRate, Severity::Fail, what, remedy)
    })
}
