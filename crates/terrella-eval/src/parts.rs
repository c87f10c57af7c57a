//! What the numbers of a state mean to a person: points in pixels, angles in degrees.

use serde::{Deserialize, Serialize};
use terrella_core::{Dataset, EnvSpec, Error, Result};

/// One thing in a state: a point (two columns), an angle or a plain number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name: what its columns are called, without the axis.
    pub name: String,
    /// Its columns.
    pub columns: Vec<usize>,
    /// Whether it is an angle in radians.
    pub angle: bool,
    /// The unit of [`Part::error`].
    pub unit: String,
}

/// The parts of a world's state. Columns called `…x` and `…y` side by side are a point.
pub fn parts(spec: &EnvSpec) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < spec.state.len() {
        let name = &spec.state[at];
        let angle = spec.angles.contains(&at);
        let stem = name.strip_suffix(['x', 'X']);
        let is_pair = |stem: &&str| {
            spec.state.get(at + 1).and_then(|next| next.strip_suffix(['y', 'Y'])).is_some_and(|other| other == *stem)
        };
        let (columns, name) = match stem.filter(is_pair).filter(|_| !angle) {
            Some(stem) => (vec![at, at + 1], stem.trim_end_matches(['_', '.', '-', ' '])),
            None => (vec![at], name.as_str()),
        };
        let is_speed = name.contains("speed") || name.contains("vel");
        let unit = if angle {
            "°"
        } else if is_speed {
            "px/s"
        } else {
            "px"
        };
        at += columns.len();
        let name = if name.is_empty() { "position" } else { name };
        parts.push(Part { name: name.replace(['_', '.'], " "), columns, angle, unit: unit.to_owned() });
    }
    parts
}

impl Part {
    /// How far apart two states are in this part: Euclidean, or degrees the short way round.
    pub fn error(&self, a: &[f32], b: &[f32]) -> f64 {
        let difference = |c: &usize| f64::from(a[*c]) - f64::from(b[*c]);
        if self.angle {
            let turn = difference(&self.columns[0]).rem_euclid(std::f64::consts::TAU);
            return turn.min(std::f64::consts::TAU - turn).to_degrees();
        }
        self.columns.iter().map(|c| difference(c).powi(2)).sum::<f64>().sqrt()
    }

    /// Copies this part of one state into another.
    pub(crate) fn copy(&self, from: &[f32], to: &mut [f32]) {
        self.columns.iter().for_each(|&c| to[c] = from[c]);
    }
}

/// Fails unless a dataset logs the state and the actions of a world.
pub(crate) fn check_same_world(spec: &EnvSpec, dataset: &Dataset) -> Result<()> {
    let (logged, world) = (&dataset.signature.state, &spec.state);
    if logged.len() != world.len() {
        return Err(Error::Invalid(format!(
            "the dataset logs {} state numbers {logged:?}, but world {} has {} {world:?}; evaluate on recordings of this world with its state",
            logged.len(),
            spec.id,
            world.len()
        )));
    }
    Error::check("action size of the dataset", spec.action.width(), dataset.signature.action.len())?;
    if (dataset.signature.fps - spec.fps).abs() > 1e-6 * spec.fps {
        return Err(Error::Invalid(format!(
            "the dataset was recorded at {} steps a second, but world {} runs at {}; resample the recordings",
            dataset.signature.fps, spec.id, spec.fps
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Space;

    #[test]
    fn pairs_of_columns_are_points_and_angles_wrap() {
        let names = ["agent_x", "agent_y", "block_x", "block_y", "block_angle"];
        let spec = EnvSpec {
            id: "pusht".to_owned(),
            fps: 10.0,
            state: names.map(str::to_owned).to_vec(),
            angles: vec![4],
            action: Space::uniform(&["x", "y"], 0.0, 512.0),
            extent: 512.0,
        };
        let parts = parts(&spec);
        let names: Vec<(&str, &str)> = parts.iter().map(|p| (p.name.as_str(), p.unit.as_str())).collect();
        assert_eq!(names, [("agent", "px"), ("block", "px"), ("block angle", "°")], "three things");
        let (a, b) = ([0.0, 0.0, 3.0, 4.0, 6.2], [0.0, 0.0, 0.0, 0.0, 0.1]);
        assert!((parts[1].error(&a, &b) - 5.0).abs() < 1e-9, "3, 4, 5");
        let turn = 6.2f64 - 0.1;
        assert!((parts[2].error(&a, &b) - (std::f64::consts::TAU - turn).to_degrees()).abs() < 1e-4, "the short way");
    }
}
