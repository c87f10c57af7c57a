//! A policy without aim that still sees much of the world: it wanders about the T.

use crate::policy::state;
use terrella_core::{Goal, Key, Observation, Result, RowPolicy, Space, Stream};

/// Walks at random: targets near the agent, changing smoothly, drawn towards the T so that
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
    /// A wanderer in this action space.
    pub fn new(space: Space, relative: bool) -> Self {
        Self { space, relative, offset: [0.0; 2], stream: Key::new(0).stream() }
    }
}

impl RowPolicy for Wander {
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
