//! Many worlds stepped together.
//!
//! Each world depends on its own seed and its own actions alone, so threads do not change results. A
//! thread costs more to start than hundreds of small worlds to step, so few worlds get one thread.

use crate::{Env, EnvSpec, Error, Image, Result, Sim, Steps, Table};
use std::time::Instant;

/// Work that a thread must at least have to be worth starting, in seconds. One costs about 55 µs to start and
/// join. With 4,096 small worlds two threads were 1.5 times as fast as one for Acrobot (0.3 µs a step); for
/// the lighter ones from 0.75 to 1.1 times, as noisy as the machine (`many_speed`).
const WORK: f64 = 300e-6;
/// Steps that are timed to know what one costs.
const TRIED: usize = 8;

/// Copies of a world side by side.
#[derive(Clone, Debug)]
pub struct Many<S> {
    /// What each declares of itself.
    world: S,
    worlds: Vec<S>,
    n_threads: usize,
    /// Worlds that a thread must at least have.
    least: usize,
}

impl<S: Sim + Clone> Many<S> {
    /// `n` copies of a world, stepped on all cores. They are all alike: [`Env::reset`] them.
    pub fn new(world: &S, n: usize) -> Self {
        Self::with_threads(world, n, std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// `n` copies of a world, stepped in up to `n_threads` threads.
    pub fn with_threads(world: &S, n: usize, n_threads: usize) -> Self {
        let least = if n_threads > 1 { least(world) } else { usize::MAX };
        Self { world: world.clone(), worlds: vec![world.clone(); n], n_threads: n_threads.max(1), least }
    }

    /// The worlds.
    pub fn worlds(&self) -> &[S] {
        &self.worlds
    }

    /// The worlds, to set one apart.
    pub fn worlds_mut(&mut self) -> &mut [S] {
        &mut self.worlds
    }

    /// What an agent is shown of each world in numbers, `[worlds, observation]`.
    pub fn shown(&self) -> Table {
        let mut table = Table::new(self.world.spec().observed());
        self.worlds.iter().for_each(|world| table.push(&world.observe()));
        table
    }

    fn check(&self, rows: &[usize]) -> Result<()> {
        Error::check_rows(rows, self.worlds.len(), "worlds")
    }
}

impl<S: Sim + Clone> Env for Many<S> {
    fn spec(&self) -> &EnvSpec {
        self.world.spec()
    }

    fn n(&self) -> usize {
        self.worlds.len()
    }

    fn reset(&mut self, rows: &[usize], seeds: &[u64]) -> Result<()> {
        Error::check("seeds of rows to reset", rows.len(), seeds.len())?;
        self.check(rows)?;
        rows.iter().zip(seeds).for_each(|(&row, &seed)| self.worlds[row].reset(seed));
        Ok(())
    }

    fn set_logged(&mut self, rows: &[usize], states: &Table) -> Result<()> {
        Error::check("states of rows to set", rows.len(), states.len())?;
        self.check(rows)?;
        rows.iter().zip(states.rows()).try_for_each(|(&row, state)| self.worlds[row].set_logged(state))
    }

    fn step(&mut self, rows: &[usize], actions: &[f32]) -> Result<Steps> {
        let (n, width) = (rows.len(), self.spec().actions.width());
        Error::check("actions of rows to step", width * n, actions.len())?;
        self.check(rows)?;
        let mut steps = Steps { reward: vec![0.0; n], terminated: vec![false; n], truncated: vec![false; n] };
        if n == 0 || width == 0 {
            return Ok(steps);
        }
        let mut all: Vec<Option<&mut S>> = self.worlds.iter_mut().map(Some).collect();
        let worlds: Vec<&mut S> = rows.iter().filter_map(|&row| all[row].take()).collect();
        if worlds.len() < n {
            return Err(Error::Invalid(format!("{n} rows to step name only {} worlds; name each once", worlds.len())));
        }
        let n_threads = self.n_threads.min(n / self.least).max(1);
        let share = n.div_ceil(n_threads);
        let Steps { reward, terminated, truncated } = &mut steps;
        let mut worlds = worlds;
        let parts = worlds.chunks_mut(share).zip(actions.chunks(share * width));
        let parts =
            parts.zip(reward.chunks_mut(share)).zip(terminated.chunks_mut(share).zip(truncated.chunks_mut(share)));
        let work = |(((worlds, actions), reward), (terminated, truncated)): Part<'_, '_, S>| {
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
        Ok(steps)
    }

    fn logged(&self, rows: &[usize]) -> Table {
        let mut table = Table::new(self.spec().state.len());
        rows.iter().for_each(|&row| table.push(&self.worlds[row].logged()));
        table
    }

    fn draw(&self, rows: &[usize], size: usize) -> Vec<Image> {
        rows.iter().map(|&row| self.worlds[row].draw(size)).collect()
    }

    fn save(&self, row: usize) -> Vec<f64> {
        let mut snapshot = Vec::new();
        self.worlds[row].save(&mut snapshot);
        snapshot
    }

    fn load(&mut self, row: usize, snapshot: &[f64]) {
        self.worlds[row].load(snapshot);
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
type Part<'a, 'w, S> = (((&'a mut [&'w mut S], &'a [f32]), &'a mut [f64]), (&'a mut [bool], &'a mut [bool]));
