//! The gradient of a hybrid's loss by hand: through the rows of a clip, one after the other.
//!
//! A clip is foretold from its first recorded row on, told what was done. The loss is the mean squared error of all foretold rows, in what changes in
//! a usual row, and `λ` times the mean square of what the network adds to the equations: of all ways to share what is
//! recorded between the two, the one in which the network does least (APHYNITY, Yin et al. 2021, arXiv:2010.04456, eq. 5). There the weight
//! moves to the error, round by round, until clips are foretold exactly; of measurements with noise they never are,
//! and the network would end by learning noise. So `λ` stays, the objective is the same in every step, and a resumed run needs to keep nothing.
//!
//! Back from the last row, the gradient of a state goes through the network by layers and through the equations by their exact Jacobians (dual numbers).
//! Pieces depend on the number of clips alone and are added in order, so that no number depends on how many threads there are.

use super::motion::{Motion, PRIORS, VARIANCES};
use super::net::HybridNet;
use super::network::{Network, Pass};
use crate::host::dense::numbers;
use crate::host::lanes::{LANE, Lane, cleared, flat, flat_mut, lanes};
use crate::host::threads::each;
use crate::losses::Losses;
use crate::{Error, Result};
use burn::optim::GradientsParams;
use burn::prelude::*;
use std::ops::Range;
use terrella_core::Batch;
use terrella_physics::{Jacobians, Row};

/// Clips of a piece, at most.
const CLIPS: usize = 16;
/// Weight of the fit of variances; they are for themselves, so it only keeps them out of the joint clip of gradients.
const SPREAD: f64 = 1e-3;
/// Added to mean squares before a logarithm, in squares of what changes in a usual row.
const LEAST: f64 = 1e-12;

/// Losses of one batch.
#[derive(Clone, Debug)]
pub struct Scores(Vec<(&'static str, f64)>);

impl Scores {
    pub(super) fn read_back(self, gradient_norm: Tensor<1>) -> Losses {
        let norm = numbers(gradient_norm)[0];
        Losses::of(self.0.into_iter().map(|(name, x)| (name, x as f32)).chain([("gradient_norm", norm)]))
    }

    /// One of them.
    #[cfg(test)]
    pub(super) fn get(&self, name: &str) -> f64 {
        self.0.iter().find(|(of, _)| *of == name).map_or(f64::NAN, |(_, x)| *x)
    }
}

/// Weights of the losses beside that of the errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub(super) residual: f64,
    pub(super) prior: f64,
}

/// All that pieces look at.
struct Task<'a> {
    motion: &'a Motion,
    network: &'a Network,
    /// All parameters of the equations.
    values: &'a [f64],
    batch: &'a Batch,
    /// Rows that are foretold of each clip.
    steps: usize,
    residual: f64,
}

/// What a piece adds.
struct Piece {
    layers: Vec<Lane>,
    /// Gradient by the free parameters themselves.
    parameters: Vec<f64>,
    /// Sum of squared errors, and of those of the first row.
    errors: [f64; 2],
    /// The same of the first row, if nothing changed.
    still: f64,
    /// Sum of squares of what the network adds to the equations.
    added: f64,
    /// Sum of squared errors of each number, each divided by how many rows ahead it is.
    squares: Vec<f64>,
}

/// The gradient of a batch, and its losses.
///
/// # Errors
/// If clips hold no changes of states.
pub(super) fn gradient(
    net: &HybridNet,
    motion: &Motion,
    batch: &Batch,
    weights: Weights,
    device: &Device,
) -> Result<(GradientsParams, Scores)> {
    let (clips, steps, width) = (batch.clips.len(), batch.n_frames.saturating_sub(1), motion.width());
    let [states, dt] = [clips * (steps + 1) * width, clips * steps];
    if batch.states.len() != states || batch.dt.len() != dt || clips * steps == 0 {
        return Err(Error::Invalid(format!(
            "a hybrid learns from states, what was done and for how long, but {clips} clips of {} rows have {} state numbers and {} durations; set train.n_frames to at least 2",
            batch.n_frames,
            batch.states.len(),
            batch.dt.len()
        )));
    }
    let network = Network::of(&net.layers);
    let moved = numbers(net.parameters.val());
    let (values, places) = (motion.values(&moved), motion.places(&moved));
    let task = Task { motion, network: &network, values: &values, batch, steps, residual: weights.residual };
    let parts = clips.div_ceil(CLIPS);
    let pieces = each(parts, |at| task.piece(at * clips / parts..(at + 1) * clips / parts));

    let mut all = Piece::of(&task);
    pieces.iter().for_each(|piece| all.add(piece));
    let device = &device.clone().without_autodiff();
    let mut gradients = GradientsParams::new();
    network.hand(&net.layers, &all.layers, &mut gradients, device);
    let row = |data: Vec<f64>| {
        let n = data.len();
        let data: Vec<f32> = data.into_iter().map(|x| x as f32).collect();
        Tensor::<1>::from_data(TensorData::new(data, [n]), device)
    };
    let slopes = motion.known.space.slopes(&values);
    let by_place = all.parameters.iter().zip(&slopes).zip(&places);
    let by_place = by_place.map(|((by_value, slope), place)| by_value * slope + weights.prior * place);
    gradients.register(net.parameters.id, row(by_place.map(|x| PRIORS * x).collect()));
    let each_number = (clips * steps) as f64;
    let spread: Vec<f64> = numbers(net.spread.val()).into_iter().map(|x| VARIANCES * f64::from(x)).collect();
    let far = |(spread, squares): (&f64, &f64)| spread - (squares / each_number + LEAST).ln();
    let far: Vec<f64> = spread.iter().zip(&all.squares).map(far).collect();
    gradients.register(net.spread.id, row(far.iter().map(|far| SPREAD * VARIANCES * far).collect()));

    let (first, rows) = ((clips * width) as f64, each_number * width as f64);
    let known = each_number * motion.known.columns.state.len() as f64;
    let (errors, added) = (all.errors[0] / rows, all.added / known);
    let prior = 0.5 * places.iter().map(|place| place * place).sum::<f64>();
    let variance = 0.5 * far.iter().map(|far| far * far).sum::<f64>();
    let total = errors + weights.residual * added + weights.prior * prior + SPREAD * variance;
    let named = [
        ("rollout", errors),
        ("predict", all.errors[1] / first),
        ("standing_still", all.still / first),
        ("residual", added),
        ("prior", prior),
        ("total", total),
    ];
    Ok((gradients, Scores(named.to_vec())))
}

impl Piece {
    fn of(task: &Task<'_>) -> Self {
        Self {
            layers: vec![Lane::default(); task.network.size],
            parameters: vec![0.0; task.motion.known.space.len()],
            errors: [0.0; 2],
            still: 0.0,
            added: 0.0,
            squares: vec![0.0; task.motion.width()],
        }
    }

    fn add(&mut self, other: &Self) {
        flat_mut(&mut self.layers).iter_mut().zip(flat(&other.layers)).for_each(|(sum, x)| *sum += x);
        self.parameters.iter_mut().zip(&other.parameters).for_each(|(sum, x)| *sum += x);
        self.errors.iter_mut().zip(&other.errors).for_each(|(sum, x)| *sum += x);
        self.squares.iter_mut().zip(&other.squares).for_each(|(sum, x)| *sum += x);
        self.still += other.still;
        self.added += other.added;
    }
}

/// One row of all clips of a piece on the way there.
struct Went {
    pass: Pass,
    /// Derivatives of what the equations told, one after the other: `[clips, known, known]` and `[clips, known, free]`.
    by_state: Vec<f64>,
    by_parameters: Vec<f64>,
}

impl Task<'_> {
    /// Some clips there and back.
    fn piece(&self, clips: Range<usize>) -> Piece {
        let width = self.motion.width();
        let mut states: Vec<f64> = Vec::with_capacity(clips.len() * width);
        clips.clone().for_each(|clip| states.extend(self.recorded(clip, 0)));
        let mut course = vec![states];
        let mut went = Vec::with_capacity(self.steps);
        for step in 0..self.steps {
            let mut states = course[step].clone();
            went.push(self.there(clips.clone(), step, &mut states));
            course.push(states);
        }
        let mut piece = Piece::of(self);
        let mut gradient = vec![0.0; clips.len() * width];
        for step in (0..self.steps).rev() {
            self.judge(clips.clone(), step, &course[step + 1], (&mut gradient, &mut piece));
            self.back(clips.clone(), step, (&course[step], &went[step]), (&mut gradient, &mut piece));
        }
        piece
    }

    /// The state of a clip in a row, as it was recorded.
    fn recorded(&self, clip: usize, row: usize) -> impl Iterator<Item = f64> + '_ {
        let width = self.motion.width();
        let first = (clip * (self.steps + 1) + row) * width;
        self.batch.states[first..first + width].iter().map(|x| f64::from(*x))
    }

    /// What is done in a row of a clip, and for how long.
    fn acts(&self, clip: usize, step: usize) -> (&[f32], f64) {
        let (at, width) = (clip * self.steps + step, self.motion.action_width());
        (&self.batch.actions[at * width..(at + 1) * width], f64::from(self.batch.dt[at]))
    }

    /// A row further.
    fn there(&self, clips: Range<usize>, step: usize, states: &mut [f64]) -> Went {
        let (motion, rows) = (self.motion, clips.len());
        let known = &motion.known;
        let (width, inputs, m, p) = (motion.width(), motion.inputs(), known.columns.state.len(), known.space.len());
        let mut pass = Pass::default();
        let input = flat_mut(cleared(&mut pass.input, rows * lanes(inputs)));
        let each_row = clips.clone().zip(states.chunks_exact(width)).zip(input.chunks_exact_mut(lanes(inputs) * LANE));
        for ((clip, state), row) in each_row {
            let (action, dt) = self.acts(clip, step);
            motion.input(state, action, dt, &mut row[..inputs]);
        }
        self.network.forward(rows, &mut pass);
        let mut went =
            Went { pass, by_state: Vec::with_capacity(rows * m * m), by_parameters: Vec::with_capacity(rows * m * p) };
        let mut jacobians = Jacobians::new(m, 0, known.space.free.clone());
        let (mut seen, mut done) = (vec![0.0; m], vec![0.0; known.columns.action.len()]);
        let told = flat(&went.pass.told).chunks_exact(lanes(width) * LANE);
        for ((clip, state), added) in clips.zip(states.chunks_exact_mut(width)).zip(told) {
            let (action, dt) = self.acts(clip, step);
            motion.seen(state, action, (&mut seen, &mut done));
            let row = Row { state: &seen, action: &done, parameters: self.values, dt };
            known.mechanism.step_with_jacobians(row, &mut jacobians);
            went.by_state.extend_from_slice(&jacobians.by_state);
            went.by_parameters.extend_from_slice(&jacobians.by_parameters);
            motion.advance(state, (&jacobians.next, &added[..width]), dt);
        }
        went
    }

    /// Errors of the states after a row, and what they add to the gradient of these.
    fn judge(&self, clips: Range<usize>, step: usize, states: &[f64], (gradient, piece): (&mut [f64], &mut Piece)) {
        let width = self.motion.width();
        let all = (self.batch.clips.len() * self.steps * width) as f64;
        let rows = clips.zip(states.chunks_exact(width)).zip(gradient.chunks_exact_mut(width));
        for ((clip, state), gradient) in rows {
            for (i, truth) in self.recorded(clip, step + 1).enumerate() {
                let unit = self.motion.unit(i);
                let error = self.motion.apart(i, state[i], truth) / unit;
                piece.errors[0] += error * error;
                piece.squares[i] += error * error / (step + 1) as f64;
                gradient[i] += 2.0 * error / (unit * all);
                if step == 0 {
                    piece.errors[1] += error * error;
                    let before = self.recorded(clip, 0).nth(i).unwrap_or(truth);
                    piece.still += (self.motion.apart(i, before, truth) / unit).powi(2);
                }
            }
        }
    }

    /// From the gradient of the states after a row to that of the states before it.
    fn back(
        &self,
        clips: Range<usize>,
        step: usize,
        (states, went): (&[f64], &Went),
        (gradient, piece): (&mut [f64], &mut Piece),
    ) {
        let (motion, rows) = (self.motion, clips.len());
        let columns = &motion.known.columns.state;
        let (width, m, p) = (motion.width(), columns.len(), motion.known.space.len());
        let penalty = 2.0 * self.residual / (self.batch.clips.len() * self.steps * m) as f64;
        // Of what the network told.
        let mut of_told = Vec::new();
        let told = flat(&went.pass.told).chunks_exact(lanes(width) * LANE);
        let into = flat_mut(cleared(&mut of_told, rows * lanes(width))).chunks_exact_mut(lanes(width) * LANE);
        for (((clip, gradient), added), into) in clips.zip(gradient.chunks_exact(width)).zip(told).zip(into) {
            let dt = self.acts(clip, step).1;
            let mut of: Vec<f64> = (0..width).map(|i| gradient[i] * dt * motion.scale(i)).collect();
            for &column in columns {
                let added = f64::from(added[column]);
                piece.added += added * added;
                of[column] += penalty * added;
            }
            into.iter_mut().zip(of).for_each(|(to, of)| *to = of as f32);
        }
        self.network.back(rows, &went.pass, &mut of_told, &mut piece.layers);
        // Through the equations, and past them.
        let inputs = flat(&of_told).chunks_exact(lanes(motion.inputs()) * LANE);
        let rows = gradient.chunks_exact_mut(width).zip(states.chunks_exact(width)).zip(inputs);
        for (at, ((gradient, state), input)) in rows.enumerate() {
            let after: Vec<f64> = columns.iter().map(|&column| gradient[column]).collect();
            let (by_state, by_parameters) = (&went.by_state[at * m * m..], &went.by_parameters[at * m * p..]);
            for (j, &column) in columns.iter().enumerate() {
                gradient[column] = after.iter().enumerate().map(|(i, after)| after * by_state[i * m + j]).sum();
            }
            for (j, sum) in piece.parameters.iter_mut().enumerate() {
                *sum += after.iter().enumerate().map(|(i, after)| after * by_parameters[i * p + j]).sum::<f64>();
            }
            motion.input_back(state, input, gradient);
        }
    }
}
