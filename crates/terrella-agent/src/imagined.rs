//! The dream is a world: a [`Dynamics`] that can be acted in like any [`Sim`] (after DIAMOND,
//! Alonso et al. 2024), so that one loop, one viewer and one evaluator serve both.
//!
//! A model moves a block of actions at a time. Steps inside a block are collected and the state
//! holds still; with the block's last action the dream moves on. Its state is what the model
//! believes ([`Dynamics::read`]), its picture what the model draws. What "reached" means, and what
//! the numbers are called, it takes from the world it imagines.

use crate::View;
use std::sync::{Arc, Mutex, PoisonError};
use terrella_core::{Acts, Dynamics, Env, EnvSpec, Error, Image, Key, Observation, Result, Rule, Sim, Step, Task};

/// A world that exists in a model.
///
/// [`Sim::save`] files the model's state in a store that all copies of this dream share and writes
/// its number, so that [`Sim::load`] is exact for any model. Snapshots are therefore valid within
/// one process and one family of copies, and their memory is freed with the last copy.
pub struct ImaginedEnv<D: Dynamics> {
    dynamics: Arc<D>,
    world: Box<dyn Env>,
    view: View,
    starts: Arc<Vec<Arc<D::State>>>,
    state: Arc<D::State>,
    pending: Vec<f32>,
    filed: Arc<Mutex<Vec<Arc<D::State>>>>,
}

impl<D: Dynamics> ImaginedEnv<D> {
    /// The dream of a world: starts are observed in the world through `view`, all else is imagined.
    ///
    /// # Errors
    /// If the model cannot see what the view shows, its block is not whole actions, or it can neither
    /// draw nor tell states: of such a dream nothing could be seen.
    pub fn new(dynamics: Arc<D>, world: Box<dyn Env>, view: View) -> Result<Self> {
        let (block, action) = (dynamics.block_width(), world.spec().actions.width());
        if action == 0 || !block.is_multiple_of(action) {
            return Err(Error::Invalid(format!(
                "the model takes blocks of {block} numbers, which is not a whole number of the actions of {action} of world {}",
                world.spec().id
            )));
        }
        let state = Arc::new(dynamics.observe(&[view.observe(&*world)])?);
        if dynamics.draw(&state).is_none() && dynamics.read(&state).is_none() {
            return Err(Error::Invalid(
                "the model can neither draw nor tell states, so nothing could be seen of its dream; train a decoder or a readout (model.readout = true)".to_owned(),
            ));
        }
        let (starts, filed) = (Arc::new(Vec::new()), Arc::new(Mutex::new(Vec::new())));
        Ok(Self { dynamics, world, view, starts, state, pending: Vec::with_capacity(block), filed })
    }

    /// Lets [`Sim::reset`] begin at one of these observations (drawn from its seed) instead of at a
    /// start drawn by the world: a dream of recordings.
    ///
    /// # Errors
    /// If there is none, or the model cannot see one of them.
    pub fn with_starts(mut self, starts: &[Observation]) -> Result<Self> {
        if starts.is_empty() {
            return Err(Error::Invalid("a dream needs at least one observation to start from".to_owned()));
        }
        let observe = |o: &Observation| Ok(Arc::new(self.dynamics.observe(std::slice::from_ref(o))?));
        self.starts = Arc::new(starts.iter().map(observe).collect::<Result<_>>()?);
        Ok(self)
    }

    fn begin(&mut self, state: Arc<D::State>) {
        self.state = state;
        self.pending.clear();
    }

    fn dream_of_world(&mut self) -> Result<()> {
        let seen = self.view.observe(&*self.world);
        let state = Arc::new(self.dynamics.observe(&[seen])?);
        self.begin(state);
        Ok(())
    }
}

impl<D: Dynamics + Send + Sync + 'static> Sim for ImaginedEnv<D>
where
    D::State: Send + Sync,
{
    fn spec(&self) -> &EnvSpec {
        self.world.spec()
    }

    /// # Panics
    /// If the model cannot see a start that the world draws, although it saw the first one.
    fn reset(&mut self, seed: u64) {
        if !self.starts.is_empty() {
            let at = Key::new(seed).with("dream start").stream().below(self.starts.len());
            return self.begin(Arc::clone(&self.starts[at]));
        }
        self.world.reset(seed);
        if let Err(error) = self.dream_of_world() {
            panic!("the model saw the world before, but not its start of seed {seed}: {error}");
        }
    }

    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.world.set_state(state)?;
        self.dream_of_world()
    }

    /// What the model believes; empty if it cannot tell.
    fn state(&self) -> Vec<f64> {
        let told = self.dynamics.read(&self.state);
        told.map_or_else(Vec::new, |told| told.row(0).iter().map(|x| f64::from(*x)).collect())
    }

    /// The reward and the end are the model's word, where it foretells them; they come with the last action
    /// of a block.
    fn step(&mut self, action: &[f32]) -> Step {
        let at = self.pending.len();
        self.pending.extend_from_slice(action);
        self.world.spec().actions.space().clamp(&mut self.pending[at..]);
        if self.pending.len() >= self.dynamics.block_width() {
            self.state = Arc::new(self.dynamics.step(&self.state, Acts::of(&self.pending)));
            self.pending.clear();
            let first = |told: Option<Vec<f32>>| told.and_then(|told| told.first().copied());
            return Step {
                reward: first(self.dynamics.reward(&self.state)).map_or(0.0, f64::from),
                terminated: first(self.dynamics.ended(&self.state)).is_some_and(|ended| ended > 0.5),
                truncated: false,
            };
        }
        Step::default()
    }

    /// What the model draws, at the size asked for; if it cannot draw, the world in the state that it
    /// tells.
    ///
    /// # Panics
    /// If the model tells a state that the world cannot be in.
    fn draw(&self, size: usize) -> Image {
        if let Some([image, ..]) = self.dynamics.draw(&self.state).as_deref() {
            return image.resized(size, size);
        }
        let (mut world, state) = (self.world.boxed_clone(), self.state());
        if let Err(error) = world.set_state(&state) {
            panic!("the model tells state {state:?}, and the world cannot be in it: {error}");
        }
        world.draw(size)
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        // A panic elsewhere cannot leave the store half-written: it only ever grows by one push.
        let mut filed = self.filed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = filed.last().is_some_and(|last| Arc::ptr_eq(last, &self.state));
        if !known {
            filed.push(Arc::clone(&self.state));
        }
        snapshot.extend([(filed.len() - 1) as f64, self.pending.len() as f64]);
        snapshot.extend(self.pending.iter().map(|x| f64::from(*x)));
    }

    /// # Panics
    /// If the snapshot was not written by this dream or a copy of it.
    fn load(&mut self, snapshot: &[f64]) {
        let (at, n) = (snapshot[0] as usize, snapshot[1] as usize);
        let state = Arc::clone(&self.filed.lock().unwrap_or_else(PoisonError::into_inner)[at]);
        self.begin(state);
        self.pending.extend(snapshot[2..2 + n].iter().map(|x| *x as f32));
    }

    fn goals(&self) -> Option<&dyn Env> {
        Some(self)
    }
}

impl<D: Dynamics> Task for ImaginedEnv<D> {
    fn set_goal(&mut self, goal: &[f32]) -> Result<()> {
        self.world.set_goal(goal)
    }

    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        self.world.reached(rule, state, goal)
    }
}

impl<D: Dynamics> Clone for ImaginedEnv<D> {
    fn clone(&self) -> Self {
        Self {
            dynamics: Arc::clone(&self.dynamics),
            world: self.world.boxed_clone(),
            view: self.view,
            starts: Arc::clone(&self.starts),
            state: Arc::clone(&self.state),
            pending: self.pending.clone(),
            filed: Arc::clone(&self.filed),
        }
    }
}
