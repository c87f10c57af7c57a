//! What came of identifying a mechanism, in numbers and in words.

use crate::delay::Delay;
use crate::direction::Direction;
use crate::words::{digits, table};
use serde::Serialize;

/// A parameter, as recordings tell it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterTold {
    /// Name.
    pub name: String,
    /// SI unit; empty if it has none.
    pub unit: String,
    /// The likeliest value, or what it was fixed at.
    pub estimate: f64,
    /// 90 % interval; nothing for a fixed one.
    pub interval: Option<[f64; 2]>,
    /// 90 % interval of what was believed before; nothing for a fixed one.
    pub prior: Option<[f64; 2]>,
    /// Width of the interval divided by that of the prior, on the scale of the prior: near 1 the number is the prior's.
    pub width: Option<f64>,
}

/// What is left over in one episode.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpisodeError {
    /// Its number.
    pub episode: usize,
    /// Rows that were compared.
    pub rows: usize,
    /// Root mean square error of each number of the state within clips, in its unit.
    pub rms: Vec<f64>,
}

/// A mechanism with what recordings say of its parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identified {
    /// Its name.
    pub mechanism: String,
    /// All parameters, in its order.
    pub parameters: Vec<ParameterTold>,
    /// What the recordings do not tell apart.
    pub directions: Vec<Direction>,
    /// How late actions work, if that was looked for.
    pub delay: Option<Delay>,
    /// Names of the state's numbers.
    pub state: Vec<String>,
    /// Their units.
    pub units: Vec<String>,
    /// Standard deviation of what is left over of each.
    pub noise: Vec<f64>,
    /// What is left over in each episode that was learned from.
    pub episodes: Vec<EpisodeError>,
    /// Clips.
    pub clips: usize,
    /// Rows that these foretold.
    pub rows: usize,
    /// Steps of the fit.
    pub steps: usize,
    /// How intervals were made, in a sentence.
    pub intervals: String,
    /// What else there is to tell.
    pub notes: Vec<String>,
}

impl Identified {
    /// All parameters, for [`Mechanism::step`](crate::Mechanism::step).
    pub fn values(&self) -> Vec<f64> {
        self.parameters.iter().map(|parameter| parameter.estimate).collect()
    }

    /// Rows by which actions are late.
    pub fn late(&self) -> f64 {
        self.delay.as_ref().map_or(0.0, |delay| delay.rows)
    }

    /// What is known of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&ParameterTold> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

impl std::fmt::Display for Identified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let between = |[low, high]: [f64; 2]| format!("{} to {}", digits(low), digits(high));
        let header = ["parameter", "unit", "estimate", "90 % interval", "prior", "width left"].map(str::to_owned);
        let mut rows = vec![header.to_vec()];
        for p in &self.parameters {
            let fixed = || "fixed".to_owned();
            rows.push(vec![
                p.name.clone(),
                p.unit.clone(),
                digits(p.estimate),
                p.interval.map_or_else(fixed, between),
                p.prior.map_or_else(String::new, between),
                p.width.map_or_else(String::new, |width| format!("{:.1} %", 100.0 * width)),
            ]);
        }
        writeln!(f, "{}", table(&rows))?;
        if let Some(delay) = &self.delay {
            let interval = delay.interval.map_or_else(String::new, |i| format!(", 90 % interval {}", between(i)));
            writeln!(f, "actions work {} rows late, {} s{interval}", digits(delay.rows), digits(delay.seconds))?;
        }
        for direction in &self.directions {
            writeln!(f, "not told apart: {}", direction.words)?;
        }
        let left = self.state.iter().zip(&self.units).zip(&self.noise);
        let left: Vec<String> = left.map(|((name, unit), noise)| format!("{name} {} {unit}", digits(*noise))).collect();
        writeln!(f, "left over within clips ({} of {} rows in all): {}", self.clips, self.rows, left.join(", "))?;
        write!(f, "{}", self.intervals)
    }
}
