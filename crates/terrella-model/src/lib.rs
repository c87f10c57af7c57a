//! World models, and the only door to Burn for networks.
//!
//! A [`Family`] is one way to model a world, [`ModelConfig`] lists them. One [`Trainer`] teaches any of
//! them from host-side batches; the trained one is an [`AnyWorld`], a [`terrella_core::Dynamics`] for
//! planners, probes and tables. A checkpoint holds weights together with the configuration and the
//! statistics they were trained with.
#![recursion_limit = "256"]

mod adamw;
#[cfg(test)]
mod apart;
mod augment;
mod checkpoint;
mod codec;
mod device;
mod error;
mod family;
mod ground;
mod heads;
mod host;
mod interface;
mod inverse;
mod keypoints;
mod learned_parameter;
mod losses;
mod monitor;
mod nn;
mod optim;
mod pixels;
mod things;
mod train;
mod train_config;
mod views;

pub use augment::{Augment, Changes, UNSEEN_SIDE};
pub use checkpoint::{Saved, describe, fingerprint, load_any, rounded, save_world};
pub use codec::StateCodec;
pub use error::{Error, Result};
pub use family::jepa::{
    Batcher, Jepa, JepaConfig, Latents, LossWeights, Sees, Shape, Size, Tensors, World, directions, patcher, sigreg,
};
pub use family::{
    AnyState, AnyWorld, Beliefs, DiffusionConfig, DiffusionNet, DiffusionWorld, EnsembleConfig, EnsembleNet,
    EnsembleWorld, Family, Frames, HybridConfig, HybridNet, HybridStates, HybridWorld, Known, ModelConfig, Moved,
    ObserverConfig, ObserverNet, ObserverWorld, OnLatents, Particles, Registered, RssmConfig, RssmNet, RssmWorld,
    Senses, StateOf, Visitor, Wants,
};
pub use ground::{Ground, GroundKind};
pub use heads::decoder::{DECODED_SIZE, Decoder};
pub use heads::probe::Probe;
pub use heads::reacher::{ReacherConfig, Trace, Way, look_through};
pub use heads::steps_to_go::{StepsToGoConfig, StepsTold};
pub use interface::{Interface, Learned};
pub use inverse::{Inverse, InverseConfig, InverseTrainer, Labels};
pub use keypoints::{KeypointConfig, KeypointLoss, KeypointTrainer, Keypoints};
pub use learned_parameter::LearnedParameter;
pub use losses::{LossChart, Losses, Progress};
pub use monitor::Monitor;
pub use nn::predictor::Steering;
pub use nn::reacher::Reacher;
pub use nn::steps_to_go::StepsToGo;
pub use pixels::{Cut, Patcher};
pub use terrella_core::{Symmetry, Turn};
pub use things::{Followed, Gaze, Pose, Sprite, Things, ThingsConfig};
pub use train::Trainer;
pub use train_config::TrainConfig;
pub use views::Views;
