//! What the eyes learn from a batch: one picture of each clip, and the state that was logged with it.
//!
//! Pictures are varied by themselves, not as the mind's clip is: eyes need no motion, so that each can be seen in another
//! light and from where its things still lie in view. The loss is the mean absolute error of the features told; of what is
//! hidden or ambiguous it asks for the middle one.

use super::net::Estimator;
use crate::augment::{Changes, room};
use crate::device::is_cpu;
use crate::family::jepa::Batcher;
use crate::family::jepa::watching::{Studio, Watching};
use crate::host::dense::numbers;
use crate::train_config::TrainConfig;
use crate::{Result, Turn};
use burn::optim::GradientsParams;
use burn::prelude::*;
use terrella_core::{Batch, Error, Key};

/// Pictures, the turn of each, and what they show.
pub(super) struct Lesson {
    pub(super) images: Vec<u8>,
    pub(super) turns: Vec<Turn>,
    /// `[pictures, features]`.
    pub(super) features: Vec<f32>,
}

impl Lesson {
    /// One picture of each clip: a frame, or its goal.
    ///
    /// # Errors
    /// If the batch lacks pictures or states.
    pub(super) fn of(batcher: &Batcher, batch: &Batch, (config, key): (&TrainConfig, Key)) -> Result<Self> {
        let (n, shown, width) = (batch.clips.len(), batch.shown(), batcher.codec().state_width());
        Error::check("numbers of logged states", n * shown * width, batch.states.len())?;
        batcher.check_size(batch.image_size)?;
        let bytes = batch.images.len() / (n * shown).max(1);
        let (mut images, mut states) = (Vec::with_capacity(n * bytes), Vec::with_capacity(n * width));
        for clip in 0..n {
            let row = clip * shown + key.with("frame").at(clip as u64).stream().below(shown);
            images.extend_from_slice(&batch.images[row * bytes..][..bytes]);
            states.extend_from_slice(&batch.states[row * width..][..width]);
        }
        let (augment, side) = (&config.augment, batch.image_size.map_or(0, |[_, width]| width));
        let rooms: Vec<_> = match &augment.moves {
            Some(moves) => states.chunks(width).map(|row| room(moves, (row, width), (augment.shift, side))).collect(),
            None => vec![[[0; 2]; 2]; n],
        };
        let changes = Changes::draw_within(augment, config.symmetry.as_ref(), (&rooms, side), key)?;
        changes.numbers((&mut states, &mut []), [width, 0]);
        let images = changes.seen(&images).into_owned();
        Ok(Self { images, turns: changes.turns, features: batcher.codec().encode(&states) })
    }
}

/// The gradient of what the eyes tell, and the loss.
pub(super) fn gradient(
    (eyes, batcher, studio): (&Estimator, &Batcher, &Studio),
    lesson: &Lesson,
    device: &Device,
) -> (Vec<GradientsParams>, Tensor<1>) {
    let Lesson { images, turns, features } = lesson;
    let n = turns.len();
    let wanted = Tensor::<2>::from_data(TensorData::new(features.clone(), [n, features.len() / n.max(1)]), device);
    let patcher = batcher.patcher().expect("eyes look at pictures");
    let watching = is_cpu(device).then(|| Watching::of((&eyes.encoder, &eyes.projector), patcher)).flatten();
    let Some(watching) = watching else {
        let patches = TensorData::new(patcher.patches(images, turns), [n, patcher.tokens(), patcher.values()]);
        let loss = (eyes.tell(Tensor::from_data(patches, device)) - wanted).abs().mean();
        return (vec![GradientsParams::from_grads(loss.backward(), eyes)], loss.inner());
    };
    let latents = watching.forward(images, turns, studio);
    let shape = [n, latents.len() / n.max(1)];
    let latents = Tensor::<2>::from_data(TensorData::new(latents, shape), device).require_grad();
    let loss = (eyes.readout.forward(latents.clone()) - wanted).abs().mean();
    let mut grads = loss.backward();
    let handed = numbers(latents.grad_remove(&mut grads).expect("what is told hangs on latents"));
    let mut found = vec![GradientsParams::from_grads(grads, eyes)];
    found.extend(watching.back(&handed, studio, device));
    (found, loss.inner())
}
