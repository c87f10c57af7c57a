//! Many worlds stepped together. Each world depends on its own actions alone, so the result is the
//! same for any number of threads.

use terrella_core::{Env, Image, Table};

/// Worlds side by side, with the threads to step them.
pub struct EnvBatch {
    envs: Vec<Box<dyn Env>>,
    n_threads: usize,
}

impl EnvBatch {
    /// `n` copies of a world.
    pub fn new(env: &dyn Env, n: usize, n_threads: usize) -> Self {
        Self::of((0..n).map(|_| env.boxed_clone()).collect(), n_threads)
    }

    /// These worlds.
    pub fn of(envs: Vec<Box<dyn Env>>, n_threads: usize) -> Self {
        Self { envs, n_threads: n_threads.max(1) }
    }

    /// Number of worlds.
    pub fn len(&self) -> usize {
        self.envs.len()
    }

    /// Whether there is no world.
    pub fn is_empty(&self) -> bool {
        self.envs.is_empty()
    }

    /// The worlds.
    pub fn envs(&self) -> &[Box<dyn Env>] {
        &self.envs
    }

    /// The worlds, to set one apart.
    pub fn envs_mut(&mut self) -> &mut [Box<dyn Env>] {
        &mut self.envs
    }

    /// Resets every world with its own seed.
    ///
    /// # Panics
    /// If there is not one seed a world.
    pub fn reset(&mut self, seeds: &[u64]) {
        assert_eq!(seeds.len(), self.envs.len(), "one seed a world");
        self.each(|at, env| env.reset(seeds[at]));
    }

    /// Steps every world with its row of `actions`, `[worlds, action]`.
    ///
    /// # Panics
    /// If there is not one row a world.
    pub fn step(&mut self, actions: &[f32]) {
        let Some(width) = self.envs.first().map(|e| e.spec().actions.width()) else { return };
        assert_eq!(actions.len(), width * self.envs.len(), "one action a world");
        self.each(|at, env| env.step(&actions[at * width..(at + 1) * width]));
    }

    /// The states, `[worlds, state]`.
    pub fn states(&self) -> Table {
        let mut table = Table::new(self.envs.first().map_or(0, |e| e.spec().state.len()));
        self.envs.iter().for_each(|e| table.push(&e.state()));
        table
    }

    /// A picture of every world.
    pub fn render(&mut self, size: usize) -> Vec<Image> {
        self.each(|_, env| env.render(size))
    }

    /// Does something to every world, in as many threads as were asked for, and returns the results
    /// in order.
    fn each<T: Send>(&mut self, work: impl Fn(usize, &mut Box<dyn Env>) -> T + Sync) -> Vec<T> {
        let share = self.envs.len().div_ceil(self.n_threads).max(1);
        let part = |(part, envs): (usize, &mut [Box<dyn Env>])| -> Vec<T> {
            envs.iter_mut().enumerate().map(|(i, env)| work(part * share + i, env)).collect()
        };
        if self.n_threads == 1 {
            return part((0, &mut self.envs));
        }
        std::thread::scope(|scope| {
            let part = &part;
            let started: Vec<_> =
                self.envs.chunks_mut(share).enumerate().map(|chunk| scope.spawn(move || part(chunk))).collect();
            let joined = |handle: std::thread::ScopedJoinHandle<'_, Vec<T>>| match handle.join() {
                Ok(results) => results,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            started.into_iter().flat_map(joined).collect()
        })
    }
}
