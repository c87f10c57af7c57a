//! Sensors that repeat their value while they should move.
//!
//! A value may rest. A frozen one rests longer than this column does elsewhere, or it rests and then
//! catches up in one step with what went on meanwhile. Where every episode has such a rest, it is usual and so are steps
//! that catch up: so a rest is also held against the motion that it cuts in two.

use crate::checks::saturated::rests_by_nature;
use crate::finding::{Check, Finding, Severity};
use crate::robust::{quantile, runs, size_fence, step_into};
use crate::series::{Role, Series};
use crate::view::View;

/// Rows from which on a rest is looked at.
const SHORTEST: usize = 5;
/// How many large steps long a step is that catches up.
const CATCH_UP: f64 = 2.0;
/// Part of all steps that must be within motion, for it to say what a large step is.
const FLUENT: f64 = 0.5;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.continuous) {
        let rests: Vec<Vec<[usize; 2]>> = series.values.iter().map(|v| rests(v)).collect();
        let longest = |r: &Vec<[usize; 2]>| r.iter().map(|run| run[1]).max().unwrap_or(1) as f64;
        let longest: Vec<f64> = rests.iter().map(longest).collect();
        // Commands rest as they like, and so do bodies that only move when pushed; both are caught by
        // the step that ends the rest.
        let often = longest.iter().filter(|n| **n >= SHORTEST as f64).count() * 3 > longest.len();
        let free = often || series.role == Role::Action || rests_by_nature(series);
        let usual = if free { f64::INFINITY } else { size_fence(&longest, 4.0).max(2.0 * SHORTEST as f64) };
        let others: Vec<&Series> =
            view.series.iter().filter(|s| s.role == series.role && s.at != series.at && s.moves()).collect();
        let moving = |at: usize, [start, n]: [usize; 2]| {
            let far = |s: &&&Series| (s.values[at][start + n - 1] - s.values[at][start]).abs() > 2.0 * s.step;
            others.iter().filter(far).count()
        };
        let severity = if series.role == Role::State { Severity::Fail } else { Severity::Warn };
        let fluent = fluent_step(series).filter(|_| series.role == Role::State);
        for (at, rests) in rests.iter().enumerate() {
            let values = &series.values[at];
            // A body at rest rests as a whole, and starts slowly.
            let goes_on =
                |[start, n]: [usize; 2]| values.get(start + n).is_none_or(|x| (x - values[start]).abs() >= series.step);
            let long = |run: &[usize; 2]| {
                run[1] as f64 > usual && 3 * moving(at, *run) >= others.len().max(1) && goes_on(*run)
            };
            let cut = |run: &[usize; 2]| {
                fluent.is_some_and(|large| cuts_motion(values, *run, [series.step, large]))
                    && 3 * moving(at, *run) >= others.len().max(1)
            };
            let bad = rests.iter().filter(|run| long(run) || caught_up(series, values, **run) || cut(run));
            let Some(&[start, length]) = bad.max_by_key(|run| run[1]) else { continue };
            let moved = moving(at, [start, length]);
            if length == values.len() {
                continue;
            }
            let after = values.get(start + length).map_or(0.0, |x| (x - values[start]).abs());
            let what = format!(
                "{} stays for {length} rows while {moved} other columns move, and a step of {after:.4} follows; nearly all steps are below {:.4}",
                values[start], series.large_step
            );
            let remedy = "drop these rows, or the episode";
            let finding = Finding::new(Check::Frozen, severity, what, remedy);
            found.push(finding.in_episode(at).in_rows(start, start + length - 1).in_column(&series.name));
        }
    }
    found
}

fn rests(values: &[f64]) -> Vec<[usize; 2]> {
    runs(values).into_iter().filter(|run| run[1] >= SHORTEST).collect()
}

/// What nearly all steps within motion stay below, those that end a rest not counted; nothing where most do.
fn fluent_step(series: &Series) -> Option<f64> {
    let (mut fluent, mut all) = (Vec::new(), 0u32);
    for values in &series.values {
        for row in 1..values.len() {
            let step = step_into(values, row);
            if step > 0.0 {
                all += 1;
                fluent.extend((step_into(values, row - 1) > 0.0).then_some(step));
            }
        }
    }
    (fluent.len() as f64 > FLUENT * f64::from(all)).then(|| quantile(&mut fluent, 0.99))
}

/// Whether a rest cuts a motion in two: it is entered at speed, left by a step that is larger than nearly all within motion,
/// and motion goes on. What stands still by nature is at 0, slows down before, or stops again.
fn cuts_motion(values: &[f64], [start, length]: [usize; 2], [usual, large]: [f64; 2]) -> bool {
    let step = |row| step_into(values, row);
    let end = start + length;
    values[start] != 0.0
        && step(start) >= 0.5 * usual
        && step(start.saturating_sub(1)) > 0.0
        && step(end) > CATCH_UP * large
        && step(end + 1) > 0.0
}

/// Whether it was moving when it stopped, and the step that ends the rest is larger than nearly all.
fn caught_up(series: &Series, values: &[f64], [start, length]: [usize; 2]) -> bool {
    step_into(values, start) > 0.0 && step_into(values, start + length) > CATCH_UP * series.large_step
}
