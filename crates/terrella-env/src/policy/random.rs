//! Policies without aim: uniform, and noise on top of another policy.

use std::collections::BTreeMap;
use terrella_core::{Actions, Error, Goal, Key, Observation, Policy, Result, RowPolicy, Space, Stream, Table};

/// Draws each action uniformly from the allowed ones.
#[derive(Clone, Debug)]
pub struct RandomPolicy {
    actions: Actions,
    stream: Stream,
}

impl RandomPolicy {
    /// A policy over these actions.
    pub fn new(actions: Actions) -> Self {
        Self { actions, stream: Key::new(0).stream() }
    }
}

impl RowPolicy for RandomPolicy {
    fn begin(&mut self, _: &Goal, key: Key) -> Result<()> {
        self.stream = key.with("random").stream();
        Ok(())
    }

    fn looks(&self) -> bool {
        false
    }

    fn act(&mut self, _: &Observation) -> Result<Vec<f32>> {
        Ok(self.actions.sample(&mut self.stream))
    }
}

/// Adds noise that lasts a few steps to the actions of another policy: recordings then show how to recover.
#[derive(Clone, Debug)]
pub struct Noisy<P> {
    policy: P,
    space: Space,
    /// Deviation of the noise, as a part of each dimension's range.
    level: f64,
    /// The noise of each row, and what it is drawn from.
    rows: BTreeMap<usize, (Vec<f64>, Stream)>,
}

/// How much of the noise stays from step to step.
const PERSISTENCE: f64 = 0.7;

impl<P: Policy> Noisy<P> {
    /// Noise of this deviation, as a part of the range of each dimension.
    pub fn new(policy: P, space: Space, level: f64) -> Self {
        Self { policy, space, level, rows: BTreeMap::new() }
    }
}

impl<P: Policy> Policy for Noisy<P> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        let still = vec![0.0; self.space.width()];
        self.rows.extend(rows.iter().zip(keys).map(|(&row, key)| (row, (still.clone(), key.with("noise").stream()))));
        self.policy.begin(rows, goals, keys)
    }

    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        self.policy.looks(rows)
    }

    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        let mut actions = self.policy.act(rows, seen)?;
        let fresh = (1.0 - PERSISTENCE * PERSISTENCE).sqrt();
        for (row, action) in rows.iter().zip(actions.data.chunks_mut(self.space.width())) {
            let no_goal = || Error::Invalid(format!("row {row} has no goal yet; call begin before act"));
            let (noise, stream) = self.rows.get_mut(row).ok_or_else(no_goal)?;
            for (i, (x, noise)) in action.iter_mut().zip(noise).enumerate() {
                *noise = PERSISTENCE * *noise + fresh * stream.normal();
                let range = f64::from(self.space.high[i] - self.space.low[i]);
                *x += (*noise * self.level * range) as f32;
            }
            self.space.clamp(action);
        }
        Ok(actions)
    }
}
