//! The seam to whoever drives in a person's place: it is told in which rows, and what is wanted there, looks at the worlds
//! itself, and answers with an action a row and with what it imagines will come of its plan.
//!
//! All rows that are due are asked for at once, once a step. Who plans blocks of several actions hands them out one by one.

use serde::Serialize;
use terrella_core::{Env, Image, Result, Rule};

/// A row that a pilot is to act in.
#[derive(Clone, Copy, Debug)]
pub struct Due<'a> {
    /// The row.
    pub row: usize,
    /// The logged state that is to be brought about; nothing where there is no goal to reach.
    pub goal: Option<&'a [f32]>,
    /// Whether it begins anew here: it is new to the row, the goal is another one, or the world has jumped.
    pub begins: bool,
}

/// What a pilot does in a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Act {
    /// The action, in the units of the world.
    pub action: Vec<f32>,
    /// What it imagines, where it planned anew just now.
    pub plan: Option<Foreseen>,
}

/// What a pilot imagines of its plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreseen {
    /// Pictures of the moment in which it begins, as the model believes it, and of moments after it; none where nobody can draw
    /// them.
    pub pictures: Vec<Image>,
    /// Steps from each picture to the next.
    pub every: usize,
    /// What it is foretold to cost; lower is better.
    pub cost: f32,
}

/// Drives in a person's place.
pub trait Pilot: Send {
    /// Who it is and how good, in a sentence or two.
    fn words(&self) -> String;

    /// Rules by which a goal counts as reached, from the loosest; none where it goes for rewards and needs no goal.
    fn rules(&self) -> &[Rule];

    /// A goal of the world, drawn from a seed, as a logged state.
    ///
    /// # Errors
    /// If there are no goals.
    fn goal(&mut self, seed: u64) -> Result<Vec<f32>>;

    /// How the world looks in this state, as a picture of `size × size`.
    ///
    /// # Errors
    /// If the world cannot be in it.
    fn picture(&mut self, goal: &[f32], size: usize) -> Result<Image>;

    /// Whether a state fulfils a rule for a goal at one instant.
    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool;

    /// Acts in these rows of a world, one action a row in their order; what it imagines is drawn as `size × size`. What is done in a
    /// row does not depend on the others.
    ///
    /// # Errors
    /// If it cannot act in one of them.
    fn act(&mut self, due: &[Due<'_>], world: &dyn Env, size: usize) -> Result<Vec<Act>>;
}

/// Whether somebody can drive in a person's place, for a page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Planning {
    /// Whether there is somebody.
    pub ready: bool,
    /// Who it is; or why there is nobody, and what would help.
    pub words: String,
    /// Names of the rules by which goals are reached; none where there are no goals.
    pub rules: Vec<&'static str>,
}

impl Planning {
    /// What a pilot says of itself, or why there is none.
    pub(crate) fn of(pilot: Result<&dyn Pilot, &str>) -> Self {
        match pilot {
            Ok(pilot) => Self {
                ready: true,
                words: pilot.words(),
                rules: pilot.rules().iter().map(|rule| rule.name()).collect(),
            },
            Err(why) => Self { ready: false, words: why.to_owned(), rules: Vec::new() },
        }
    }
}
