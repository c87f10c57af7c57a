//! What each picture or state row becomes before it is a latent, whichever way it is looked at.
//!
//! The first half, [`Encoder::look`], is about each frame by itself; in the second, [`Encoder::gather`], batch norms let
//! frames meet in training.

use crate::host::look::Look;
use crate::nn::mlp::StateEncoder;
use crate::nn::patch::{PatchEncoder, PatchShape};
use crate::nn::vit::{Vit, VitShape};
use crate::pixels::Patcher;
use burn::module::Module;
use burn::prelude::*;

/// One of the encoders.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub(crate) enum Encoder {
    Vit(Vit),
    Patch(PatchEncoder),
    State(StateEncoder),
}

impl Encoder {
    /// An encoder of states.
    pub(crate) fn of_states(features: usize, output: usize, device: &Device) -> Self {
        Self::State(StateEncoder::new(features, output, device))
    }

    /// An encoder of pictures that are cut so: by patches with these widths (hidden, content, queries), or as LeWM is
    /// published.
    pub(crate) fn of_pictures(patcher: &Patcher, widths: Option<[usize; 3]>, output: usize, device: &Device) -> Self {
        let (tokens, values) = (patcher.tokens(), patcher.values());
        match widths {
            Some([hidden, content, queries]) => {
                Self::Patch(PatchEncoder::new(PatchShape { tokens, values, hidden, content, queries, output }, device))
            }
            None => Self::Vit(Vit::new(
                VitShape { tokens, patch_values: values, width: output, depth: 12, heads: 3 },
                device,
            )),
        }
    }

    /// What each frame shows, whatever the others show.
    ///
    /// # Shapes
    /// `[rows, tokens, values]` (patches, or one token of state features) → `[rows, seen]`.
    pub(crate) fn look(&self, x: Tensor<3>) -> Tensor<2> {
        match self {
            Self::Vit(encoder) => encoder.forward(x),
            Self::Patch(encoder) => encoder.look(x),
            Self::State(encoder) => encoder.forward(x),
        }
    }

    /// What becomes of it.
    ///
    /// # Shapes
    /// `[rows, seen]` → `[rows, output]`.
    pub(crate) fn gather(&self, seen: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Vit(_) | Self::State(_) => seen,
            Self::Patch(encoder) => encoder.gather(seen),
        }
    }

    /// The encoder and [`Self::look`] on plain rows, if it looks at patches of these pictures.
    pub(crate) fn on_host(&self, patcher: &Patcher) -> Option<(&PatchEncoder, Look)> {
        match self {
            Self::Patch(encoder) => Some((encoder, encoder.look_on_host(patcher.grid()?)?)),
            Self::Vit(_) | Self::State(_) => None,
        }
    }
}
