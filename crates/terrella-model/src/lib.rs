//! World models, and the only door to Burn for networks.
//!
//! A [`Family`] is one way to model a world: [`JepaConfig`] (its network is [`Jepa`]) or
//! [`EnsembleConfig`]. One [`Trainer`] teaches any of them from host-side batches; the trained one is
//! a [`terrella_core::Dynamics`] for planners, probes and tables. A checkpoint holds weights together
//! with the configuration and the statistics they were trained with.
#![recursion_limit = "256"]

mod checkpoint;
mod codec;
mod decoder;
mod device;
mod error;
mod family;
mod host;
mod interface;
mod losses;
mod monitor;
mod nn;
mod optim;
mod probe;
mod reacher;
mod train;
mod train_config;

pub use checkpoint::{Saved, describe, load_any, save_world};
pub use codec::StateCodec;
pub use decoder::{DECODED_SIZE, Decoder};
pub use error::{Error, Result};
pub use family::jepa::batch::{Batcher, Tensors};
pub use family::jepa::config::{JepaConfig, Sees, Size};
pub use family::jepa::net::{Jepa, Shape, patcher};
pub use family::jepa::pixels::{Cut, Patcher};
pub use family::jepa::sigreg::{directions, sigreg};
pub use family::jepa::world::{Latents, Views, World};
pub use family::{
    AnyWorld, EnsembleConfig, EnsembleNet, EnsembleWorld, Family, Foretold, ModelConfig, Particles, Registered,
    Visitor, Wants,
};
pub use interface::{Interface, Learned};
pub use losses::{Losses, Progress};
pub use monitor::Monitor;
pub use nn::predictor::Steering;
pub use probe::Probe;
pub use reacher::{Reacher, ReacherConfig, Trace};
pub use terrella_core::{Symmetry, Turn};
pub use train::Trainer;
pub use train_config::{LossWeights, TrainConfig};
