//! Actions that are a copy of the state: what was read back instead of what was commanded.
//!
//! A policy learned from such actions copies its input, and a world model learns that actions do nothing
//! of their own.

use crate::finding::{Check, Finding, Severity};
use crate::series::{Role, Series};
use crate::view::View;

/// Part of the rows that must be equal.
const PART: f64 = 0.98;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let (states, actions): (Vec<&Series>, Vec<&Series>) = view.series.iter().partition(|s| s.role == Role::State);
    let mut found = Vec::new();
    for (shift, text) in [(0, "the state of the same row"), (1, "the state of the next row")] {
        let copies: Vec<&str> = actions
            .iter()
            .filter(|a| a.moves() && a.continuous && states.iter().any(|s| equal(a, s, shift) > PART))
            .map(|a| a.name.as_str())
            .collect();
        if !copies.is_empty() {
            let what = format!("{} of {} actions equal {text}: {}", copies.len(), actions.len(), copies.join(", "));
            let remedy = "log what was commanded, if it can be had; what was reached tells nothing of the controller";
            found.push(Finding::new(Check::LabelLeakage, Severity::Warn, what, remedy));
        }
    }
    found
}

/// The part of rows in which an action is a state some rows later, among those where the state moves.
fn equal(action: &Series, state: &Series, shift: usize) -> f64 {
    let tolerance = 1e-5 * state.range().max(1e-12);
    let (mut same, mut all) = (0usize, 0usize);
    for (a, s) in action.values.iter().zip(&state.values) {
        for t in 1..s.len().saturating_sub(shift) {
            // Where nothing moves everything is equal.
            if (s[t] - s[t - 1]).abs() > tolerance {
                all += 1;
                same += usize::from((a[t] - s[t + shift]).abs() <= tolerance);
            }
        }
    }
    if all < 20 { 0.0 } else { same as f64 / all as f64 }
}
