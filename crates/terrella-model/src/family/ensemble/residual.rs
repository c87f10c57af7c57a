//! A small residual on a frozen ensemble, fitted to few rows of a world that is not quite the one it learned.
//!
//! Only the last layer of the means moves: what the layers below make of a row stays, and so do all variances. How far it may move is
//! a prior around where it was, which is L2-SP (Li, Grandvalet and Davoine 2018, arXiv:1802.01483) on that layer; a small residual on a frozen
//! model for few rows of another world is the idea of ReDRAW (arXiv:2504.02252). With noise as told the best residual is one linear
//! solve, so that there are no steps and no rate to choose, and the width of the prior is that under which the rows are most probable
//! (MacKay 1992): where nothing is different, next to nothing moves.

use super::config::EnsembleConfig;
use super::inputs::{Inputs, Lesson};
use super::member::{Numbers, Room, forward};
use super::net::EnsembleNet;
use crate::Result;
use crate::host::dense::numbers;
use crate::host::lanes::{LANE, lanes};
use crate::host::layer::Layer;
use crate::host::threads::each;
use crate::interface::Interface;
use burn::module::Param;
use burn::prelude::*;
use serde::{Deserialize, Serialize};
use terrella_core::Batch;

/// How far what is foretold may move a priori, in recorded deviations of the rates: from next to nothing to anything.
const REACHES: [f64; 6] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0];

/// By how much a model moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Rows that it was fitted to.
    pub rows: usize,
    /// Of each number that is told (rates of the state, and the reward, if there is one): how far it moved at these rows, as root mean
    /// square, in recorded deviations.
    pub outputs: Vec<f64>,
    /// Of each of these, the width of the prior that was chosen, in the same unit; 0 where it stays where it was.
    pub reach: Vec<f64>,
    /// Length of what was added to the weights of the last layer, as a share of theirs.
    pub weights: f64,
}

/// What one member makes of the rows.
struct Member {
    /// Outputs of the last hidden layer, and a 1 for the bias, `[rows, features]`.
    features: Vec<f64>,
    width: usize,
    /// What was logged less the mean that is told, `[rows, told]`.
    errors: Vec<f64>,
    /// One over the variance that is told, likewise.
    precision: Vec<f64>,
}

/// What is added to the weights of one number.
struct Fit {
    reach: f64,
    /// `[members, features]`; empty where nothing is.
    weights: Vec<Vec<f64>>,
}

/// The network with the residual that rows of another world ask for.
///
/// # Errors
/// If the batch has no changes of states, or lacks the rewards or ends that were learned before.
pub(crate) fn adapted(
    net: &EnsembleNet,
    config: &EnsembleConfig,
    about: &Interface,
    batch: &Batch,
) -> Result<(EnsembleNet, Moved)> {
    let inputs = Inputs::new(about);
    let lesson = Lesson::of(&inputs, batch)?;
    let (all, told, rows) = (Numbers::of(net), inputs.told(), lesson.rows());
    let bounds = [numbers(net.least.val()), numbers(net.most.val())];
    let members: Vec<Member> =
        each(config.members, |m| Member::of(&all.member(m), (&inputs, &lesson), (config.variance, &bounds)));
    let fits: Vec<Fit> = each(told, |number| {
        let known: Vec<usize> = (0..rows).filter(|&row| lesson.known(row, number, &inputs)).collect();
        fit(&members, &known, (number, told))
    });
    let width = members.first().map_or(0, |member| member.width);
    let mut moved = Moved { rows: lesson.moves, reach: fits.iter().map(|fit| fit.reach).collect(), ..Moved::default() };
    for fit in &fits {
        let shift = |row: usize| {
            let of = members.iter().zip(&fit.weights).map(|(member, weights)| dot(member.row(row), weights));
            of.sum::<f64>() / members.len() as f64
        };
        let square: f64 = (0..lesson.moves).map(|row| shift(row).powi(2)).sum();
        moved.outputs.push((square / lesson.moves.max(1) as f64).sqrt());
    }
    let mut net = net.clone();
    let last = net.weights.len() - 1;
    let (weight, bias) = (net.weights[last].val(), net.biases[last].val());
    let ([_, input, output], [mut weights, mut biases]) = (weight.dims(), [numbers(weight.clone()), numbers(bias)]);
    let (mut added, mut before) = (0.0f64, 0.0f64);
    for (number, fit) in fits.iter().enumerate() {
        for m in 0..config.members {
            before += (0..input).map(|k| f64::from(weights[(m * input + k) * output + number]).powi(2)).sum::<f64>();
        }
        for (m, more) in fit.weights.iter().enumerate() {
            for (k, x) in more[..width - 1].iter().enumerate() {
                weights[(m * input + k) * output + number] += *x as f32;
                added += x * x;
            }
            biases[m * output + number] += more[width - 1] as f32;
        }
    }
    moved.weights = (added / before.max(f64::MIN_POSITIVE)).sqrt();
    let device = weight.device();
    let with = |param: &Param<Tensor<3>>, data: Vec<f32>, rows: usize| {
        let tensor = Tensor::<3>::from_data(TensorData::new(data, [config.members, rows, output]), &device);
        param.clone().map(|_| tensor)
    };
    let (weight, bias) = (with(&net.weights[last], weights, input), with(&net.biases[last], biases, 1));
    (net.weights[last], net.biases[last]) = (weight, bias);
    Ok((net, moved))
}

impl Member {
    fn of(layers: &[Layer], (inputs, lesson): (&Inputs, &Lesson), (variance, bounds): (bool, &[Vec<f32>; 2])) -> Self {
        let (rows, told, last) = (lesson.rows(), inputs.told(), layers.len() - 1);
        let mut room = Room::default();
        let hidden = layers[last].input;
        let mut features = Vec::with_capacity(rows * (hidden + 1));
        if last == 0 {
            for row in lesson.x.chunks_exact(hidden) {
                features.extend(row.iter().map(|x| f64::from(*x)).chain([1.0]));
            }
        } else {
            // The layers below as a network of their own, whose last layer is left without its SiLU.
            let below = forward(&layers[..last], &lesson.x, &mut room);
            for row in below.chunks_exact(lanes(hidden) * LANE) {
                let silu = |x: &f32| f64::from(*x) / (1.0 + (-f64::from(*x)).exp());
                features.extend(row[..hidden].iter().map(silu).chain([1.0]));
            }
        }
        let (mut errors, mut precision) = (Vec::with_capacity(rows * told), Vec::with_capacity(rows * told));
        let tells = forward(layers, &lesson.x, &mut room);
        for (row, tells) in tells.chunks_exact(lanes(layers[last].output) * LANE).enumerate() {
            for i in 0..told {
                errors.push(f64::from(lesson.y[row * told + i]) - f64::from(tells[i]));
                let [least, most] = [0, 1].map(|at| f64::from(bounds[at][i]).exp());
                // As in training: held softly between its bounds. Without learned variances, rates vary as recorded.
                let held = least + 1.0 / (1.0 / most + (-f64::from(tells[told + i])).exp());
                precision.push(if variance { 1.0 / held } else { 1.0 });
            }
        }
        Self { features, width: hidden + 1, errors, precision }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.features[row * self.width..(row + 1) * self.width]
    }
}

/// The residual of one number, of which `told` there are, over the rows in which it is known.
fn fit(members: &[Member], known: &[usize], (number, told): (usize, usize)) -> Fit {
    let nothing = Fit { reach: 0.0, weights: Vec::new() };
    let width = members.first().map_or(0, |member| member.width);
    let square = members.iter().flat_map(|member| known.iter().map(|&row| dot(member.row(row), member.row(row))));
    let size = square.sum::<f64>() / (members.len() * known.len()).max(1) as f64;
    if known.is_empty() || !(size.is_finite() && size > 0.0) {
        return nothing;
    }
    let normal: Vec<(Vec<f64>, Vec<f64>)> = members
        .iter()
        .map(|member| {
            let (mut gram, mut right) = (vec![0.0; width * width], vec![0.0; width]);
            for &row in known {
                let (features, at) = (member.row(row), row * told + number);
                let (error, precision) = (member.errors[at], member.precision[at]);
                for (i, x) in features.iter().enumerate() {
                    let weighted = precision * x;
                    gram[i * width..][..=i].iter_mut().zip(features).for_each(|(sum, y)| *sum += weighted * y);
                    right[i] += weighted * error;
                }
            }
            (gram, right)
        })
        .collect();
    let mut best: (f64, Fit) = (0.0, nothing);
    for reach in REACHES {
        let penalty = size / (reach * reach);
        let (mut evidence, mut weights) = (0.0, Vec::with_capacity(members.len()));
        for (gram, right) in &normal {
            let (solved, gain) = solve(gram.clone(), right.clone(), penalty);
            evidence += gain;
            weights.push(solved);
        }
        // What is no number is no better than nothing.
        if evidence > best.0 {
            best = (evidence, Fit { reach, weights });
        }
    }
    best.1
}

/// `(G + λ)⁻¹ b`, and by how much it raises the logarithm of the evidence above that of no residual:
/// `½ (bᵀ (G + λ)⁻¹ b − ln |G + λ| + n ln λ)` (Bishop 2006, equation 3.86).
fn solve(mut gram: Vec<f64>, mut right: Vec<f64>, penalty: f64) -> (Vec<f64>, f64) {
    let n = right.len();
    let mut gain = 0.5 * n as f64 * penalty.ln();
    for i in 0..n {
        gram[i * n + i] += penalty;
        for j in 0..=i {
            let (before, row) = gram.split_at_mut(i * n);
            let (row, other) = (&mut row[..n], if j < i { &before[j * n..(j + 1) * n] } else { &[][..] });
            if j < i {
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            } else {
                row[i] = (row[i] - dot(&row[..i], &row[..i])).max(f64::MIN_POSITIVE).sqrt();
            }
        }
        let row = &gram[i * n..(i + 1) * n];
        right[i] = (right[i] - dot(&row[..i], &right[..i])) / row[i];
        gain += 0.5 * right[i] * right[i] - row[i].ln();
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| gram[k * n + i] * right[k]).sum();
        right[i] = (right[i] - known) / gram[i * n + i];
    }
    (right, gain)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn a_solve_and_its_evidence_are_those_of_hand_arithmetic() {
        // G + λ = [[4, 1], [1, 3]], b = [1, 2]: x = [1, 7] / 11, |G + λ| = 11.
        let (x, gain) = solve(vec![2.0, 0.0, 1.0, 1.0], vec![1.0, 2.0], 2.0);
        assert!((x[0] - 1.0 / 11.0).abs() < 1e-12 && (x[1] - 7.0 / 11.0).abs() < 1e-12, "{x:?}");
        let wanted = 0.5 * (15.0 / 11.0 - 11f64.ln() + 2.0 * 2f64.ln());
        assert!((gain - wanted).abs() < 1e-12, "{gain} and not {wanted}");
    }

    /// Two members with features of a 1 and a number, and errors that are noise about a line.
    fn members(slope: f64, rows: usize) -> Vec<Member> {
        let mut stream = Key::new(5).stream();
        let drawn: Vec<[f64; 2]> = (0..rows).map(|_| [stream.normal(), 0.1 * stream.normal()]).collect();
        let member = |_| Member {
            features: drawn.iter().flat_map(|[x, _]| [*x, 1.0]).collect(),
            width: 2,
            errors: drawn.iter().map(|[x, noise]| slope * x + noise).collect(),
            precision: vec![100.0; rows],
        };
        (0..2).map(member).collect()
    }

    #[test]
    fn what_is_noise_moves_nothing_and_what_is_not_is_found() {
        let all: Vec<usize> = (0..200).collect();
        let none = fit(&members(0.0, 200), &all, (0, 1));
        let moved = none.weights.first().map_or(0.0, |weights| weights[0].abs());
        assert!(none.reach <= 0.03 && moved < 0.025, "reach {}, {moved}", none.reach);
        let found = fit(&members(0.5, 200), &all, (0, 1));
        assert!(found.reach >= 0.3 && (found.weights[0][0] - 0.5).abs() < 0.03, "{} {:?}", found.reach, found.weights);
        let few = fit(&members(0.5, 200), &all[..5], (0, 1));
        assert!((few.weights[0][0] - 0.5).abs() < 0.25, "five rows say something: {:?}", few.weights);
        assert!(fit(&members(0.5, 200), &[], (0, 1)).weights.is_empty(), "none say nothing");
    }
}
