//! What an ensemble is, before it knows its data.

use serde::{Deserialize, Serialize};

/// An ensemble, before it knows its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnsembleConfig {
    /// Networks.
    pub members: usize,
    /// Hidden layers of each.
    pub layers: usize,
    /// Width of a hidden layer.
    pub hidden: usize,
    /// Whether each network learns from episodes drawn with replacement; off, all learn from all.
    pub bootstrap: bool,
    /// Whether variances are learned; off, squared error alone is (the plain regression).
    pub variance: bool,
    /// Each number's likelihood counts as its variance to this power: 0 is the likelihood itself, whose gradient all but
    /// forgets a number that is still foretold badly beside one that is foretold well; 1 is nearly squared error
    /// (β-NLL, Seitzer et al. 2022, arXiv:2203.09168).
    pub beta: f64,
    /// Weight of the cross-entropy of ends, where recordings have some. Likelihoods of a world without noise grow
    /// steep, and under one joint clip ends would be lost beside them, hence a weight above one.
    pub end_weight: f64,
}

impl Default for EnsembleConfig {
    fn default() -> Self {
        Self { members: 5, layers: 3, hidden: 200, bootstrap: true, variance: true, beta: 0.5, end_weight: 10.0 }
    }
}
