//! Columns over episodes, with what is usual for them.

use crate::robust::{of_sorted, quantile};
use crate::subject::Subject;
use rayon::prelude::*;
use std::f64::consts::TAU;

/// Numbers that order statistics of a column are taken from, at most.
const SAMPLED: usize = 400_000;
/// Distinct values from which on a column counts as continuous.
const CONTINUOUS: usize = 20;

/// State or action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    State,
    Action,
}

/// One column.
pub(crate) struct Series {
    pub(crate) role: Role,
    /// Its place among the columns of its role.
    pub(crate) at: usize,
    /// `state x`.
    pub(crate) name: String,
    /// Values of each episode; angles that wrap are unwrapped.
    pub(crate) values: Vec<Vec<f64>>,
    /// Turns that were unwrapped.
    pub(crate) wraps: usize,
    /// Half and 99.5 percent quantile of all values.
    pub(crate) usual: [f64; 2],
    /// Median of steps that are not 0.
    pub(crate) step: f64,
    /// 99 percent quantile of steps that are not 0.
    pub(crate) large_step: f64,
    /// Whether it has many distinct values, unlike a switch.
    pub(crate) continuous: bool,
}

impl Series {
    /// All columns of a subject.
    pub(crate) fn all(subject: &Subject) -> Vec<Self> {
        let names = |role: Role, names: &[String]| {
            names.iter().cloned().enumerate().map(move |(at, name)| (role, at, name)).collect::<Vec<_>>()
        };
        let mut columns = names(Role::State, &subject.signature.state);
        columns.extend(names(Role::Action, &subject.signature.action));
        columns.into_par_iter().map(|(role, at, name)| Self::new(subject, role, at, &name)).collect()
    }

    fn new(subject: &Subject, role: Role, at: usize, name: &str) -> Self {
        let mut values: Vec<Vec<f64>> = subject
            .episodes
            .iter()
            .map(|e| if role == Role::State { &e.states } else { &e.actions })
            .map(|t| if t.width == 0 { Vec::new() } else { t.rows().map(|r| f64::from(r[at])).collect() })
            .collect();
        let wraps = values.iter_mut().map(|v| unwrap(v)).sum();
        let word = if role == Role::State { "state" } else { "action" };
        let total: usize = values.iter().map(Vec::len).sum();
        let every = total.div_ceil(SAMPLED).max(1);
        let mut pooled: Vec<f64> = values.iter().flatten().copied().step_by(every).filter(|x| x.is_finite()).collect();
        let usual = [quantile(&mut pooled, 0.005), of_sorted(&pooled, 0.995)];
        let distinct = 1 + pooled.windows(2).filter(|w| w[0] != w[1]).count();
        let mut steps: Vec<f64> = values
            .iter()
            .flat_map(|v| v.windows(2).map(|w| (w[1] - w[0]).abs()))
            .step_by(every)
            .filter(|d| d.is_finite())
            .collect();
        steps.retain(|d| *d > 0.0);
        let step = quantile(&mut steps, 0.5);
        let large_step = of_sorted(&steps, 0.99);
        let continuous = distinct >= CONTINUOUS.min(total / 4);
        Self { role, at, name: format!("{word} {name}"), values, wraps, usual, step, large_step, continuous }
    }

    /// Width of the usual values.
    pub(crate) fn range(&self) -> f64 {
        self.usual[1] - self.usual[0]
    }

    /// Whether it moves at all.
    pub(crate) fn moves(&self) -> bool {
        self.step > 0.0 && self.range() > 0.0
    }
}

/// Takes whole turns out of an angle, in radians or degrees, and counts them. A step counts as a turn
/// if it is within a tenth of one and the values stay within one.
fn unwrap(values: &mut [f64]) -> usize {
    let low = values.iter().copied().filter(|x| x.is_finite()).fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().filter(|x| x.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let Some(turn) = [TAU, 360.0].into_iter().find(|t| (high - low) <= t * 1.001 && (high - low) > t * 0.9) else {
        return 0;
    };
    let (mut offset, mut turns) = (0.0, 0);
    for at in 1..values.len() {
        let step = values[at] + offset - values[at - 1];
        if step.abs() > 0.9 * turn {
            offset -= turn * step.signum();
            turns += 1;
        }
        values[at] += offset;
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_angle_is_unwrapped_and_a_position_is_not() {
        let mut angle = [3.0, 3.1, -3.1, -3.0, 3.1];
        assert_eq!(unwrap(&mut angle), 2, "there and back");
        assert!(angle.windows(2).all(|w| (w[1] - w[0]).abs() < 0.3), "{angle:?}");
        let mut position = [0.0, 100.0, 6.2, 1.0];
        assert_eq!(unwrap(&mut position), 0, "values go further than a turn");
    }
}
