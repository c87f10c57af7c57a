//! Parts of a batch, and what is found about them.

use crate::family::jepa::batch::Lesson;
use crate::family::jepa::net::Jepa;
use burn::optim::GradientsParams;
use burn::prelude::*;
use std::ops::Range;

/// Clips of one part on their way.
pub(super) struct Part {
    pub(super) clips: Range<usize>,
    pub(super) model: Jepa,
    pub(super) lesson: Lesson,
    /// Without a look on plain rows: what was seen, with its graph.
    pub(super) seen: Option<Tensor<2>>,
}

/// What was found about all parts.
pub(super) struct Judged {
    /// Of everything behind the latents.
    pub(super) gradients: Vec<GradientsParams>,
    /// Gradient of the latents, `[clips, shown, latent]`.
    pub(super) own: Tensor<3>,
    /// As in [`super::scores::Scores`].
    pub(super) losses: [Tensor<1>; 5],
}
