//! Counts what is fetched, and keeps what there is to tell until somebody listens.
//!
//! All transfers share it, in one thread; one who listens beside them is told a few times a second, and may ask to stop.

use super::Told;
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// How often progress is told: often enough for a bar, and for Ctrl-C.
const EVERY: Duration = Duration::from_millis(200);

/// What was fetched so far.
#[derive(Debug, Default)]
pub(super) struct Meter {
    total: Cell<u64>,
    done: Cell<u64>,
    received: Cell<u64>,
    notes: RefCell<Vec<String>>,
}

impl Meter {
    /// Says how many bytes there are, and how many of them are here.
    pub(super) fn begin(&self, done: u64, total: u64) {
        self.done.set(done);
        self.total.set(total);
    }

    /// Counts bytes that came.
    pub(super) fn add(&self, bytes: u64) {
        self.done.set(self.done.get() + bytes);
        self.received.set(self.received.get() + bytes);
    }

    /// Takes back bytes that have to be fetched again.
    pub(super) fn back(&self, bytes: u64) {
        self.done.set(self.done.get().saturating_sub(bytes));
    }

    /// Bytes that came.
    pub(super) fn received(&self) -> u64 {
        self.received.get()
    }

    /// Keeps something to tell.
    pub(super) fn note(&self, text: impl Into<String>) {
        self.notes.borrow_mut().push(text.into());
    }

    /// Tells all that there is to tell; whether to go on.
    pub(super) fn tell(&self, hear: &mut dyn FnMut(Told<'_>) -> bool) -> bool {
        let mut on = true;
        for note in self.notes.take() {
            on &= hear(Told::Note(&note));
        }
        on & hear(Told::At { done: self.done.get(), total: self.total.get() })
    }

    /// Tells again and again, until it is asked to stop.
    pub(super) async fn telling(&self, hear: &mut dyn FnMut(Told<'_>) -> bool) {
        while self.tell(hear) {
            tokio::time::sleep(EVERY).await;
        }
    }
}
