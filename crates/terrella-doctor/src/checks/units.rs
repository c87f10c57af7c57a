//! Columns of an episode that are in another unit than elsewhere: degrees for radians, millimetres for
//! metres.
//!
//! A column in another unit is outside of what other episodes have, and back inside after a division by
//! the factor between the units.

use crate::finding::{Check, Finding, Severity};
use crate::robust::{median, of_sorted, quantile};
use crate::series::{Role, Series};
use crate::view::View;

const DEGREES: f64 = 180.0 / std::f64::consts::PI;
/// Factors between units that get mixed up.
pub(super) const FACTORS: [(f64, &str); 6] = [
    (DEGREES, "degrees where others have radians"),
    (1.0 / DEGREES, "radians where others have degrees"),
    (1000.0, "thousandths where others have ones (millimetres for metres)"),
    (0.001, "thousands where others have ones (metres for millimetres)"),
    (100.0, "hundredths where others have ones (centimetres for metres)"),
    (0.01, "hundreds where others have ones (metres for centimetres)"),
];
/// How far outside an episode must be, as a factor.
const OUTSIDE: f64 = 4.0;
/// Logarithm of the factor by which sizes of healthy episodes vary.
const VARIES: f64 = 2.5;

/// Size of an episode: what 95 % of its values stay below, and from the 5 to the 95 % quantile.
#[derive(Clone, Copy)]
struct Size {
    largest: f64,
    spread: f64,
}

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.continuous) {
        let sizes: Vec<Size> = series.values.iter().map(|v| size(v)).collect();
        let usual = |f: fn(&Size) -> f64| {
            let mut all: Vec<f64> = sizes.iter().map(f).filter(|x| x.is_finite()).collect();
            let middle = median(&mut all);
            (middle, [of_sorted(&all, 0.25), of_sorted(&all, 0.75)])
        };
        let (largest, [_, high]) = usual(|s| s.largest);
        let (spread, [low_spread, high_spread]) = usual(|s| s.spread);
        if largest <= 0.0 || spread <= 0.0 {
            continue;
        }
        for (at, size) in sizes.iter().enumerate() {
            let (ratio, of_spread) = (size.largest / largest, size.spread / spread);
            // The factor whose removal brings both closest to the usual.
            let distance = |f: f64| (ratio / f).ln().abs() + 0.5 * (of_spread / f).ln().abs();
            let Some((factor, text)) = FACTORS.into_iter().min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)))
            else {
                continue;
            };
            let outside = if factor > 1.0 {
                size.largest > OUTSIDE * high && size.spread > OUTSIDE * high_spread
            } else {
                // Commands may be as small as they like.
                series.role == Role::State
                    && size.largest < largest / (2.0 * OUTSIDE)
                    && size.spread < low_spread / OUTSIDE
                    && size.spread > 0.0
            };
            if !outside || (ratio / factor).ln().abs() > VARIES {
                continue;
            }
            // Episodes of all sizes in between make it one of them, unless there is a gap before it.
            let between = |s: &&Size| {
                let (low, high) = if factor > 1.0 {
                    (1.5 * high, OUTSIDE * high)
                } else {
                    (largest / (2.0 * OUTSIDE), largest / 3.0)
                };
                s.largest > low && s.largest < high
            };
            let far = factor > 1.0 && gap(&sizes, [high, size.largest]) > OUTSIDE;
            if !far && sizes.iter().filter(between).count() * 50 > sizes.len() {
                continue;
            }
            let what = format!(
                "values are {ratio:.3} times as large as elsewhere and spread {of_spread:.3} times as far: {text}"
            );
            let finding =
                Finding::new(Check::Units, Severity::Fail, what, "convert the episode to the unit of the others");
            found.push(finding.in_episode(at).in_column(&series.name));
        }
    }
    found.extend(view.series.iter().filter_map(named_in_radians));
    found
}

/// The largest factor from the size of one episode to the next, of those within bounds.
fn gap(sizes: &[Size], [low, high]: [f64; 2]) -> f64 {
    let mut within: Vec<f64> = sizes.iter().map(|s| s.largest).filter(|x| (low..=high).contains(x)).collect();
    within.sort_unstable_by(f64::total_cmp);
    within.windows(2).map(|pair| pair[1] / pair[0]).fold(1.0, f64::max)
}

fn size(values: &[f64]) -> Size {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    let spread = quantile(&mut sorted, 0.95) - of_sorted(&sorted, 0.05);
    let mut sizes: Vec<f64> = sorted.iter().map(|x| x.abs()).collect();
    Size { largest: quantile(&mut sizes, 0.95), spread }
}

/// A column whose name says radians and whose values do not.
fn named_in_radians(series: &Series) -> Option<Finding> {
    let name = series.name.to_lowercase();
    let named = name.ends_with("_rad") || name.ends_with(".rad") || name.contains("radian");
    let beyond = series.usual[0].abs().max(series.usual[1].abs());
    (named && series.wraps == 0 && beyond > 20.0).then(|| {
        let what = format!("its name says radians, its values reach {beyond:.1}");
        Finding::new(Check::Units, Severity::Warn, what, "check the unit").in_column(&series.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_that_below_an_episode() {
        let sizes = [1.0, 900.0, 2.0, 3.0, 12.0, 1e6].map(|largest| Size { largest, spread: 1.0 });
        assert_eq!(gap(&sizes, [2.0, 900.0]), 75.0, "from 12 to 900");
        assert_eq!(gap(&sizes, [2.0, 12.0]), 4.0, "from 3 to 12");
        assert_eq!(gap(&sizes, [900.0, 900.0]), 1.0, "nothing below");
    }
}
