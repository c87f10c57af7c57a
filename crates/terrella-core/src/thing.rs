//! Things that were found in pictures, as a state: where each is, and which way up.
//!
//! Where no state is logged, or none is to be looked at, places of things can be learned from in its stead. Then a world is
//! described by them as it is by its logged state: with units, tolerances, and the symmetry that it declares.

use crate::{Coordinate, EnvSpec, Part, Symmetry};
use serde::{Deserialize, Serialize};

/// A thing of a world that was found in its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Whether it can be seen which way up it is.
    pub turns: bool,
    /// Whether it looks the same in a mirror that swaps the sides of its own y axis.
    pub mirrors: bool,
}

/// A thing is where it should be if it is so near, as a share of the side of the picture: the Moderate rule and the Strict one.
const NEAR: [f32; 2] = [0.04, 0.02];
/// And if it is turned so far from how it should be at most, in degrees.
const TURNED: [f32; 2] = [20.0, 10.0];

impl EnvSpec {
    /// Units of the plane in which this world's places lie, in a pixel of its pictures of this side; 1 where it does not say what they show.
    pub fn pixel(&self, side: usize) -> f32 {
        self.scene.as_ref().map_or(1.0, |scene| scene.side / side as f32)
    }

    /// The same world with places of these things as its state, found in pictures of this side. They move and turn with a picture as its own
    /// symmetry has it, unless one of them looks otherwise in a mirror.
    #[must_use]
    pub fn with_things(&self, things: &[Thing], side: usize) -> Self {
        let (mut state, mut parts) = (Vec::new(), Vec::new());
        let (mut points, mut headings) = (Vec::new(), Vec::new());
        let extent = self.pixel(side) * side as f32;
        let unit = if self.scene.is_some() { self.state.first().map(|c| c.unit.clone()) } else { None };
        let unit = unit.unwrap_or_else(|| "px".into());
        for (at, thing) in things.iter().enumerate() {
            let (name, first) = (format!("thing {}", at + 1), state.len());
            let [near, strictly] = NEAR.map(|share| share * extent);
            state.push(Coordinate::new(format!("{name} x"), unit.clone()));
            state.push(Coordinate::new(format!("{name} y"), unit.clone()));
            parts.push(Part::point(name.clone(), [first, first + 1], unit.clone(), near).strictly(strictly));
            points.push([first, first + 1]);
            if thing.turns {
                let [near, strictly] = TURNED.map(f32::to_radians);
                state.push(Coordinate::new(format!("{name} turn"), "rad"));
                parts.push(Part::angle(format!("{name} turn"), first + 2, near).strictly(strictly));
                headings.push(first + 2);
            }
        }
        let alike = things.iter().all(|thing| thing.mirrors || !thing.turns);
        let symmetry = self.symmetry.as_ref().filter(|_| alike);
        let symmetry = symmetry.map(|own| Symmetry { points, headings, ..own.clone() });
        Self { state, parts, symmetry, observation: Vec::new(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rule, Scene};

    #[test]
    fn things_are_a_state_with_tolerances_and_the_symmetry_of_their_world() {
        let symmetry = Symmetry { side: 500.0, points: vec![[5, 6]], headings: vec![], action_points: vec![[0, 1]] };
        let scene = Scene { side: 500.0, hides: Vec::new() };
        let state = vec![Coordinate::new("x", "mm")];
        let world = EnvSpec { state, symmetry: Some(symmetry), scene: Some(scene), ..EnvSpec::default() };
        let [disc, t] = [Thing { turns: false, mirrors: true }, Thing { turns: true, mirrors: true }];
        let told = world.with_things(&[disc, t], 100);
        assert_eq!(told.names(), ["thing 1 x", "thing 1 y", "thing 2 x", "thing 2 y", "thing 2 turn"]);
        assert_eq!((told.pixel(100), told.angles(), told.state[0].unit.as_ref()), (5.0, vec![4], "mm"));
        assert_eq!(told.tolerances(Rule::Moderate), [20.0, 20.0, 20.0, 20.0, 20f32.to_radians()]);
        let turned = told.symmetry.expect("things look the same in a mirror");
        assert_eq!((turned.points, turned.headings), (vec![[0, 1], [2, 3]], vec![4]));
        assert_eq!(turned.action_points, [[0, 1]], "actions are what they were");
        let l = Thing { turns: true, mirrors: false };
        assert_eq!(world.with_things(&[disc, l], 100).symmetry, None, "it would be another thing in a mirror");
        let nowhere = EnvSpec::default().with_things(&[disc], 100);
        assert_eq!((nowhere.pixel(100), nowhere.state[0].unit.as_ref(), nowhere.symmetry), (1.0, "px", None));
    }
}
