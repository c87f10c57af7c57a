//! A world with rewards, and many of them stepped together.
//!
//! The author of a world writes [`Sim`]: equations, a reward and when it ends. The state is kept in
//! full precision, so that setting it gives the same future, bit for bit. A world that has ended
//! keeps stepping by its equations: whoever runs it resets it.

use crate::{Error, Image, Result, Space};

/// What an agent may do.
#[derive(Clone, Debug, PartialEq)]
pub enum Actions {
    /// Numbers in a box; outside is clamped.
    Box(Space),
    /// One of these; the action is its index. A fraction is cut off, an index outside is clamped.
    Choice(Vec<String>),
}

impl Actions {
    /// Numbers in an action.
    pub fn width(&self) -> usize {
        match self {
            Self::Box(space) => space.width(),
            Self::Choice(_) => 1,
        }
    }
}

/// A number of the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// Its name.
    pub name: &'static str,
    /// Its unit, such as `rad/s`.
    pub unit: &'static str,
    /// Whether it wraps at 2π.
    pub angle: bool,
}

/// What is fixed about a world with rewards.
#[derive(Clone, Debug, PartialEq)]
pub struct SimSpec {
    /// Its name.
    pub id: &'static str,
    /// Seconds in a step.
    pub dt: f64,
    /// The state's numbers.
    pub state: Vec<Coordinate>,
    /// Names of the observation's numbers.
    pub observation: Vec<&'static str>,
    /// Allowed actions.
    pub actions: Actions,
    /// Steps after which an episode is cut off.
    pub max_steps: usize,
}

/// What a step brought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// The reward.
    pub reward: f64,
    /// The task itself ended: there is no future to value.
    pub terminated: bool,
    /// The time is up: there would have been a future.
    pub truncated: bool,
}

/// A world with rewards. Everything random in it is keyed by the seed given to [`Sim::reset`].
pub trait Sim: Clone + Send {
    /// What is fixed about this world.
    fn spec(&self) -> &SimSpec;
    /// Starts anew from a random state drawn from the seed.
    fn reset(&mut self, seed: u64);
    /// Starts anew from a state, with the whole time left.
    ///
    /// # Errors
    /// If the row has the wrong width or is not finite.
    fn set_state(&mut self, state: &[f64]) -> Result<()>;
    /// The state in full precision.
    fn state(&self) -> Vec<f64>;
    /// What an agent is shown.
    fn observe(&self) -> Vec<f32>;
    /// Acts for one step.
    fn step(&mut self, action: &[f32]) -> Step;
    /// Draws the world as a `size × size` picture.
    fn draw(&self, size: usize) -> Image;
}

/// Worlds side by side. Each depends on its own actions alone: threads do not change results.
#[derive(Clone, Debug)]
pub struct Many<S> {
    worlds: Vec<S>,
    steps: Vec<Step>,
    n_threads: usize,
}

impl<S: Sim> Many<S> {
    /// `n` copies of a world, stepped in up to `n_threads` threads.
    pub fn new(world: &S, n: usize, n_threads: usize) -> Self {
        Self { worlds: vec![world.clone(); n], steps: vec![Step::default(); n], n_threads: n_threads.max(1) }
    }

    /// The worlds.
    pub fn worlds(&self) -> &[S] {
        &self.worlds
    }

    /// Resets the world of one row.
    ///
    /// # Errors
    /// If there is no such row.
    pub fn reset(&mut self, row: usize, seed: u64) -> Result<()> {
        let n = self.worlds.len();
        let world = self.worlds.get_mut(row).ok_or_else(|| Error::Invalid(format!("row {row} of {n} worlds")))?;
        world.reset(seed);
        self.steps[row] = Step::default();
        Ok(())
    }

    /// Steps every world with its row of `actions`, `[worlds, action]`.
    ///
    /// # Errors
    /// If there is not one row a world.
    pub fn step(&mut self, actions: &[f32]) -> Result<&[Step]> {
        let Some(width) = self.worlds.first().map(|w| w.spec().actions.width()) else { return Ok(&[]) };
        Error::check("actions of all worlds", width * self.worlds.len(), actions.len())?;
        let share = self.worlds.len().div_ceil(self.n_threads);
        let work = |worlds: &mut [S], steps: &mut [Step], actions: &[f32]| {
            for ((world, step), action) in worlds.iter_mut().zip(steps).zip(actions.chunks(width)) {
                *step = world.step(action);
            }
        };
        if share == self.worlds.len() {
            work(&mut self.worlds, &mut self.steps, actions);
        } else {
            let parts = self.worlds.chunks_mut(share).zip(self.steps.chunks_mut(share));
            std::thread::scope(|scope| {
                for ((worlds, steps), actions) in parts.zip(actions.chunks(share * width)) {
                    scope.spawn(move || work(worlds, steps, actions));
                }
            });
        }
        Ok(&self.steps)
    }

    /// Rows whose last step ended their episode: reset them.
    pub fn ended(&self) -> Vec<usize> {
        (0..self.steps.len()).filter(|&i| self.steps[i].terminated || self.steps[i].truncated).collect()
    }
}
