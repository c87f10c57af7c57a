//! One row of a hybrid: what the equations say, and what the network adds.
//!
//! The state after a row is that of the equations after their Runge-Kutta step, and `dt` times a rate that the network tells, in deviations of the
//! recorded rates. Numbers that no equation knows change by their mean rate and what the network tells, and nothing else. Angles go into the network as sine
//! and cosine, beside normalised actions and how long these last.

use super::known::Known;
use crate::interface::Interface;
use std::f64::consts::{PI, TAU};
use terrella_core::Stats;

/// Deviations of a prior that a stored number of 1 is. The optimiser moves every number by about its rate a step: so a parameter can cross its
/// prior in a few hundred steps, and settles within a thousandth of its deviation as the rate falls.
pub(super) const PRIORS: f64 = 3.0;
/// The same for the logarithms of variances, which have farther to go.
pub(super) const VARIANCES: f64 = 10.0;

/// The translation of one dataset, and the equations.
#[derive(Clone)]
pub(super) struct Motion {
    pub(super) known: Known,
    /// State numbers that no equation knows.
    rest: Vec<usize>,
    angles: Vec<bool>,
    states: Stats,
    actions: Stats,
    rates: Stats,
    fps: f64,
}

impl Motion {
    pub(super) fn new(known: Known, about: &Interface) -> Self {
        let width = about.state_stats.width();
        Self {
            rest: (0..width).filter(|column| !known.columns.state.contains(column)).collect(),
            known,
            angles: (0..width).map(|column| about.angles.contains(&column)).collect(),
            states: about.state_stats.clone(),
            actions: about.action_stats.clone(),
            rates: about.rate_stats.clone().unwrap_or_default(),
            fps: about.signature.fps,
        }
    }

    /// Numbers of a state.
    pub(super) fn width(&self) -> usize {
        self.angles.len()
    }

    /// Numbers of an action of the log.
    pub(super) fn action_width(&self) -> usize {
        self.actions.width()
    }

    /// Numbers that the network takes.
    pub(super) fn inputs(&self) -> usize {
        self.width() + self.angles.iter().filter(|angle| **angle).count() + self.action_width() + 1
    }

    /// Seconds of a usual row.
    pub(super) fn usual(&self) -> f64 {
        1.0 / self.fps
    }

    /// What changes of a number in a usual row: the unit of errors.
    pub(super) fn unit(&self, column: usize) -> f64 {
        f64::from(self.rates.scale(column)) * self.usual()
    }

    /// A rate of the network that is 1, in units of the log a second.
    pub(super) fn scale(&self, column: usize) -> f64 {
        f64::from(self.rates.scale(column))
    }

    /// Writes the input row of a state, an action and its duration in seconds.
    pub(super) fn input(&self, state: &[f64], action: &[f32], dt: f64, row: &mut [f32]) {
        let mut row = row.iter_mut();
        let mut push = |x: f64| row.next().into_iter().for_each(|to| *to = x as f32);
        for (i, &x) in state.iter().enumerate() {
            if self.angles[i] {
                push(x.sin());
                push(x.cos());
            } else {
                push((x - f64::from(self.states.mean[i])) / f64::from(self.states.scale(i)));
            }
        }
        for (i, &a) in action.iter().enumerate() {
            push(f64::from((a - self.actions.mean[i]) / self.actions.scale(i)));
        }
        // 0 at the usual rate.
        push(dt * self.fps - 1.0);
    }

    /// Adds to the gradient of a state what that of its input row says.
    pub(super) fn input_back(&self, state: &[f64], of_row: &[f32], of_state: &mut [f64]) {
        let mut of_row = of_row.iter().map(|x| f64::from(*x));
        let mut next = || of_row.next().unwrap_or_default();
        for (i, (&x, of)) in state.iter().zip(of_state).enumerate() {
            if self.angles[i] {
                let (of_sine, of_cosine) = (next(), next());
                *of += of_sine * x.cos() - of_cosine * x.sin();
            } else {
                *of += next() / f64::from(self.states.scale(i));
            }
        }
    }

    /// Copies what the equations know of a state and of an action.
    pub(super) fn seen(&self, state: &[f64], action: &[f32], known: (&mut [f64], &mut [f64])) {
        let columns = &self.known.columns;
        known.0.iter_mut().zip(&columns.state).for_each(|(to, &column)| *to = state[column]);
        let acts = known.1.iter_mut().zip(&columns.action);
        acts.for_each(|(to, column)| *to = column.map_or(0.0, |column| f64::from(action[column])));
    }

    /// The state after a row: `told` by the equations, and with the rates that the network adds.
    pub(super) fn advance(&self, state: &mut [f64], (told, added): (&[f64], &[f32]), dt: f64) {
        let columns = &self.known.columns.state;
        columns.iter().zip(told).for_each(|(&column, told)| state[column] = *told);
        self.rest.iter().for_each(|&column| state[column] += dt * f64::from(self.rates.mean[column]));
        let rates = state.iter_mut().zip(added).enumerate();
        rates.for_each(|(i, (x, added))| *x += dt * self.scale(i) * f64::from(*added));
    }

    /// `a − b` of a number; of angles the shorter way round.
    pub(super) fn apart(&self, column: usize, a: f64, b: f64) -> f64 {
        let apart = a - b;
        if self.angles[column] { (apart + PI).rem_euclid(TAU) - PI } else { apart }
    }

    /// Values of all parameters, told how far the free ones lie from where they start.
    pub(super) fn values(&self, moved: &[f32]) -> Vec<f64> {
        self.known.space.values(&self.places(moved))
    }

    /// Places of the free parameters on the scale of their priors.
    pub(super) fn places(&self, moved: &[f32]) -> Vec<f64> {
        let starts = self.known.space.starts();
        starts.iter().zip(moved).map(|(start, moved)| start + PRIORS * f64::from(*moved)).collect()
    }
}
