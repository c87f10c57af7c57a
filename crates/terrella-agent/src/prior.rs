//! Where a search begins: what one would do without looking, and how far one may stray from it.
//!
//! In worlds whose actions are *displacements* the prior is the statistics of the recordings. In
//! worlds whose actions are *targets* (as a mouse pointer gives them) the statistics say
//! nothing about here and now; there the prior is to stay, that is to repeat the last target, and
//! the deviation grows with time as that of a random walk.

use serde::{Deserialize, Serialize};
use terrella_core::{Error, Plan, Prior, Result, Space, Table};

/// How the mean and the deviation of the first distribution are made; numbers are per environment
/// step, one for each number of the action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PriorRule {
    /// The same at every step: for displacements, velocities, torques.
    Fixed {
        /// Mean, such as that of the recorded actions.
        mean: Vec<f32>,
        /// Deviation, such as that of the recorded actions.
        std: Vec<f32>,
    },
    /// The mean repeats the last action: for targets.
    HoldLast {
        /// Deviation of the first step, such as that of the recorded changes from step to step.
        std: Vec<f32>,
        /// Step `t` (from 1) deviates by `std × t^growth`: 0 stays, 0.5 is a random walk, 1 is a
        /// straight run.
        growth: f32,
    },
}

impl PriorRule {
    /// Fails unless the rule has one number for each number of the action.
    ///
    /// # Errors
    /// If widths differ, or a deviation is negative or not finite.
    pub fn check(&self, action: &Space) -> Result<()> {
        let (Self::Fixed { std, .. } | Self::HoldLast { std, .. }) = self;
        Error::check("prior deviation, numbers an action", action.width(), std.len())?;
        if let Self::Fixed { mean, .. } = self {
            Error::check("prior mean, numbers an action", action.width(), mean.len())?;
        }
        if let Some(bad) = std.iter().find(|s| !(s.is_finite() && **s >= 0.0)) {
            return Err(Error::Invalid(format!("prior deviation {bad}; use finite numbers of at least 0")));
        }
        Ok(())
    }

    /// The prior over `horizon` blocks of `skip` actions. It begins with `kept`, the part of the
    /// last plan that was not executed, and goes on as the rule says; `last` is the last action
    /// (or what stands for it at the beginning).
    pub fn prior(&self, kept: &Table, last: &[f32], horizon: usize, skip: usize) -> Prior {
        let action = last.len();
        let width = action * skip;
        let n_steps = horizon * skip;
        let n_kept = kept.data.len().min(horizon * width);
        let mut mean = kept.data[..n_kept].to_vec();
        let end: Vec<f32> = if n_kept >= action { mean[n_kept - action..].to_vec() } else { last.to_vec() };
        let rest = n_steps - n_kept / action.max(1);
        let mut std = Vec::with_capacity(horizon * width);
        match self {
            Self::Fixed { mean: rule_mean, std: rule_std } => {
                mean.extend(rule_mean.repeat(rest));
                std.extend(rule_std.repeat(n_steps));
            }
            Self::HoldLast { std: rule_std, growth } => {
                mean.extend(end.repeat(rest));
                for step in 1..=n_steps {
                    let reach = (step as f32).powf(*growth);
                    std.extend(rule_std.iter().map(|s| s * reach));
                }
            }
        }
        Prior { mean: Table::from_data(width, mean), std: Table::from_data(width, std) }
    }
}

/// What remains of a plan after its first `n_blocks` were executed: the warm start of the next.
pub fn shift(plan: &Plan, n_blocks: usize) -> Table {
    let executed = (n_blocks * plan.blocks.width).min(plan.blocks.data.len());
    Table { width: plan.blocks.width, data: plan.blocks.data[executed..].to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_shifted_plan_begins_the_next_prior_and_is_continued_by_the_rule() {
        let blocks = Table::from_data(2, vec![1.0, 2.0, 3.0, 4.0]);
        let plan = Plan { blocks, cost: 0.0, history: vec![], elapsed: Duration::ZERO, left_out: 0 };
        let kept = shift(&plan, 1);
        assert_eq!(kept.data, [3.0, 4.0], "the second block remains");
        let hold = PriorRule::HoldLast { std: vec![2.0], growth: 0.5 };
        let prior = hold.prior(&kept, &[9.0], 2, 2);
        assert_eq!(prior.mean.data, [3.0, 4.0, 4.0, 4.0], "the last planned target is held");
        assert!((prior.std.data[3] - 4.0).abs() < 1e-6, "2 × √4 at the fourth step");
        assert_eq!(hold.prior(&shift(&plan, 5), &[9.0], 1, 2).mean.data, [9.0, 9.0], "nothing kept: hold the last");
        let fixed = PriorRule::Fixed { mean: vec![0.5], std: vec![1.0] };
        assert_eq!(fixed.prior(&kept, &[9.0], 2, 2).mean.data, [3.0, 4.0, 0.5, 0.5], "continued by the mean");
        assert_eq!(fixed.prior(&plan.blocks, &[9.0], 1, 2).mean.data, [1.0, 2.0], "cut to a shorter horizon");
    }
}
