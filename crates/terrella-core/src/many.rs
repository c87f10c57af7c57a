//! Many worlds stepped together.
//!
//! Each world depends on its own seed and its own actions alone, so threads do not change results. A
//! thread costs more to start than hundreds of small worlds to step, so few worlds get one thread.

use crate::{Error, Result, Sim, Table};
use std::time::Instant;

/// Work that a thread must at least have to be worth starting, in seconds. One costs about 55 µs to start and
/// join. With 4,096 small worlds two threads were 1.5 times as fast as one for Acrobot (0.3 µs a step); for
/// the lighter ones from 0.75 to 1.1 times, as noisy as the machine (`many_speed`).
const WORK: f64 = 300e-6;
/// Steps that are timed to know what one costs.
const TRIED: usize = 8;

/// What a step brought to each world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// Rewards, one a world.
    pub reward: Vec<f64>,
    /// Whose task itself ended: there is no future to value.
    pub terminated: Vec<bool>,
    /// Whose time is up: there would have been a future.
    pub truncated: Vec<bool>,
}

impl Steps {
    /// Rows whose episode ended, in order: reset them.
    pub fn ended(&self) -> Vec<usize> {
        (0..self.reward.len()).filter(|&row| self.terminated[row] || self.truncated[row]).collect()
    }
}

/// Worlds side by side.
#[derive(Clone, Debug)]
pub struct Many<S> {
    worlds: Vec<S>,
    steps: Steps,
    n_threads: usize,
    /// Worlds that a thread must at least have.
    least: usize,
}

impl<S: Sim + Clone> Many<S> {
    /// `n` copies of a world, stepped on all cores. They are all alike: [`Many::reset`] them.
    pub fn new(world: &S, n: usize) -> Self {
        Self::with_threads(world, n, std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// `n` copies of a world, stepped in up to `n_threads` threads.
    pub fn with_threads(world: &S, n: usize, n_threads: usize) -> Self {
        let steps = Steps { reward: vec![0.0; n], terminated: vec![false; n], truncated: vec![false; n] };
        Self { worlds: vec![world.clone(); n], steps, n_threads: n_threads.max(1), least: least(world) }
    }

    /// The worlds.
    pub fn worlds(&self) -> &[S] {
        &self.worlds
    }

    /// The worlds, to set one apart.
    pub fn worlds_mut(&mut self) -> &mut [S] {
        &mut self.worlds
    }

    /// What the last step brought.
    pub fn last(&self) -> &Steps {
        &self.steps
    }

    /// Everything that determines the future of one world.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn save(&self, row: usize) -> Vec<f64> {
        let mut snapshot = Vec::new();
        self.worlds[row].save(&mut snapshot);
        snapshot
    }

    /// Restores what [`Many::save`] gave, in the same row or in another.
    ///
    /// # Panics
    /// If there is no such row, or it is of another world.
    pub fn load(&mut self, row: usize, snapshot: &[f64]) {
        self.worlds[row].load(snapshot);
    }

    /// What an agent is shown of each world, `[worlds, observation]`.
    pub fn observe(&self) -> Table {
        let mut table = Table::new(self.worlds.first().map_or(0, |w| w.spec().observed()));
        self.worlds.iter().for_each(|world| table.push(&world.observe()));
        table
    }

    /// Resets the worlds of these rows, each with its own seed.
    ///
    /// # Errors
    /// If there is no such row or not one seed a row; nothing is reset then.
    pub fn reset(&mut self, rows: &[usize], seeds: &[u64]) -> Result<()> {
        Error::check("seeds of rows to reset", rows.len(), seeds.len())?;
        let n = self.worlds.len();
        if let Some(row) = rows.iter().find(|&&row| row >= n) {
            return Err(Error::Invalid(format!("there is no row {row} in {n} worlds; rows count from 0")));
        }
        for (&row, &seed) in rows.iter().zip(seeds) {
            self.worlds[row].reset(seed);
            self.steps.reward[row] = 0.0;
            (self.steps.terminated[row], self.steps.truncated[row]) = (false, false);
        }
        Ok(())
    }

    /// Steps every world with its row of `actions`, `[worlds, action]`.
    ///
    /// # Errors
    /// If there is not one row a world; nothing is stepped then.
    pub fn step(&mut self, actions: &[f32]) -> Result<&Steps> {
        let n = self.worlds.len();
        let width = self.worlds.first().map_or(0, |w| w.spec().actions.width());
        Error::check("actions of all worlds", width * n, actions.len())?;
        if n == 0 || width == 0 {
            return Ok(&self.steps);
        }
        let n_threads = self.n_threads.min(n / self.least).max(1);
        let share = n.div_ceil(n_threads);
        let Steps { reward, terminated, truncated } = &mut self.steps;
        let parts = self.worlds.chunks_mut(share).zip(actions.chunks(share * width));
        let parts =
            parts.zip(reward.chunks_mut(share)).zip(terminated.chunks_mut(share).zip(truncated.chunks_mut(share)));
        let work = |(((worlds, actions), reward), (terminated, truncated)): Part<'_, S>| {
            for (row, (world, action)) in worlds.iter_mut().zip(actions.chunks(width)).enumerate() {
                let step = world.step(action);
                (reward[row], terminated[row], truncated[row]) = (step.reward, step.terminated, step.truncated);
            }
        };
        if n_threads == 1 {
            parts.for_each(work);
        } else {
            std::thread::scope(|scope| {
                let mut parts = parts;
                // This thread does the first part itself: one thread less to start.
                let first = parts.next();
                parts.for_each(|part| drop(scope.spawn(move || work(part))));
                first.into_iter().for_each(work);
            });
        }
        Ok(&self.steps)
    }
}

/// Worlds that make a thread worth starting, by the clock: how many threads there are changes no number.
fn least<S: Sim + Clone>(world: &S) -> usize {
    let mut world = world.clone();
    let action = vec![0.0; world.spec().actions.width()];
    let mut tried = || {
        let started = Instant::now();
        (0..TRIED).for_each(|_| _ = world.step(&action));
        started.elapsed().as_secs_f64() / TRIED as f64
    };
    // The fastest of a few: another program may have had the core in between.
    let step = (0..4).map(|_| tried()).fold(f64::INFINITY, f64::min);
    ((WORK / step.max(1e-9)) as usize).clamp(1, 2048)
}

/// Worlds with their actions, rewards and both kinds of end.
type Part<'a, S> = (((&'a mut [S], &'a [f32]), &'a mut [f64]), (&'a mut [bool], &'a mut [bool]));
