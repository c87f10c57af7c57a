//! Who works on the parts of a batch, and the rooms they work in.

use crate::family::jepa::judge_rows::Desks;
use crate::family::jepa::watching::Studio;
use crate::host::threads::{drained, handed_out};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::Mutex;

/// Parts of a batch on a CPU, at least.
pub(crate) const PARTS: usize = 2;

/// Who works on the parts: a pool of threads for each, or everybody on one after the other.
pub(crate) struct Workers {
    pub(super) parts: usize,
    pools: Vec<ThreadPool>,
    /// Where pictures are looked at without tensors.
    pub(super) studio: Studio,
    /// Where latents are judged without tensors.
    pub(super) desks: Desks,
    /// Whether they may be, and SIGReg too.
    pub(super) rows: bool,
}

impl Workers {
    /// Workers for so many parts, which share the threads there are.
    pub(crate) fn new(parts: usize) -> Self {
        let threads = rayon::current_num_threads();
        let pool = || ThreadPoolBuilder::new().num_threads(threads / parts).build();
        let side_by_side = parts > 1 && threads >= parts;
        // Where the system grants no threads, parts take turns too.
        let pools = if side_by_side { (0..parts).map(|_| pool()).collect() } else { Ok(Vec::new()) };
        Self { parts, pools: pools.unwrap_or_default(), studio: Studio::default(), desks: Desks::default(), rows: true }
    }

    /// The same without short cuts for the CPU: slower, and the reference for them.
    #[cfg(test)]
    pub(crate) fn by_tensors(self) -> Self {
        Self { rows: false, ..self }
    }

    /// Does the work of all parts; answers in order. A pool that is done takes the next part.
    pub(super) fn each<I: Send, O: Send>(&self, inputs: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
        if self.pools.is_empty() || inputs.len() < 2 {
            return inputs.into_iter().map(work).collect();
        }
        let inputs: Vec<_> = inputs.into_iter().map(|input| Mutex::new(Some(input))).collect();
        let work = |at| handed_out(&inputs, at).map(&work);
        let done = drained(inputs.len(), work, |drain| {
            std::thread::scope(|scope| {
                for pool in &self.pools {
                    scope.spawn(|| pool.install(drain));
                }
            });
        });
        done.into_iter().flatten().collect()
    }
}
