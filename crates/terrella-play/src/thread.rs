//! The stage thread: one plain thread in which all worlds and sessions live.
//!
//! Sockets send it orders and wait for nothing; it never waits for a socket. Worlds need not be shared between threads, and
//! what a session does never depends on another.

use crate::key::Scope;
use crate::outlet::Outlet;
use crate::sessions::Sessions;
use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};
use terrella_core::{Error, Result};

/// What a socket tells the stage thread.
pub(crate) enum Order {
    /// Somebody came.
    Open { id: u64, scope: Scope, outlet: Outlet },
    /// They said something.
    Said { id: u64, text: String },
    /// They sent what cannot be a message.
    Mistaken { id: u64, why: String },
    /// They are gone.
    Close { id: u64 },
    /// The server stops.
    Stop,
}

/// Runs until it is told to stop, or a world fails.
///
/// # Errors
/// If a world failed, or a recording was lost that nobody could be told of.
pub(crate) fn run(mut sessions: Sessions, orders: &Receiver<Order>) -> Result<()> {
    let began = Instant::now();
    let (why, failed) = loop {
        // A world that panics must not take the recordings of others with it.
        match catch_unwind(AssertUnwindSafe(|| turn(&mut sessions, orders, began))) {
            Ok(Ok(ControlFlow::Continue(()))) => {}
            Ok(Ok(ControlFlow::Break(()))) => break ("the server stops".to_owned(), None),
            Ok(Err(error)) => break (format!("the world stopped: {error}"), Some(error)),
            Err(panic) => {
                let error = Error::Invalid(format!("the world stopped, which is a bug: {}", words(&*panic)));
                break (error.to_string(), Some(error));
            }
        }
    };
    let stopped = catch_unwind(AssertUnwindSafe(|| sessions.stop(&why)));
    let stopped =
        stopped.unwrap_or_else(|panic| Err(Error::Invalid(format!("a recording is lost: {}", words(&*panic)))));
    failed.map_or(stopped, Err)
}

/// Waits until something is said or due, and does it.
fn turn(sessions: &mut Sessions, orders: &Receiver<Order>, began: Instant) -> Result<ControlFlow<()>> {
    let now = || began.elapsed().as_secs_f64();
    let first = match sessions.wait(now()) {
        None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(wait) => orders.recv_timeout(Duration::from_secs_f64(wait)),
    };
    match first {
        Ok(order) => {
            if obey(sessions, order, now()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => return Ok(ControlFlow::Break(())),
    }
    loop {
        match orders.try_recv() {
            Ok(order) => {
                if obey(sessions, order, now()).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Err(TryRecvError::Empty) => break,
            Err(TryRecvError::Disconnected) => return Ok(ControlFlow::Break(())),
        }
    }
    sessions.turn(now())?;
    Ok(ControlFlow::Continue(()))
}

fn obey(sessions: &mut Sessions, order: Order, now: f64) -> ControlFlow<()> {
    match order {
        Order::Open { id, scope, outlet } => sessions.open(id, scope, outlet, now),
        Order::Said { id, text } => sessions.hear(id, &text, now),
        Order::Mistaken { id, why } => sessions.mistaken(id, &why),
        Order::Close { id } => sessions.close(id, None),
        Order::Stop => return ControlFlow::Break(()),
    }
    ControlFlow::Continue(())
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "it did not say why".to_owned())
}
