//! Cameras and sensors that are slower than the rows: the same picture, or the same number, in several rows.
//!
//! All episodes share that, so no episode stands out; the dataset is judged by itself (`cadence`).

use crate::cadence::{Cadence, Counts};
use crate::finding::{Check, Finding, Severity};
use crate::series::{Role, Series};
use crate::subject::Sight;
use crate::view::View;
use rayon::prelude::*;

/// Change of a thumbnail, as root mean square, below which nothing is seen; a codec changes a repeated picture by less.
const SEEN: f64 = 0.003;
/// Columns of a finding that are named.
const NAMED: usize = 4;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let fps = view.subject.signature.fps;
    let mut found = Vec::new();
    if let Some(cadence) = camera(view) {
        found.push(Finding::new(
            Check::PictureRate,
            Severity::Warn,
            cadence.told("picture", fps),
            remedy(cadence, fps),
        ));
    }
    let mut slow: Vec<(Cadence, Vec<&str>)> = Vec::new();
    for (series, cadence) in view.series.iter().filter_map(|series| Some((series, sensor(series)?))) {
        let name = series.name.as_str();
        match slow.iter_mut().find(|(other, _)| *other == cadence) {
            Some((_, names)) => names.push(name),
            None => slow.push((cadence, vec![name])),
        }
    }
    for (cadence, names) in slow {
        let more = names.len().saturating_sub(NAMED);
        let listed = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let others = if more > 0 { format!(" and {more} more") } else { String::new() };
        let what = format!("{listed}{others}: {}", cadence.told("value", fps));
        let finding = Finding::new(Check::SensorRate, Severity::Warn, what, remedy(cadence, fps));
        found.push(if names.len() == 1 { finding.in_column(names[0]) } else { finding });
    }
    found
}

/// How often there is a new picture, if not in every row.
pub(super) fn camera(view: &View) -> Option<Cadence> {
    let sights = &view.subject.sights;
    let counts = |(at, sight): (usize, &Sight)| {
        let sizes: Vec<f64> = (1..sight.len()).map(|t| change(sight, t)).collect();
        Counts::of(&sizes, SEEN, |from, window| moving(view, at, from, window.len()))
    };
    sights.par_iter().enumerate().map(counts).reduce(Counts::default, Counts::add).cadence()
}

/// Root mean square change of a thumbnail from the row before; none where the very picture is repeated.
pub(super) fn change(sight: &Sight, t: usize) -> f64 {
    if sight.hashes[t] == sight.hashes[t - 1] {
        return 0.0;
    }
    let pairs = sight.row(t).iter().zip(sight.row(t - 1));
    (pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / Sight::SIZE as f64).sqrt()
}

/// Whether a state moves in most rows: where all is still, only the codec changes pictures. Without states, it is seen.
fn moving(view: &View, at: usize, from: usize, rows: usize) -> bool {
    let mut states = view.series.iter().filter(|s| s.role == Role::State && s.moves()).peekable();
    let steps = |s: &Series| {
        let values = s.values[at].get(from..=from + rows).unwrap_or_default();
        values.windows(2).filter(|w| (w[1] - w[0]).abs() >= 0.5 * s.step).count()
    };
    states.peek().is_none() || states.any(|s| 2 * steps(s) >= rows)
}

/// How often a state has a new value, if it moves and not in every row.
fn sensor(series: &Series) -> Option<Cadence> {
    if series.role != Role::State || !series.moves() || !series.continuous {
        return None;
    }
    let counts = |values: &Vec<f64>| {
        let step = |w: &[f64]| Some((w[1] - w[0]).abs()).filter(|d| d.is_finite()).unwrap_or(0.0);
        let sizes: Vec<f64> = values.windows(2).map(step).collect();
        Counts::of(&sizes, f64::MIN_POSITIVE, |_, window| held(window))
    };
    series.values.iter().map(counts).fold(Counts::default(), Counts::add).cadence()
}

/// Whether steps differ in size, as those of a number that is held do; a slow one that is rounded takes equal ones.
fn held(window: &[f64]) -> bool {
    let steps = || window.iter().copied().filter(|d| *d > 0.0);
    let (least, most) = (steps().fold(f64::INFINITY, f64::min), steps().fold(0.0, f64::max));
    most > 2.5 * least
}

fn remedy(cadence: Cadence, fps: f64) -> String {
    let other = if cadence.changes == 1 {
        format!("take one row in {} (import --fps {})", cadence.rows, (1e3 * fps / cadence.rows as f64).round() / 1e3)
    } else {
        format!("record at {:.1} rows a second", fps / cadence.period())
    };
    format!("{other}, or see why the loop that recorded ran faster than what it read")
}
