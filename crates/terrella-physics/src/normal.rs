//! What each clip says: its squared errors, and the normal equations of parameters and of the state it starts from.
//!
//! A clip is foretold from one state on; the derivatives of a foretold row follow from those of the row before, by the chain rule.
//! Clips are worked out by several threads and summed in their order, so that no result depends on how many there are.

use crate::clip::Clip;
use crate::delay::delayed;
use crate::jacobians::Jacobians;
use crate::mechanism::{Mechanism, Row};
use crate::record::Record;
use crate::space::Space;
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// Where clips start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Initial {
    /// From a state of their own that is fitted too: what was measured there is as noisy as elsewhere.
    #[default]
    Free,
    /// From what was measured, taken as exact. Noise there then looks like noise everywhere after, and biases parameters.
    Measured,
}

/// A fit in the making.
pub(crate) struct Problem<'a> {
    pub(crate) mechanism: &'a dyn Mechanism,
    pub(crate) space: &'a Space,
    pub(crate) records: &'a [Record],
    pub(crate) clips: &'a [Clip],
    /// Standard deviation of what is measured, one a number of the state.
    pub(crate) noise: Vec<f64>,
    pub(crate) initial: Initial,
    /// Rows by which actions are late.
    pub(crate) delay: f64,
    pub(crate) threads: usize,
    /// Whether to go on, asked at every step.
    pub(crate) go_on: &'a (dyn Fn() -> bool + Sync),
}

/// What one clip says.
#[derive(Clone, Debug)]
pub(crate) struct ClipSum {
    /// Half the sum of squared errors in units of the noise.
    pub(crate) cost: f64,
    /// Sum of squared errors of each number of the state, in its unit.
    pub(crate) squares: Vec<f64>,
    /// Normal matrix of the start, `[state, state]`.
    pub(crate) starts: DMatrix<f64>,
    /// Of start and parameters, `[state, free]`.
    pub(crate) mixed: DMatrix<f64>,
    /// Of the parameters, `[free, free]`.
    pub(crate) parameters: DMatrix<f64>,
    /// Gradient by the start.
    pub(crate) by_start: DVector<f64>,
    /// Gradient by the parameters.
    pub(crate) by_parameters: DVector<f64>,
}

impl Problem<'_> {
    /// Numbers of a state.
    pub(crate) fn width(&self) -> usize {
        self.mechanism.state().len()
    }

    /// The measured states that clips start from.
    pub(crate) fn measured(&self) -> Vec<Vec<f64>> {
        let start = |clip: &Clip| self.records[clip.record].state(clip.start, self.width()).to_vec();
        self.clips.iter().map(start).collect()
    }

    /// Normal equations of all clips.
    pub(crate) fn sums(&self, z: &[f64], starts: &[Vec<f64>]) -> Vec<ClipSum> {
        let values = self.space.values(z);
        let slopes = self.space.slopes(&values);
        self.each(|at| self.sum(at, (&values, &slopes), &starts[at]))
    }

    /// Half the sum of squared errors of all clips, in units of the noise.
    pub(crate) fn cost(&self, z: &[f64], starts: &[Vec<f64>]) -> f64 {
        let values = self.space.values(z);
        self.each(|at| self.cost_of(at, &values, &starts[at])).into_iter().sum()
    }

    /// Something of each clip, in their order.
    fn each<R: Send>(&self, of: impl Fn(usize) -> R + Sync) -> Vec<R> {
        let n = self.clips.len();
        let threads = self.threads.clamp(1, n.max(1));
        if threads == 1 {
            return (0..n).map(of).collect();
        }
        let (size, of) = (n.div_ceil(threads), &of);
        std::thread::scope(|scope| {
            let work = |t: usize| move || (t * size..n.min((t + 1) * size)).map(of).collect::<Vec<R>>();
            let workers: Vec<_> = (0..threads).map(|t| scope.spawn(work(t))).collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("a thread only reckons")).collect()
        })
    }

    fn cost_of(&self, at: usize, values: &[f64], start: &[f64]) -> f64 {
        let (clip, width) = (self.clips[at], self.width());
        let record = &self.records[clip.record];
        let mut action = vec![0.0; self.mechanism.action().len()];
        let (mut state, mut next) = (start.to_vec(), vec![0.0; width]);
        let squares = |row: usize, state: &[f64]| -> f64 {
            let gaps = (0..width).map(|i| self.gap(i, state[i], record.state(row, width)[i]) / self.noise[i]);
            gaps.map(|gap| gap * gap).sum()
        };
        let mut sum = if self.initial == Initial::Free { squares(clip.start, &state) } else { 0.0 };
        for row in clip.start..clip.start + clip.rows {
            delayed(record, row, self.delay, &mut action);
            let from = Row { state: &state, action: &action, parameters: values, dt: record.dt[row] };
            self.mechanism.step_into(from, &mut next);
            std::mem::swap(&mut state, &mut next);
            sum += squares(row + 1, &state);
        }
        0.5 * sum
    }

    fn sum(&self, at: usize, (values, slopes): (&[f64], &[f64]), start: &[f64]) -> ClipSum {
        let (clip, s, f) = (self.clips[at], self.width(), self.space.len());
        let record = &self.records[clip.record];
        let mut action = vec![0.0; self.mechanism.action().len()];
        let mut jacobians = Jacobians::new(s, 0, self.space.free.clone());
        let mut state = start.to_vec();
        // Derivatives of the foretold state by the start and by the parameters, row-major side by side: `[state, s + f]`.
        let n = s + f;
        let mut by = vec![0.0; s * n];
        (0..s).for_each(|i| by[i * n + i] = 1.0);
        let mut next = by.clone();
        let mut sum = Sum { cost: 0.0, squares: vec![0.0; s], normal: vec![0.0; n * n], gradient: vec![0.0; n] };
        if self.initial == Initial::Free {
            self.add(&mut sum, (&state, record.state(clip.start, s)), &by);
        }
        for row in clip.start..clip.start + clip.rows {
            delayed(record, row, self.delay, &mut action);
            let from = Row { state: &state, action: &action, parameters: values, dt: record.dt[row] };
            self.mechanism.step_with_jacobians(from, &mut jacobians);
            for i in 0..s {
                let out = &mut next[i * n..(i + 1) * n];
                out[..s].fill(0.0);
                let direct = &jacobians.by_parameters[i * f..(i + 1) * f];
                out[s..].iter_mut().zip(direct.iter().zip(slopes)).for_each(|(o, (d, slope))| *o = d * slope);
                for (through, before) in jacobians.by_state[i * s..(i + 1) * s].iter().zip(by.chunks_exact(n)) {
                    out.iter_mut().zip(before).for_each(|(o, b)| *o += through * b);
                }
            }
            std::mem::swap(&mut by, &mut next);
            state.copy_from_slice(&jacobians.next);
            self.add(&mut sum, (&state, record.state(row + 1, s)), &by);
        }
        let part = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
            let at = |i: usize, j: usize| sum.normal[(rows.start + i) * n + columns.start + j];
            DMatrix::from_fn(rows.len(), columns.len(), at)
        };
        ClipSum {
            cost: sum.cost,
            starts: part(0..s, 0..s),
            mixed: part(0..s, s..n),
            parameters: part(s..n, s..n),
            by_start: DVector::from_column_slice(&sum.gradient[..s]),
            by_parameters: DVector::from_column_slice(&sum.gradient[s..]),
            squares: sum.squares,
        }
    }

    /// Adds one foretold row, with its derivatives `[state, s + f]`.
    fn add(&self, sum: &mut Sum, (state, measured): (&[f64], &[f64]), by: &[f64]) {
        let n = sum.gradient.len();
        for (i, row) in by.chunks_exact(n).enumerate() {
            let gap = self.gap(i, state[i], measured[i]);
            let (weight, noise) = (1.0 / (self.noise[i] * self.noise[i]), self.noise[i]);
            sum.squares[i] += gap * gap;
            sum.cost += 0.5 * (gap / noise) * (gap / noise);
            for (j, slope) in row.iter().enumerate() {
                sum.gradient[j] += weight * slope * gap;
                let out = &mut sum.normal[j * n..(j + 1) * n];
                out.iter_mut().zip(row).for_each(|(o, other)| *o += weight * slope * other);
            }
        }
    }

    /// Difference of two numbers of a state; of angles the shorter way round.
    fn gap(&self, number: usize, told: f64, measured: f64) -> f64 {
        apart(self.mechanism.state()[number].is_angle(), told, measured)
    }
}

/// Difference of two numbers; of angles the shorter way round.
pub(crate) fn apart(angle: bool, a: f64, b: f64) -> f64 {
    if angle { (a - b + PI).rem_euclid(TAU) - PI } else { a - b }
}

/// The sums of a clip in the making: normal matrix and gradient by start and parameters together.
struct Sum {
    cost: f64,
    squares: Vec<f64>,
    normal: Vec<f64>,
    gradient: Vec<f64>,
}
