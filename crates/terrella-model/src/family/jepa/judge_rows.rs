//! [`super::judge`] on plain rows, for a CPU: the losses that follow from latents and their gradient.
//!
//! Some clips go through predictor and heads at a time while their rows stay in the cache; what they find is added in
//! order, so that no result depends on how many threads there are.

use crate::family::jepa::batch::Lesson;
use crate::family::jepa::config::LossWeights;
use crate::family::jepa::net::Jepa;
use crate::family::jepa::parts::{Judged, Part};
use crate::family::jepa::pupil::{Desk, Pupil};
use crate::family::jepa::reach::Pairs;
use crate::host::course::Course;
use crate::host::dense::numbers;
use crate::host::lanes::{LANE, Lane, cleared, flat, flat_mut, sized};
use crate::host::learner::Places;
use crate::host::perceptron::{Perceptron, Way};
use crate::host::steered::Layout;
use crate::host::threads::each;
use crate::host::vector::add_rows;
use crate::nn::reacher::clock;
use burn::optim::GradientsParams;
use burn::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Clips that go through the predictor together, at most: fewer would add up gradients more often than they multiply.
pub(super) const CLIPS: usize = 32;

/// All of a model that learns from latents.
pub(super) struct Learning {
    pupil: Pupil,
    readout: Option<Perceptron>,
    /// With the largest distance of a goal.
    reacher: Option<(Perceptron, usize)>,
    /// Lanes of all gradients.
    lanes: usize,
}

/// Room of some clips, kept from batch to batch.
#[derive(Default)]
struct Room {
    desk: Desk,
    readout: Way,
    reacher: Way,
    sums: Vec<Lane>,
}

/// Rooms of all parts.
#[derive(Default)]
pub(super) struct Desks(Mutex<Vec<Mutex<Room>>>);

/// What belongs to some clips beside their room.
struct Clips<'a> {
    lesson: &'a Lesson,
    layout: Layout<'a>,
    /// Clips of the whole batch.
    of: usize,
    weights: &'a LossWeights,
}

impl Learning {
    /// What learns of this model, if it can on plain rows.
    pub(super) fn of(model: &Jepa) -> Option<Self> {
        let mut places = Places::default();
        let pupil = Pupil::of(model, &mut places)?;
        let readout = model.readout.as_ref().map(|head| Perceptron::of(&head.layers(), &mut places));
        let reacher = model.reacher().map(|head| (Perceptron::of(&head.layers(), &mut places), head.reach()));
        Some(Self { pupil, readout, reacher, lanes: places.len() })
    }

    /// All losses but SIGReg, for latents `[clips, shown, latent]` without a graph.
    pub(super) fn judge(
        &self,
        model: &Jepa,
        desks: &Desks,
        parts: &[Part],
        latents: &Tensor<3>,
        weights: &LossWeights,
    ) -> Judged {
        let [of, shown, latent] = latents.dims();
        let rows = numbers(latents.clone());
        let steps = parts.first().map_or(0, |part| part.lesson.shape[1]);
        let course = Course::new(self.pupil.history, steps + 1);
        let mut rooms = desks.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.resize_with(parts.len(), Mutex::default);
        let rooms = &*rooms;
        let found = each(parts.len(), |at| {
            let (part, mut room) = (&parts[at], rooms[at].lock().unwrap_or_else(PoisonError::into_inner));
            let layout = Layout { course: &course, clips: part.clips.len() };
            let own = &rows[part.clips.start * shown * latent..part.clips.end * shown * latent];
            self.some(own, &Clips { lesson: &part.lesson, layout, of, weights }, &mut room)
        });
        let mut own = Vec::with_capacity(rows.len());
        let mut losses = [0.0; 5];
        for (back, told) in &found {
            own.extend_from_slice(back);
            losses.iter_mut().zip(told).for_each(|(sum, x)| *sum += x);
        }
        let (first, others) = rooms[..parts.len()].split_first().expect("at least one part");
        let mut sums = first.lock().unwrap_or_else(PoisonError::into_inner);
        for other in others {
            add_rows(&mut sums.sums, &other.lock().unwrap_or_else(PoisonError::into_inner).sums);
        }
        let device = &latents.device();
        Judged {
            gradients: vec![self.hand(model, &sums.sums, device)],
            own: Tensor::from_data(TensorData::new(own, [of, shown, latent]), device),
            losses: losses.map(|loss| Tensor::from_floats([loss as f32], device)),
        }
    }

    /// The gradients under the names of the parameters.
    fn hand(&self, model: &Jepa, sums: &[Lane], device: &Device) -> GradientsParams {
        let mut gradients = GradientsParams::new();
        self.pupil.hand(model, sums, &mut gradients, device);
        if let (Some(own), Some(head)) = (&self.readout, &model.readout) {
            own.hand(&head.layers(), sums, &mut gradients, device);
        }
        if let (Some((own, _)), Some(head)) = (&self.reacher, model.reacher()) {
            own.hand(&head.layers(), sums, &mut gradients, device);
        }
        gradients
    }

    /// The gradient of some clips' latents, `[clips, shown, latent]`, and their share of the losses; gradients of layers stay
    /// in the room.
    fn some(&self, latents: &[f32], of: &Clips<'_>, room: &mut Room) -> (Vec<f32>, [f64; 5]) {
        let (clips, steps, width) = (of.layout.clips, of.layout.course.rolled.len(), self.pupil.width());
        let shown = latents.len() / (clips * width * LANE);
        let desk = &mut room.desk;
        across(latents, (clips, shown), sized(&mut desk.latents, shown * clips * width));
        across(&of.lesson.actions, (clips, steps), cleared(&mut desk.actions, steps * clips * self.pupil.block()));
        cleared(&mut desk.of_latents, shown * clips * width);
        let sums = cleared(&mut room.sums, self.lanes);
        self.pupil.forward(desk, of.layout);
        let [predict, rollout] = meet(desk, of, width * LANE);
        let [mut readout, mut foretold, mut reached] = [0.0; 3];
        if let (Some(head), Some(features)) = (&self.readout, &of.lesson.features) {
            [readout, foretold] = read(head, features, desk, of, (&mut room.readout, sums));
        }
        self.pupil.back(desk, of.layout, sums);
        if let (Some((head, reach)), Some(pairs)) = (&self.reacher, &of.lesson.pairs) {
            reached = tell((head, *reach), pairs, desk, of, (&mut room.reacher, sums));
        }
        let mut back = vec![0.0; latents.len()];
        let each = width * LANE;
        for (at, row) in flat(&desk.of_latents).chunks_exact(each).enumerate() {
            back[(at % clips * shown + at / clips) * each..][..each].copy_from_slice(row);
        }
        (back, [predict, rollout, readout, foretold, reached])
    }
}

/// Rows clip by clip, `[clips, times, …]`, put down time by time in whole lanes.
fn across(rows: &[f32], (clips, times): (usize, usize), out: &mut [Lane]) {
    let (from, to) = (rows.len() / (clips * times), out.len() * LANE / (clips * times));
    for (at, out) in flat_mut(out).chunks_exact_mut(to).enumerate() {
        out[..from].copy_from_slice(&rows[(at % clips * times + at / clips) * from..][..from]);
    }
}

/// Squared differences, summed; the gradient of that, `scale` times, is added to that of `a` and taken from that of `b`.
fn square(a: &[f32], b: &[f32], scale: f32, of_a: &mut [f32], of_b: &mut [f32]) -> f64 {
    let mut sum = 0.0;
    for (((a, b), of_a), of_b) in a.iter().zip(b).zip(of_a).zip(of_b) {
        let apart = a - b;
        sum += f64::from(apart * apart);
        *of_a += 2.0 * scale * apart;
        *of_b -= 2.0 * scale * apart;
    }
    sum
}

/// Predictions of the taught window and of the rollout meet the latents of their frames.
fn meet(desk: &mut Desk, of: &Clips<'_>, latent: usize) -> [f64; 2] {
    let (course, each) = (of.layout.course, of.layout.clips * latent);
    let (told, latents) = (flat(&desk.told), flat(&desk.latents));
    let (of_told, of_latents) = (flat_mut(&mut desk.of_told), flat_mut(&mut desk.of_latents));
    let rolled = course.rolled.iter().copied();
    let [predict, rollout]: [Vec<usize>; 2] = [(0..course.taught()).collect(), rolled.collect()];
    [(predict, 1.0), (rollout, of.weights.rollout)].map(|(tokens, weight)| {
        let share = 1.0 / (of.of * tokens.len() * latent) as f64;
        let meet = |(at, token): (usize, &usize)| {
            let (own, frame) = (token * each..(token + 1) * each, (at + 1) * each..(at + 2) * each);
            let (of_told, of_latents) = (&mut of_told[own.clone()], &mut of_latents[frame.clone()]);
            square(&told[own], &latents[frame], (share * weight) as f32, of_told, of_latents)
        };
        tokens.iter().enumerate().map(meet).sum::<f64>() * share
    })
}

/// Features of the logged state, told from the latents of all frames and from the rollout.
fn read(
    head: &Perceptron,
    features: &[f32],
    desk: &mut Desk,
    of: &Clips<'_>,
    (way, sums): (&mut Way, &mut [Lane]),
) -> [f64; 2] {
    let (course, clips) = (of.layout.course, of.layout.clips);
    let ([width, told], n) = (head.widths(), head.output());
    let (steps, each) = (course.rolled.len(), clips * width);
    let (frames, rows) = (steps + 1, (2 * steps + 1) * clips);
    let input = sized(&mut way.input, rows * width);
    let (now, then) = input.split_at_mut(frames * each);
    now.copy_from_slice(&desk.latents[..frames * each]);
    for (token, to) in course.rolled.iter().zip(then.chunks_exact_mut(each)) {
        to.copy_from_slice(&desk.told[token * each..][..each]);
    }
    head.forward(rows, way);
    let shares = [frames, steps].map(|times| 1.0 / (of.of * times * n) as f64);
    let mut losses = [0.0; 2];
    for (at, row) in flat_mut(&mut way.told).chunks_exact_mut(told * LANE).enumerate() {
        let (time, clip) = (at / clips, at % clips);
        // What is rolled out begins with the second frame.
        let (kind, frame) = if time < frames { (0, time) } else { (1, time - frames + 1) };
        let want = &features[(clip * frames + frame) * n..][..n];
        for (x, want) in row.iter_mut().zip(want) {
            let apart = *x - want;
            losses[kind] += f64::from(apart * apart);
            *x = 2.0 * apart * (shares[kind] * of.weights.readout) as f32;
        }
    }
    head.back(rows, way, sums);
    add_rows(&mut desk.of_latents[..frames * each], &way.of_input[..frames * each]);
    for (token, from) in course.rolled.iter().zip(way.of_input[frames * each..].chunks_exact(each)) {
        add_rows(&mut desk.of_told[token * each..][..each], from);
    }
    [losses[0] * shares[0], losses[1] * shares[1]]
}

/// Action blocks, told from two latents and the steps between: see [`super::reach::reach`].
fn tell(
    (head, reach): (&Perceptron, usize),
    pairs: &Pairs,
    desk: &mut Desk,
    of: &Clips<'_>,
    (way, sums): (&mut Way, &mut [Lane]),
) -> f64 {
    let (clips, steps, rows) = (of.layout.clips, of.layout.course.rolled.len(), pairs.now.len());
    let [width, told] = head.widths();
    // A row is both latents, what lies between them and a lane with the clock.
    let latent = (width - 1) / 3;
    let shown = desk.latents.len() / (clips * latent);
    let at = |row: i32| {
        let (clip, frame) = (row as usize / shown, row as usize % shown);
        (frame * clips + clip) * latent
    };
    let ends = pairs.now.iter().zip(&pairs.then).map(|(now, then)| [at(*now), at(*then)]);
    let input = cleared(&mut way.input, rows * width);
    for ((row, [now, then]), to_go) in input.chunks_exact_mut(width).zip(ends.clone()).zip(&pairs.to_go) {
        let [now, then] = [now, then].map(|at| &desk.latents[at..at + latent]);
        row[..latent].copy_from_slice(now);
        row[latent..2 * latent].copy_from_slice(then);
        let change = flat_mut(&mut row[2 * latent..3 * latent]);
        change.iter_mut().zip(flat(then)).zip(flat(now)).for_each(|((x, then), now)| *x = then - now);
        row[3 * latent].0[..2].copy_from_slice(&clock(*to_go, reach));
    }
    head.forward(rows, way);
    let (n, share) = (head.output(), clips as f64 / of.of as f64);
    let mut loss = 0.0;
    let answers = flat_mut(&mut way.told).chunks_exact_mut(told * LANE);
    for ((row, block), weight) in answers.zip(&pairs.block).zip(&pairs.weight) {
        let (clip, step) = (*block as usize / steps, *block as usize % steps);
        let done = &of.lesson.actions[(clip * steps + step) * n..][..n];
        let weight = share * f64::from(*weight) / n as f64;
        for (x, done) in row.iter_mut().zip(done) {
            let apart = *x - done;
            loss += weight * f64::from(apart.abs());
            let side = if apart == 0.0 { 0.0 } else { apart.signum() };
            *x = side * (weight * of.weights.reach) as f32;
        }
    }
    head.back(rows, way, sums);
    for (row, [now, then]) in way.of_input.chunks_exact(width).zip(ends) {
        let [of_now, of_then, of_change] = [0, 1, 2].map(|part| &row[part * latent..(part + 1) * latent]);
        for (at, own, sign) in [(now, of_now, -1.0), (then, of_then, 1.0)] {
            let sum = flat_mut(&mut desk.of_latents[at..at + latent]);
            sum.iter_mut().zip(flat(own)).zip(flat(of_change)).for_each(|((sum, x), y)| *sum += x + sign * y);
        }
    }
    loss
}
