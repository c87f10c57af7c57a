//! Signals cut off at a limit: flat tops that a signal runs into and leaves at speed.
//!
//! Many signals rest at their extreme; they slow down before. A cut-off one arrives with a step of usual
//! size, stays exactly there, and does so for a larger part of the episode than elsewhere.

use crate::examine::View;
use crate::finding::{Check, Finding, Severity};
use crate::robust::{fence, runs};
use crate::series::Series;

/// Part of an episode at the limit that is told.
const PART: f64 = 0.03;
/// Rows of a flat top.
const FLAT: usize = 3;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.continuous) {
        for top in [true, false] {
            let cut: Vec<Cut> = series.values.iter().map(|v| cut(series, v, top)).collect();
            let usual = fence(cut.iter().map(|c| c.part), 4.0).max(PART);
            for (at, cut) in cut.iter().enumerate().filter(|(_, c)| c.part > usual && c.rows >= FLAT) {
                let side = if top { "largest" } else { "smallest" };
                let what = format!(
                    "{:.0} % of the rows are exactly at the {side} value {:.4}, in {} pieces entered at speed; elsewhere at most {:.0} %",
                    100.0 * cut.part,
                    cut.value,
                    cut.pieces,
                    100.0 * usual
                );
                let remedy = "widen the range of the sensor or the limit of the command; a model cannot see beyond it";
                let finding = Finding::new(Check::Saturated, Severity::Warn, what, remedy);
                found.push(finding.in_episode(at).in_column(&series.name));
            }
        }
    }
    found
}

/// How an episode meets its extreme value.
struct Cut {
    value: f64,
    /// Rows at the extreme in pieces that were entered or left at speed.
    rows: usize,
    part: f64,
    pieces: usize,
}

fn cut(series: &Series, values: &[f64], top: bool) -> Cut {
    let finite = values.iter().copied().filter(|x| x.is_finite());
    let value = if top { finite.reduce(f64::max) } else { finite.reduce(f64::min) }.unwrap_or(0.0);
    let (mut rows, mut pieces) = (0, 0);
    for [start, length] in runs(values).into_iter().filter(|[start, n]| values[*start] == value && *n >= FLAT) {
        let step = |t: usize| if t > 0 && t < values.len() { (values[t] - values[t - 1]).abs() } else { 0.0 };
        if step(start).max(step(start + length)) >= 0.5 * series.step {
            rows += length;
            pieces += 1;
        }
    }
    Cut { value, rows, part: rows as f64 / values.len().max(1) as f64, pieces }
}
