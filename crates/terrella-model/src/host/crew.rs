//! Who works on the parts of a batch: a pool of threads for each, or everybody on one after the other.

use super::threads::{drained, handed_out};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ops::Range;
use std::sync::Mutex;

/// Parts of a batch on a CPU, at least.
pub(crate) const PARTS: usize = 2;

/// Those who work on so many parts.
pub(crate) struct Crew {
    /// Parts that a batch is cut into.
    pub(crate) parts: usize,
    pools: Vec<ThreadPool>,
}

impl Crew {
    /// Those who share the threads there are.
    pub(crate) fn new(parts: usize) -> Self {
        let threads = rayon::current_num_threads();
        let pool = || ThreadPoolBuilder::new().num_threads(threads / parts).build();
        let side_by_side = parts > 1 && threads >= parts;
        // Where the system grants no threads, parts take turns too.
        let pools = if side_by_side { (0..parts).map(|_| pool()).collect() } else { Ok(Vec::new()) };
        Self { parts, pools: pools.unwrap_or_default() }
    }

    /// Does the work of all parts; answers in order. A pool that is done takes the next part.
    pub(crate) fn each<I: Send, O: Send>(&self, inputs: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
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

/// `0 .. n` in so many parts of nearly equal size, none empty.
pub(crate) fn split(n: usize, parts: usize) -> Vec<Range<usize>> {
    let parts = parts.min(n).max(1);
    (0..parts).map(|i| i * n / parts..(i + 1) * n / parts).collect()
}
