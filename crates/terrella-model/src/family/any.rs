//! A trained world of any family behind one door: what lets the pipeline be written once.

use super::seam::Wants;
use super::{ModelConfig, Registered};
use crate::interface::Interface;
use terrella_core::{Dynamics, Observation, Result, Table};

/// A trained world, whichever its family.
pub trait AnyWorld: Send + Sync {
    /// What it is.
    fn config(&self) -> &ModelConfig;

    /// What it was trained on.
    fn interface(&self) -> &Interface;

    /// What it is to be shown.
    fn wants(&self) -> Wants;

    /// Width of one action block.
    fn block_width(&self) -> usize;

    /// What it foretells: shown some rows, it is told block after block of actions, `[rows, block]`, and
    /// how many seconds each row's block lasts; answers with the states at the end, `[rows, state]`, if it
    /// can tell them.
    ///
    /// # Errors
    /// If an observation lacks what the model looks at.
    fn foretell(&self, seen: &[Observation], blocks: &mut dyn Iterator<Item = Foretold>) -> Result<Option<Table>>;
}

/// One block of actions for all rows, and how long it lasts in each.
pub type Foretold = (Vec<f32>, Vec<f32>);

/// A world with what it is and what it learned from.
pub(crate) struct Erased<W> {
    config: ModelConfig,
    interface: Interface,
    wants: Wants,
    world: W,
}

impl<W> Erased<W> {
    pub(crate) fn new<F: Registered<World = W>>(family: F, interface: Interface, world: W) -> Self {
        Self { wants: family.wants(), config: family.into(), interface, world }
    }
}

impl<W: Dynamics + Send + Sync> AnyWorld for Erased<W> {
    fn config(&self) -> &ModelConfig {
        &self.config
    }

    fn interface(&self) -> &Interface {
        &self.interface
    }

    fn wants(&self) -> Wants {
        self.wants
    }

    fn block_width(&self) -> usize {
        self.world.block_width()
    }

    fn foretell(&self, seen: &[Observation], blocks: &mut dyn Iterator<Item = Foretold>) -> Result<Option<Table>> {
        let mut state = self.world.observe(seen)?;
        for (actions, dt) in blocks {
            state = self.world.step_for(&state, &actions, &dt);
        }
        Ok(self.world.read(&state))
    }
}
