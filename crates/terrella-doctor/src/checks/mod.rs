//! The checks. Each is a function of the view alone; adding one is a file and a line here.

mod clock;
mod duplicates;
mod frozen;
mod jumps;
mod labels;
mod lag;
pub(crate) mod pictures;
mod quaternion;
mod ranges;
mod rate;
mod rates;
pub(crate) mod saturated;
mod statistics;
mod units;
mod whole;

use crate::finding::Finding;
use crate::view::View;

/// Every check.
pub(crate) const ALL: &[fn(&View) -> Vec<Finding>] = &[
    whole::check,
    clock::check,
    rate::check,
    rates::check,
    ranges::check,
    jumps::check,
    frozen::check,
    saturated::check,
    units::check,
    quaternion::check,
    lag::check,
    pictures::check,
    duplicates::check,
    labels::check,
    statistics::check,
];
