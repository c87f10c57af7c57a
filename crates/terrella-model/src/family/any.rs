//! A trained world of any family behind one type: what lets the pipeline be written once.
//!
//! [`AnyWorld`] is a [`Dynamics`] like the world inside it, so that planners, dreams and tables of errors
//! take it as they take any other. Its states hide what the family's states are made of.

use super::seam::Wants;
use super::{ModelConfig, Registered};
use crate::interface::Interface;
use std::any::Any;
use std::sync::Arc;
use terrella_core::{Dynamics, Image, Observation, Result, Table};

/// A trained world, whichever its family; a copy costs nothing.
#[derive(Clone)]
pub struct AnyWorld {
    config: ModelConfig,
    interface: Interface,
    wants: Wants,
    world: Arc<dyn Erased>,
}

/// A batch of states of some family; a copy costs nothing.
#[derive(Clone)]
pub struct AnyState(Arc<dyn Any + Send + Sync>);

impl AnyWorld {
    /// Hides which family this world is of.
    pub fn new<F: Registered>(family: F, interface: Interface, world: F::World) -> Self {
        Self { wants: family.wants(), config: family.into(), interface, world: Arc::new(world) }
    }

    /// What it is.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// What it was trained on.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// What it is to be shown.
    pub fn wants(&self) -> Wants {
        self.wants
    }
}

/// [`Dynamics`] whose states are hidden. Every function of it is here, those with a default too: a family
/// may know better than the default.
trait Erased: Send + Sync {
    fn block_width(&self) -> usize;
    fn observe(&self, observations: &[Observation]) -> Result<AnyState>;
    fn track(&self, before: &AnyState, block: &[f32], observations: &[Observation]) -> Result<AnyState>;
    fn repeat(&self, state: &AnyState, n: usize) -> AnyState;
    fn step(&self, state: &AnyState, actions: &[f32]) -> AnyState;
    fn step_for(&self, state: &AnyState, actions: &[f32], dt: &[f32]) -> AnyState;
    fn roll_out(&self, start: &AnyState, sequences: &[f32], n: usize) -> Vec<AnyState>;
    fn latents(&self, state: &AnyState) -> Table;
    fn read(&self, state: &AnyState) -> Option<Table>;
    fn reward(&self, state: &AnyState) -> Option<Vec<f32>>;
    fn ended(&self, state: &AnyState) -> Option<Vec<f32>>;
    fn draw(&self, state: &AnyState) -> Option<Vec<Image>>;
}

fn hide<S: Send + Sync + 'static>(state: S) -> AnyState {
    AnyState(Arc::new(state))
}

/// # Panics
/// If the state is of a world of another family.
fn shown<S: 'static>(state: &AnyState) -> &S {
    state.0.downcast_ref().expect("a state goes back to the world that it came from")
}

impl<W: Dynamics<State: Send + Sync + 'static> + Send + Sync> Erased for W {
    fn block_width(&self) -> usize {
        Dynamics::block_width(self)
    }

    fn observe(&self, observations: &[Observation]) -> Result<AnyState> {
        Dynamics::observe(self, observations).map(hide)
    }

    fn track(&self, before: &AnyState, block: &[f32], observations: &[Observation]) -> Result<AnyState> {
        Dynamics::track(self, shown(before), block, observations).map(hide)
    }

    fn repeat(&self, state: &AnyState, n: usize) -> AnyState {
        hide(Dynamics::repeat(self, shown(state), n))
    }

    fn step(&self, state: &AnyState, actions: &[f32]) -> AnyState {
        hide(Dynamics::step(self, shown(state), actions))
    }

    fn step_for(&self, state: &AnyState, actions: &[f32], dt: &[f32]) -> AnyState {
        hide(Dynamics::step_for(self, shown(state), actions, dt))
    }

    fn roll_out(&self, start: &AnyState, sequences: &[f32], n: usize) -> Vec<AnyState> {
        Dynamics::roll_out(self, shown(start), sequences, n).into_iter().map(hide).collect()
    }

    fn latents(&self, state: &AnyState) -> Table {
        Dynamics::latents(self, shown(state))
    }

    fn read(&self, state: &AnyState) -> Option<Table> {
        Dynamics::read(self, shown(state))
    }

    fn reward(&self, state: &AnyState) -> Option<Vec<f32>> {
        Dynamics::reward(self, shown(state))
    }

    fn ended(&self, state: &AnyState) -> Option<Vec<f32>> {
        Dynamics::ended(self, shown(state))
    }

    fn draw(&self, state: &AnyState) -> Option<Vec<Image>> {
        Dynamics::draw(self, shown(state))
    }
}

/// Everything as the world inside has it.
///
/// # Panics
/// If it is given a state that came from a world of another family.
impl Dynamics for AnyWorld {
    type State = AnyState;

    fn block_width(&self) -> usize {
        self.world.block_width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<AnyState> {
        self.world.observe(observations)
    }

    fn track(&self, before: &AnyState, block: &[f32], observations: &[Observation]) -> Result<AnyState> {
        self.world.track(before, block, observations)
    }

    fn repeat(&self, state: &AnyState, n: usize) -> AnyState {
        self.world.repeat(state, n)
    }

    fn step(&self, state: &AnyState, actions: &[f32]) -> AnyState {
        self.world.step(state, actions)
    }

    fn step_for(&self, state: &AnyState, actions: &[f32], dt: &[f32]) -> AnyState {
        self.world.step_for(state, actions, dt)
    }

    fn roll_out(&self, start: &AnyState, sequences: &[f32], n: usize) -> Vec<AnyState> {
        self.world.roll_out(start, sequences, n)
    }

    fn latents(&self, state: &AnyState) -> Table {
        self.world.latents(state)
    }

    fn read(&self, state: &AnyState) -> Option<Table> {
        self.world.read(state)
    }

    fn reward(&self, state: &AnyState) -> Option<Vec<f32>> {
        self.world.reward(state)
    }

    fn ended(&self, state: &AnyState) -> Option<Vec<f32>> {
        self.world.ended(state)
    }

    fn draw(&self, state: &AnyState) -> Option<Vec<Image>> {
        self.world.draw(state)
    }
}
