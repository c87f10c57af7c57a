//! What was done, told from pictures before and after: a labeller of video (an inverse dynamics model, as Baker et al. 2022,
//! arXiv:2206.11795, label video by it).
//!
//! An action leaves its trace in what follows, so whoever sees the pictures after a row, too, tells its action far more easily than
//! whoever has to choose it. Mean and variance are told: how sure a label is decides whether it is used. [`config`] → [`lesson`] →
//! [`net`] → [`teach`] → [`labeller`].

mod config;
mod labeller;
mod lesson;
mod net;
#[cfg(test)]
mod reference;
mod teach;

pub use config::InverseConfig;
pub use labeller::{Inverse, Labels};
pub use teach::InverseTrainer;
