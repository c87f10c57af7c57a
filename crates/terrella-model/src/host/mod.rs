//! Layers on plain rows of numbers, for planning on a CPU.
//!
//! A search imagines a few dozen rows at a time, so a tensor library spends its time between
//! operations. Families put the layers here together as their networks need them.

pub(crate) mod block;
pub(crate) mod dense;
pub(crate) mod lanes;
pub(crate) mod threads;
