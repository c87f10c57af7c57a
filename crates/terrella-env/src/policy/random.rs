//! Policies without aim: uniform, wandering, and noise on top of another policy.

use super::state;
use terrella_core::{Goal, Key, Observation, Policy, Result, Space, Stream};

/// Draws each action uniformly from the space.
#[derive(Clone, Debug)]
pub struct RandomPolicy {
    space: Space,
    stream: Stream,
}

impl RandomPolicy {
    /// A policy over this space.
    pub fn new(space: Space) -> Self {
        Self { space, stream: Key::new(0).stream() }
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
        Ok(self.space.sample(&mut self.stream))
    }
}

/// Walks at random in PushT: targets near the agent, changing smoothly, drawn towards the T so that
/// something happens.
#[derive(Clone, Debug)]
pub struct Wander {
    space: Space,
    /// Whether actions are offsets in hundreds of px rather than targets.
    relative: bool,
    offset: [f64; 2],
    stream: Stream,
}

/// How much of the last offset stays, and the deviation of what is added, in px.
const WANDER: [f64; 2] = [0.8, 15.0];
/// Pull towards the T: this part of the way, at most so many px.
const PULL: [f64; 2] = [0.1, 8.0];

impl Wander {
    /// A wanderer for a PushT with this action space.
    pub fn new(space: Space, relative: bool) -> Self {
        Self { space, relative, offset: [0.0; 2], stream: Key::new(0).stream() }
    }
}

impl Policy for Wander {
    fn begin(&mut self, _: &Goal, key: Key) -> Result<()> {
        self.stream = key.with("wander").stream();
        self.offset = [0.0; 2];
        Ok(())
    }

    fn looks(&self) -> bool {
        false
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let [x, y, body_x, body_y] = state("the wanderer", now)?;
        let (agent, body) = ([x, y], [body_x, body_y]);
        let mut action: Vec<f32> = (0..2)
            .map(|i| {
                let pull = ((body[i] - agent[i]) * PULL[0]).clamp(-PULL[1], PULL[1]);
                self.offset[i] = WANDER[0] * self.offset[i] + WANDER[1] * self.stream.normal() + pull;
                let offset = self.offset[i];
                (if self.relative { offset / 100.0 } else { agent[i] + offset }) as f32
            })
            .collect();
        self.space.clamp(&mut action);
        Ok(action)
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
