//! The coordinates of a fit: free parameters, each on the scale of its prior.
//!
//! A prior interval is taken as the middle 90 % of a normal distribution, of the logarithm where the whole interval is above 0. In
//! units of its standard deviation from its middle (`z`) every prior is standard normal, so what data add can be compared across
//! masses, lengths and frictions.

use crate::mechanism::Mechanism;
use crate::parameter::Parameter;
use std::collections::BTreeMap;
use terrella_core::{Error, Result};

/// Standard deviations from the middle of a normal distribution to either end of its middle 90 %.
pub(crate) const NINETY: f64 = 1.644_853_626_951_472_2;

/// What somebody says of parameters, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Parameters that are known.
    pub fixed: BTreeMap<String, f64>,
    /// Parameters that are to be fitted, beside those that are by themselves.
    pub free: Vec<String>,
    /// Other prior intervals; these parameters are fitted.
    pub priors: BTreeMap<String, [f64; 2]>,
}

/// Free parameters and their scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Values of all parameters where a fit starts.
    pub start: Vec<f64>,
    /// Places of the free ones.
    pub free: Vec<usize>,
    /// Prior interval of each free one.
    pub priors: Vec<[f64; 2]>,
    centre: Vec<f64>,
    spread: Vec<f64>,
}

impl Space {
    /// The space of a mechanism, with what was chosen.
    ///
    /// # Errors
    /// If a name is unknown, something is both fixed and free, an interval is none, or nothing is free.
    pub fn new(mechanism: &dyn Mechanism, choices: &Choices) -> Result<Self> {
        let all = mechanism.parameters();
        let named = choices.fixed.keys().chain(&choices.free).chain(choices.priors.keys());
        for name in named {
            if all.iter().all(|parameter| parameter.name != name) {
                let names: Vec<&str> = all.iter().map(|parameter| parameter.name).collect();
                return Err(Error::Invalid(format!(
                    "{} has no parameter {name}; it has {}",
                    mechanism.name(),
                    names.join(", ")
                )));
            }
        }
        if let Some(name) = choices.free.iter().chain(choices.priors.keys()).find(|n| choices.fixed.contains_key(*n)) {
            return Err(Error::Invalid(format!("{name} is both fixed and free; say one of the two")));
        }
        if let Some((name, x)) = choices.fixed.iter().find(|(_, x)| !x.is_finite()) {
            return Err(Error::Invalid(format!("{name} is fixed at {x}; give it a finite number")));
        }
        let mut space =
            Self { start: Vec::new(), free: Vec::new(), priors: Vec::new(), centre: Vec::new(), spread: Vec::new() };
        for (at, parameter) in all.iter().enumerate() {
            let fixed = choices.fixed.get(parameter.name);
            let asked = choices.free.iter().any(|n| n == parameter.name) || choices.priors.contains_key(parameter.name);
            if fixed.is_some() || !(parameter.free || asked) {
                space.start.push(fixed.copied().unwrap_or(parameter.value));
                continue;
            }
            let prior = choices.priors.get(parameter.name).copied();
            space.add(at, parameter, prior)?;
        }
        if space.free.is_empty() {
            return Err(Error::Invalid(
                "every parameter is fixed, so there is nothing to identify; leave one free".to_owned(),
            ));
        }
        Ok(space)
    }

    fn add(&mut self, at: usize, parameter: &Parameter, other: Option<[f64; 2]>) -> Result<()> {
        let [low, high] = other.unwrap_or(parameter.prior);
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(Error::Invalid(format!(
                "the prior of {} reaches from {low} to {high}; give the low end first, and two finite numbers",
                parameter.name
            )));
        }
        let [from, to] = if low > 0.0 { [low.ln(), high.ln()] } else { [low, high] };
        self.free.push(at);
        self.priors.push([low, high]);
        self.centre.push(0.5 * (from + to));
        self.spread.push(0.5 * (to - from) / NINETY);
        // Whoever gives another interval does not mean the usual value any more, unless it lies within.
        let middle = if low > 0.0 { (0.5 * (from + to)).exp() } else { 0.5 * (from + to) };
        self.start.push(if (low..=high).contains(&parameter.value) { parameter.value } else { middle });
        Ok(())
    }

    /// Number of free parameters.
    pub fn len(&self) -> usize {
        self.free.len()
    }

    /// Whether nothing is free.
    pub fn is_empty(&self) -> bool {
        self.free.is_empty()
    }

    /// Whether a free parameter is thought of on a logarithmic scale.
    pub fn is_log(&self, nth: usize) -> bool {
        self.priors[nth][0] > 0.0
    }

    /// Standard deviation of the prior of a free parameter, of its logarithm where it has one.
    pub fn spread(&self, nth: usize) -> f64 {
        self.spread[nth]
    }

    /// A free parameter at a place on its scale.
    pub fn told(&self, nth: usize, z: f64) -> f64 {
        let x = self.centre[nth] + self.spread[nth] * z;
        if self.is_log(nth) { x.exp() } else { x }
    }

    /// All parameters, with the free ones at these places.
    pub fn values(&self, z: &[f64]) -> Vec<f64> {
        let mut values = self.start.clone();
        z.iter().enumerate().for_each(|(nth, &z)| values[self.free[nth]] = self.told(nth, z));
        values
    }

    /// How much each free parameter changes with its place, at these values.
    pub fn slopes(&self, values: &[f64]) -> Vec<f64> {
        let slope =
            |nth: usize| if self.is_log(nth) { self.spread[nth] * values[self.free[nth]] } else { self.spread[nth] };
        (0..self.len()).map(slope).collect()
    }

    /// Where free parameters start.
    pub fn starts(&self) -> Vec<f64> {
        let place = |nth: usize| {
            let x = self.start[self.free[nth]];
            (if self.is_log(nth) { x.ln() } else { x } - self.centre[nth]) / self.spread[nth]
        };
        (0..self.len()).map(place).collect()
    }
}
