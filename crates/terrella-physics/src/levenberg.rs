//! Levenberg-Marquardt over parameters and the states that clips start from.
//!
//! Starts of different clips know each other only through the parameters, so each is eliminated by itself (Schur complement) and a
//! step costs no more for many clips than to look at each. Damping is Marquardt's: in proportion to the diagonal.

use crate::normal::{ClipSum, Initial, Problem};
use nalgebra::{DMatrix, DVector};
use terrella_core::{Error, Result};

/// Priors' standard deviations that a parameter may move in one step: beyond, a linear model of an exponential says nothing.
const FARTHEST: f64 = 2.0;
/// A step that improves less than this share of what is left is the last.
const ENOUGH: f64 = 1e-10;
/// So is one that makes what was recorded likelier by less than this: recordings of real machines, which no mechanism fits to the last
/// digit, have long flat valleys, and a ten-thousandth of a log-likelihood is far within any interval.
const LIKELIER: f64 = 1e-4;

/// Where a fit ended.
pub(crate) struct Fitted {
    /// Places of the free parameters.
    pub(crate) z: Vec<f64>,
    /// States that clips start from.
    pub(crate) starts: Vec<Vec<f64>>,
    /// What clips say there.
    pub(crate) sums: Vec<ClipSum>,
    /// Steps that were taken.
    pub(crate) steps: usize,
    /// Whether the last one found nothing to improve.
    pub(crate) settled: bool,
}

/// Minimises half of the squared errors and of the squared distance from the middle of the priors.
///
/// # Errors
/// If the foretold states are no numbers where it starts, or it is to go on no longer.
pub(crate) fn minimise(problem: &Problem<'_>, z: Vec<f64>, starts: Vec<Vec<f64>>, most: usize) -> Result<Fitted> {
    let prior = |z: &[f64]| 0.5 * z.iter().map(|z| z * z).sum::<f64>();
    let sums = problem.sums(&z, &starts);
    let mut cost = sums.iter().map(|sum| sum.cost).sum::<f64>() + prior(&z);
    if !cost.is_finite() {
        return Err(Error::Invalid(format!(
            "{} runs away within {} rows of a clip where the fit starts; foretell fewer rows (identify.rows), take more parts of a row (identify.parts), or fix what is known",
            problem.mechanism.name(),
            problem.clips.iter().map(|clip| clip.rows).max().unwrap_or(0)
        )));
    }
    let free = problem.initial == Initial::Free;
    let mut at = Fitted { z, starts, sums, steps: 0, settled: false };
    let mut damping = 1e-3;
    while at.steps < most && !at.settled {
        if !(problem.go_on)() {
            return Err(Error::Invalid("the fit was stopped before it had settled".to_owned()));
        }
        let Some((dz, ds)) = step(&at.sums, &at.z, damping, free) else {
            damping *= 10.0;
            at.settled = damping > 1e12;
            continue;
        };
        let farthest = dz.iter().fold(0.0_f64, |most, d| most.max(d.abs()));
        let share = if farthest > FARTHEST { FARTHEST / farthest } else { 1.0 };
        let z: Vec<f64> = at.z.iter().zip(dz.iter()).map(|(z, d)| z + share * d).collect();
        let moved = |(start, d): (&Vec<f64>, &DVector<f64>)| {
            start.iter().zip(d.iter()).map(|(x, d)| x + share * d).collect::<Vec<f64>>()
        };
        let starts: Vec<Vec<f64>> =
            if free { at.starts.iter().zip(&ds).map(moved).collect() } else { at.starts.clone() };
        let tried = problem.cost(&z, &starts) + prior(&z);
        if tried < cost {
            at.settled = cost - tried <= (ENOUGH * cost).max(LIKELIER);
            (cost, damping) = (tried, (damping / 5.0).max(1e-12));
            at = Fitted { sums: problem.sums(&z, &starts), z, starts, steps: at.steps + 1, ..at };
        } else {
            // Worse, or no number.
            damping *= 4.0;
            at.settled = damping > 1e12;
        }
    }
    Ok(at)
}

/// A damped step of the parameters and of each start; nothing where the matrices are not positive.
fn step(sums: &[ClipSum], z: &[f64], damping: f64, free: bool) -> Option<(DVector<f64>, Vec<DVector<f64>>)> {
    let n = z.len();
    let mut matrix = DMatrix::<f64>::identity(n, n);
    let mut diagonal = DVector::<f64>::from_element(n, 1.0);
    let mut gradient = DVector::<f64>::from_column_slice(z);
    let mut eliminated = Vec::with_capacity(sums.len());
    for sum in sums {
        matrix += &sum.parameters;
        diagonal += sum.parameters.diagonal();
        gradient += &sum.by_parameters;
        if free {
            let mut starts = sum.starts.clone();
            (0..starts.nrows()).for_each(|i| starts[(i, i)] *= 1.0 + damping);
            let starts = starts.cholesky()?;
            let (mixed, by_start) = (starts.solve(&sum.mixed), starts.solve(&sum.by_start));
            matrix -= sum.mixed.tr_mul(&mixed);
            gradient -= sum.mixed.tr_mul(&by_start);
            eliminated.push((mixed, by_start));
        }
    }
    (0..n).for_each(|i| matrix[(i, i)] += damping * diagonal[i]);
    let dz = -matrix.cholesky()?.solve(&gradient);
    let ds = eliminated.iter().map(|(mixed, by_start)| -(mixed * &dz + by_start)).collect();
    Some((dz, ds))
}

/// Information of a clip about the parameters, `[free, free]`, and its gradient, once its start is eliminated.
pub(crate) fn told_by(sum: &ClipSum, initial: Initial) -> Option<(DMatrix<f64>, DVector<f64>)> {
    if initial == Initial::Measured {
        return Some((sum.parameters.clone(), sum.by_parameters.clone()));
    }
    let starts = sum.starts.clone().cholesky()?;
    let information = &sum.parameters - sum.mixed.tr_mul(&starts.solve(&sum.mixed));
    let gradient = &sum.by_parameters - sum.mixed.tr_mul(&starts.solve(&sum.by_start));
    Some((information, gradient))
}
