//! Batches made ahead by one thread.
//!
//! The order is that of direct calls, so results do not depend on it. The thread waits when it is
//! far enough ahead and ends by itself once the receiver is gone.

use crate::Sampler;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use terrella_core::Batch;

/// An endless iterator over the batches from a step on.
pub struct Prefetch {
    batches: Receiver<Batch>,
}

impl Prefetch {
    /// Starts a thread that stays at most `ahead` finished batches ahead.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn new(sampler: Arc<Sampler>, first_step: u64, ahead: usize) -> crate::Result<Self> {
        let (sender, batches) = sync_channel(ahead);
        let work = move || {
            let mut step = first_step;
            while sender.send(sampler.batch(step)).is_ok() {
                step += 1;
            }
        };
        let spawned = std::thread::Builder::new().name("terrella-prefetch".to_owned()).spawn(work);
        spawned
            .map_err(|e| crate::Error::Invalid(format!("cannot start the loader thread: {e}; sample without it")))?;
        Ok(Self { batches })
    }
}

impl Iterator for Prefetch {
    type Item = Batch;

    /// The next batch; `None` only if the thread died of a panic.
    fn next(&mut self) -> Option<Batch> {
        self.batches.recv().ok()
    }
}
