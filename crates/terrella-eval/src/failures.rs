//! Why attempts failed, asked of the world itself.
//!
//! A rule is a black box here, but it can be questioned: give the agent one part of the goal for
//! free (its place, the block's place, the block's angle) and ask again whether it was ever
//! reached. If that part alone makes the difference, that part was the reason.

use crate::Attempts;
use crate::limits::with_unit;
use serde::{Deserialize, Serialize};
use terrella_core::{GoalWorld, Part, Rule, Verdict};

/// Failed attempts under one rule, by reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failures {
    /// Name of the policy.
    pub policy: String,
    /// The rule.
    pub rule: Rule,
    /// All attempts.
    pub n: usize,
    /// Those that failed.
    pub n_failed: usize,
    /// Failed by one part alone: its name, and how often.
    pub only: Vec<(String, usize)>,
    /// Failed by several parts at once, or reached the goal without staying there.
    pub several: usize,
    /// Fulfilled the rule at an instant, but not for as long as it asks.
    pub not_held: usize,
    /// Parts that should have moved and did not move at all: name, and how often.
    pub untouched: Vec<(String, usize)>,
    /// How far each part was from the goal at the end of a failed attempt: name, unit, median.
    pub left: Vec<(String, String, f64)>,
}

/// Sorts the failed attempts by reason.
pub fn failures(env: &dyn GoalWorld, attempts: &Attempts, rule: Rule) -> Failures {
    let parts = env.spec().parts();
    let failed: Vec<&Verdict> = attempts.verdicts().iter().filter(|v| !v.success(rule)).collect();
    let mut only = vec![0; parts.len()];
    let mut untouched = vec![0; parts.len()];
    let (mut several, mut not_held) = (0, 0);
    for verdict in &failed {
        match reason(env, verdict, rule, &parts) {
            Reason::Only(part) => only[part] += 1,
            Reason::NotHeld => not_held += 1,
            Reason::Several => several += 1,
        }
        for (part, count) in parts.iter().zip(&mut untouched) {
            *count += usize::from(is_untouched(part, verdict));
        }
    }
    let named = |counts: Vec<usize>| -> Vec<(String, usize)> {
        parts.iter().map(|p| p.name.to_string()).zip(counts).filter(|(_, n)| *n > 0).collect()
    };
    let left = parts.iter().filter(|_| !failed.is_empty()).map(|part| {
        let end = |v: &&Verdict| part.error(v.states.row(v.states.len() - 1), &v.goal);
        let mut errors: Vec<f64> = failed.iter().map(end).collect();
        errors.sort_by(f64::total_cmp);
        (part.name.to_string(), part.error_unit().to_owned(), errors[errors.len() / 2])
    });
    Failures {
        policy: attempts.policy().to_owned(),
        rule,
        n: attempts.verdicts().len(),
        n_failed: failed.len(),
        left: left.collect(),
        only: named(only),
        several,
        not_held,
        untouched: named(untouched),
    }
}

enum Reason {
    Only(usize),
    NotHeld,
    Several,
}

fn reason(env: &dyn GoalWorld, verdict: &Verdict, rule: Rule, parts: &[Part]) -> Reason {
    if verdict.states.rows().any(|state| env.reached(rule, state, &verdict.goal)) {
        return Reason::NotHeld;
    }
    let given = |part: &Part| {
        let helped = |state: &&[f32]| {
            let mut state = state.to_vec();
            part.copy(&verdict.goal, &mut state);
            env.reached(rule, &state, &verdict.goal)
        };
        verdict.states.rows().filter(helped).count()
    };
    // If either of two parts would do (at different moments), the one that would do longer is named.
    let counts: Vec<usize> = parts.iter().map(given).collect();
    match counts.iter().enumerate().rev().max_by_key(|(_, n)| **n) {
        Some((part, n)) if *n > 0 => Reason::Only(part),
        _ => Reason::Several,
    }
}

/// Whether a part that the goal asks to move stayed within a hair of its start all along. A hair is a
/// fortieth of the tolerance; where a rule does not ask for a part, nothing had to move.
fn is_untouched(part: &Part, verdict: &Verdict) -> bool {
    let Some(hair) = part.error_tolerance().map(|tolerance| tolerance / 40.0) else { return false };
    let start = verdict.states.row(0);
    part.error(start, &verdict.goal) > 4.0 * hair && verdict.states.rows().all(|s| part.error(s, start) < hair)
}

impl Failures {
    /// The reasons as sentences; none where nothing failed.
    pub fn sentences(&self) -> Vec<String> {
        let (policy, rule) = (&self.policy, self.rule.name());
        if self.n_failed == 0 {
            return Vec::new();
        }
        let mut reasons: Vec<String> =
            self.only.iter().map(|(part, n)| format!("{n} for want of the {part} alone")).collect();
        if self.not_held > 0 {
            reasons.push(format!("{} because the goal was touched but not held", self.not_held));
        }
        if self.several > 0 {
            reasons.push(format!("{} in more than one part at once", self.several));
        }
        let mut sentences = vec![format!(
            "{policy} failed {} of {} attempts under the {rule} rule: {}.",
            self.n_failed,
            self.n,
            reasons.join(", ")
        )];
        if !self.left.is_empty() {
            let left: Vec<String> =
                self.left.iter().map(|(part, unit, x)| format!("{part} {}", with_unit(*x, unit))).collect();
            sentences.push(format!(
                "When {policy} failed under the {rule} rule, it ended this far from the goal (median): {}.",
                left.join(", ")
            ));
        }
        for (part, n) in &self.untouched {
            sentences.push(format!("In {n} of these failures of {policy} the {part} had to move and was never moved."));
        }
        sentences
    }
}
