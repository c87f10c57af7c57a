//! What the numbers of a state mean to a person: a point, an angle or a plain number, with its unit.

use crate::{Coordinate, Name};
use serde::{Deserialize, Serialize};

/// What a part is, and so how far apart two of it are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// A point or another vector: Euclidean distance.
    Point,
    /// An angle in radians: the short way round.
    Angle,
    /// A plain number.
    Number,
}

/// One thing in a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: Name,
    /// Its columns.
    pub columns: Vec<usize>,
    /// Unit of its numbers; empty if it is not known.
    pub unit: Name,
    /// What it is.
    pub kind: PartKind,
    /// How far off it may be under the Moderate rule, in its unit; nothing where that rule does not ask.
    pub tolerance: Option<f32>,
    /// The same under the Strict rule.
    #[serde(default)]
    pub strict: Option<f32>,
}

impl Part {
    /// A point in the plane, and how far off it may be.
    pub fn point(name: impl Into<Name>, columns: [usize; 2], unit: impl Into<Name>, tolerance: f32) -> Self {
        let columns = columns.to_vec();
        let (name, unit, tolerance) = (name.into(), unit.into(), Some(tolerance));
        Self { name, columns, unit, kind: PartKind::Point, tolerance, strict: None }
    }

    /// An angle in radians, and how far off it may be.
    pub fn angle(name: impl Into<Name>, column: usize, tolerance: f32) -> Self {
        let columns = vec![column];
        let (name, unit, tolerance) = (name.into(), "rad".into(), Some(tolerance));
        Self { name, columns, unit, kind: PartKind::Angle, tolerance, strict: None }
    }

    /// The same, which may be so far off under the Strict rule.
    #[must_use]
    pub fn strictly(self, strict: f32) -> Self {
        Self { strict: Some(strict), ..self }
    }

    /// A number of the state that stands for itself.
    pub fn alone(column: usize, coordinate: &Coordinate) -> Self {
        Self {
            name: coordinate.name.replace(['_', '.'], " ").into(),
            columns: vec![column],
            unit: coordinate.unit.clone(),
            kind: if coordinate.angle { PartKind::Angle } else { PartKind::Number },
            tolerance: None,
            strict: None,
        }
    }

    /// Unit of [`Part::error`]: people read angles in degrees.
    pub fn error_unit(&self) -> &str {
        if self.kind == PartKind::Angle { "°" } else { &self.unit }
    }

    /// How far apart two states are in this part: Euclidean, or degrees the short way round.
    pub fn error(&self, a: &[f32], b: &[f32]) -> f64 {
        let difference = |c: &usize| f64::from(a[*c]) - f64::from(b[*c]);
        if self.kind == PartKind::Angle {
            let turn = difference(&self.columns[0]).rem_euclid(std::f64::consts::TAU);
            return turn.min(std::f64::consts::TAU - turn).to_degrees();
        }
        self.columns.iter().map(|c| difference(c).powi(2)).sum::<f64>().sqrt()
    }

    /// The tolerance in the unit of [`Part::error`].
    pub fn error_tolerance(&self) -> Option<f64> {
        let degrees = |x: f64| if self.kind == PartKind::Angle { x.to_degrees() } else { x };
        self.tolerance.map(|x| degrees(f64::from(x)))
    }

    /// Copies this part of one state into another.
    pub fn copy(&self, from: &[f32], to: &mut [f32]) {
        self.columns.iter().for_each(|&c| to[c] = from[c]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_apart_by_their_distance_and_angles_the_short_way_round() {
        let (a, b) = ([3.0, 4.0, 6.2], [0.0, 0.0, 0.1]);
        assert!((Part::point("block", [0, 1], "m", 1.0).error(&a, &b) - 5.0).abs() < 1e-9, "3, 4, 5");
        let (angle, turn) = (Part::angle("heading", 2, 0.1), 6.2f64 - 0.1);
        assert!((angle.error(&a, &b) - (std::f64::consts::TAU - turn).to_degrees()).abs() < 1e-4, "the short way");
        assert_eq!((angle.unit.as_ref(), angle.error_unit()), ("rad", "°"));
    }
}
