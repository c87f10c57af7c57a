//! A parameter of known equations, as a model learned it.

use serde::{Deserialize, Serialize};

/// A parameter of the equations that a model knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnedParameter {
    /// Name.
    pub name: String,
    /// SI unit; empty if it has none.
    pub unit: String,
    /// Where it started.
    pub start: f64,
    /// What it has come to.
    pub value: f64,
    /// 90 % interval of what was believed before; nothing for one that is fixed.
    pub prior: Option<[f64; 2]>,
}
