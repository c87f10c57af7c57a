//! Worlds side by side, real or dreamt, and what an agent is shown of them.
//!
//! The author of a world writes a [`Sim`], one world; [`Many`](crate::Many) of them are an [`Env`], and so is a
//! dream of many. Whoever acts, judges or collects asks an [`Env`] and never one world: rows are
//! worlds, and each depends on its own seed and actions alone, whichever others there are.

use crate::{EnvSpec, Image, Observation, Result, Sim, Step, Table};

/// What a step brought to each world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// Rewards, one a row.
    pub reward: Vec<f64>,
    /// Whose task itself ended: there is no future to value.
    pub terminated: Vec<bool>,
    /// Whose time is up: there would have been a future.
    pub truncated: Vec<bool>,
}

impl Steps {
    /// What it brought to one of them, counted as they were stepped.
    pub fn at(&self, at: usize) -> Step {
        Step { reward: self.reward[at], terminated: self.terminated[at], truncated: self.truncated[at] }
    }

    /// Which of them ended their episode, counted from 0 in the order in which they were stepped: reset them.
    pub fn ended(&self) -> Vec<usize> {
        (0..self.reward.len()).filter(|&row| self.terminated[row] || self.truncated[row]).collect()
    }
}

/// Which part of a world is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Side of the square picture, if the policy sees.
    pub picture: Option<usize>,
    /// Whether the state is shown.
    pub state: bool,
}

impl View {
    /// Looks at a world.
    pub fn observe(self, world: &dyn Sim) -> Observation {
        Observation {
            image: self.picture.map(|size| world.draw(size)),
            state: if self.state { world.logged() } else { Vec::new() },
        }
    }
}

/// Worlds side by side. Rows that are asked for exist and are named once; where they do not, or are not, a
/// function that can fail says so, and the others panic.
pub trait Env {
    /// What each of them declares of itself.
    fn spec(&self) -> &EnvSpec;

    /// How many there are.
    fn n(&self) -> usize;

    /// Starts these anew, each from a random state drawn from its own seed.
    ///
    /// # Errors
    /// If there is no such row or not one seed a row; nothing is reset then.
    fn reset(&mut self, rows: &[usize], seeds: &[u64]) -> Result<()>;

    /// Starts these anew, each from a logged state of its own.
    ///
    /// # Errors
    /// As [`Self::reset`], or if no world can be in such a state.
    fn set_logged(&mut self, rows: &[usize], states: &Table) -> Result<()>;

    /// Starts these anew, each from what was recorded of it at an instant: worlds from the state that was logged, and one that is
    /// imagined without a world from what its model looks at.
    ///
    /// # Errors
    /// As [`Self::set_logged`], or if what is needed was not recorded.
    fn set_seen(&mut self, rows: &[usize], seen: &[Observation]) -> Result<()> {
        self.set_logged(rows, &Observation::states(seen)?)
    }

    /// Acts in these for one step, `[rows, action]`; the others wait.
    ///
    /// # Errors
    /// If there is no such row, one is named twice, or there is not one action a row; nothing is stepped then.
    fn step(&mut self, rows: &[usize], actions: &[f32]) -> Result<Steps>;

    /// The states of these as they are logged, a row each; of no numbers where nobody can tell them.
    fn logged(&self, rows: &[usize]) -> Table;

    /// Pictures of these, `size × size`.
    fn draw(&self, rows: &[usize], size: usize) -> Vec<Image>;

    /// Everything that determines the future of one.
    fn save(&self, row: usize) -> Vec<f64>;

    /// Restores what [`Self::save`] gave, in the same row or in another: the future is then the same, bit for bit.
    fn load(&mut self, row: usize, snapshot: &[f64]);

    /// Says, once, that nobody will load this snapshot again, so that whoever keeps something for it may let it go. Most keep
    /// nothing.
    fn forget(&self, snapshot: &[f64]) {
        let _ = snapshot;
    }

    /// What an agent is shown of these.
    fn observe(&self, rows: &[usize], view: View) -> Vec<Observation> {
        let mut images = view.picture.map(|size| self.draw(rows, size)).into_iter().flatten();
        let states = if view.state { self.logged(rows) } else { Table::default() };
        (0..rows.len()).map(|at| Observation { image: images.next(), state: states.row(at).to_vec() }).collect()
    }
}
