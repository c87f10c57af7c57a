//! The threads that imagine: one on each core, and held there.
//!
//! A plan is asked for every few hundred milliseconds and lasts tens of them. Left alone, Linux often
//! wakes a rested helper on the core of the thread that woke it, where it waits for a whole plan
//! although another core is idle (measured: 36 ms instead of 21 ms for a plan on two cores). So this
//! pool has a thread for each core the process may use, pinned to it. It computes and nothing else:
//! threads that it started would inherit the pin.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Rows that go through the predictor together.
const ROWS: usize = 32;

/// Works on chunks of rows with the threads there are, and answers in order. Groups of these sizes are cut apart: a last
/// row by itself is multiplied in another order than a row among others, and no group may depend on which others
/// there are.
pub(crate) fn in_chunks<T: Send>(groups: &[usize], work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let mut chunks: Vec<Range<usize>> = Vec::new();
    for &rows in groups {
        let first = chunks.last().map_or(0, |chunk| chunk.end);
        chunks.extend((first..first + rows).step_by(ROWS).map(|at| at..(at + ROWS).min(first + rows)));
    }
    each(chunks.len(), |at| work(chunks[at].clone()))
}

/// Does `n` pieces of work with the threads there are, and answers in order.
pub(crate) fn each<T: Send>(n: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let Some(pool) = pool().filter(|_| n > 1) else {
        return (0..n).map(work).collect();
    };
    let crew = n.min(pool.current_num_threads());
    drained(n, work, |drain| pool.scope(|scope| (0..crew).for_each(|_| scope.spawn(|_| drain()))))
}

/// Does a piece of work with each of these, side by side.
pub(crate) fn each_of<I: Send>(inputs: impl Iterator<Item = I>, work: impl Fn(usize, I) + Sync) {
    let inputs: Vec<_> = inputs.map(|input| Mutex::new(Some(input))).collect();
    each(inputs.len(), |at| handed_out(&inputs, at).into_iter().for_each(|input| work(at, input)));
}

/// What is worked on, the first time that it is asked for.
pub(crate) fn handed_out<I>(inputs: &[Mutex<Option<I>>], at: usize) -> Option<I> {
    inputs[at].lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Does `n` pieces of work, and answers in order. Everybody whom `crew` lets work takes the next piece until none is left.
pub(crate) fn drained<T: Send>(
    n: usize,
    work: impl Fn(usize) -> T + Sync,
    crew: impl FnOnce(&(dyn Fn() + Sync)),
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(n));
    crew(&|| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n {
                break;
            }
            let answer = work(at);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, answer));
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

/// The pool, as large as `RAYON_NUM_THREADS` says; nothing where that is one thread.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let start = || {
        let cores = cores();
        let pin = move |thread: usize| {
            // With fewer threads than cores the system finds the better places.
            if cores.len() == rayon::current_num_threads() {
                stay_on(cores[thread]);
            }
        };
        let named = |thread| format!("terrella-plan-{thread}");
        let pool = ThreadPoolBuilder::new().start_handler(pin).thread_name(named).build();
        pool.ok().filter(|pool| pool.current_num_threads() > 1)
    };
    POOL.get_or_init(start).as_ref()
}

/// The cores this process may use; none where the system cannot tell.
#[cfg(target_os = "linux")]
fn cores() -> Vec<usize> {
    let may = rustix::thread::sched_getaffinity(None);
    may.map(|set| (0..rustix::thread::CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect()).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn cores() -> Vec<usize> {
    Vec::new()
}

/// Keeps the calling thread on one core; where that is not allowed, it is only slower.
#[cfg(target_os = "linux")]
fn stay_on(core: usize) {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set).ok();
}

#[cfg(not(target_os = "linux"))]
fn stay_on(_core: usize) {}
