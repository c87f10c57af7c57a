//! Parameters along a stream, row by row, in bounded memory: an extended Kalman filter on state and parameters together.
//!
//! Parameters wander a little with time, on the scale of their priors, so that the filter goes on believing what it sees and follows
//! a friction that changes. What is measured is the state with noise; what is foretold between two rows has an error of its own,
//! since no equations are all there is.

use crate::jacobians::Jacobians;
use crate::mechanism::{Mechanism, Row};
use crate::normal::apart;
use crate::space::{NINETY, Space};
use nalgebra::{DMatrix, DVector};
use terrella_core::{Error, Result};

/// What the filter believes of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineConfig {
    /// Standard deviation of what is measured, one a number of the state.
    pub noise: Vec<f64>,
    /// Error of the equations from row to row, as a share of the noise.
    pub model: f64,
    /// How far a parameter wanders in a second, in standard deviations of its prior (of a random walk: four times as far in 16 s).
    pub drift: f64,
}

impl OnlineConfig {
    /// With this noise, a tenth of it as the error of the equations, and parameters that cross their prior in some minutes.
    pub fn new(noise: Vec<f64>) -> Self {
        Self { noise, model: 0.1, drift: 0.05 }
    }
}

/// The filter.
pub struct Online<'a> {
    mechanism: &'a dyn Mechanism,
    space: &'a Space,
    config: OnlineConfig,
    /// State, then places of the free parameters.
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
    jacobians: Jacobians,
    /// Whether the state is that of a row that follows the last one.
    follows: bool,
    rows: usize,
}

impl<'a> Online<'a> {
    /// A filter that has seen nothing and believes the priors, around where parameters start.
    ///
    /// # Errors
    /// If the noise is not one positive number for each number of the state.
    pub fn new(mechanism: &'a dyn Mechanism, space: &'a Space, config: OnlineConfig) -> Result<Self> {
        let (s, f) = (mechanism.state().len(), space.len());
        Error::check("noise of the state's numbers", s, config.noise.len())?;
        let positive = |x: &f64| x.is_finite() && *x > 0.0;
        if !(config.noise.iter().all(positive) && config.model >= 0.0 && config.drift >= 0.0) {
            return Err(Error::Invalid(format!(
                "noise {:?}, model {} and drift {} of a filter: noise must be above 0, the others not below",
                config.noise, config.model, config.drift
            )));
        }
        let mut mean = DVector::zeros(s + f);
        mean.as_mut_slice()[s..].copy_from_slice(&space.starts());
        let covariance = DMatrix::identity(s + f, s + f);
        let jacobians = Jacobians::new(s, 0, space.free.clone());
        Ok(Self { mechanism, space, config, mean, covariance, jacobians, follows: false, rows: 0 })
    }

    /// Says that the next row does not follow the last one: an episode begins, or rows are missing.
    pub fn break_off(&mut self) {
        self.follows = false;
    }

    /// Takes one row: the state that was measured, and what is done from then on for `dt` seconds.
    ///
    /// # Errors
    /// If lengths do not fit, or a number is none; the filter is then as before.
    pub fn push(&mut self, state: &[f64], action: &[f64], dt: f64) -> Result<()> {
        Error::check("state numbers of a row", self.mechanism.state().len(), state.len())?;
        Error::check("action numbers of a row", self.mechanism.action().len(), action.len())?;
        if !(state.iter().chain(action).all(|x| x.is_finite()) && dt.is_finite() && dt > 0.0) {
            return Err(Error::Invalid(format!(
                "row {} is {state:?}, {action:?} for {dt} s; leave it out and break off",
                self.rows
            )));
        }
        if !(self.follows && self.believe(state)) {
            self.begin(state);
        }
        self.rows += 1;
        self.foretell(action, dt);
        Ok(())
    }

    /// All parameters, as they are believed now.
    pub fn values(&self) -> Vec<f64> {
        self.space.values(&self.mean.as_slice()[self.mechanism.state().len()..])
    }

    /// 90 % interval of each free parameter, as the filter believes it; with equations that are only nearly right it is too narrow.
    pub fn intervals(&self) -> Vec<[f64; 2]> {
        let s = self.mechanism.state().len();
        let of = |nth: usize| {
            let half = NINETY * self.covariance[(s + nth, s + nth)].max(0.0).sqrt();
            [-half, half].map(|d| self.space.told(nth, self.mean[s + nth] + d))
        };
        (0..self.space.len()).map(of).collect()
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The state is what was measured; parameters stay.
    fn begin(&mut self, state: &[f64]) {
        let s = state.len();
        self.mean.as_mut_slice()[..s].copy_from_slice(state);
        self.covariance.rows_mut(0, s).fill(0.0);
        self.covariance.columns_mut(0, s).fill(0.0);
        for (i, noise) in self.config.noise.iter().enumerate() {
            self.covariance[(i, i)] = noise * noise;
        }
        self.follows = true;
    }

    /// Corrects what was foretold by what was measured; false where that has no answer, and nothing is changed.
    fn believe(&mut self, measured: &[f64]) -> bool {
        let (s, n) = (measured.len(), self.mean.len());
        let numbers = self.mechanism.state();
        let gap = DVector::from_fn(s, |i, _| apart(numbers[i].is_angle(), measured[i], self.mean[i]));
        let mut expected = self.covariance.view((0, 0), (s, s)).into_owned();
        for (i, noise) in self.config.noise.iter().enumerate() {
            expected[(i, i)] += noise * noise;
        }
        let Some(expected) = expected.cholesky() else { return false };
        // Gain: covariance with what is measured, by what was to be expected.
        let with = self.covariance.view((0, 0), (n, s)).into_owned();
        let mean = &self.mean + &with * expected.solve(&gap);
        let covariance = &self.covariance - &with * expected.solve(&with.transpose());
        if !mean.iter().chain(covariance.iter()).all(|x| x.is_finite()) {
            return false;
        }
        self.mean = mean;
        // Rounding makes it a little crooked.
        self.covariance = (&covariance + covariance.transpose()) * 0.5;
        true
    }

    /// On to the next row.
    fn foretell(&mut self, action: &[f64], dt: f64) {
        let (s, f) = (self.mechanism.state().len(), self.space.len());
        let values = self.values();
        let slopes = self.space.slopes(&values);
        let state: Vec<f64> = self.mean.as_slice()[..s].to_vec();
        let from = Row { state: &state, action, parameters: &values, dt };
        self.mechanism.step_with_jacobians(from, &mut self.jacobians);
        if !self.jacobians.next.iter().all(|x| x.is_finite()) {
            // The next row begins anew.
            self.follows = false;
            return;
        }
        let mut step = DMatrix::<f64>::identity(s + f, s + f);
        for i in 0..s {
            for j in 0..s {
                step[(i, j)] = self.jacobians.by_state[i * s + j];
            }
            for (j, slope) in slopes.iter().enumerate() {
                step[(i, s + j)] = self.jacobians.by_parameters[i * f + j] * slope;
            }
        }
        self.mean.as_mut_slice()[..s].copy_from_slice(&self.jacobians.next);
        self.covariance = &step * &self.covariance * step.transpose();
        for (i, noise) in self.config.noise.iter().enumerate() {
            self.covariance[(i, i)] += (self.config.model * noise).powi(2);
        }
        for i in s..s + f {
            self.covariance[(i, i)] += self.config.drift * self.config.drift * dt;
        }
    }
}
