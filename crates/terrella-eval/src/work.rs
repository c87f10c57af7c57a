//! Work in numbered parts on several threads, answered in the order of the numbers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Told how many attempts are done, and of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

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
