//! Something that acts, in many worlds at a time.
//!
//! A [`Policy`] acts in rows of a batch of worlds, so that what thinks with a network thinks about all of them at
//! once. The author of one that thinks about one row only writes a [`RowPolicy`]; [`Each`] of them, one a row, are
//! a [`Policy`]. What is done in a row depends on its own goal, key and observations, whichever others there are.

use crate::{Error, Key, Observation, Result, Table};
use std::collections::BTreeMap;

/// What a policy is asked to bring about.
#[derive(Clone, Debug, Default)]
pub struct Goal {
    /// How the world looks when it is reached.
    pub observation: Observation,
    /// Environment steps after which the demonstrator was there.
    pub steps: usize,
}

/// Chooses actions from observations, in rows. Whoever asks names each row once.
pub trait Policy {
    /// Forgets the last episodes of these rows and takes a goal for each.
    ///
    /// # Errors
    /// If a goal cannot be understood.
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()>;

    /// Those of these rows, in this order, in which the next call of [`Self::act`] looks at the picture it is shown. A picture is
    /// dear to draw, so nobody draws one for a row that is not named; a policy that wraps another asks it.
    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        rows.to_vec()
    }

    /// The next action in each of these rows, `[rows, action]` in the units of the world; the others wait.
    ///
    /// # Errors
    /// If an observation lacks what the policy looks at, or a row has no goal.
    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table>;
}

impl<P: Policy + ?Sized> Policy for Box<P> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        (**self).begin(rows, goals, keys)
    }

    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        (**self).looks(rows)
    }

    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        (**self).act(rows, seen)
    }
}

/// Chooses actions in one world: what the author of a policy writes that thinks about one row only.
pub trait RowPolicy {
    /// Forgets the last episode and takes a goal.
    ///
    /// # Errors
    /// If the goal cannot be understood.
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()>;

    /// Whether the next call of [`Self::act`] looks at the picture it is shown.
    fn looks(&self) -> bool {
        true
    }

    /// The next action, in the units of the world.
    ///
    /// # Errors
    /// If the observation lacks what the policy looks at.
    fn act(&mut self, now: &Observation) -> Result<Vec<f32>>;
}

impl<P: RowPolicy + ?Sized> RowPolicy for Box<P> {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        (**self).begin(goal, key)
    }

    fn looks(&self) -> bool {
        (**self).looks()
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        (**self).act(now)
    }
}

/// Policies of one row each, side by side.
pub struct Each<'a, P> {
    make: Box<dyn Fn(usize) -> P + 'a>,
    rows: BTreeMap<usize, P>,
}

impl<'a, P: RowPolicy> Each<'a, P> {
    /// One policy a row, made when a row first begins from its number.
    pub fn new(make: impl Fn(usize) -> P + 'a) -> Self {
        Self { make: Box::new(make), rows: BTreeMap::new() }
    }
}

impl<P: RowPolicy> Policy for Each<'_, P> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        let mut asked = rows.iter().zip(goals.iter().zip(keys));
        asked.try_for_each(|(&row, (goal, &key))| {
            self.rows.entry(row).or_insert_with(|| (self.make)(row)).begin(goal, key)
        })
    }

    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().copied().filter(|row| self.rows.get(row).is_none_or(RowPolicy::looks)).collect()
    }

    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        let mut actions = Vec::with_capacity(rows.len());
        for (row, now) in rows.iter().zip(seen) {
            let no_goal = || Error::Invalid(format!("row {row} has no goal yet; call begin before act"));
            actions.push(self.rows.get_mut(row).ok_or_else(no_goal)?.act(now)?);
        }
        let width = actions.first().map_or(0, Vec::len);
        actions.iter().try_for_each(|action| Error::check("action of a row", width, action.len()))?;
        Ok(Table { width, data: actions.concat() })
    }
}
