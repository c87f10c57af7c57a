//! One of the futures of a session: the row that it is in, what is done there, and what was last seen of it.

use crate::past::{Began, Trail};
use crate::stage::{Look, Snapshot, Stage};
use std::sync::Arc;
use terrella_core::{Actions, Step};

/// A future.
pub(crate) struct Lane {
    /// Its row on the stage.
    pub(crate) row: usize,
    pub(crate) place: Place,
    /// Its pictures; none where they have changed since.
    pub(crate) look: Option<Look>,
}

/// All that is known of a future beside its worlds.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Steps since it began.
    pub(crate) step: usize,
    /// What is done in it until something else is.
    pub(crate) held: Vec<f32>,
    /// The step at which the learned world last saw the real one.
    pub(crate) anchored: usize,
    /// What the last step brought.
    pub(crate) reward: f64,
    /// Whether the episode ended here or before.
    pub(crate) ended: bool,
    /// Where it began.
    pub(crate) origin: Arc<Began>,
    /// What was done since.
    pub(crate) trail: Trail,
}

/// A future at an instant, to come back to.
#[derive(Debug)]
pub(crate) struct LaneMoment {
    snapshot: Snapshot,
    place: Place,
}

impl Lane {
    /// A future that has just begun in a row, in which nothing is done yet.
    pub(crate) fn begun(row: usize, origin: Began, stage: &Stage) -> Self {
        let (held, origin, trail) = (rest(row, stage), Arc::new(origin), Trail::default());
        let place = Place { step: 0, held, anchored: 0, reward: 0.0, ended: false, origin, trail };
        Self { row, place, look: None }
    }

    /// The same future in another row, which is lent already.
    pub(crate) fn forked(&self, row: usize, stage: &mut Stage) -> Self {
        let snapshot = stage.save(self.row);
        stage.load(row, &snapshot);
        stage.forget(snapshot);
        Self { row, place: self.place.clone(), look: self.look.clone() }
    }

    /// Takes note of a step. Tells whether it ended the episode.
    pub(crate) fn stepped(&mut self, step: &Step) -> bool {
        let ends = !self.place.ended && (step.terminated || step.truncated);
        self.place.trail.act(&self.place.held);
        self.place.step += 1;
        self.place.reward = step.reward;
        self.place.ended |= ends;
        self.look = None;
        ends
    }

    /// Takes note that the learned world looked at the real one.
    pub(crate) fn anchored(&mut self) {
        self.place.trail.anchor();
        self.place.anchored = self.place.step;
        self.look = None;
    }

    /// This instant, to come back to.
    pub(crate) fn moment(&self, stage: &Stage) -> LaneMoment {
        LaneMoment { snapshot: stage.save(self.row), place: self.place.clone() }
    }

    /// Comes back, in whatever row it is.
    pub(crate) fn restore(&mut self, moment: &LaneMoment, stage: &mut Stage) {
        stage.load(self.row, &moment.snapshot);
        self.place = moment.place.clone();
        self.look = None;
    }
}

impl LaneMoment {
    /// Nobody comes back to it.
    pub(crate) fn forget(self, stage: &Stage) {
        stage.forget(self.snapshot);
    }
}

/// The action of nobody: what keeps the agent where it is; of a choice, the middle one, which is neither of two ways to go.
fn rest(row: usize, stage: &Stage) -> Vec<f32> {
    let (spec, state) = (stage.spec(), stage.told(row));
    let mut held = match &spec.actions {
        Actions::Choice(names) => vec![(names.len() / 2) as f32],
        Actions::Box(space) if state.len() < space.width() => vec![0.0; space.width()],
        Actions::Box(_) => spec.hold(&state),
    };
    spec.actions.space().clamp(&mut held);
    held
}
