//! The gradient of one batch: clips of a part go through the network together, parts side by side.
//!
//! Some clips are painted twice. What came of the first time, slot by slot, stands for the frames before in the second, without a
//! gradient of its own: so the network learns to go on from its own small faults, as it must in a dream (the pushforward trick,
//! Brandstetter et al. 2022).

use super::lesson::{Lesson, Translator};
use super::net::{DiffusionNet, Slots};
use crate::Result;
use crate::host::crew::{Crew, split};
use crate::host::dense::numbers;
use crate::losses::Losses;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use std::ops::Range;
use terrella_core::{Batch, Key};

/// What turns batches into gradients.
pub struct Tools {
    pub(super) translator: Translator,
    pub(super) crew: Crew,
}

/// Losses of one step, not yet read back.
pub struct Scores {
    /// Of painting, and of telling states, one a part.
    found: Vec<[Option<Tensor<1>>; 2]>,
    lesson: Lesson,
    readout: f64,
}

/// Computes the gradient of all losses on a batch.
///
/// # Errors
/// If the batch does not fit the model.
pub(super) fn gradient(
    (net, tools): (&DiffusionNet, &Tools),
    batch: &Batch,
    key: Key,
    device: &Device,
) -> Result<(GradientsParams, Scores)> {
    let lesson = tools.translator.lesson(batch, key)?;
    let wanted = lesson.wanted();
    let plain = device.clone().without_autodiff();
    let ranges = split(lesson.clips, tools.crew.parts);
    let mut past = lesson.past(&[]);
    if lesson.own > 0 && lesson.slots > 1 {
        let still = net.valid();
        let paint = |clips: Range<usize>| numbers(still.forward(slots(&lesson, &past, &clips, &plain)));
        past = lesson.past(&tools.crew.each(split(lesson.own, tools.crew.parts), paint).concat());
    }
    let alone = ranges.len() == 1;
    let readout = tools.translator.config.readout;
    let found = tools.crew.each(ranges, |clips| {
        // Graphs that share a parameter are one graph under one lock: parts get leaves of their own.
        let net = if alone { net.clone() } else { net.valid().train() };
        let tensor = |of: &[f32]| rows(&lesson, of, &clips, device);
        let all = (lesson.clips * lesson.slots * lesson.numbers) as f64;
        let wanted = tensor(&wanted);
        let painted = net.forward(slots(&lesson, &past, &clips, device));
        let painting = ((painted - wanted.clone()).square() * tensor(&lesson.weights)).sum() / all;
        let telling = net.eyes.as_ref().filter(|_| !lesson.features.is_empty()).map(|eyes| {
            let [n, slots, _] = wanted.dims();
            let [tokens, values] = net.ground.val().dims();
            let told = eyes.forward(wanted.reshape([n * slots, tokens, values]));
            let features = tensor(&lesson.features).flatten::<2>(0, 1);
            (told - features).square().sum() / lesson.features.len() as f64
        });
        let loss = telling.iter().fold(painting.clone(), |loss, telling| loss + telling.clone() * readout);
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        (gradients, [Some(painting.inner()), telling.map(Tensor::inner)])
    });
    let mut sum = GradientsAccumulator::new();
    let (gradients, found): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    gradients.into_iter().for_each(|gradients| sum.accumulate(net, gradients));
    Ok((sum.grads(), Scores { found, lesson, readout }))
}

/// Numbers that are alike for each slot as `[clips, slots, …]`.
fn rows(lesson: &Lesson, of: &[f32], clips: &Range<usize>, device: &Device) -> Tensor<3> {
    let part = lesson.part(of, clips);
    let shape = [clips.len(), lesson.slots, part.len() / (clips.len() * lesson.slots)];
    Tensor::from_data(TensorData::new(part.to_vec(), shape), device)
}

fn slots(lesson: &Lesson, past: &[f32], clips: &Range<usize>, device: &Device) -> Slots {
    let tensor = |of: &[f32]| rows(lesson, of, clips, device);
    Slots { past: tensor(past), now: tensor(&lesson.now), told: tensor(&lesson.told) }
}

/// The loss of painting the frame before again.
fn copying(lesson: &Lesson) -> f32 {
    let (before, wanted) = (lesson.before(), lesson.wanted());
    let errors = before.iter().zip(&wanted).zip(&lesson.weights).map(|((a, b), w)| f64::from((a - b) * (a - b) * w));
    (errors.sum::<f64>() / wanted.len() as f64) as f32
}

impl Scores {
    pub(super) fn read_back(self, gradient_norm: Tensor<1>) -> Losses {
        let sum = |which: usize| {
            let own: Vec<f32> = self.found.iter().filter_map(|part| part[which].clone()).flat_map(numbers).collect();
            (!own.is_empty()).then(|| own.iter().sum::<f32>())
        };
        let (predict, readout) = (sum(0).unwrap_or(f32::NAN), sum(1));
        let total = predict + readout.map_or(0.0, |told| told * self.readout as f32);
        let norm = numbers(gradient_norm)[0];
        let copy_last = copying(&self.lesson);
        let named = [("total", total), ("predict", predict), ("copy_last", copy_last), ("gradient_norm", norm)];
        Losses::of(named.into_iter().chain(readout.map(|told| ("readout", told))))
    }
}
