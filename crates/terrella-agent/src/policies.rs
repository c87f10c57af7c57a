//! Policies without a model: the floors that every score stands on, and playback.

use terrella_core::{Error, Goal, Key, Observation, Result, RowPolicy, Space, Stream, Table};

type Hold<'a> = Box<dyn Fn(&Observation) -> Vec<f32> + 'a>;

/// Does nothing: repeats one action that keeps the agent where it is.
///
/// What that action is depends on the world: zero where actions are displacements, the agent's own
/// position where they are targets. So it is given, as a constant or as a function of the first
/// observation.
pub struct NullPolicy<'a> {
    action: Option<Vec<f32>>,
    /// What finds the action at the start of each episode; a constant needs nothing.
    hold: Option<Hold<'a>>,
}

impl<'a> NullPolicy<'a> {
    /// Repeats this action.
    pub fn constant(action: Vec<f32>) -> Self {
        Self { action: Some(action), hold: None }
    }

    /// Repeats what this function says of the first observation.
    pub fn holding(hold: impl Fn(&Observation) -> Vec<f32> + 'a) -> Self {
        Self { action: None, hold: Some(Box::new(hold)) }
    }
}

impl RowPolicy for NullPolicy<'_> {
    fn begin(&mut self, _goal: &Goal, _key: Key) -> Result<()> {
        if self.hold.is_some() {
            self.action = None;
        }
        Ok(())
    }

    fn looks(&self) -> bool {
        self.action.is_none()
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let held = || self.hold.as_ref().map_or_else(Vec::new, |hold| hold(now));
        Ok(self.action.get_or_insert_with(held).clone())
    }
}

/// Draws uniformly from the action space, anew every `hold` steps.
pub struct RandomPolicy {
    space: Space,
    hold: usize,
    step: usize,
    action: Vec<f32>,
    stream: Stream,
}

impl RandomPolicy {
    /// A random policy; `hold` is 1 for the usual floor.
    pub fn new(space: Space, hold: usize) -> Self {
        Self { space, hold: hold.max(1), step: 0, action: Vec::new(), stream: Key::new(0).stream() }
    }
}

impl RowPolicy for RandomPolicy {
    fn begin(&mut self, _goal: &Goal, key: Key) -> Result<()> {
        (self.step, self.stream) = (0, key.with("random policy").stream());
        Ok(())
    }

    fn looks(&self) -> bool {
        false
    }

    fn act(&mut self, _now: &Observation) -> Result<Vec<f32>> {
        if self.step.is_multiple_of(self.hold) {
            self.action = self.space.sample(&mut self.stream);
        }
        self.step += 1;
        Ok(self.action.clone())
    }
}

/// Plays back recorded actions, then repeats the last one: the ceiling that a world's replay allows.
pub struct ReplayPolicy {
    actions: Table,
    at: usize,
}

impl ReplayPolicy {
    /// Plays back these actions, one row a step.
    pub fn new(actions: Table) -> Self {
        Self { actions, at: 0 }
    }
}

impl RowPolicy for ReplayPolicy {
    fn begin(&mut self, _goal: &Goal, _key: Key) -> Result<()> {
        self.at = 0;
        Ok(())
    }

    fn looks(&self) -> bool {
        false
    }

    fn act(&mut self, _now: &Observation) -> Result<Vec<f32>> {
        if self.actions.is_empty() {
            return Err(Error::Invalid("there is no action to play back; give at least one row".to_owned()));
        }
        let row = self.actions.row(self.at.min(self.actions.len() - 1)).to_vec();
        self.at += 1;
        Ok(row)
    }
}
