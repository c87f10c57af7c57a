//! People in browsers and others, as the server sees them: what they drive, what they may not do, and what is left when they go.

mod client;
mod doors;
mod hostile;
mod playing;
#[path = "../../src/toy.rs"]
mod toy;

use client::{Client, Kept, serve};
use terrella_play::*;
