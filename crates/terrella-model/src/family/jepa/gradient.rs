//! The gradient of one batch, worked on in parts side by side.
//!
//! A CPU tensor library spreads each operation over threads, and most operations of a small model
//! are too short for that. Here each thread takes some of the clips through all operations instead.
//! Frames meet in two places only, the encoder's batch norm and SIGReg; there the graph is cut, one
//! graph serves all clips, and gradients are handed back over the cut. This is the mathematics of
//! the undivided batch, and the number of parts depends on that of clips alone, so that no result depends on how many
//! cores there are. What pictures show by themselves and what follows from latents needs no graph on a CPU: see
//! [`crate::host::look`] and [`super::pupil`].

use crate::Result;
use crate::augment::Changes;
use crate::device::is_cpu;
use crate::family::jepa::batch::Batcher;
use crate::family::jepa::config::JepaConfig;
use crate::family::jepa::judge::{gaussian, judge};
use crate::family::jepa::judge_rows::{CLIPS, Learning};
use crate::family::jepa::net::Jepa;
use crate::family::jepa::parts::Part;
use crate::family::jepa::scores::Scores;
use crate::family::jepa::sigreg::{direction_rows, directions};
use crate::family::jepa::sigreg_rows::sigreg_on_rows;
use crate::family::jepa::straight::straighten;
use crate::family::jepa::watching::Watching;
use crate::family::jepa::workers::Workers;
use crate::host::crew::split;
use crate::host::dense::numbers;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use std::ops::Range;
use terrella_core::{Batch, Key};

/// Computes the gradient of all losses on a batch whose clips are changed as told.
///
/// Goals go through the encoder's batch norm with the frames, since what is seen later is normalised by the same
/// statistics wherever it stands. SIGReg looks at the frames alone: each column it judges is one sample a clip from all of the
/// recordings, while goals gather towards the ends of episodes, and its value stays comparable with runs without goals.
///
/// # Errors
/// If the batch does not fit the model.
pub(crate) fn gradient(
    (model, batcher, workers): (&Jepa, &Batcher, &Workers),
    (batch, changes): (&Batch, &Changes),
    (config, key): (&JepaConfig, Key),
    device: &Device,
) -> Result<(GradientsParams, Scores)> {
    let (n, frames, shown) = (batch.clips.len(), batch.n_frames, batch.shown());
    let rows = workers.rows && is_cpu(device);
    let watching = batcher
        .patcher()
        .filter(|_| rows)
        .and_then(|patcher| Watching::of((&model.encoder, &model.projector), patcher));
    let learning = rows.then(|| Learning::of(model)).flatten();
    let ranges =
        split(n, if learning.is_some() { workers.crew.parts.max(n.div_ceil(CLIPS)) } else { workers.crew.parts });
    let alone = ranges.len() == 1 || (watching.is_some() && learning.is_some());
    let start = |clips: Range<usize>| {
        // Graphs that share a parameter are one graph under one lock: parts get leaves of their own.
        let model = if alone { model.clone() } else { model.valid().train() };
        let (own, changes) = ((batch, clips.clone()), &changes.of(clips.clone()));
        let lesson = batcher.lesson(own.clone(), changes)?;
        let seen = match &watching {
            Some(_) => None,
            None => Some(model.look(batcher.inputs(own, &lesson, changes, device)?)),
        };
        Ok(Part { clips, model, lesson, seen })
    };
    let mut parts = workers.crew.each(ranges, start).into_iter().collect::<Result<Vec<Part>>>()?;

    // Where frames meet: on plain rows, or what was seen and what becomes of it as a graph.
    let (flat, graph) = match &watching {
        Some(watching) => {
            let (images, turns) = batcher.frames((batch, 0..n), changes)?;
            let latents = watching.forward(&images, &turns, &workers.studio);
            let shape = [turns.len(), latents.len() / turns.len().max(1)];
            (Tensor::<2>::from_data(TensorData::new(latents, shape), device), None)
        }
        None => {
            let seen = parts.iter().filter_map(|part| part.seen.clone()).map(Tensor::detach).collect();
            let seen = Tensor::cat(seen, 0).require_grad();
            let flat = model.gather(seen.clone());
            (flat.clone().detach(), Some((seen, flat)))
        }
    };
    let [_, latent] = flat.dims();
    let latents = flat.reshape([n, shown, latent]);
    let judged = match &learning {
        Some(learning) => learning.judge(model, &workers.desks, &parts, &latents.clone().inner(), &config.weights),
        None => judge(workers, &parts, &latents, &config.weights),
    };
    let (slope, gaussian) = if rows {
        let frames_alone = numbers(latents.clone().inner().narrow(1, 0, frames));
        let along = direction_rows(latent, config.directions, key);
        let (value, slope) = sigreg_on_rows(&frames_alone, (frames, latent), &along);
        let device = &device.clone().without_autodiff();
        let slope = Tensor::<3>::from_data(TensorData::new(slope, [n, frames, latent]), device);
        let slope = latents.clone().inner().zeros_like().slice_assign([0..n, 0..frames, 0..latent], slope);
        (slope, Tensor::from_floats([value as f32], device))
    } else {
        let along = directions(latent, config.directions, key, device);
        gaussian((workers, parts.len()), &latents, frames, &along)
    };

    // The gradient of the latents, handed over the cut.
    let straight = (config.weights.straight > 0.0).then(|| straighten(&latents, frames));
    let (bends, straight) = straight.unzip();
    let handed = judged.own + slope * config.weights.sigreg;
    let handed = bends.into_iter().fold(handed, |handed, bends| handed + bends * config.weights.straight);
    let handed = handed.flatten::<2>(0, 1);
    let mut sum = GradientsAccumulator::new();
    judged.gradients.into_iter().for_each(|gradients| sum.accumulate(model, gradients));
    if let Some(watching) = &watching {
        let found = watching.back(&numbers(handed), &workers.studio, device);
        found.into_iter().for_each(|gradients| sum.accumulate(model, gradients));
    } else if let Some((seen, flat)) = graph {
        let mut grads = (flat * Tensor::from_inner(handed)).sum().backward();
        let handed = seen.grad_remove(&mut grads).expect("the encoder looks at what was seen");
        sum.accumulate(model, GradientsParams::from_grads(grads, model));
        let finish = |(seen, part): (Tensor<2>, &Part)| {
            let handed = handed.clone().narrow(0, part.clips.start * shown, part.clips.len() * shown);
            GradientsParams::from_grads((seen * Tensor::from_inner(handed)).sum().backward(), &part.model)
        };
        let graphs = parts.iter_mut().filter_map(|part| Some((part.seen.take()?, &*part))).collect();
        let found = workers.crew.each(graphs, finish);
        found.into_iter().for_each(|gradients| sum.accumulate(model, gradients));
    }
    let latents = latents.inner().narrow(1, 0, frames);
    Ok((sum.grads(), Scores { losses: judged.losses, gaussian, straight, latents, weights: config.weights }))
}
