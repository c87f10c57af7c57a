//! Layers on plain rows of numbers, for seeing, learning and planning on a CPU.
//!
//! A search imagines a few dozen rows at a time, and a picture is a hundred short ones, so a tensor library
//! spends its time between operations. Families put the layers here together as their networks need them.

pub(crate) mod attention;
pub(crate) mod block;
pub(crate) mod course;
pub(crate) mod crew;
pub(crate) mod dense;
pub(crate) mod gather;
pub(crate) mod grid;
pub(crate) mod lane;
pub(crate) mod lanes;
pub(crate) mod layer;
pub(crate) mod learner;
pub(crate) mod look;
pub(crate) mod look_back;
pub(crate) mod norms;
pub(crate) mod perceptron;
pub(crate) mod steered;
pub(crate) mod threads;
pub(crate) mod vector;
