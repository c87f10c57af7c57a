//! The losses of some clips and their gradient, in tensors: for GPUs, for the published size, and as the reference of
//! [`super::judge_rows`].

use crate::family::jepa::batch::Lesson;
use crate::family::jepa::config::LossWeights;
use crate::family::jepa::net::Jepa;
use crate::family::jepa::parts::{Judged, Part};
use crate::family::jepa::reach::reach;
use crate::family::jepa::scores::mse;
use crate::family::jepa::sigreg::sigreg;
use crate::family::jepa::workers::Workers;
use burn::optim::GradientsParams;
use burn::prelude::*;

/// All losses but SIGReg, of parts of `n` clips.
pub(super) fn judge(workers: &Workers, parts: &[Part], latents: &Tensor<3>, weights: &LossWeights) -> Judged {
    let [n, _, _] = latents.dims();
    let one = |part: &Part| {
        let share = part.clips.len() as f64 / n as f64;
        let own = latents.clone().narrow(0, part.clips.start, part.clips.len()).require_grad();
        let (total, losses) = losses(&part.model, own.clone(), &part.lesson, weights);
        let mut grads = (total * share).backward();
        let own = own.grad_remove(&mut grads).expect("every loss looks at latents");
        (GradientsParams::from_grads(grads, &part.model), own, losses.map(|loss| (loss * share).inner()))
    };
    let (mut gradients, mut own, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for (found, latents, losses) in workers.crew.each(parts.iter().collect(), one) {
        gradients.push(found);
        own.push(latents);
        all.push(losses);
    }
    let summed = |i: usize| all.iter().map(|losses| losses[i].clone()).reduce(|sum, part| sum + part);
    let losses = [0, 1, 2, 3, 4].map(|i| summed(i).expect("at least one part"));
    Judged { gradients, own: Tensor::cat(own, 0), losses }
}

/// SIGReg of the frames along some directions, `[latent, n]`, and its gradient for all latents; each part takes some of the
/// directions.
pub(super) fn gaussian(
    (workers, parts): (&Workers, usize),
    latents: &Tensor<3>,
    frames: usize,
    along: &Tensor<2>,
) -> (Tensor<3>, Tensor<1>) {
    let [_, n] = along.dims();
    let one = |part: usize| {
        let (start, end) = (part * n / parts, (part + 1) * n / parts);
        let all = latents.clone().require_grad();
        let share = (end - start) as f64 / n as f64;
        let value = sigreg(all.clone().narrow(1, 0, frames), along.clone().narrow(1, start, end - start)) * share;
        let mut grads = value.backward();
        (all.grad_remove(&mut grads).expect("SIGReg looks at latents"), value.inner())
    };
    let shares = workers.crew.each((0..parts).collect(), one);
    shares.into_iter().reduce(|(a, b), (c, d)| (a + c, b + d)).expect("at least one share")
}

/// The losses of some clips but SIGReg, weighted and summed, and one by one; each declared weight is
/// used here or where SIGReg is.
fn losses(model: &Jepa, shown: Tensor<3>, lesson: &Lesson, weights: &LossWeights) -> (Tensor<1>, [Tensor<1>; 5]) {
    let actions = lesson.actions(&shown.device());
    let frames = lesson.shape[1] + 1;
    let latents = shown.clone().narrow(1, 0, frames);
    let steering = model.steer(actions.clone());
    let targets = latents.clone().narrow(1, 1, frames - 1);
    let history = model.history().min(frames - 1);
    let predicted = model.predict(latents.clone().narrow(1, 0, history), &steering.narrow(0, history));
    let predict = mse(predicted, targets.clone().narrow(1, 0, history));
    let rolled = model.roll_out(latents.clone().narrow(1, 0, 1).flatten::<2>(1, 2), &steering);
    let rollout = mse(rolled.clone(), targets);
    let mut total = predict.clone() + rollout.clone() * weights.rollout;
    let zero = || predict.zeros_like().detach();
    let (mut readout, mut foretold, mut reached) = (zero(), zero(), zero());
    let features = lesson.features(&shown.device());
    if let (Some(features), Some(now), Some(then)) = (features, model.read(latents), model.read(rolled)) {
        readout = mse(now, features.clone());
        foretold = mse(then, features.clone().narrow(1, 1, frames - 1));
        total = total + (readout.clone() + foretold.clone()) * weights.readout;
    }
    if let (Some(head), Some(pairs)) = (model.reacher(), &lesson.pairs) {
        reached = reach(head, shown, actions, pairs);
        total = total + reached.clone() * weights.reach;
    }
    (total, [predict, rollout, readout, foretold, reached])
}
