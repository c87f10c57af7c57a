//! Quaternions: unit norm, and no change of sign between rows.
//!
//! Four neighbouring columns are one if nearly all of their rows have norm 1 and all four move, or if
//! their names say so. `q` and `-q` are the same rotation, but a model sees a jump.

use crate::finding::{Check, Finding, Severity};
use crate::robust::fence;
use crate::series::Series;
use crate::view::View;

/// How far a norm may be from 1.
const NORM: f64 = 0.01;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut first = 0;
    while first + 4 <= view.series.len() {
        let four = &view.series[first..first + 4];
        if !is_quaternion(four) {
            first += 1;
            continue;
        }
        let name =
            format!("{} to {}", four[0].name, four[3].name.trim_start_matches("state ").trim_start_matches("action "));
        let errors: Vec<Vec<f64>> = (0..four[0].values.len())
            .map(|at| (0..four[0].values[at].len()).map(|t| (norm(four, at, t) - 1.0).abs()).collect())
            .collect();
        let largest = |e: &Vec<f64>| e.iter().copied().fold(0.0, f64::max);
        let limit = fence(errors.iter().map(largest), 6.0).max(NORM);
        for (at, errors) in errors.iter().enumerate() {
            if let Some(row) = (0..errors.len()).find(|&t| errors[t] > limit) {
                let last = errors.iter().rposition(|e| *e > limit).unwrap_or(row);
                let what = format!("norms are up to {:.4} from 1, elsewhere at most {limit:.4}", largest(errors));
                let remedy = "divide by the norm, or drop the rows if it is near 0";
                let finding = Finding::new(Check::Quaternion, Severity::Fail, what, remedy);
                found.push(finding.in_episode(at).in_rows(row, last).in_column(&name));
            }
            let flips: Vec<usize> = (1..errors.len()).filter(|&t| flips(four, at, t)).collect();
            if let (Some(row), Some(last)) = (flips.first(), flips.last()) {
                let what =
                    format!("the sign changes {} times, which is the same rotation and another number", flips.len());
                let remedy = "turn the sign so that neighbouring rows have a positive product";
                let finding = Finding::new(Check::Quaternion, Severity::Fail, what, remedy);
                found.push(finding.in_episode(at).in_rows(row - 1, *last).in_column(&name));
            }
        }
        first += 4;
    }
    found
}

fn norm(four: &[Series], at: usize, t: usize) -> f64 {
    four.iter().map(|s| s.values[at][t].powi(2)).sum::<f64>().sqrt()
}

/// Whether a row is closer to the negative of the row before.
fn flips(four: &[Series], at: usize, t: usize) -> bool {
    four.iter().map(|s| s.values[at][t] * s.values[at][t - 1]).sum::<f64>() < -0.5
}

fn is_quaternion(four: &[Series]) -> bool {
    if four.iter().any(|s| s.role != four[0].role) {
        return false;
    }
    let named = ["qx qy qz qw", "qw qx qy qz"].iter().any(|names| {
        names.split(' ').zip(four).all(|(n, s)| {
            let lower = s.name.to_lowercase();
            lower.ends_with(n) || (lower.contains("quat") && lower.ends_with(&n[1..]))
        })
    });
    let (mut rows, mut unit) = (0usize, 0usize);
    for at in 0..four[0].values.len() {
        for t in 0..four[0].values[at].len() {
            rows += 1;
            unit += usize::from((norm(four, at, t) - 1.0).abs() < NORM);
        }
    }
    let moving = four.iter().filter(|s| s.moves()).count() >= 2;
    (rows > 0 && moving && unit * 10 > rows * 8) || (named && unit * 2 > rows)
}
