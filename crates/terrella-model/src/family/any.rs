//! A trained world of any family behind one type: what lets the pipeline be written once.
//!
//! [`AnyWorld`] is a [`Dynamics`] like the world inside it, so that planners, dreams and tables of errors
//! take it as they take any other. Its states hide what the family's states are made of. What only some
//! families can do, it can where its family can.

use super::seam::{Family, OnLatents, StateOf, Wants};
use super::{ModelConfig, Registered};
use crate::codec::StateCodec;
use crate::heads::decoder::Decoder;
use crate::heads::probe::Probe;
use crate::interface::Interface;
use crate::learned_parameter::LearnedParameter;
use crate::things::Gaze;
use crate::{Symmetry, Turn, Views};
use std::any::Any;
use std::sync::Arc;
use terrella_core::{Acts, Dynamics, Image, Key, Observation, Result, Table};

/// A trained world, whichever its family; a copy costs nothing.
#[derive(Clone)]
pub struct AnyWorld {
    config: ModelConfig,
    interface: Interface,
    wants: Wants,
    teaching: Wants,
    parameters: Arc<Vec<LearnedParameter>>,
    world: Arc<dyn Erased>,
    sides: usize,
    decoder: Option<Arc<Decoder>>,
    meant: Option<Arc<Probe>>,
    gaze: Option<Arc<Gaze>>,
}

/// A batch of states of some family; a copy costs nothing.
#[derive(Clone)]
pub struct AnyState(Arc<dyn Any + Send + Sync>);

impl AnyWorld {
    /// Hides which family this world is of.
    pub fn new<F: Registered>(family: F, interface: Interface, world: F::World) -> Self {
        let (wants, teaching, config) = (family.wants(), family.teaching(), family.into());
        Self {
            config,
            interface,
            wants,
            teaching,
            parameters: Arc::new(F::parameters(&world)),
            world: Arc::new(Of::<F>(world)),
            sides: 1,
            decoder: None,
            meant: None,
            gaze: None,
        }
    }

    /// Lets it use a symmetry of its world, if its family can.
    #[must_use]
    pub fn with_views(self, symmetry: Option<&Symmetry>, views: Views) -> Self {
        let symmetry = symmetry.filter(|_| views != Views::One);
        match symmetry.and_then(|symmetry| self.world.around(symmetry, views)) {
            Some(world) => Self { world, sides: Turn::all().count(), ..self },
            None => self,
        }
    }

    /// Sides from which it looks at things.
    pub fn sides(&self) -> usize {
        self.sides
    }

    /// Gives it a decoder of its latents, so that it can draw.
    #[must_use]
    pub fn with_decoder(self, decoder: Decoder) -> Self {
        Self { decoder: Some(Arc::new(decoder)), ..self }
    }

    /// Tells it what places of things, which it was taught, mean for the logged state, which it was not: so that errors can be
    /// measured in what was logged.
    #[must_use]
    pub fn with_meaning(self, meant: Probe) -> Self {
        Self { meant: Some(Arc::new(meant)), ..self }
    }

    /// Lets it look a second time where it reads places of things off pictures (see [`Gaze`]), or no longer.
    #[must_use]
    pub fn with_gaze(self, gaze: Option<Gaze>) -> Self {
        let gaze = gaze.map(Arc::new);
        match self.world.sharpened(gaze.as_ref()) {
            Some(world) => Self { world, gaze, ..self },
            None => self,
        }
    }

    /// Whether it lays pictures back and looks a second time.
    pub fn looks_twice(&self) -> bool {
        self.gaze.is_some()
    }

    pub(crate) fn gaze(&self) -> Option<&Gaze> {
        self.gaze.as_deref()
    }

    pub(crate) fn meant(&self) -> Option<&Probe> {
        self.meant.as_deref()
    }

    pub(crate) fn decoder(&self) -> Option<&Decoder> {
        self.decoder.as_deref()
    }

    /// Environment steps in a block.
    pub fn frame_skip(&self) -> usize {
        self.config.window(1).frame_skip
    }

    /// Lets somebody act on latents; see [`Family::follow`].
    pub(crate) fn follow(
        &self,
        aim: [(&AnyState, &[usize]); 2],
        horizon: usize,
        act: &mut OnLatents<'_>,
    ) -> Vec<Table> {
        self.world.follow(aim, horizon, act)
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

    /// The parameters of the equations that it knows; none where it knows no equations.
    pub fn parameters(&self) -> &[LearnedParameter] {
        &self.parameters
    }

    /// What heads on its latents are taught from; see [`Family::teaching`].
    pub fn teaching(&self) -> Wants {
        self.teaching
    }

    /// States of recorded rows as heads are taught by them; see [`Family::taught`].
    pub(crate) fn taught(&self, observations: &[Observation]) -> Result<AnyState> {
        self.world.taught(observations)
    }
}

/// A world whose states are hidden. Every function of it is here, those with a default too: a family
/// may know better than the default.
trait Erased: Send + Sync {
    fn block_width(&self) -> usize;
    fn observe(&self, observations: &[Observation]) -> Result<AnyState>;
    fn taught(&self, observations: &[Observation]) -> Result<AnyState>;
    fn track(&self, before: &AnyState, block: &[f32], observations: &[Observation]) -> Result<AnyState>;
    fn take(&self, state: &AnyState, rows: &[usize]) -> AnyState;
    fn step(&self, state: &AnyState, acts: Acts<'_>) -> AnyState;
    fn roll_out(&self, start: &AnyState, rows: &[usize], sequences: &[f32]) -> Vec<AnyState>;
    fn latents(&self, state: &AnyState) -> Table;
    fn read(&self, state: &AnyState) -> Option<Table>;
    fn noisy(&self, state: AnyState, key: Key) -> AnyState;
    fn particles(&self, state: &AnyState) -> Option<Table>;
    fn reward(&self, state: &AnyState) -> Option<Vec<f32>>;
    fn ended(&self, state: &AnyState) -> Option<Vec<f32>>;
    fn draw(&self, state: &AnyState) -> Option<Vec<Image>>;
    fn around(&self, symmetry: &Symmetry, views: Views) -> Option<Arc<dyn Erased>>;
    fn sharpened(&self, gaze: Option<&Arc<Gaze>>) -> Option<Arc<dyn Erased>>;
    fn follow(&self, aim: [(&AnyState, &[usize]); 2], horizon: usize, act: &mut OnLatents<'_>) -> Vec<Table>;
}

/// A world of a family.
struct Of<F: Family>(F::World);

fn hide<S: Send + Sync + 'static>(state: S) -> AnyState {
    AnyState(Arc::new(state))
}

/// # Panics
/// If the state is of a world of another family.
fn shown<S: 'static>(state: &AnyState) -> &S {
    state.0.downcast_ref().expect("a state goes back to the world that it came from")
}

impl<F: Family> Erased for Of<F> {
    fn block_width(&self) -> usize {
        self.0.block_width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<AnyState> {
        self.0.observe(observations).map(hide)
    }

    fn taught(&self, observations: &[Observation]) -> Result<AnyState> {
        F::taught(&self.0, observations).map(hide)
    }

    fn track(&self, before: &AnyState, block: &[f32], observations: &[Observation]) -> Result<AnyState> {
        self.0.track(shown(before), block, observations).map(hide)
    }

    fn take(&self, state: &AnyState, rows: &[usize]) -> AnyState {
        hide(self.0.take(shown(state), rows))
    }

    fn step(&self, state: &AnyState, acts: Acts<'_>) -> AnyState {
        hide(self.0.step(shown(state), acts))
    }

    fn roll_out(&self, start: &AnyState, rows: &[usize], sequences: &[f32]) -> Vec<AnyState> {
        self.0.roll_out(shown(start), rows, sequences).into_iter().map(hide).collect()
    }

    fn latents(&self, state: &AnyState) -> Table {
        self.0.latents(shown(state))
    }

    fn read(&self, state: &AnyState) -> Option<Table> {
        self.0.read(shown(state))
    }

    fn noisy(&self, state: AnyState, key: Key) -> AnyState {
        hide(self.0.noisy(shown::<StateOf<F>>(&state).clone(), key))
    }

    fn particles(&self, state: &AnyState) -> Option<Table> {
        self.0.particles(shown(state))
    }

    fn reward(&self, state: &AnyState) -> Option<Vec<f32>> {
        self.0.reward(shown(state))
    }

    fn ended(&self, state: &AnyState) -> Option<Vec<f32>> {
        self.0.ended(shown(state))
    }

    fn draw(&self, state: &AnyState) -> Option<Vec<Image>> {
        self.0.draw(shown(state))
    }

    fn around(&self, symmetry: &Symmetry, views: Views) -> Option<Arc<dyn Erased>> {
        F::around(&self.0, symmetry, views).map(|world| Arc::new(Self(world)) as Arc<dyn Erased>)
    }

    fn sharpened(&self, gaze: Option<&Arc<Gaze>>) -> Option<Arc<dyn Erased>> {
        F::sharpened(&self.0, gaze).map(|world| Arc::new(Self(world)) as Arc<dyn Erased>)
    }

    fn follow(&self, aim: [(&AnyState, &[usize]); 2], horizon: usize, act: &mut OnLatents<'_>) -> Vec<Table> {
        F::follow(&self.0, aim.map(|(state, rows)| (shown(state), rows)), horizon, act)
    }
}

/// Everything as the world inside has it, but pictures, which sprites or a decoder may draw.
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

    fn take(&self, state: &AnyState, rows: &[usize]) -> AnyState {
        self.world.take(state, rows)
    }

    fn step(&self, state: &AnyState, acts: Acts<'_>) -> AnyState {
        self.world.step(state, acts)
    }

    fn roll_out(&self, start: &AnyState, rows: &[usize], sequences: &[f32]) -> Vec<AnyState> {
        self.world.roll_out(start, rows, sequences)
    }

    fn latents(&self, state: &AnyState) -> Table {
        self.world.latents(state)
    }

    fn read(&self, state: &AnyState) -> Option<Table> {
        let believed = self.believe(state)?;
        if self.interface.things.is_empty() {
            return Some(believed);
        }
        let codec = StateCodec::new(&self.interface);
        let features = Table::from_data(codec.feature_width(), codec.encode(&believed.data));
        self.meant.as_ref().map(|meant| meant.read(&features))
    }

    fn believe(&self, state: &AnyState) -> Option<Table> {
        self.world.read(state)
    }

    fn noisy(&self, state: AnyState, key: Key) -> AnyState {
        self.world.noisy(state, key)
    }

    /// Nothing where places of things were taught: what they mean for the logged state is told of their mean alone.
    fn particles(&self, state: &AnyState) -> Option<Table> {
        self.world.particles(state).filter(|_| self.interface.things.is_empty())
    }

    fn reward(&self, state: &AnyState) -> Option<Vec<f32>> {
        self.world.reward(state)
    }

    fn ended(&self, state: &AnyState) -> Option<Vec<f32>> {
        self.world.ended(state)
    }

    /// What its family paints; else things as they look, where it believes that they are; else what a decoder makes of latents.
    fn draw(&self, state: &AnyState) -> Option<Vec<Image>> {
        let laid = || Some((self.gaze.as_ref()?, self.believe(state)?));
        let laid = || laid().map(|(gaze, told)| told.rows().map(|state| gaze.draw(state)).collect());
        let decoded = || Some(self.decoder.as_ref()?.draw(&self.latents(state)));
        self.world.draw(state).or_else(laid).or_else(decoded)
    }
}
