//! Numbers that are not finite, and values far outside of what the other episodes have.

use crate::finding::{Check, Finding, Severity};
use crate::robust::fence;
use crate::view::View;

/// Usual ranges beyond which a value is out of range.
const BEYOND: f64 = 1.0;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in &view.series {
        let [low, high] = series.usual;
        let range = series.range();
        let finite = |v: &[f64], f: fn(f64, f64) -> f64| v.iter().copied().filter(|x| x.is_finite()).reduce(f);
        let over = |v: &Vec<f64>| finite(v, f64::max).map_or(0.0, |x| (x - high) / range);
        let under = |v: &Vec<f64>| finite(v, f64::min).map_or(0.0, |x| (low - x) / range);
        // Where many episodes go far beyond, going there is usual.
        let limits = [&over as &dyn Fn(&Vec<f64>) -> f64, &under].map(|f| fence(series.values.iter().map(f), 8.0));
        for (at, values) in series.values.iter().enumerate() {
            let bad: Vec<usize> = (0..values.len()).filter(|&t| !values[t].is_finite()).collect();
            if let (Some(first), Some(last)) = (bad.first(), bad.last()) {
                let what = format!("{} of {} values are not finite", bad.len(), values.len());
                let finding = Finding::new(Check::NotFinite, Severity::Fail, what, "drop the episode or repair it");
                found.push(finding.in_episode(at).in_rows(*first, *last).in_column(&series.name));
            }
            if range <= 0.0 || !series.continuous {
                continue;
            }
            for (beyond, limit, bound) in [(over(values), limits[0], high), (under(values), limits[1], low)] {
                if beyond <= BEYOND.max(limit) {
                    continue;
                }
                let out = |x: f64| if bound == high { x > high + range } else { x < low - range };
                let rows: Vec<usize> = (0..values.len()).filter(|&t| out(values[t])).collect();
                let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
                let what = format!(
                    "{} values lie up to {beyond:.1} usual ranges beyond {bound:.4} (nearly all are in {low:.4} to {high:.4})",
                    rows.len()
                );
                let finding =
                    Finding::new(Check::OutOfRange, Severity::Warn, what, "see whether this can be; drop it if not");
                found.push(finding.in_episode(at).in_rows(*first, *last).in_column(&series.name));
            }
        }
    }
    found
}
