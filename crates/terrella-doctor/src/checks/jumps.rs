//! Spikes and jumps: motion that nothing else in the dataset comes near to.
//!
//! A spike leaves its neighbours and comes back; a jump stays. Both are measured against the largest
//! such motion of the other episodes, so impacts and switches that belong to the task are none.

use crate::examine::View;
use crate::finding::{Check, Finding, Severity};
use crate::robust::fence;
use crate::series::Series;

/// Part of the usual range below which a motion is too small to tell.
const SMALLEST: f64 = 0.1;
/// Spreads of the episodes' largest motions.
const SPREADS: f64 = 6.0;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.continuous) {
        if series.wraps > 0 {
            let what = format!("{} whole turns within episodes", series.wraps);
            let remedy = "give the angle as sine and cosine, or say that it is circular";
            found.push(Finding::new(Check::AngleWrap, Severity::Info, what, remedy).in_column(&series.name));
        }
        let mut flagged = vec![false; series.values.len()];
        let (spike, jump) = (limit(series, largest_spike), limit(series, largest_jump));
        for (at, values) in series.values.iter().enumerate() {
            if let Some((size, row)) = largest_spike(values).filter(|(size, _)| *size > spike) {
                flagged[at] = true;
                let what = format!("one sample lies {size:.4} beside its neighbours, elsewhere at most {spike:.4}");
                let finding = Finding::new(Check::Spike, Severity::Fail, what, "drop the sample, or filter the sensor");
                found.push(finding.in_episode(at).in_rows(row, row).in_column(&series.name));
            }
            if let Some((size, row)) = largest_jump(values).filter(|(size, _)| *size > jump) {
                let what = format!("a step of {size:.4}, elsewhere at most {jump:.4}");
                let remedy = "cut the episode there; look for lost rows or a reset of the sensor";
                let finding = Finding::new(Check::Jump, Severity::Fail, what, remedy);
                found.push(finding.in_episode(at).in_rows(row - 1, row).in_column(&series.name));
            }
        }
    }
    found
}

/// What healthy episodes stay below.
fn limit(series: &Series, largest: fn(&[f64]) -> Option<(f64, usize)>) -> f64 {
    let sizes = series.values.iter().filter_map(|v| largest(v)).map(|(size, _)| size);
    fence(sizes, SPREADS).max(SMALLEST * series.range())
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
    let step = |t: usize| values.get(t).zip(values.get(t.wrapping_sub(1))).map_or(0.0, |(a, b)| a - b);
    let size = |t: usize| {
        let usual = step(t - 1).abs().max(step(t + 1).abs());
        (step(t).abs() - usual).max(0.0)
    };
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
