//! Work in numbered parts on several threads, answered in the order of the numbers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Told how many parts are done, and of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Does parts `0..n`, each thread with tools of its own, and answers in order. Who does which part is left
/// to chance, so a part must depend on its number alone.
pub(crate) fn side_by_side<W: Send, T: Send>(
    (n, threads): (usize, usize),
    progress: Option<Progress<'_>>,
    mut tools: impl FnMut() -> W,
    work: impl Fn(&mut W, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(n));
    let tools: Vec<W> = (0..threads.clamp(1, n.max(1))).map(|_| tools()).collect();
    std::thread::scope(|scope| {
        for mut tools in tools {
            let (next, done, work) = (&next, &done, &work);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= n {
                        break;
                    }
                    let result = work(&mut tools, at);
                    let n_done = {
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        done.push((at, result));
                        done.len()
                    };
                    if let Some(progress) = progress {
                        progress(n_done, n);
                    }
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
            let seen = AtomicUsize::new(0);
            let progress = |_: usize, n: usize| {
                assert_eq!(n, 17, "of all");
                seen.fetch_add(1, Ordering::Relaxed);
            };
            let answers = side_by_side((17, threads), Some(&progress), || 5, |tool, at| *tool + at);
            assert_eq!(answers, (5..22).collect::<Vec<_>>(), "{threads} threads");
            assert_eq!(seen.into_inner(), 17, "each is told");
        }
        assert!(side_by_side((0, 4), None, || (), |(), at| at).is_empty(), "nothing to do");
    }
}
