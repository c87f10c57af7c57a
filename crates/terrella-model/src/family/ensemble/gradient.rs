//! The gradient of an ensemble's loss by hand, for a CPU.
//!
//! Five small networks keep a tensor library busy with its own affairs: operations of microseconds, each with
//! buffers of its own. Here each piece of work is one network and some of the rows; it goes forward and back
//! through all layers while they stay in the cache. Pieces depend on the number of rows alone and are added in
//! order, so that no result depends on how many threads there are. A test compares with [`super::loss`].

use super::config::EnsembleConfig;
use super::inputs::{Inputs, Lesson};
use super::loss::{BOUNDS, Scores};
use super::member::Numbers;
use super::net::EnsembleNet;
use crate::host::dense::numbers;
use crate::host::lanes::{LANE, Lane, Left, flat, flat_mut, lanes, product, silu_and_slope};
use crate::host::layer::Layer;
use crate::host::threads::each;
use burn::optim::GradientsParams;
use burn::prelude::*;
use std::cell::RefCell;
use std::ops::Range;

/// Rows of a piece, at most.
const ROWS: usize = 160;

/// All that pieces look at.
struct Task<'a> {
    config: &'a EnsembleConfig,
    inputs: &'a Inputs,
    lesson: &'a Lesson,
    /// `[members, rows]`.
    weights: &'a [f32],
    end_weight: f64,
    bounds: [Vec<f32>; 2],
}

/// A network, and its weights the other way round, but those of the first layer.
type Network = (Vec<Layer>, Vec<Vec<Lane>>);

/// Room of a thread, kept from piece to piece: clearing it anew would cost a tenth of the work.
#[derive(Default)]
struct Buffers {
    /// Values of the hidden layers, and slopes of their SiLU.
    outs: Vec<Vec<Lane>>,
    slopes: Vec<Vec<Lane>>,
    /// Gradient of what a layer tells, and of the layer before.
    back: Vec<Lane>,
    before: Vec<Lane>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// What one piece adds.
struct Piece {
    /// Gradient of weights, `[input, output]` in lanes, and of biases, a layer each.
    layers: Vec<(Vec<Lane>, Vec<Lane>)>,
    judged: Judged,
}

/// What is found at the outputs, summed over rows and divided by nothing.
#[derive(Default)]
struct Judged {
    /// Gradient of the least and the most log-variance.
    bounds: [Vec<f64>; 2],
    likelihood: f64,
    /// The likelihood with each number weighted by its variance (see [`EnsembleConfig::beta`]).
    balanced: f64,
    /// Squared errors of the rates and of the reward.
    errors: [f64; 2],
    end: f64,
}

/// As [`super::loss::loss`] and its gradient.
pub(super) fn gradient(
    (net, config): (&EnsembleNet, &EnsembleConfig),
    (inputs, lesson): (&Inputs, &Lesson),
    (weights, end_weight): (&[f32], f64),
    device: &Device,
) -> (GradientsParams, Scores) {
    let (members, rows, told) = (config.members, lesson.rows(), inputs.told());
    let bounds = [numbers(net.least.val()), numbers(net.most.val())];
    let task = Task { config, inputs, lesson, weights, end_weight, bounds };
    let all = Numbers::of(net);
    let networks: Vec<Network> = each(members, |m| {
        let layers = all.member(m);
        let turned = layers.iter().skip(1).map(Layer::turned).collect();
        (layers, turned)
    });
    let parts = rows.div_ceil(ROWS);
    let pieces = each(members * parts, |at| {
        let (member, part) = (at / parts, at % parts);
        let part = part * rows / parts..(part + 1) * rows / parts;
        BUFFERS.with_borrow_mut(|buffers| task.piece(member, &networks[member], part, buffers))
    });

    let mut gradients = GradientsParams::new();
    let device = &device.clone().without_autodiff();
    // Of each member all layers, weight and bias.
    let sums = each(members, |m| {
        let of = |at: usize| {
            let (columns, pieces) = (networks[m].0[at].output, &pieces[m * parts..(m + 1) * parts]);
            [
                added(pieces.iter().map(|p| &p.layers[at].0), columns),
                added(pieces.iter().map(|p| &p.layers[at].1), columns),
            ]
        };
        (0..net.weights.len()).map(of).collect::<Vec<_>>()
    });
    for (at, (weight, bias)) in net.weights.iter().zip(&net.biases).enumerate() {
        let Layer { input, output, .. } = networks[0].0[at];
        for (kind, (param, rows)) in [(weight, input), (bias, 1)].into_iter().enumerate() {
            let mut data = Vec::with_capacity(members * rows * output);
            sums.iter().for_each(|layers| data.extend_from_slice(&layers[at][kind]));
            let data = TensorData::new(data, [members, rows, output]);
            gradients.register(param.id, Tensor::<3>::from_data(data, device));
        }
    }
    let scale = |columns: usize| 1.0 / (members * rows * columns) as f64;
    if config.variance {
        for (at, (param, pull)) in [(&net.least, -BOUNDS), (&net.most, BOUNDS)].into_iter().enumerate() {
            let of = |i: usize| pieces.iter().map(|piece| piece.judged.bounds[at][i]).sum::<f64>() * scale(told) + pull;
            let data: Vec<f32> = (0..told).map(|i| of(i) as f32).collect();
            gradients.register(param.id, Tensor::<1>::from_data(TensorData::new(data, [told]), device));
        }
    }
    let sum = |of: fn(&Judged) -> f64| pieces.iter().map(|piece| of(&piece.judged)).sum::<f64>();
    let likelihood = sum(|j| j.likelihood) * scale(told);
    let states = inputs.state_width();
    let mut named = vec![("likelihood", likelihood), ("predict", sum(|j| j.errors[0]) * scale(states))];
    let mut total = sum(|j| j.balanced) * scale(told);
    if config.variance {
        let apart = |(least, most): (&f32, &f32)| f64::from(*most) - f64::from(*least);
        total += BOUNDS * task.bounds[0].iter().zip(&task.bounds[1]).map(apart).sum::<f64>();
    }
    if inputs.reward.is_some() {
        named.push(("reward", sum(|j| j.errors[1]) * scale(1)));
    }
    if inputs.ends {
        let end = sum(|j| j.end) * scale(1);
        total += end_weight * end;
        named.push(("end", end));
    }
    named.push(("total", total));
    let number = |(name, x): (&'static str, f64)| (name, Tensor::from_floats([x as f32], device));
    let (names, numbers) = named.into_iter().map(number).unzip();
    (gradients, Scores { names, numbers, standing_still: lesson.standing_still })
}

/// Rows of whole lanes, added up, without their padding.
fn added<'a>(parts: impl Iterator<Item = &'a Vec<Lane>>, columns: usize) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for part in parts {
        let rows = flat(part).chunks_exact(lanes(columns) * LANE).map(|row| &row[..columns]);
        if sum.is_empty() {
            sum.reserve_exact(rows.len() * columns);
            rows.for_each(|row| sum.extend_from_slice(row));
        } else {
            let add = |(sum, row): (&mut [f32], &[f32])| sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            sum.chunks_exact_mut(columns).zip(rows).for_each(add);
        }
    }
    sum
}

impl Task<'_> {
    /// Some rows through one network and back.
    fn piece(&self, member: usize, (layers, turned): &Network, rows: Range<usize>, buffers: &mut Buffers) -> Piece {
        let (n, last) = (rows.len(), layers.len() - 1);
        let x = &self.lesson.x[rows.start * layers[0].input..rows.end * layers[0].input];
        let Buffers { outs, slopes, back, before } = buffers;
        outs.resize(last, Vec::new());
        slopes.resize(last, Vec::new());
        for (at, layer) in layers.iter().enumerate() {
            let size = n * layer.width();
            let out = if at < last { &mut slopes[at] } else { &mut *back };
            out.resize(size, Lane::default());
            layer.forward(n, input(x, layers, outs, at), out);
            if at < last {
                outs[at].resize(size, Lane::default());
                silu_and_slope(&mut slopes[at], &mut outs[at]);
            }
        }
        let judged = self.judge(member, rows, layers[last].width() * LANE, flat_mut(back));
        let mut found = Vec::with_capacity(layers.len());
        for (at, layer) in layers.iter().enumerate().rev() {
            let (numbers, stride) = input(x, layers, outs, at);
            let mut weight = vec![Lane::default(); layer.input * layer.width()];
            let left = Left { numbers, rows: 1, depth: stride };
            product((layer.input, n, layer.width()), left, back, None, &mut weight);
            let mut bias = vec![Lane::default(); layer.width()];
            for row in back.chunks_exact(layer.width()) {
                bias.iter_mut().zip(row).for_each(|(sum, x)| sum.0.iter_mut().zip(&x.0).for_each(|(s, x)| *s += x));
            }
            found.push((weight, bias));
            if at > 0 {
                let width = lanes(layer.input);
                before.resize(n * width, Lane::default());
                let left = Left { numbers: flat(back), rows: layer.width() * LANE, depth: 1 };
                product((n, layer.output, width), left, &turned[at - 1], None, before);
                for (x, slope) in before.iter_mut().zip(&slopes[at - 1]) {
                    x.0.iter_mut().zip(&slope.0).for_each(|(x, slope)| *x *= slope);
                }
                std::mem::swap(back, before);
            }
        }
        found.reverse();
        Piece { layers: found, judged }
    }

    /// Puts the gradient of the loss in the place of what a network tells, rows `stride` numbers apart.
    fn judge(&self, member: usize, rows: Range<usize>, stride: usize, tells: &mut [f32]) -> Judged {
        let (told, states, all) = (self.inputs.told(), self.inputs.state_width(), self.lesson.rows());
        let scale = |columns: usize| 1.0 / (self.config.members * all * columns) as f64;
        let mut judged = Judged { bounds: [vec![0.0; told], vec![0.0; told]], ..Judged::default() };
        for (row, tells) in rows.zip(tells.chunks_exact_mut(stride)) {
            let weight = f64::from(self.weights[member * all + row]);
            for i in 0..told {
                let [mean, spread] = [tells[i], tells[told + i]].map(f64::from);
                (tells[i], tells[told + i]) = (0.0, 0.0);
                if !self.lesson.known(row, i, self.inputs) {
                    continue;
                }
                let error = mean - f64::from(self.lesson.y[row * told + i]);
                judged.errors[usize::from(i >= states)] += weight * error * error;
                if !self.config.variance {
                    judged.likelihood += weight * error * error;
                    judged.balanced += weight * error * error;
                    tells[i] = (2.0 * error * weight * scale(told)) as f32;
                    continue;
                }
                let [least, most] = [0, 1].map(|at| f64::from(self.bounds[at][i]));
                let (above, upper) = softplus(most - spread);
                let (below, lower) = softplus(most - above - least);
                let bounded = least + below;
                let precision = (-bounded).exp();
                let surprise = weight * (error * error * precision + bounded);
                judged.likelihood += surprise;
                // It is a weight, not a function: no gradient goes through it.
                let steady = (self.config.beta * bounded).exp();
                judged.balanced += steady * surprise;
                let weight = steady * weight;
                tells[i] = (2.0 * error * precision * weight * scale(told)) as f32;
                let back = weight * (1.0 - error * error * precision);
                judged.bounds[0][i] += back * (1.0 - lower);
                judged.bounds[1][i] += back * lower * (1.0 - upper);
                tells[told + i] = (back * lower * upper * scale(told)) as f32;
            }
            if self.inputs.ends {
                let (logit, ended) = (f64::from(tells[2 * told]), f64::from(self.lesson.ends[row]));
                let (soft, probability) = softplus(logit);
                judged.end += weight * (soft - logit * ended);
                tells[2 * told] = ((probability - ended) * weight * self.end_weight * scale(1)) as f32;
            }
        }
        judged
    }
}

/// What goes into a layer: its numbers, and how far apart rows stand.
fn input<'a>(x: &'a [f32], layers: &[Layer], outs: &'a [Vec<Lane>], at: usize) -> (&'a [f32], usize) {
    match at {
        0 => (x, layers[0].input),
        _ => (flat(&outs[at - 1]), layers[at - 1].width() * LANE),
    }
}

/// `ln(1 + eˣ)` and its slope, which is `σ(x)`.
fn softplus(x: f64) -> (f64, f64) {
    let small = (-x.abs()).exp();
    (x.max(0.0) + small.ln_1p(), if x < 0.0 { small } else { 1.0 } / (1.0 + small))
}
