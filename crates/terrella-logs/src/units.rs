//! Units that a mapping may name, and what they are in SI.

use serde::{Deserialize, Serialize};

/// Unit of a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    /// Seconds.
    #[default]
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

impl std::fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::S => "s",
            Self::Ms => "ms",
            Self::Us => "us",
            Self::Ns => "ns",
        })
    }
}

impl TimeUnit {
    /// Seconds in one of these.
    pub(super) fn seconds(self) -> f64 {
        match self {
            Self::S => 1.0,
            Self::Ms => 1e-3,
            Self::Us => 1e-6,
            Self::Ns => 1e-9,
        }
    }
}

/// Units that are converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// SI units, radians, or no unit.
    #[default]
    #[serde(rename = "si")]
    Si,
    /// Degrees, to radians; also degrees a second.
    #[serde(rename = "deg")]
    Degrees,
    /// Revolutions a minute, to radians a second.
    #[serde(rename = "rpm")]
    Rpm,
    /// Millimetres, to metres; also other thousandths.
    #[serde(rename = "mm")]
    Milli,
    /// Centimetres, to metres.
    #[serde(rename = "cm")]
    Centi,
    /// Kilometres an hour, to metres a second.
    #[serde(rename = "km/h")]
    KilometresPerHour,
    /// Standard gravity, to metres a second squared.
    #[serde(rename = "g")]
    Gravity,
}

impl Unit {
    /// SI units in one of these.
    pub(super) fn factor(self) -> f64 {
        match self {
            Self::Si => 1.0,
            Self::Degrees => std::f64::consts::PI / 180.0,
            Self::Rpm => std::f64::consts::TAU / 60.0,
            Self::Milli => 1e-3,
            Self::Centi => 1e-2,
            Self::KilometresPerHour => 1.0 / 3.6,
            Self::Gravity => 9.806_65,
        }
    }
}

/// What makes SI units of a unit that a format states; nothing has to be done for others.
pub(super) fn conversion(stated: &str) -> Unit {
    match stated {
        "deg" | "deg/s" => Unit::Degrees,
        "rpm" => Unit::Rpm,
        "mm" => Unit::Milli,
        "cm" => Unit::Centi,
        "km/h" => Unit::KilometresPerHour,
        "g" => Unit::Gravity,
        _ => Unit::Si,
    }
}

/// The unit of numbers that were stored in one and converted from another; empty if these do not go together.
pub(super) fn converted(stated: &'static str, from: Unit) -> &'static str {
    match (stated, from) {
        (stated, Unit::Si) => stated,
        ("deg", Unit::Degrees) => "rad",
        ("deg/s", Unit::Degrees) | ("rpm", Unit::Rpm) => "rad/s",
        ("mm", Unit::Milli) | ("cm", Unit::Centi) => "m",
        ("km/h", Unit::KilometresPerHour) => "m/s",
        ("g", Unit::Gravity) => "m/s^2",
        _ => "",
    }
}
