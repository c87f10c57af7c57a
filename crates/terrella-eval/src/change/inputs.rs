//! Where in the space of states and actions a row lies, in numbers that can be compared.
//!
//! Numbers are counted in deviations of the rows that were calibrated on, angles are a sine and a cosine; a number that never
//! changed there tells nothing and is left out, but a row in which it moves is like none of them.

use serde::{Deserialize, Serialize};
use terrella_core::{Signature, Stats, Table};

/// From log units to inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Inputs {
    states: Stats,
    actions: Stats,
    /// Changes of actions from row to row.
    changes: Stats,
    angles: Vec<usize>,
}

/// What an error may go with, in words, and how many units of it are one of its input.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct With {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) scale: f64,
}

impl Inputs {
    /// Of these rows; `changes` are those of the actions.
    pub(super) fn of(states: &[&Table], actions: &[&Table], changes: &Table, angles: &[usize]) -> Self {
        let width = |tables: &[&Table]| tables.first().map_or(0, |table| table.width);
        Self {
            states: Stats::of(width(states), states.iter().copied()),
            actions: Stats::of(width(actions), actions.iter().copied()),
            changes: Stats::of(changes.width, [changes]),
            angles: angles.to_vec(),
        }
    }

    /// Appends where a row lies: states, then actions.
    pub(super) fn place(&self, state: &[f32], action: &[f32], input: &mut Vec<f32>) {
        for (i, x) in state.iter().enumerate() {
            if self.angles.contains(&i) {
                input.extend([x.sin(), x.cos()]);
            } else {
                input.extend(scaled(&self.states, i, *x));
            }
        }
        input.extend(action.iter().enumerate().filter_map(|(i, x)| scaled(&self.actions, i, *x)));
    }

    /// Appends what errors may go with beside that: how actions changed from the row before.
    pub(super) fn change(&self, before: &[f32], action: &[f32], with: &mut Vec<f32>) {
        let changes = before.iter().zip(action).enumerate();
        with.extend(changes.filter_map(|(i, (before, now))| scaled(&self.changes, i, now - before)));
    }

    /// Of what [`Self::place`] and [`Self::change`] append, in order.
    pub(super) fn names(&self, signature: &Signature) -> Vec<With> {
        let with = |name: String, unit: &str, scale: f32| With { name, unit: unit.to_owned(), scale: f64::from(scale) };
        let mut names = Vec::new();
        for (i, name) in signature.state.iter().enumerate() {
            if self.angles.contains(&i) {
                names.extend(["sine", "cosine"].map(|part| with(format!("the {part} of {name}"), "", 1.0)));
            } else if moves(&self.states, i) {
                names.push(with(name.clone(), signature.unit(i), self.states.std[i]));
            }
        }
        for (stats, what) in [(&self.actions, ""), (&self.changes, "the change of ")] {
            let moving = signature.action.iter().enumerate().filter(|(i, _)| moves(stats, *i));
            names.extend(moving.map(|(i, name)| with(format!("{what}{name}"), "", stats.std[i])));
        }
        names
    }

    /// Which number lies farthest outside of all rows that were calibrated on, by name, with its value and their range; nothing
    /// where each by itself lies inside. A number that never changed there is outside wherever it moves.
    pub(super) fn outside(
        &self,
        signature: &Signature,
        state: &[f32],
        action: &[f32],
    ) -> Option<(String, f32, [f32; 2])> {
        let states = signature.state.iter().enumerate().filter(|(i, _)| !self.angles.contains(i));
        let all = states
            .map(|(i, name)| (name, state[i], &self.states, i))
            .chain(signature.action.iter().enumerate().map(|(i, name)| (name, action[i], &self.actions, i)));
        let beyond = all.filter_map(|(name, x, stats, i)| {
            let (low, high) = (stats.min[i], stats.max[i]);
            let far = (low - x).max(x - high) / stats.scale(i);
            let slack = if moves(stats, i) { 0.0 } else { 1e-5 * (1.0 + high.abs()) };
            (far > slack).then(|| (far, (name.clone(), x, [low, high])))
        });
        beyond.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, which)| which)
    }

    /// Whether a number that never changed moves here.
    pub(super) fn wakes(&self, state: &[f32], action: &[f32]) -> bool {
        let wakes = |stats: &Stats, i: usize, x: f32| {
            !moves(stats, i) && (x - stats.mean[i]).abs() > 1e-5 * (1.0 + stats.mean[i].abs())
        };
        let mut states = state.iter().enumerate().filter(|(i, _)| !self.angles.contains(i));
        states.any(|(i, x)| wakes(&self.states, i, *x))
            || action.iter().enumerate().any(|(i, x)| wakes(&self.actions, i, *x))
    }
}

/// Whether a column changes at all; the same bound as for [`Stats::scale`].
fn moves(stats: &Stats, column: usize) -> bool {
    stats.std[column] > 1e-6
}

fn scaled(stats: &Stats, column: usize, x: f32) -> Option<f32> {
    moves(stats, column).then(|| (x - stats.mean[column]) / stats.std[column])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_round_and_what_never_moved_is_left_out_until_it_moves() {
        let states = Table::from_data(3, vec![0.0, 1.0, 7.0, 0.5, 3.0, 7.0]);
        let actions = Table::from_data(1, vec![0.0, 2.0]);
        let inputs = Inputs::of(&[&states], &[&actions], &Table::from_data(1, vec![2.0, -2.0]), &[0]);
        let place = |state: &[f32]| {
            let mut input = Vec::new();
            inputs.place(state, &[1.0], &mut input);
            input
        };
        let (here, round) = (place(&[0.2, 2.0, 7.0]), place(&[0.2 + std::f32::consts::TAU, 2.0, 7.0]));
        assert_eq!((here.len(), here[2], here[3]), (4, 0.0, 0.0), "sine, cosine, one state, one action: {here:?}");
        assert!(here.iter().zip(&round).all(|(a, b)| (a - b).abs() < 1e-5), "a turn more is the same place");
        let signature = Signature {
            state: ["angle", "speed", "stuck"].map(String::from).to_vec(),
            action: vec!["push".into()],
            ..Signature::default()
        };
        let names: Vec<String> = inputs.names(&signature).into_iter().map(|with| with.name).collect();
        let wanted = ["the sine of angle", "the cosine of angle", "speed", "push", "the change of push"];
        assert_eq!(names, wanted, "in the order of the numbers");
        assert!(!inputs.wakes(&[9.0, 9.0, 7.0], &[9.0]) && inputs.wakes(&[0.0, 2.0, 7.1], &[1.0]), "it never moved");
        assert_eq!(inputs.outside(&signature, &[0.0, 2.0, 7.0], &[1.0]), None, "inside");
        let (name, x, range) = inputs.outside(&signature, &[0.0, 2.0, 7.0], &[5.0]).expect("outside");
        assert_eq!((name.as_str(), x, range), ("push", 5.0, [0.0, 2.0]), "what is outside");
    }
}
