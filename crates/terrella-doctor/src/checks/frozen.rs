//! Sensors that repeat their value while they should move.
//!
//! A value may rest. A frozen one rests longer than this column does elsewhere, or it rests and then
//! catches up in one step with what went on meanwhile.

use crate::examine::View;
use crate::finding::{Check, Finding, Severity};
use crate::robust::{fence, runs};
use crate::series::Series;

/// Rows from which on a rest is looked at.
const SHORTEST: usize = 5;
/// How many large steps long a step is that catches up.
const CATCH_UP: f64 = 2.0;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.continuous) {
        let rests: Vec<Vec<[usize; 2]>> = series.values.iter().map(|v| rests(v)).collect();
        let longest = |r: &Vec<[usize; 2]>| r.iter().map(|run| run[1]).max().unwrap_or(1) as f64;
        let usual = fence(rests.iter().map(longest), 4.0).max(2.0 * SHORTEST as f64);
        for (at, rests) in rests.iter().enumerate() {
            let values = &series.values[at];
            let bad = rests.iter().filter(|run| run[1] as f64 > usual || caught_up(series, values, **run));
            let Some(&[start, length]) = bad.max_by_key(|run| run[1]) else { continue };
            if length == values.len() {
                continue;
            }
            let others = view.series.iter().filter(|s| s.role == series.role && s.at != series.at);
            let moved = others.filter(|s| !resting(&s.values[at][start..start + length])).count();
            let what = format!(
                "{} stays for {length} rows while {moved} other columns move; elsewhere it rests for at most {usual:.0} and goes on from there",
                values[start]
            );
            let remedy = "drop these rows, or the episode";
            let finding = Finding::new(Check::Frozen, Severity::Fail, what, remedy);
            found.push(finding.in_episode(at).in_rows(start, start + length - 1).in_column(&series.name));
        }
    }
    found
}

fn rests(values: &[f64]) -> Vec<[usize; 2]> {
    runs(values).into_iter().filter(|run| run[1] >= SHORTEST).collect()
}

fn resting(values: &[f64]) -> bool {
    values.windows(2).all(|w| w[0] == w[1])
}

/// Whether it was moving when it stopped, and the step that ends the rest is larger than nearly all.
fn caught_up(series: &Series, values: &[f64], [start, length]: [usize; 2]) -> bool {
    let step = |t: usize| if t > 0 && t < values.len() { (values[t] - values[t - 1]).abs() } else { 0.0 };
    step(start) > 0.0 && step(start + length) > CATCH_UP * series.large_step
}
