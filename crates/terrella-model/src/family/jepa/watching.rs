//! The encoder as it learns on a CPU: the same numbers and gradients as [`super::net`] on plain rows.
//!
//! [`crate::host::look`] is what each picture shows by itself, [`crate::host::gather`] what becomes of it where the frames of
//! a batch meet.

use crate::Turn;
use crate::host::gather::{Gather, Gathered};
use crate::host::look::{Album, Look};
use crate::nn::encoder::Encoder;
use crate::nn::mlp::Projector;
use crate::nn::patch::PatchEncoder;
use crate::pixels::Patcher;
use burn::nn::Linear;
use burn::optim::GradientsParams;
use burn::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Layers that learn, and the tensors that they are.
pub(crate) struct Watching<'a> {
    encoder: &'a PatchEncoder,
    project: &'a Linear,
    patcher: &'a Patcher,
    look: Look,
    gather: Gather,
}

/// Room of a batch, kept for the next.
#[derive(Default)]
pub(crate) struct Studio {
    album: Album,
    gathered: Mutex<Gathered>,
}

impl<'a> Watching<'a> {
    /// An encoder and what stands behind it, if it looks at patches of these pictures.
    pub(crate) fn of((encoder, projector): (&'a Encoder, &'a Projector), patcher: &'a Patcher) -> Option<Self> {
        let ((encoder, look), project) = (encoder.on_host(patcher)?, projector.layer()?);
        Some(Self { encoder, project, patcher, look, gather: encoder.gathering(project) })
    }

    /// Latents of pictures that are turned as told, one row each. The norm's statistics move.
    pub(crate) fn forward(&self, images: &[u8], turns: &[Turn], studio: &Studio) -> Vec<f32> {
        let images = self.patcher.shrunken(images);
        let cells = |at: usize, out: &mut _| self.patcher.cells(&images, at, turns[at], out);
        let seen = self.look.watch(turns.len(), cells, &studio.album);
        let mut room = studio.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let (latents, moments) = self.gather.forward(&seen, &mut room);
        self.encoder.remember(moments);
        latents
    }

    /// The gradients of all layers for that of the latents.
    pub(crate) fn back(&self, latents: &[f32], studio: &Studio, device: &Device) -> [GradientsParams; 2] {
        let mut room = studio.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.gather.back(latents, &mut room);
        let found = self.look.learn(&seen, &studio.album);
        let mut wide = GradientsParams::new();
        let device = &device.clone().without_autodiff();
        self.encoder.hand((&self.gather, self.project), &room.sums, &mut wide, device);
        [wide, self.encoder.slopes(found.slopes(&self.look), device)]
    }
}
