//! The gradient of one batch, worked on in parts side by side.
//!
//! A CPU tensor library spreads each operation over threads, and most operations of a small model
//! are too short for that. Here each thread takes some of the clips through all operations instead.
//! Frames meet in two places only, the encoder's batch norm and SIGReg; there the graph is cut, one
//! graph serves all clips, and gradients are handed back over the cut. This is the mathematics of
//! the undivided batch, and the number of parts is a constant, so that no result depends on how many
//! cores there are. What pictures show by themselves needs no graph: see [`crate::host::look`].

use crate::Result;
use crate::augment::Changes;
use crate::device::is_cpu;
use crate::family::jepa::batch::{Batcher, Lesson};
use crate::family::jepa::config::{JepaConfig, LossWeights};
use crate::family::jepa::net::Jepa;
use crate::family::jepa::reach::reach;
use crate::family::jepa::sigreg::{direction_rows, directions, sigreg};
use crate::family::jepa::sigreg_rows::sigreg_on_rows;
use crate::host::dense::numbers;
use crate::host::look::Album;
use crate::losses::Losses;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use burn::tensor::Transaction;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ops::Range;
use terrella_core::{Batch, Key};

/// Parts of a batch on a CPU.
pub(crate) const PARTS: usize = 2;

/// Who works on the parts: a pool of threads for each, or everybody on one after the other.
pub(crate) struct Workers {
    parts: usize,
    pools: Vec<ThreadPool>,
    /// Where pictures are looked at without tensors.
    album: Album,
    /// Whether they may be, and SIGReg too.
    rows: bool,
}

impl Workers {
    /// Workers for so many parts, which share the threads there are.
    pub(crate) fn new(parts: usize) -> Self {
        let threads = rayon::current_num_threads();
        let pool = || ThreadPoolBuilder::new().num_threads(threads / parts).build();
        let side_by_side = parts > 1 && threads >= parts;
        // Where the system grants no threads, parts take turns too.
        let pools = if side_by_side { (0..parts).map(|_| pool()).collect() } else { Ok(Vec::new()) };
        Self { parts, pools: pools.unwrap_or_default(), album: Album::default(), rows: true }
    }

    /// The same without short cuts for the CPU: slower, and the reference for them.
    #[cfg(test)]
    pub(crate) fn by_tensors(self) -> Self {
        Self { rows: false, ..self }
    }

    /// Does the work of all parts; answers in order.
    fn each<I: Send, O: Send>(&self, inputs: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
        if self.pools.len() < inputs.len() {
            return inputs.into_iter().map(work).collect();
        }
        let work = &work;
        std::thread::scope(|scope| {
            let start = |(input, pool)| scope.spawn(move || ThreadPool::install(pool, || work(input)));
            let running: Vec<_> = inputs.into_iter().zip(&self.pools).map(start).collect();
            let join = |handle: std::thread::ScopedJoinHandle<'_, O>| {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            running.into_iter().map(join).collect()
        })
    }
}

/// What a batch cost, not yet read back.
pub struct Scores {
    /// Prediction, rollout, readout, readout of rollouts, reaching: not yet weighted.
    losses: [Tensor<1>; 5],
    /// SIGReg.
    gaussian: Tensor<1>,
    latents: Tensor<3>,
    weights: LossWeights,
}

/// Clips of one part on their way.
struct Part {
    at: usize,
    clips: Range<usize>,
    model: Jepa,
    lesson: Lesson,
    /// Without a look on plain rows: what was seen, with its graph.
    seen: Option<Tensor<2>>,
}

/// What one part knows after judging.
struct Judged {
    gradients: GradientsParams,
    /// Gradient of its own clips' latents, `[clips, shown, latent]`.
    own: Tensor<3>,
    losses: [Tensor<1>; 5],
    /// Without plain rows: gradient of all latents through its share of SIGReg's directions, and their value.
    gaussian: Option<(Tensor<3>, Tensor<1>)>,
}

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
    let ranges = split(n, workers.parts);
    let alone = ranges.len() == 1;
    let rows = workers.rows && is_cpu(device);
    let look = batcher.patcher().filter(|_| rows).and_then(|patcher| Some((model.look_on_host(patcher)?, patcher)));
    let start = |(at, clips): (usize, Range<usize>)| {
        // Graphs that share a parameter are one graph under one lock: parts get leaves of their own.
        let model = if alone { model.clone() } else { model.valid().train() };
        let (own, changes) = ((batch, clips.clone()), &changes.of(clips.clone()));
        let lesson = batcher.lesson(own.clone(), changes, device)?;
        let seen = match &look {
            Some(_) => None,
            None => Some(model.look(batcher.inputs(own, &lesson, changes, device)?)),
        };
        Ok(Part { at, clips, model, lesson, seen })
    };
    let mut parts =
        workers.each(ranges.into_iter().enumerate().collect(), start).into_iter().collect::<Result<Vec<Part>>>()?;

    let seen = match &look {
        Some((look, patcher)) => {
            let (images, turns) = batcher.frames((batch, 0..n), changes)?;
            let images = patcher.shrunken(&images);
            let light = |at: usize| patcher.light(changes.lights(), (at, turns.len()));
            let cells = |at: usize, out: &mut _| patcher.cells(&images, at, (turns[at], light(at)), out);
            let seen = look.watch(turns.len(), cells, &workers.album);
            Tensor::from_data(TensorData::new(seen, [turns.len(), look.told()]), device)
        }
        None => Tensor::cat(parts.iter().filter_map(|p| p.seen.clone()).map(Tensor::detach).collect(), 0),
    };
    let seen = seen.require_grad();
    let flat = model.gather(seen.clone());
    let [_, latent] = flat.dims();
    let latents = flat.clone().detach().reshape([n, shown, latent]);
    // Directions are shared out in equal numbers (rounded up).
    let (n_parts, each) = (parts.len(), config.directions.div_ceil(parts.len()));
    let along = (!rows).then(|| directions(latent, n_parts * each, key, device));

    let judge = |part: &Part| {
        let share = part.clips.len() as f64 / n as f64;
        let own = latents.clone().narrow(0, part.clips.start, part.clips.len()).require_grad();
        let (total, losses) = judge(&part.model, own.clone(), &part.lesson, &config.weights);
        let mut grads = (total * share).backward();
        let own = own.grad_remove(&mut grads).expect("every loss looks at latents");
        let gradients = GradientsParams::from_grads(grads, &part.model);

        let gaussian = along.as_ref().map(|along| {
            let along = along.clone().narrow(1, part.at * each, each);
            let all = latents.clone().require_grad();
            let gaussian = sigreg(all.clone().narrow(1, 0, frames), along) / n_parts as f64;
            let mut grads = (gaussian.clone() * config.weights.sigreg).backward();
            (all.grad_remove(&mut grads).expect("SIGReg looks at latents"), gaussian.inner())
        });
        let losses = losses.map(|loss| (loss * share).inner());
        Judged { gradients, own, losses, gaussian }
    };
    let judged = workers.each(parts.iter().collect(), judge);
    let mut gaussian: Vec<_> = judged.iter().filter_map(|judged| judged.gaussian.clone()).collect();
    if rows {
        let along = direction_rows(latent, n_parts * each, key);
        let latents = latents.clone().inner();
        let judged = latents.clone().narrow(1, 0, frames);
        let (value, slope) = sigreg_on_rows(&numbers(judged), (frames, latent), &along);
        let device = &device.clone().without_autodiff();
        let slope = Tensor::<3>::from_data(TensorData::new(slope, [n, frames, latent]), device);
        let slope = latents.zeros_like().slice_assign([0..n, 0..frames, 0..latent], slope);
        gaussian.push((slope * config.weights.sigreg, Tensor::from_floats([value as f32], device)));
    }

    // The gradient of the latents, handed over the cut.
    let own = Tensor::cat(judged.iter().map(|j| j.own.clone()).collect(), 0);
    let handed = gaussian.iter().fold(own, |sum, (slope, _)| sum + slope.clone()).flatten::<2>(0, 1);
    let mut grads = (flat * Tensor::from_inner(handed)).sum().backward();
    let handed = seen.grad_remove(&mut grads).expect("the encoder looks at what was seen");
    let mut sum = GradientsAccumulator::new();
    sum.accumulate(model, GradientsParams::from_grads(grads, model));

    let added = |sum: Tensor<1>, part: Tensor<1>| sum + part;
    let losses = [0, 1, 2, 3, 4].map(|i| judged.iter().map(|j| j.losses[i].clone()).reduce(added));
    let losses = losses.map(|loss| loss.expect("at least one part"));
    let gaussian = gaussian.into_iter().map(|(_, value)| value).reduce(added).expect("at least one share");
    for Judged { gradients, .. } in judged {
        sum.accumulate(model, gradients);
    }
    if let Some((look, _)) = &look {
        let found = look.learn(&numbers(handed), &workers.album);
        sum.accumulate(model, model.slopes(found.slopes(look), device));
    } else {
        let finish = |(seen, part): (Tensor<2>, &Part)| {
            let handed = handed.clone().narrow(0, part.clips.start * shown, part.clips.len() * shown);
            GradientsParams::from_grads((seen * Tensor::from_inner(handed)).sum().backward(), &part.model)
        };
        let graphs = parts.iter_mut().filter_map(|part| Some((part.seen.take()?, &*part))).collect();
        for gradients in workers.each(graphs, finish) {
            sum.accumulate(model, gradients);
        }
    }
    let latents = latents.inner().narrow(1, 0, frames);
    Ok((sum.grads(), Scores { losses, gaussian, latents, weights: config.weights }))
}

/// `0 .. n` in so many parts of nearly equal size, none empty.
fn split(n: usize, parts: usize) -> Vec<Range<usize>> {
    let parts = parts.min(n).max(1);
    (0..parts).map(|i| i * n / parts..(i + 1) * n / parts).collect()
}

/// The losses of some clips but SIGReg, weighted and summed, and one by one; each declared weight is
/// used here or where SIGReg is.
fn judge(model: &Jepa, shown: Tensor<3>, lesson: &Lesson, weights: &LossWeights) -> (Tensor<1>, [Tensor<1>; 5]) {
    let frames = lesson.actions.dims()[1] + 1;
    let latents = shown.clone().narrow(1, 0, frames);
    let steering = model.steer(lesson.actions.clone());
    let targets = latents.clone().narrow(1, 1, frames - 1);
    let history = model.history().min(frames - 1);
    let predicted = model.predict(latents.clone().narrow(1, 0, history), &steering.narrow(0, history));
    let predict = mse(predicted, targets.clone().narrow(1, 0, history));
    let rolled = model.roll_out(latents.clone().narrow(1, 0, 1).flatten::<2>(1, 2), &steering);
    let rollout = mse(rolled.clone(), targets);
    let mut total = predict.clone() + rollout.clone() * weights.rollout;
    let zero = || predict.zeros_like().detach();
    let (mut readout, mut foretold, mut reached) = (zero(), zero(), zero());
    if let (Some(features), Some(now), Some(then)) = (&lesson.features, model.read(latents), model.read(rolled)) {
        readout = mse(now, features.clone());
        foretold = mse(then, features.clone().narrow(1, 1, frames - 1));
        total = total + (readout.clone() + foretold.clone()) * weights.readout;
    }
    if let (Some(head), Some(pairs)) = (model.reacher(), &lesson.pairs) {
        reached = reach(head, shown, lesson.actions.clone(), pairs);
        total = total + reached.clone() * weights.reach;
    }
    (total, [predict, rollout, readout, foretold, reached])
}

fn mse<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<1> {
    (a - b).square().mean()
}

impl Scores {
    /// Reads everything back, in one wait.
    pub(crate) fn read_back(self, gradient_norm: Tensor<1>) -> Losses {
        let weights = self.weights;
        let health = health(self.latents);
        let tensors = self.losses.into_iter().chain([self.gaussian]).chain(health).chain([gradient_norm]);
        let transaction = tensors.fold(Transaction::default(), Transaction::register);
        let read = |data: burn::tensor::TensorData| data.iter::<f32>().next().unwrap_or(f32::NAN);
        let numbers: Vec<f32> = transaction.execute().into_iter().map(read).collect();
        const NAMES: [&str; 10] = [
            "predict",
            "rollout",
            "readout",
            "readout_rollout",
            "reach",
            "sigreg",
            "copy_last",
            "effective_rank",
            "smallest_std",
            "gradient_norm",
        ];
        let named = Losses::of(NAMES.into_iter().zip(numbers.iter().copied()));
        let weighted = |name: &str, weight: f64| named.get(name) * weight as f32;
        let readout = named.get("readout") + named.get("readout_rollout");
        let total = named.get("predict")
            + weighted("rollout", weights.rollout)
            + weighted("reach", weights.reach)
            + weighted("sigreg", weights.sigreg)
            + readout * weights.readout as f32;
        // Without a head there is nothing to tell of it.
        let told = NAMES.into_iter().zip(numbers).filter(|(name, _)| *name != "reach" || weights.reach > 0.0);
        Losses::of(told.chain([("total", total)]))
    }
}

/// Copy-last error, effective rank and smallest deviation of `[batch, time, latent]`.
fn health(latents: Tensor<3>) -> [Tensor<1>; 3] {
    let [batch, time, latent] = latents.dims();
    let copy_last = mse(latents.clone().narrow(1, 0, time - 1), latents.clone().narrow(1, 1, time - 1));
    let rows = latents.reshape([batch * time, latent]);
    let centred = rows.clone() - rows.mean_dim(0);
    let covariance = centred.clone().transpose().matmul(centred) / (batch * time) as f64; // [latent, latent]
    let variances = (covariance.clone() * Tensor::eye(latent, &covariance.device())).sum_dim(1);
    let rank = variances.clone().sum().square() / (covariance.square().sum() + 1e-12);
    [copy_last, rank, variances.min().sqrt()]
}
