//! What a hybrid is, before it knows its data.
//!
//! What is said of columns and parameters is said as `terrella identify` takes it, in words of `NAME=…`: a list in a file of settings reads
//! like the options of a command.

use serde::{Deserialize, Serialize};

/// Known equations with a learned rest, before it knows its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HybridConfig {
    /// The equations, by name ([`terrella_physics::MECHANISMS`]); there is no usual one.
    pub mechanism: String,
    /// Columns of the equations' numbers where they have other names: `angle=q`, or `torque=none` where it is 0 throughout.
    pub columns: Vec<String>,
    /// Parameters that are known: `gravity=9.81`.
    pub fixed: Vec<String>,
    /// Parameters that are learned although they are fixed by themselves.
    pub free: Vec<String>,
    /// Where parameters are believed to lie with 90 %: `mass=0.4..0.8`. These are learned.
    pub priors: Vec<String>,
    /// Where learned parameters start: `mass=0.55`, as `terrella identify` found it. Others start where a fit would.
    pub parameters: Vec<String>,
    /// Parts of a row that the equations are integrated in, one after the other.
    pub parts: usize,
    /// Hidden layers of the network.
    pub layers: usize,
    /// Width of a hidden layer.
    pub hidden: usize,
    /// Weight of the mean square of what the network adds to the equations, in deviations of the recorded rates. At 0 the network may
    /// take over what the equations could say, and parameters mean nothing any more.
    pub residual: f64,
    /// Weight of half the squared distance of parameters from the middle of their priors, in deviations of these: what recordings do not
    /// tell stays there.
    pub prior: f64,
}

impl Default for HybridConfig {
    fn default() -> Self {
        Self {
            mechanism: String::new(),
            columns: Vec::new(),
            fixed: Vec::new(),
            free: Vec::new(),
            priors: Vec::new(),
            parameters: Vec::new(),
            parts: 2,
            layers: 2,
            hidden: 64,
            residual: 0.1,
            prior: 1e-4,
        }
    }
}
