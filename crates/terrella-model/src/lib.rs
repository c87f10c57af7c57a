//! World models, and the only door to Burn for networks.
//!
//! A [`Family`] is one way to model a world: [`JepaConfig`] (its network is [`Jepa`]) or
//! [`EnsembleConfig`]. One [`Trainer`] teaches any of them from host-side batches; the trained one is
//! a [`terrella_core::Dynamics`] for planners, probes and tables. A checkpoint holds weights together
//! with the configuration and the statistics they were trained with.
#![recursion_limit = "256"]

mod batch;
mod checkpoint;
mod codec;
mod config;
mod decoder;
mod error;
mod family;
mod gradient;
mod held;
mod host;
mod jepa;
mod monitor;
mod nn;
mod optim;
mod pixels;
mod probe;
mod reacher;
mod sigreg;
mod symmetry;
mod train;
mod world;

pub use batch::{Batcher, Tensors};
pub use checkpoint::{Saved, load_any, save_world};
pub use codec::StateCodec;
pub use config::{Interface, JepaConfig, Learned, Sees, Size};
pub use decoder::{DECODED_SIZE, Decoder};
pub use error::{Error, Result};
pub use family::{
    AnyWorld, EnsembleConfig, EnsembleNet, EnsembleWorld, Family, Foretold, ModelConfig, Particles, Visitor, Wants,
};
pub use jepa::{Jepa, Shape, patcher};
pub use monitor::Monitor;
pub use nn::predictor::Steering;
pub use pixels::{Cut, Patcher};
pub use probe::Probe;
pub use reacher::{Reacher, ReacherConfig, Trace};
pub use sigreg::{directions, sigreg};
pub use symmetry::{Symmetry, Turn};
pub use train::{LossWeights, Losses, Progress, TrainConfig, Trainer};
pub use world::{Latents, Views, World};
