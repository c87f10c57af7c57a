//! The server behind `terrella play`: people drive a learned world in a browser, beside the real simulator.
//!
//! A [`Stage`] holds futures side by side: a learned world and, where there is one, the real one, both as
//! [`Env`](terrella_core::Env)s of as many rows. Each socket is a session with a future of its own, or two. All sessions live
//! in one plain thread, which steps whoever is due in one batch; around it, [`serve`] moves bytes. Nothing here knows a model
//! or a file format: who calls gives the worlds, says where recordings [`start`](Starts), [`keeps`](Keep) what people
//! record, and may bring somebody who drives in their place (a [`Pilot`]) and a [`Library`] of recordings and runs to look through.

mod about;
mod allowance;
mod flight;
mod frame;
mod guard;
mod key;
mod lane;
mod library;
mod memory;
mod messages;
mod outlet;
mod pace;
mod page;
mod past;
mod pilot;
mod recorder;
mod replay;
mod server;
mod session;
mod sessions;
mod socket;
mod stage;
mod thread;
#[cfg(test)]
mod toy;

pub use about::{About, Does, Number, Rows};
pub use key::{Key, Scope};
pub use library::{Contents, Library, Mark, Shelf, Track};
pub use past::{Began, Deed, Past};
pub use pilot::{Act, Due, Foreseen, Pilot, Planning};
pub use recorder::{Driven, Keep};
pub use replay::{Apart, Differs, Levels, replay};
pub use server::{Options, Running, Stopper, serve};
pub use stage::{Stage, Starts};
