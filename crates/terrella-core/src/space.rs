//! The box of allowed actions, with a name for each number.

use crate::{Error, Result, Stream};
use serde::{Deserialize, Serialize};

/// A box: each dimension has a name, a lower and an upper bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// One name a dimension, as the log calls it.
    pub names: Vec<String>,
    /// Lower bounds.
    pub low: Vec<f32>,
    /// Upper bounds.
    pub high: Vec<f32>,
    /// Whether only whole numbers are allowed, as where an action is one of a choice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl Space {
    /// A space whose dimensions share their bounds.
    pub fn uniform(names: &[&str], low: f32, high: f32) -> Self {
        let n = names.len();
        Self {
            names: names.iter().map(ToString::to_string).collect(),
            low: vec![low; n],
            high: vec![high; n],
            whole: false,
        }
    }

    /// The number of one of `n` choices.
    pub fn choice(name: &str, n: usize) -> Self {
        Self { whole: true, ..Self::uniform(&[name], 0.0, n.saturating_sub(1) as f32) }
    }

    /// Number of dimensions.
    pub fn width(&self) -> usize {
        self.low.len()
    }

    /// Moves each number of each row into its bounds, and to the nearest whole one where only those are allowed.
    pub fn clamp(&self, rows: &mut [f32]) {
        for row in rows.chunks_mut(self.width()) {
            for ((x, low), high) in row.iter_mut().zip(&self.low).zip(&self.high) {
                *x = x.clamp(*low, *high);
                if self.whole {
                    *x = x.round();
                }
            }
        }
    }

    /// A uniform random point.
    pub fn sample(&self, stream: &mut Stream) -> Vec<f32> {
        if self.whole {
            return self
                .low
                .iter()
                .zip(&self.high)
                .map(|(l, h)| l + stream.below((h - l) as usize + 1) as f32)
                .collect();
        }
        self.low.iter().zip(&self.high).map(|(l, h)| stream.uniform(f64::from(*l), f64::from(*h)) as f32).collect()
    }

    /// Fails unless the row has the right width, is finite and lies inside (with 1e-3 of slack).
    pub fn check(&self, row: &[f32]) -> Result<()> {
        Error::check("action size", self.width(), row.len())?;
        for (i, x) in row.iter().enumerate() {
            if !x.is_finite() || *x < self.low[i] - 1e-3 || *x > self.high[i] + 1e-3 {
                let (name, low, high) = (&self.names[i], self.low[i], self.high[i]);
                return Err(Error::Invalid(format!("action {name} is {x}, outside [{low}, {high}]; clamp it first")));
            }
        }
        Ok(())
    }

    /// The same box repeated for `skip` steps: the space of one action block.
    #[must_use]
    pub fn block(&self, skip: usize) -> Self {
        let names = (0..skip).flat_map(|_| self.names.iter().cloned()).collect();
        Self { names, low: self.low.repeat(skip), high: self.high.repeat(skip), whole: self.whole }
    }
}
