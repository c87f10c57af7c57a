//! The loss of an RSSM and its gradient: clips of a part go through time together, parts side by side.
//!
//! As in DreamerV3 (equations 4 and 5) there are three parts: what was seen, its reward and its end are told from memory and latent of the
//! posterior; the prior learns what the posterior said, with the weight `dynamics`; and the posterior keeps to what the prior can say, with
//! the smaller weight `representation`. Divergences below the free nats pull on nobody. Which row each is of, [`super::lesson`] says.

use super::config::RssmConfig;
use super::lesson::{Lesson, Translator};
use super::net::{RssmNet, draw};
use crate::Result;
use crate::host::crew::{Crew, split};
use crate::host::dense::numbers;
use crate::losses::Losses;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use burn::tensor::activation::{log_softmax, softplus};
use terrella_core::{Batch, Key};

/// What turns batches into gradients.
pub struct Tools {
    pub(super) translator: Translator,
    pub(super) crew: Crew,
}

/// Losses of one step, not yet read back: names and numbers of each part, which add up.
pub struct Scores {
    parts: Vec<Vec<(&'static str, Tensor<1>)>>,
    standing_still: Option<f32>,
}

/// What sums over a batch are divided by, so that those of its parts add up.
#[derive(Clone, Copy)]
struct Whole {
    /// Rows that are seen.
    rows: f64,
    /// Rows that something led to.
    moves: f64,
    /// Actions that had an outcome.
    outcomes: f64,
}

/// Squared errors of patches are counted in pixels between 0 and 1; patches are in deviations of about 0.225 of them.
const PIXELS: f64 = 0.225 * 0.225;

/// Computes the gradient of all losses on a batch.
///
/// # Errors
/// If the batch does not fit the model.
pub(super) fn gradient(
    (net, tools): (&RssmNet, &Tools),
    batch: &Batch,
    key: Key,
    device: &Device,
) -> Result<(GradientsParams, Scores)> {
    tools.translator.fits(batch)?;
    let key = key.with("latent");
    let ranges = split(batch.clips.len(), tools.crew.parts);
    let lessons = tools.crew.each(ranges, |clips| tools.translator.lesson(batch, clips, key));
    let sum = |of: &dyn Fn(&Lesson) -> usize| lessons.iter().map(of).sum::<usize>() as f64;
    let whole = Whole {
        rows: sum(&|lesson| lesson.clips * lesson.frames),
        moves: sum(&|lesson| lesson.clips * (lesson.frames - 1)),
        outcomes: sum(&Lesson::outcomes),
    };
    let features = whole.moves * tools.translator.features() as f64;
    let changes: f32 = lessons.iter().map(Lesson::changes).sum();
    let standing_still = lessons.iter().any(|lesson| !lesson.states.is_empty()).then(|| changes / features as f32);
    let alone = lessons.len() == 1;
    let found = tools.crew.each(lessons, |lesson| {
        // Graphs that share a parameter are one graph under one lock: parts get leaves of their own.
        let net = if alone { net.clone() } else { net.valid().train() };
        let (loss, scores) = loss((&net, &tools.translator.config), &lesson, whole, device);
        (GradientsParams::from_grads(loss.backward(), &net), scores)
    });
    let mut sum = GradientsAccumulator::new();
    let (gradients, parts): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    gradients.into_iter().for_each(|gradients| sum.accumulate(net, gradients));
    Ok((sum.grads(), Scores { parts, standing_still }))
}

/// The share that one part has in the loss, and what is told of it.
fn loss(
    (net, config): (&RssmNet, &RssmConfig),
    lesson: &Lesson,
    whole: Whole,
    device: &Device,
) -> (Tensor<1>, Vec<(&'static str, Tensor<1>)>) {
    let (clips, frames) = (lesson.clips, lesson.frames);
    let (rows, moves) = (clips * frames, clips * (frames - 1));
    let tensor = |of: &[f32], rows: usize| {
        Tensor::<2>::from_data(TensorData::new(of.to_vec(), [rows, of.len() / rows.max(1)]), device)
    };
    let shown = |of: &[f32]| (!of.is_empty()).then(|| tensor(of, rows));
    let (states, patches) = (shown(&lesson.states), shown(&lesson.patches));
    let seen = net.encode(states.clone().filter(|_| config.sees.state()), patches.clone()); // [rows, hidden]
    let acts = net.from_act.forward(tensor(&lesson.acts, moves));
    let noise = |of: &[f32], rows: usize| tensor(of, rows).reshape([rows, config.groups, config.classes]);
    let drawn = noise(&lesson.noise, rows);

    let (mut memories, mut latents, mut told) = (Vec::new(), Vec::new(), Vec::new());
    let mut memory = net.begin(clips);
    for frame in 0..frames {
        let log = net.told(memory.clone(), seen.clone().narrow(0, frame * clips, clips));
        let latent = draw(log.clone(), drawn.clone().narrow(0, frame * clips, clips));
        memories.push(memory.clone());
        latents.push(latent.clone());
        told.push(log);
        if frame + 1 < frames {
            // The action of this row leads to the next.
            memory = net.advance(memory, latent, acts.clone().narrow(0, frame * clips, clips));
        }
    }
    // `memory` is that of the last row.
    let latent = latents.last().cloned();
    let (memories, told) = (Tensor::cat(memories, 0), Tensor::cat(told, 0));
    let known = Tensor::cat(vec![memories.clone(), Tensor::cat(latents, 0)], 1); // [rows, memory + latent]
    let foretold = net.foretold(memories.clone());

    let divergence = |a: Tensor<3>, b: Tensor<3>| (a.clone().exp() * (a - b)).sum_dim(2).sum_dim(1); // [rows, 1, 1]
    let dynamics = divergence(told.clone().detach(), foretold.clone());
    let representation = divergence(told, foretold.clone().detach());
    let mut named = vec![("kl", dynamics.clone().sum() / whole.rows)];
    let mut total = (dynamics.clamp_min(config.free_nats).sum() * config.dynamics
        + representation.clamp_min(config.free_nats).sum() * config.representation)
        / whole.rows;

    if let Some((head, states)) = net.state.as_ref().zip(states) {
        let [_, features] = states.dims();
        let from = if config.sees.state() { known.clone() } else { known.clone().detach() };
        let missed = (head.forward(from) - states.clone()).square().sum() / whole.rows;
        total = total + missed.clone();
        named.push(("reconstruct", missed / features as f64));
        // What the likeliest prior tells, with nothing seen: it teaches nothing, and shows what would hide behind the posterior.
        let calm = foretold.narrow(0, clips, moves).detach();
        let guess = draw(calm.clone(), calm.zeros_like()).detach();
        let guess = Tensor::cat(vec![memories.narrow(0, clips, moves).detach(), guess], 1);
        let far = (head.forward(guess) - states.narrow(0, clips, moves)).square().sum();
        named.push(("predict", far / (whole.moves * features as f64)));
    }
    if let Some((painter, patches)) = net.painter.as_ref().zip(patches) {
        let missed = (painter.forward(known.clone()) - patches).square().sum() * (PIXELS / whole.rows);
        total = total + missed.clone();
        named.push(("picture", missed));
    }
    let mut outcomes = known.narrow(0, clips, moves);
    if let Some(latent) = latent.filter(|_| !lesson.lasts.is_empty()) {
        let n = lesson.lasts.len();
        let lasts: Vec<i32> = lesson.lasts.iter().map(|clip| *clip as i32).collect();
        let lasts = Tensor::<1, Int>::from_data(TensorData::new(lasts, [n]), device);
        let acts = net.from_act.forward(tensor(&lesson.last_acts, n));
        let memory = net.advance(memory.select(0, lasts.clone()), latent.select(0, lasts), acts);
        let latent = draw(net.foretold(memory.clone()), noise(&lesson.last_noise, n));
        outcomes = Tensor::cat(vec![outcomes, Tensor::cat(vec![memory, latent], 1)], 0);
    }
    if let Some(head) = &net.reward {
        let told = log_softmax(head.forward(outcomes.clone()), 1);
        let missed = (told * tensor(&lesson.rewards, lesson.outcomes())).sum() * (-1.0 / whole.outcomes);
        total = total + missed.clone();
        named.push(("reward", missed));
    }
    if let Some(head) = &net.end {
        let logit = head.forward(outcomes);
        let ended = tensor(&lesson.ends, lesson.outcomes());
        let missed = (softplus(logit.clone(), 1.0) - logit * ended).sum() / whole.outcomes;
        total = total + missed.clone() * config.end_weight;
        named.push(("end", missed));
    }
    named.push(("total", total.clone()));
    (total, named.into_iter().map(|(name, number)| (name, number.inner())).collect())
}

impl Scores {
    pub(super) fn read_back(self, gradient_norm: Tensor<1>) -> Losses {
        let names: Vec<&'static str> = self.parts.first().into_iter().flatten().map(|(name, _)| *name).collect();
        let mut sums = vec![0.0f32; names.len()];
        for part in self.parts {
            sums.iter_mut().zip(part).for_each(|(sum, (_, number))| *sum += numbers(number)[0]);
        }
        let still = self.standing_still.map(|x| ("standing_still", x));
        let norm = [("gradient_norm", numbers(gradient_norm)[0])];
        Losses::of(names.into_iter().zip(sums).chain(norm).chain(still))
    }
}
