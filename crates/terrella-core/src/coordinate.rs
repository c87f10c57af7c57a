//! A number of a state by its name and unit.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A name or a unit: most are written in the source, some are made.
pub type Name = Cow<'static, str>;

/// A number of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coordinate {
    /// Its name.
    pub name: Name,
    /// Its unit, such as `rad/s`; empty if it is not known.
    pub unit: Name,
    /// Whether it wraps at 2π.
    pub angle: bool,
}

impl Coordinate {
    /// A number of the state; one in `rad` is an angle and wraps at 2π.
    pub fn new(name: impl Into<Name>, unit: impl Into<Name>) -> Self {
        let unit = unit.into();
        Self { name: name.into(), angle: unit == "rad", unit }
    }
}
