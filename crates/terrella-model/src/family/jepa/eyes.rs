//! The encoder of a trained model on a CPU: the same numbers as [`super::net`] on plain rows.
//!
//! Groups of pictures go through the layers that look at each by itself; then rows of what was seen go through the wide
//! layers. The network of tensors is the reference; a test holds the two together.

use crate::Turn;
use crate::host::lanes::{Lane, unpadded};
use crate::host::layer::Layer;
use crate::host::look::Look;
use crate::host::threads::in_chunks;
use crate::host::vector::relu;
use crate::nn::encoder::Encoder;
use crate::nn::mlp::Projector;
use crate::pixels::Patcher;

/// Layers, in order.
#[derive(Debug)]
pub(crate) struct Eyes {
    look: Look,
    /// Those behind the queries and the projector, with a ReLU between two.
    layers: [Layer; 3],
}

impl Eyes {
    /// An encoder and what stands behind it, if it looks at patches of these pictures.
    pub(crate) fn of((encoder, projector): (&Encoder, &Projector), patcher: &Patcher) -> Option<Self> {
        let (encoder, look) = encoder.on_host(patcher)?;
        let [mix, head] = encoder.gather_on_host();
        Some(Self { look, layers: [mix, head, Layer::of(projector.layer()?)] })
    }

    /// Latents of these pictures, `[turns, latent]`, turned as by [`Patcher::patches`].
    pub(crate) fn encode(&self, patcher: &Patcher, images: &[u8], turns: &[Turn]) -> Vec<f32> {
        let images = patcher.shrunken(images);
        let seen = self.look.see(turns.len(), |at, out| patcher.cells(&images, at, turns[at], out));
        let told = self.look.told();
        let parts = in_chunks(&[turns.len()], |rows| {
            let n = rows.len();
            let mut x = seen[rows.start * told..rows.end * told].to_vec();
            for (at, layer) in self.layers.iter().enumerate() {
                let mut y = vec![Lane::default(); n * layer.width()];
                layer.forward(n, (&x, x.len() / n), &mut y);
                if at + 1 < self.layers.len() {
                    relu(&mut y);
                }
                x = unpadded(&y, layer.output);
            }
            x
        });
        parts.concat()
    }
}
