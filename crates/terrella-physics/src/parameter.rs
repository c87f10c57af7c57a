//! What a mechanism declares of itself: its parameters, and the numbers of its state and of its action.

use serde::Serialize;

/// A number of a state or of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quantity {
    /// Name, by which columns of recordings are found.
    pub name: &'static str,
    /// SI unit; a number in `rad` is an angle and is compared the shorter way round.
    pub unit: &'static str,
    /// Other names that mean the same.
    pub also: &'static [&'static str],
}

impl Quantity {
    /// Whether it is an angle.
    pub fn is_angle(&self) -> bool {
        self.unit == "rad"
    }
}

/// A parameter of a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// SI unit; empty if it has none.
    pub unit: &'static str,
    /// Where a fit starts, and what is taken where it is not free.
    pub value: f64,
    /// Low and high end of where it is believed to lie with 90 %. Both above 0: it is thought of on a logarithmic scale.
    pub prior: [f64; 2],
    /// Whether it is fitted unless somebody says otherwise.
    pub free: bool,
    /// What it is.
    pub about: &'static str,
}
