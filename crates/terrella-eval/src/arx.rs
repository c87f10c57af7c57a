//! A linear autoregression with inputs: the simplest model of a log, for others to be compared with.

use terrella_core::{Dataset, Episode, Ridge, Stats, Table, wrapped};

/// `change = A · (state, state before, action, action before, 1)`, by ridge regression on scaled numbers. Angles change by the
/// short way round, and the state before lies that way from the state.
pub(crate) struct Arx {
    weights: Vec<f64>,
    scale: Vec<f64>,
    inputs: usize,
    angles: Vec<usize>,
}

impl Arx {
    /// Fits it to these episodes.
    pub(crate) fn fit(dataset: &Dataset, train: &[usize]) -> Self {
        let (states, actions) = dataset.stats_of(train);
        let scales = |s: &Stats| (0..s.width()).map(|i| f64::from(s.scale(i))).collect::<Vec<_>>();
        let scale = [scales(&states), scales(&states), scales(&actions), scales(&actions), vec![1.0]].concat();
        let (inputs, width) = (scale.len(), states.width());
        let mut ridge = Ridge::new(inputs, width);
        let angles = dataset.signature.angles();
        for episode in train.iter().map(|&e| &dataset.episodes[e]) {
            for row in 1..episode.len().saturating_sub(1) {
                let now = episode.states.row(row);
                let before = near(now, episode.states.row(row - 1), &angles);
                let x = input((now, &before), episode, row, &scale);
                let after = near(now, episode.states.row(row + 1), &angles);
                ridge.add(&x, &after.iter().zip(now).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect::<Vec<_>>());
            }
        }
        Self { weights: ridge.solve(1e-6, inputs - 1), scale, inputs, angles }
    }

    /// The states `steps` rows after these (episode, row), `[starts, state]`.
    pub(crate) fn forecast(&self, dataset: &Dataset, starts: &[(usize, usize)], steps: usize) -> Table {
        let width = self.weights.len() / self.inputs;
        let mut forecast = Table::new(width);
        for &(e, row) in starts {
            let episode = &dataset.episodes[e];
            let mut now = episode.states.row(row).to_vec();
            let mut before = near(&now, episode.states.row(row.saturating_sub(1)), &self.angles);
            for ahead in 0..steps {
                let x = input((&now, &before), episode, row + ahead, &self.scale);
                let change = |column: usize| -> f64 {
                    x.iter().enumerate().map(|(i, x)| x * self.weights[i * width + column]).sum()
                };
                // A linear model may run away; it is held where numbers still are numbers.
                let bound = |x: f64| x.clamp(-1e12, 1e12) as f32;
                let next: Vec<f32> = (0..width).map(|c| bound(f64::from(now[c]) + change(c))).collect();
                before = std::mem::replace(&mut now, next);
            }
            forecast.push(&now);
        }
        forecast
    }
}

/// A state whose angles are turned to where they lie nearest to those of `now`.
fn near(now: &[f32], state: &[f32], angles: &[usize]) -> Vec<f32> {
    let mut near = state.to_vec();
    angles.iter().for_each(|&at| near[at] = now[at] + wrapped(state[at] - now[at]));
    near
}

/// One input row of the ARX.
fn input((now, before): (&[f32], &[f32]), episode: &Episode, row: usize, scale: &[f64]) -> Vec<f64> {
    let actions = [episode.actions.row(row), episode.actions.row(row.saturating_sub(1))];
    let numbers = now.iter().chain(before).chain(actions[0]).chain(actions[1]).copied().chain([1.0]);
    numbers.zip(scale).map(|(x, scale)| f64::from(x) / scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Signature;

    #[test]
    fn what_turns_evenly_is_foretold_past_the_jump() {
        let turning = |index: usize| {
            let angles = (0..200).map(|t| wrapped(0.3 * index as f32 + 0.07 * t as f32));
            Episode {
                index,
                states: Table::from_data(1, angles.collect()),
                actions: Table::from_data(1, vec![0.0; 200]),
                ..Episode::default()
            }
        };
        let signature = Signature {
            fps: 10.0,
            state: vec!["angle".into()],
            units: vec!["rad".into()],
            action: vec!["none".into()],
            ..Signature::default()
        };
        let episodes: Vec<Episode> = (0..4).map(turning).collect();
        let dataset = Dataset {
            signature,
            state_stats: Stats::of(1, episodes.iter().map(|e| &e.states)),
            action_stats: Stats::of(1, episodes.iter().map(|e| &e.actions)),
            episodes,
            hash: String::new(),
            notes: Vec::new(),
        };
        let arx = Arx::fit(&dataset, &[0, 1, 2]);
        let foretold = arx.forecast(&dataset, &[(3, 10), (3, 120)], 50);
        for (at, row) in [60, 170].into_iter().enumerate() {
            let off = wrapped(foretold.row(at)[0] - dataset.episodes[3].states.row(row)[0]);
            assert!(off.abs() < 0.02, "{off} rad off after two thirds of a turn");
        }
    }
}
