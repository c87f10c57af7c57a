//! Policies without aim: uniform, and noise on top of another policy.

use terrella_core::{Actions, Goal, Key, Observation, Policy, Result, Space, Stream};

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

impl Policy for RandomPolicy {
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

/// Adds noise that lasts a few steps to the actions of another policy, and now and then ignores it
/// for a while: recordings then show how to recover.
#[derive(Clone, Debug)]
pub struct Noisy<P> {
    policy: P,
    space: Space,
    /// Deviation of the noise, as a part of each dimension's range.
    level: f64,
    noise: Vec<f64>,
    stream: Stream,
}

/// How much of the noise stays from step to step.
const PERSISTENCE: f64 = 0.7;

impl<P: Policy> Noisy<P> {
    /// Noise of this deviation, as a part of the range of each dimension.
    pub fn new(policy: P, space: Space, level: f64) -> Self {
        let noise = vec![0.0; space.width()];
        Self { policy, space, level, noise, stream: Key::new(0).stream() }
    }
}

impl<P: Policy> Policy for Noisy<P> {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        self.stream = key.with("noise").stream();
        self.noise.fill(0.0);
        self.policy.begin(goal, key)
    }

    fn looks(&self) -> bool {
        self.policy.looks()
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let mut action = self.policy.act(now)?;
        let fresh = (1.0 - PERSISTENCE * PERSISTENCE).sqrt();
        for (i, (x, noise)) in action.iter_mut().zip(&mut self.noise).enumerate() {
            *noise = PERSISTENCE * *noise + fresh * self.stream.normal();
            let range = f64::from(self.space.high[i] - self.space.low[i]);
            *x += (*noise * self.level * range) as f32;
        }
        self.space.clamp(&mut action);
        Ok(action)
    }
}
