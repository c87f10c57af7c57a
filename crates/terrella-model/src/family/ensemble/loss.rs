//! What members are taught: the likelihood of what was logged, and whether the task ended.
//!
//! Here it is said in tensors, whose gradients Burn finds: the way on GPUs, and the reference for
//! [`super::gradient`], which does the same on a CPU.

use super::config::EnsembleConfig;
use super::inputs::{Inputs, Lesson};
use super::net::{EnsembleNet, Told};
use crate::losses::Losses;
use crate::nn::likelihood::surprise;
use burn::prelude::*;
use burn::tensor::Transaction;
use burn::tensor::activation::softplus;

/// Pull of the loss on the bounds of log-variances, towards each other (PETS, appendix A.1).
pub(super) const BOUNDS: f64 = 0.01;

/// Losses of one batch, not yet read back: their names, and the numbers in the same order.
#[derive(Debug)]
pub struct Scores {
    pub(super) names: Vec<&'static str>,
    pub(super) numbers: Vec<Tensor<1>>,
    pub(super) standing_still: f32,
}

impl Scores {
    pub(super) fn read_back(self, gradient_norm: Tensor<1>) -> Losses {
        let all = self.numbers.into_iter().chain([gradient_norm]);
        let read = all.into_iter().fold(Transaction::default(), Transaction::register).execute();
        let numbers = read.into_iter().flat_map(|data| data.iter::<f32>().collect::<Vec<_>>());
        let names = self.names.into_iter().chain(["gradient_norm"]);
        Losses::of(names.zip(numbers).chain([("standing_still", self.standing_still)]))
    }
}

/// The loss of all rows and what is told of it; `weights`, `[members, rows]`, say how much a member makes of a row.
pub(super) fn loss(
    (net, config): (&EnsembleNet, &EnsembleConfig),
    (inputs, lesson): (&Inputs, &Lesson),
    (weights, end_weight): (&[f32], f64),
    device: &Device,
) -> (Tensor<1>, Scores) {
    let (rows, width, states) = (lesson.rows(), inputs.told(), inputs.state_width());
    let tensor = |data: Vec<f32>, shape: [usize; 3]| Tensor::<3>::from_data(TensorData::new(data, shape), device);
    let x = tensor(lesson.x.clone(), [1, rows, inputs.width()]);
    let y = tensor(lesson.y.clone(), [1, rows, width]);
    let weights = tensor(weights.to_vec(), [config.members, rows, 1]);
    let x = x.expand([config.members as i64, rows as i64, inputs.width() as i64]);
    let Told { mean, spread, end } = net.forward(x);
    let mut square = (mean - y).square();
    let (mut told, mut balanced) = match config.variance {
        true => {
            let [plain, balanced] = surprise(square.clone(), spread, config.beta);
            (plain, balanced)
        }
        false => (square.clone(), square.clone()),
    };
    if rows > lesson.moves {
        // Where the last rows of episodes led was not logged.
        let known = (0..rows * width).map(|i| f32::from(u8::from(lesson.known(i / width, i % width, inputs))));
        let known = tensor(known.collect(), [1, rows, width]);
        (square, told, balanced) = (square * known.clone(), told * known.clone(), balanced * known);
    }
    let likelihood = (told * weights.clone()).mean();
    let error = square * weights.clone();
    let mut total = (balanced * weights.clone()).mean();
    if config.variance {
        total = total + (net.most.val().sum() - net.least.val().sum()) * BOUNDS;
    }
    let mut named = vec![("likelihood", likelihood), ("predict", error.clone().narrow(2, 0, states).mean())];
    if inputs.reward.is_some() {
        named.push(("reward", error.narrow(2, states, 1).mean()));
    }
    if let Some(logit) = end {
        let ended = tensor(lesson.ends.clone(), [1, rows, 1]);
        let missed = ((softplus(logit.clone(), 1.0) - logit * ended) * weights).mean();
        total = total + missed.clone() * end_weight;
        named.push(("end", missed));
    }
    named.push(("total", total.clone()));
    let (names, numbers) = named.into_iter().map(|(name, number)| (name, number.inner())).unzip();
    (total, Scores { names, numbers, standing_still: lesson.standing_still })
}
