//! What recordings do not tell apart: directions in the space of parameters along which they add little to the priors.
//!
//! On the scale of the priors the information of the data has eigenvalues λ; along an eigenvector the width of what is believed
//! afterwards is `1/√(1 + λ)` of that before. Directions that keep more than half of it are not determined. Among those any mixture
//! is as good, so they are brought into the form in which each names as few parameters as can be (Gauss-Jordan).

use crate::mechanism::Mechanism;
use crate::space::Space;
use crate::words::{digits, power};
use nalgebra::DMatrix;
use serde::Serialize;

/// Share of the prior's width from which on a direction counts as not determined.
const KEPT: f64 = 0.5;
/// Parameters that take part in a direction with less than this share of the one that moves most are left out of it.
const PART: f64 = 0.08;
/// Share by which the parameter that moves most is said to grow.
const GROWS: f64 = 0.1;

/// A change of parameters that recordings say little of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Direction {
    /// Names of the parameters that move together.
    pub parameters: Vec<String>,
    /// How much each moves: its logarithm where its prior is above 0, else itself.
    pub moves: Vec<f64>,
    /// Share of the prior's width along it that is left, 0.5 to 1.
    pub width: f64,
    /// What that means, in a sentence.
    pub words: String,
}

/// The directions that data with this information, on the scale of the priors, do not determine.
pub(crate) fn undetermined(mechanism: &dyn Mechanism, space: &Space, information: &DMatrix<f64>) -> Vec<Direction> {
    let n = space.len();
    // Rounding makes it a little crooked.
    let eigen = ((information + information.transpose()) * 0.5).symmetric_eigen();
    let width = |lambda: f64| 1.0 / (1.0 + lambda.max(0.0)).sqrt();
    let open: Vec<usize> = (0..n).filter(|&i| width(eigen.eigenvalues[i]) > KEPT).collect();
    let mut rows: Vec<Vec<f64>> =
        open.iter().map(|&i| eigen.eigenvectors.column(i).iter().copied().collect()).collect();
    reduce(&mut rows);
    let told = |row: &Vec<f64>| {
        let most = row.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let taking: Vec<usize> = (0..n).filter(|&i| row[i].abs() >= PART * most).collect();
        let moves: Vec<f64> = taking.iter().map(|&i| row[i] * space.spread(i)).collect();
        let norm = row.iter().map(|x| x * x).sum::<f64>();
        let quadratic: f64 = (0..n).map(|i| (0..n).map(|j| row[i] * information[(i, j)] * row[j]).sum::<f64>()).sum();
        let parameters: Vec<&str> = taking.iter().map(|&i| mechanism.parameters()[space.free[i]].name).collect();
        let units: Vec<&str> = taking.iter().map(|&i| mechanism.parameters()[space.free[i]].unit).collect();
        let logs: Vec<bool> = taking.iter().map(|&i| space.is_log(i)).collect();
        Direction {
            words: words(&parameters, &units, &moves, &logs),
            parameters: parameters.iter().map(|name| (*name).to_owned()).collect(),
            moves,
            width: width(quadratic / norm.max(f64::MIN_POSITIVE)),
        }
    };
    rows.iter().map(told).collect()
}

/// Gauss-Jordan with the largest number of what is left as the next pivot.
fn reduce(rows: &mut [Vec<f64>]) {
    let n = rows.first().map_or(0, Vec::len);
    let mut free: Vec<usize> = (0..n).collect();
    for at in 0..rows.len() {
        let mut best = (0.0, at, 0);
        for (i, row) in rows.iter().enumerate().skip(at) {
            for &column in &free {
                if row[column].abs() > best.0 {
                    best = (row[column].abs(), i, column);
                }
            }
        }
        let (size, row, column) = best;
        if size == 0.0 {
            return;
        }
        rows.swap(at, row);
        free.retain(|&c| c != column);
        let scale = rows[at][column];
        rows[at].iter_mut().for_each(|x| *x /= scale);
        let pivot = rows[at].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != at) {
            let share = row[column];
            row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= share * p);
        }
    }
}

fn words(names: &[&str], units: &[&str], moves: &[f64], logs: &[bool]) -> String {
    match (names, moves, logs) {
        ([name], ..) => format!("{name} is not told by these recordings: what stands there is its prior"),
        ([first, second], [a, b], [true, true]) => {
            // first^p · second^q stays the same along it: p a + q b = 0.
            let (p, q) = if a.abs() >= b.abs() { (-b / a, 1.0) } else { (1.0, -a / b) };
            let unit = p.abs().min(q.abs());
            let sign = if p < 0.0 { -1.0 } else { 1.0 };
            let (p, q) = (sign * p / unit, sign * q / unit);
            let ratio = if q > 0.0 {
                format!("{} · {}", power(first, p), power(second, q))
            } else {
                format!("{} / {}", power(first, p), power(second, -q))
            };
            let form = if q > 0.0 { "product" } else { "ratio" };
            format!("{first} and {second} are told only together, as the {form} {ratio}")
        }
        _ => {
            let most = moves.iter().zip(logs).filter(|(_, log)| **log).fold(0.0_f64, |most, (x, _)| most.max(x.abs()));
            let scale = if most > 0.0 { GROWS.ln_1p() / most } else { 1.0 };
            // The first one named grows.
            let scale = if moves[0] < 0.0 { -scale } else { scale };
            let each = names.iter().zip(units).zip(moves.iter().zip(logs)).map(|((name, unit), (x, log))| {
                if *log {
                    format!("{name} {:+.1} %", 100.0 * (x * scale).exp_m1())
                } else {
                    let change = x * scale;
                    format!("{name} {}{} {unit}", if change < 0.0 { "−" } else { "+" }, digits(change.abs()))
                        .trim_end()
                        .to_owned()
                }
            });
            format!(
                "{} are told only together: this change of all at once is hardly seen: {}",
                listed(names),
                each.collect::<Vec<_>>().join(", ")
            )
        }
    }
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_a_ratio_and_a_mixture_are_named_as_such() {
        let told = |names: &[&str], moves: &[f64], logs: &[bool]| words(names, &vec!["m"; names.len()], moves, logs);
        let text = told(&["mass", "length"], &[2.0, -1.0], &[true, true]);
        assert!(text.contains("the product mass · length^2"), "{text}");
        let text = told(&["gain", "wheelbase"], &[0.3, 0.3], &[true, true]);
        assert!(text.contains("the ratio gain / wheelbase"), "{text}");
        let text = told(&["a", "b", "c"], &[-0.2, -0.2, 0.1], &[true, true, false]);
        assert!(text.contains("a +10.0 %, b +10.0 %, c −"), "{text}");
        assert!(told(&["mass"], &[1.0], &[true]).contains("its prior"), "alone");
    }

    #[test]
    fn mixed_directions_are_taken_apart_into_the_simplest() {
        // Two directions, (1, 1, 0) and (0, 0, 1), mixed.
        let mut rows = vec![vec![0.6, 0.6, 0.4], vec![-0.3, -0.3, 0.9]];
        reduce(&mut rows);
        rows.sort_by(|a, b| a[2].total_cmp(&b[2]));
        let near = |row: &[f64], wanted: [f64; 3]| row.iter().zip(wanted).all(|(x, w)| (x - w).abs() < 1e-12);
        assert!(near(&rows[0], [1.0, 1.0, 0.0]) && near(&rows[1], [0.0, 0.0, 1.0]), "{rows:?}");
    }
}
