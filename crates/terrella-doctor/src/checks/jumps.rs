//! Spikes and jumps: motion that nothing else in the dataset comes near to.
//!
//! A spike leaves its neighbours and comes back; a jump stays. Both are measured against the largest
//! such motion of the other episodes, and beside the steps of its own, so impacts and switches that
//! belong to the task are none.

use crate::finding::{Check, Finding, Severity};
use crate::robust::{quantile, size_fence, step_into};
use crate::series::{Role, Series};
use crate::view::View;

/// Part of the usual range below which a motion is too small to tell.
const SMALLEST: f64 = 0.1;
/// Spreads of the episodes' largest motions.
const SPREADS: f64 = 6.0;
/// How many large steps of its own episode a motion must be to stand out.
const RELATIVE: f64 = 4.0;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.continuous) {
        if series.wraps > 0 {
            let what = format!("{} whole turns within episodes", series.wraps);
            let remedy = "give the angle as sine and cosine, or say that it is circular";
            found.push(Finding::new(Check::AngleWrap, Severity::Info, what, remedy).in_column(&series.name));
        }
        // Commands may do what bodies cannot.
        let severity = if series.role == Role::State { Severity::Fail } else { Severity::Warn };
        let (spikes, jumps) = (Sizes::of(series, largest_spike), Sizes::of(series, largest_jump));
        for at in 0..series.values.len() {
            if let Some((size, row)) = spikes.unusual(at) {
                let what =
                    format!("one sample lies {size:.4} beside its neighbours, elsewhere at most {:.4}", spikes.limit);
                let finding = Finding::new(Check::Spike, severity, what, "drop the sample, or filter the sensor");
                found.push(finding.in_episode(at).in_rows(row, row).in_column(&series.name));
            }
            if let Some((size, row)) = jumps.unusual(at) {
                let what = format!("a step of {size:.4}, elsewhere at most {:.4}", jumps.limit);
                let remedy = "cut the episode there; look for lost rows or a reset of the sensor";
                let finding = Finding::new(Check::Jump, severity, what, remedy);
                found.push(finding.in_episode(at).in_rows(row - 1, row).in_column(&series.name));
            }
        }
    }
    found
}

/// The largest motion of each episode, absolute and beside the other steps of the episode, and what
/// healthy ones stay below.
struct Sizes {
    largest: Vec<Option<(f64, usize)>>,
    relative: Vec<f64>,
    limit: f64,
    relative_limit: f64,
    range: f64,
}

impl Sizes {
    fn of(series: &Series, find: fn(&[f64]) -> Option<(f64, usize)>) -> Self {
        let range = series.range();
        let largest: Vec<Option<(f64, usize)>> = series.values.iter().map(|v| find(v)).collect();
        let relative = largest.iter().zip(&series.values).map(|(found, values)| {
            let mut steps: Vec<f64> = values.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
            found.map_or(0.0, |(size, _)| size / (quantile(&mut steps, 0.95) + 0.02 * range))
        });
        let relative: Vec<f64> = relative.collect();
        let sizes: Vec<f64> = largest.iter().flatten().map(|(size, _)| *size).collect();
        let limit = size_fence(&sizes, SPREADS).max(SMALLEST * range);
        let relative_limit = size_fence(&relative, SPREADS).max(RELATIVE);
        Self { largest, relative, limit, relative_limit, range }
    }

    /// The largest motion of an episode and its row, if other episodes have none like it.
    fn unusual(&self, at: usize) -> Option<(f64, usize)> {
        let (size, row) = self.largest[at]?;
        let stands_out = self.relative[at] > self.relative_limit && size > 3.0 * SMALLEST * self.range;
        (size > self.limit || stands_out).then_some((size, row))
    }
}

/// How far a sample lies from both neighbours on the same side, and its row.
fn largest_spike(values: &[f64]) -> Option<(f64, usize)> {
    let size = |t: usize| {
        let (before, after) = (values[t] - values[t - 1], values[t] - values[t + 1]);
        if before * after > 0.0 { before.abs().min(after.abs()) } else { 0.0 }
    };
    (1..values.len().saturating_sub(1)).map(|t| (size(t), t)).max_by(|a, b| a.0.total_cmp(&b.0))
}

/// The largest step beyond those before and after it, and the row it leads to.
fn largest_jump(values: &[f64]) -> Option<(f64, usize)> {
    let step = |row| step_into(values, row);
    let size = |t: usize| (step(t) - step(t - 1).max(step(t + 1))).max(0.0);
    (1..values.len()).map(|t| (size(t), t)).filter(|(s, _)| s.is_finite()).max_by(|a, b| a.0.total_cmp(&b.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_comes_back_and_a_jump_stays() {
        let spike = [0.0, 0.1, 5.0, 0.2, 0.3];
        let jump = [0.0, 0.1, 5.0, 5.1, 5.2];
        assert_eq!(largest_spike(&spike), Some((4.8, 2)), "up and down");
        assert!(largest_spike(&jump).is_some_and(|(s, _)| s < 0.2), "up only");
        assert!(largest_jump(&jump).is_some_and(|(s, t)| s > 4.7 && t == 2), "up only");
        assert!(largest_jump(&spike).is_some_and(|(s, _)| s < 0.2), "as large a step follows");
    }
}
