//! What a world declares about itself: everything that others may know of it without asking its code.
//!
//! Reports take parts and units from here, planners tolerances and what an action means, training the
//! symmetry. A world that says it here needs no line anywhere else.

use crate::{Actions, Coordinate, Name, Part, Rule, Symmetry};
use serde::{Deserialize, Serialize};

/// What the numbers of an action are to an agent that is at the first numbers of the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionsAre {
    /// Places to go to, in the coordinates of the first state numbers.
    Targets,
    /// Displacements or forces: zero is none.
    #[default]
    Displacements,
}

/// What a picture of a world shows, where that is a square of the plane in which its places lie: so whoever knows a state knows where
/// things are in the picture, and which of them cannot be seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Side of the square from the origin that fills the picture, in the unit of the places.
    pub side: f32,
    /// Rectangles that are drawn over everything else: left, top, right, bottom.
    pub hides: Vec<[f32; 4]>,
}

impl Scene {
    /// Whether a place lies behind something.
    pub fn is_hidden(&self, [x, y]: [f32; 2]) -> bool {
        self.hides.iter().any(|&[left, top, right, bottom]| x >= left && x <= right && y >= top && y <= bottom)
    }
}

/// What is fixed about a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvSpec {
    /// Its name in the registry.
    pub id: Name,
    /// Seconds in a step.
    pub dt: f64,
    /// The state's numbers.
    pub state: Vec<Coordinate>,
    /// Names of the observation's numbers; empty where it is the state.
    pub observation: Vec<Name>,
    /// Allowed actions.
    pub actions: Actions,
    /// What they mean.
    pub actions_are: ActionsAre,
    /// Steps after which an episode is cut off, if it is.
    pub max_steps: Option<usize>,
    /// Things in the state; a number that is in none of them stands for itself (see [`EnvSpec::parts`]).
    pub parts: Vec<Part>,
    /// A symmetry that holds.
    pub symmetry: Option<Symmetry>,
    /// What its pictures show, where that is a square of the plane.
    #[serde(default)]
    pub scene: Option<Scene>,
    /// What happens in it and what its rules of success mean, in a few sentences; may be empty.
    pub rules: Name,
}

impl Default for EnvSpec {
    /// A world of nothing that a second passes in; authors write what theirs has.
    fn default() -> Self {
        Self {
            id: Name::default(),
            dt: 1.0,
            state: Vec::new(),
            observation: Vec::new(),
            actions: Actions::Choice(Vec::new()),
            actions_are: ActionsAre::default(),
            max_steps: None,
            parts: Vec::new(),
            symmetry: None,
            scene: None,
            rules: Name::default(),
        }
    }
}

impl EnvSpec {
    /// Steps a second.
    pub fn fps(&self) -> f64 {
        1.0 / self.dt
    }

    /// Numbers that an agent is shown.
    pub fn observed(&self) -> usize {
        if self.observation.is_empty() { self.state.len() } else { self.observation.len() }
    }

    /// Names of the state's numbers.
    pub fn names(&self) -> Vec<String> {
        self.state.iter().map(|c| c.name.to_string()).collect()
    }

    /// Indices of state numbers that wrap at 2π.
    pub fn angles(&self) -> Vec<usize> {
        (0..self.state.len()).filter(|&column| self.state[column].angle).collect()
    }

    /// The state as things: those that are declared, then each number that is in none of them.
    pub fn parts(&self) -> Vec<Part> {
        let alone = (0..self.state.len()).filter(|at| self.parts.iter().all(|part| !part.columns.contains(at)));
        let alone = alone.map(|at| Part::alone(at, &self.state[at]));
        self.parts.iter().cloned().chain(alone).collect()
    }

    /// How far off each state number may be under a rule; infinity where it does not matter. What the Strict rule does not
    /// ask about still counts as the Moderate one has it, since both are judged.
    pub fn tolerances(&self, rule: Rule) -> Vec<f32> {
        let mut tolerances = vec![f32::INFINITY; self.state.len()];
        for part in &self.parts {
            let strict = part.strict.filter(|_| rule == Rule::Strict);
            let tolerance = strict.or(part.tolerance).unwrap_or(f32::INFINITY);
            part.columns.iter().for_each(|&c| tolerances[c] = tolerance);
        }
        tolerances
    }

    /// The action that keeps the agent where this state has it.
    pub fn hold(&self, state: &[f32]) -> Vec<f32> {
        let width = self.actions.width();
        match self.actions_are {
            ActionsAre::Targets => state[..width].to_vec(),
            ActionsAre::Displacements => vec![0.0; width],
        }
    }

    /// Which numbers of a log move with a picture of this world that is moved: the points that its symmetry names.
    /// Displacements and forces are the same wherever things are; `states` says whether states matter.
    ///
    /// # Errors
    /// What the world does not declare, so that nobody can know.
    pub fn moves(&self, states: bool) -> Result<Symmetry, String> {
        let targets = self.actions_are == ActionsAre::Targets;
        let nothing = Symmetry { side: 1.0, points: Vec::new(), headings: Vec::new(), action_points: Vec::new() };
        let Some(symmetry) = self.symmetry.clone() else {
            let what = match (targets, states) {
                (true, _) => "whose actions are places",
                (false, true) => "whose logged state is learned from",
                (false, false) => return Ok(nothing),
            };
            return Err(format!(
                "world {}, {what}, declares no symmetry that would say where its pictures show them",
                self.id
            ));
        };
        let points = if targets { symmetry.action_points.clone() } else { Vec::new() };
        let lacking = (0..self.actions.width()).find(|at| targets && !points.as_flattened().contains(at));
        match lacking {
            Some(at) => {
                Err(format!("action number {at} of world {} is a place, but no point of its symmetry", self.id))
            }
            None => Ok(Symmetry { action_points: points, headings: Vec::new(), ..symmetry }),
        }
    }

    /// Whether the time is up after so many steps.
    pub fn is_over(&self, n_steps: usize) -> bool {
        self.max_steps.is_some_and(|max| n_steps >= max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_part_holds_stands_for_itself() {
        let state = vec![Coordinate::new("x", "m"), Coordinate::new("y", "m"), Coordinate::new("hip.angle", "rad")];
        let spec = EnvSpec { state, parts: vec![Part::point("ball", [0, 1], "m", 0.5)], ..EnvSpec::default() };
        let parts = spec.parts();
        let told: Vec<_> = parts.iter().map(|p| (p.name.as_ref(), p.error_unit(), p.tolerance)).collect();
        assert_eq!(told, [("ball", "m", Some(0.5)), ("hip angle", "°", None)]);
        assert_eq!(spec.tolerances(Rule::Moderate), [0.5, 0.5, f32::INFINITY]);
        assert_eq!(spec.tolerances(Rule::Strict), [0.5, 0.5, f32::INFINITY], "no stricter one is declared");
        let strict = EnvSpec { parts: vec![spec.parts[0].clone().strictly(0.2)], ..spec.clone() };
        assert_eq!(strict.tolerances(Rule::Moderate), spec.tolerances(Rule::Moderate));
        assert_eq!(strict.tolerances(Rule::Strict), [0.2, 0.2, f32::INFINITY]);
        assert_eq!(spec.angles(), [2]);
    }

    #[test]
    fn what_lies_behind_something_is_hidden() {
        let scene = Scene { side: 9.0, hides: vec![[1.0, 2.0, 3.0, 4.0]] };
        assert_eq!([[2.0, 3.0], [2.0, 5.0], [0.5, 3.0]].map(|at| scene.is_hidden(at)), [true, false, false]);
    }

    #[test]
    fn what_moves_with_a_picture_is_declared_or_unknown() {
        let at = |name: &str| Coordinate::new(name.to_owned(), "px");
        let symmetry = Symmetry { side: 9.0, points: vec![[0, 1]], headings: vec![2], action_points: vec![[0, 1]] };
        let actions = Actions::Box(crate::Space::uniform(&["x", "y"], 0.0, 9.0));
        let state = vec![at("x"), at("y"), Coordinate::new("heading", "rad")];
        let pushes = EnvSpec { id: "pushes".into(), state, actions, ..EnvSpec::default() };
        let goes = EnvSpec { id: "goes".into(), actions_are: ActionsAre::Targets, ..pushes.clone() };
        let moves = |spec: &EnvSpec, states| spec.moves(states).map(|moves| (moves.points, moves.action_points));
        assert_eq!(moves(&pushes, false), Ok((vec![], vec![])), "displacements are the same everywhere");
        let told = moves(&pushes, true).expect_err("states are somewhere");
        assert!(told.contains("pushes") && told.contains("state"), "{told}");
        let told = moves(&goes, false).expect_err("targets are somewhere");
        assert!(told.contains("goes") && told.contains("places"), "{told}");
        let known = |spec: EnvSpec| EnvSpec { symmetry: Some(symmetry.clone()), ..spec };
        assert_eq!(moves(&known(goes.clone()), true), Ok((vec![[0, 1]], vec![[0, 1]])), "as declared");
        assert_eq!(moves(&known(pushes), true), Ok((vec![[0, 1]], vec![])), "states move, displacements do not");
        let half = EnvSpec { symmetry: Some(Symmetry { action_points: vec![], ..symmetry.clone() }), ..goes };
        let told = moves(&half, false).expect_err("a target that is no point");
        assert!(told.contains("action number 0"), "{told}");
    }
}
