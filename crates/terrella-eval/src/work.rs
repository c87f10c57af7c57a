//! Work in numbered parts on several threads, answered in the order of the numbers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Told how many attempts are done, and of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Counts the steps of attempts that go side by side, of which each takes at most so many, and tells of each that
/// would be done if they had gone one after another: rows end together, and nobody should wait so long for news.
pub(crate) struct Counted<'a> {
    pub(crate) n: usize,
    pub(crate) budget: usize,
    pub(crate) steps: AtomicUsize,
    pub(crate) progress: Option<Progress<'a>>,
}

impl Counted<'_> {
    /// Step number `number` of an attempt, which may be its last.
    pub(crate) fn step(&self, number: usize, done: bool) {
        let steps = if done { self.budget.saturating_sub(number) + 1 } else { 1 };
        let before = self.steps.fetch_add(steps, Ordering::Relaxed);
        let [before, now] = [before, before + steps].map(|steps| steps / self.budget);
        if let Some(progress) = self.progress.filter(|_| now > before) {
            progress(now.min(self.n), self.n);
        }
    }
}

/// Does parts `0..n` in threads, and answers in order. Who does which part is left to chance, so a part must depend on
/// its number alone.
pub(crate) fn side_by_side<T: Send>((n, threads): (usize, usize), work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(n));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, n.max(1)) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= n {
                        break;
                    }
                    let result = work(at);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order_whoever_did_the_work() {
        for threads in [1, 3, 100] {
            let answers = side_by_side((17, threads), |at| 5 + at);
            assert_eq!(answers, (5..22).collect::<Vec<_>>(), "{threads} threads");
        }
        assert!(side_by_side((0, 4), |at| at).is_empty(), "nothing to do");
    }
}
