//! The gradient of the amortised planner on plain rows of a CPU: the same numbers as the tensor library's up to rounding, in
//! about half the time.
//!
//! A batch is cut into pieces of one size whatever the number of threads, and their gradients are added in order.

use crate::host::lanes::{LANE, cleared, flat_mut};
use crate::host::learner::Places;
use crate::host::perceptron::{Perceptron, Way};
use crate::host::threads::each;
use crate::host::vector::add_rows;
use crate::nn::reacher::{Reacher, clock};
use burn::optim::GradientsParams;
use burn::prelude::*;

/// Rows of a piece.
const PIECE: usize = 64;

/// Pairs of one step: where it is, where it shall be, what was done and in how many environment steps it was there.
#[derive(Default)]
pub(super) struct Pairs {
    /// `[pairs, latent]`.
    pub(super) now: Vec<f32>,
    /// `[pairs, latent]`.
    pub(super) goal: Vec<f32>,
    /// `[pairs, block]`, normalised.
    pub(super) blocks: Vec<f32>,
    /// One a pair.
    pub(super) to_go: Vec<f32>,
}

/// The gradient of the mean absolute error of the blocks, and that error.
pub(super) fn gradient(net: &Reacher, pairs: &Pairs, device: &Device) -> (GradientsParams, f32) {
    let layers = net.layers();
    let mut places = Places::default();
    let head = Perceptron::of(&layers, &mut places);
    let n = pairs.to_go.len();
    let pieces = each(n.div_ceil(PIECE), |piece| {
        let rows = piece * PIECE..((piece + 1) * PIECE).min(n);
        let (mut way, mut sums) = (Way::default(), Vec::new());
        cleared(&mut sums, places.len());
        let error = learn((&head, net.reach()), pairs, rows, (&mut way, &mut sums));
        (sums, error)
    });
    let mut pieces = pieces.into_iter();
    let (mut sums, mut error) = pieces.next().unwrap_or_default();
    for (more, its) in pieces {
        add_rows(&mut sums, &more);
        error += its;
    }
    let mut gradients = GradientsParams::new();
    head.hand(&layers, &sums, &mut gradients, device);
    (gradients, error as f32)
}

/// What some pairs say, added to the sums; answers with their share of the mean error.
fn learn(
    (head, reach): (&Perceptron, usize),
    pairs: &Pairs,
    rows: std::ops::Range<usize>,
    (way, sums): (&mut Way, &mut [crate::host::lanes::Lane]),
) -> f64 {
    let (latent, n) = (pairs.now.len() / pairs.to_go.len(), rows.len());
    let [width, told] = head.widths();
    let input = flat_mut(cleared(&mut way.input, n * width));
    for (row, pair) in input.chunks_exact_mut(width * LANE).zip(rows.clone()) {
        let [now, goal] = [&pairs.now, &pairs.goal].map(|all| &all[pair * latent..][..latent]);
        row[..latent].copy_from_slice(now);
        row[latent..2 * latent].copy_from_slice(goal);
        row[2 * latent..].iter_mut().zip(goal.iter().zip(now)).for_each(|(x, (goal, now))| *x = goal - now);
        row[3 * latent..][..2].copy_from_slice(&clock(pairs.to_go[pair], reach));
    }
    head.forward(n, way);
    let block = head.output();
    let weight = 1.0 / pairs.blocks.len() as f64;
    let mut error = 0.0;
    for (row, pair) in flat_mut(&mut way.told).chunks_exact_mut(told * LANE).zip(rows) {
        for (x, done) in row.iter_mut().zip(&pairs.blocks[pair * block..][..block]) {
            let apart = *x - done;
            error += weight * f64::from(apart.abs());
            *x = if apart == 0.0 { 0.0 } else { apart.signum() * weight as f32 };
        }
    }
    head.learn(n, way, sums);
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::tensor;
    use terrella_core::Key;

    /// Latents that fill no whole lanes, and a last piece that is not full.
    #[test]
    fn rows_say_what_tensors_say() {
        let _turn = crate::device::alone();
        let device = Device::flex().autodiff();
        device.seed(3);
        let (latent, block, n) = (11, 6, PIECE + 7);
        let net = Reacher::new(latent, block, (24, 50), &device);
        let numbers = |n: usize, purpose: &str| {
            let mut stream = Key::new(5).with(purpose).stream();
            (0..n).map(|_| stream.normal() as f32).collect::<Vec<f32>>()
        };
        let pairs = Pairs {
            now: numbers(n * latent, "now"),
            goal: numbers(n * latent, "goal"),
            blocks: numbers(n * block, "blocks"),
            to_go: (0..n).map(|pair| 1.0 + pair as f32 % 50.0).collect(),
        };
        let rows =
            |data: &Vec<f32>, width: usize| tensor(&terrella_core::Table::from_data(width, data.clone()), &device);
        let told = net.forward(rows(&pairs.now, latent), rows(&pairs.goal, latent), &pairs.to_go);
        let loss = (told - rows(&pairs.blocks, block)).abs().mean();
        let expected = GradientsParams::from_grads(loss.backward(), &net);
        let (found, error) = gradient(&net, &pairs, &device.clone().without_autodiff());
        let loss: f32 = loss.into_scalar();
        assert!((error - loss).abs() < 1e-5, "{error}, not {loss}");
        for layer in net.layers() {
            let of = |all: &GradientsParams| -> Vec<f32> {
                let weight = all.get::<2>(layer.weight.id).expect("a gradient").into_data();
                let bias = layer.bias.as_ref().and_then(|bias| all.get::<1>(bias.id)).expect("a gradient").into_data();
                [weight, bias].iter().flat_map(|data| data.as_slice::<f32>().expect("numbers").to_vec()).collect()
            };
            for (found, expected) in of(&found).into_iter().zip(of(&expected)) {
                assert!((found - expected).abs() < 1e-5 + 1e-4 * expected.abs(), "{found}, not {expected}");
            }
        }
    }
}
