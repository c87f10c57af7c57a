//! Signals cut off at a limit: flat tops that a signal runs into and leaves at speed.
//!
//! Many signals rest at their extreme; they slow down before. A cut-off one arrives with a step of usual
//! size, stays exactly there, and does so for a larger part of the episode than elsewhere. A noisy one leaves its
//! limit before a flat piece shows, but comes back to that very value, again and again, and to no other so often.

use crate::finding::{Check, Finding, Severity};
use crate::robust::{fence, runs, step_into};
use crate::series::{Role, Series};
use crate::view::View;

/// Part of an episode at the limit that is told.
const PART: f64 = 0.03;
/// Rows of a flat top.
const FLAT: usize = 3;
/// Returns to the limit that are told, and how often any other value may be returned to in their stead.
const RETURNS: usize = 5;
const MORE_OFTEN: usize = 3;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.continuous && !rests_by_nature(s)) {
        // Commands are often given at their limit.
        let severity = if series.role == Role::State { Severity::Warn } else { Severity::Info };
        let restless = rest(series) < 0.003;
        for top in [true, false] {
            // What never rests has no flat piece by chance, not even where it turns.
            let least = if restless { 0.0 } else { 0.5 * series.step };
            let cut: Vec<Cut> = series.values.iter().map(|v| cut(v, top, least)).collect();
            let usual = fence(cut.iter().map(|c| c.part), 4.0).max(PART);
            for (at, cut) in cut.iter().enumerate().filter(|(_, c)| c.part > usual && c.rows >= FLAT) {
                let how = if cut.pieces > 0 {
                    format!("in {} pieces entered at speed", cut.pieces)
                } else if let Some(returns) = comes_back(&series.values[at], cut.value) {
                    format!("to which it returns {returns} times")
                } else {
                    continue;
                };
                let side = if top { "largest" } else { "smallest" };
                let what = format!(
                    "{:.0} % of the rows are exactly at the {side} value {:.4}, {how}; elsewhere at most {:.0} %",
                    100.0 * cut.part,
                    cut.value,
                    100.0 * usual
                );
                let remedy = "widen the range of the sensor or the limit of the command; a model cannot see beyond it";
                let finding = Finding::new(Check::Saturated, severity, what, remedy);
                found.push(finding.in_episode(at).in_column(&series.name));
            }
        }
    }
    found
}

/// Whether a column rests at values of all kinds, so that a flat top means nothing.
pub(crate) fn rests_by_nature(series: &Series) -> bool {
    rest(series) > 0.05
}

/// The part of rows in flat pieces that are not at an extreme of the episode.
fn rest(series: &Series) -> f64 {
    let (mut flat, mut all) = (0, 0);
    for values in &series.values {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for [start, n] in runs(values) {
            let inside = values[start] > low && values[start] < high;
            flat += if n >= FLAT && inside { n } else { 0 };
            all += if inside { n } else { 0 };
        }
    }
    flat as f64 / all.max(1) as f64
}

/// How an episode meets its extreme value.
struct Cut {
    value: f64,
    /// Rows at the extreme.
    rows: usize,
    part: f64,
    /// Flat pieces that were entered or left at speed.
    pieces: usize,
}

/// How often a signal returns to a value, if to no other nearly so often.
fn comes_back(values: &[f64], to: f64) -> Option<usize> {
    let mut met: Vec<f64> = runs(values).into_iter().map(|[start, _]| values[start]).collect();
    met.sort_unstable_by(f64::total_cmp);
    let (mut returns, mut elsewhere) = (0, 0);
    for same in met.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        if same[0].total_cmp(&to).is_eq() { returns = same.len() } else { elsewhere = elsewhere.max(same.len()) }
    }
    (returns >= RETURNS && returns >= MORE_OFTEN * elsewhere).then_some(returns)
}

fn cut(values: &[f64], top: bool, least: f64) -> Cut {
    let finite = values.iter().copied().filter(|x| x.is_finite());
    let value = if top { finite.reduce(f64::max) } else { finite.reduce(f64::min) }.unwrap_or(0.0);
    let (mut rows, mut pieces) = (0, 0);
    for [start, length] in runs(values).into_iter().filter(|[start, _]| values[*start] == value) {
        rows += length;
        let step = |row| step_into(values, row);
        // The step into the limit is cut off itself; the one before it is not.
        let speed = step(start).max(step(start.wrapping_sub(1))).max(step(start + length + 1));
        pieces += usize::from(length >= FLAT && speed >= least);
    }
    Cut { value, rows, part: rows as f64 / values.len().max(1) as f64, pieces }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern, all different.
    fn noise(n: u64) -> impl Iterator<Item = f64> {
        (0..n).map(|i| (i * 7919 % 1009) as f64)
    }

    #[test]
    fn a_noisy_signal_comes_back_to_its_limit_and_a_coarse_one_to_all_values() {
        let told = |values: &[f64], top: bool| {
            let found = cut(values, top, f64::INFINITY);
            assert_eq!(found.pieces, 0, "nothing is that fast");
            comes_back(values, found.value)
        };
        let all: Vec<f64> = noise(200).collect();
        let cut_off: Vec<f64> = all.iter().map(|x| x.min(850.0)).collect();
        assert_eq!(cut(&cut_off, true, f64::INFINITY).value, 850.0, "the limit");
        assert!(told(&cut_off, true).is_some(), "cut off");
        assert_eq!(told(&cut_off, false), None, "not at the other end");
        assert_eq!(told(&all, true), None, "not cut off");
        let coarse: Vec<f64> = all.iter().map(|x| (x / 250.0).floor()).collect();
        assert_eq!(told(&coarse, true), None, "few values");
        let rests: Vec<f64> = all[..160].iter().copied().chain([2000.0; 40]).collect();
        assert_eq!(told(&rests, true), None, "one rest");
    }
}
