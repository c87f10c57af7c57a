//! A linear autoregression with inputs: the simplest model of a log, for others to be compared with.

use terrella_core::{Dataset, Episode, Ridge, Stats, Table};

/// `change = A · (state, state before, action, action before, 1)`, by ridge regression on scaled numbers.
pub(crate) struct Arx {
    weights: Vec<f64>,
    scale: Vec<f64>,
    inputs: usize,
}

impl Arx {
    /// Fits it to these episodes.
    pub(crate) fn fit(dataset: &Dataset, train: &[usize]) -> Self {
        let (states, actions) = dataset.stats_of(train);
        let scales = |s: &Stats| (0..s.width()).map(|i| f64::from(s.scale(i))).collect::<Vec<_>>();
        let scale = [scales(&states), scales(&states), scales(&actions), scales(&actions), vec![1.0]].concat();
        let (inputs, width) = (scale.len(), states.width());
        let mut ridge = Ridge::new(inputs, width);
        for episode in train.iter().map(|&e| &dataset.episodes[e]) {
            for row in 1..episode.len().saturating_sub(1) {
                let x = input((episode.states.row(row), episode.states.row(row - 1)), episode, row, &scale);
                let after = episode.states.row(row + 1).iter().zip(episode.states.row(row));
                ridge.add(&x, &after.map(|(a, b)| f64::from(*a) - f64::from(*b)).collect::<Vec<_>>());
            }
        }
        Self { weights: ridge.solve(1e-6, inputs - 1), scale, inputs }
    }

    /// The states `steps` rows after these (episode, row), `[starts, state]`.
    pub(crate) fn forecast(&self, dataset: &Dataset, starts: &[(usize, usize)], steps: usize) -> Table {
        let width = self.weights.len() / self.inputs;
        let mut forecast = Table::new(width);
        for &(e, row) in starts {
            let episode = &dataset.episodes[e];
            let mut now = episode.states.row(row).to_vec();
            let mut before = episode.states.row(row.saturating_sub(1)).to_vec();
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

/// One input row of the ARX.
fn input((now, before): (&[f32], &[f32]), episode: &Episode, row: usize, scale: &[f64]) -> Vec<f64> {
    let actions = [episode.actions.row(row), episode.actions.row(row.saturating_sub(1))];
    let numbers = now.iter().chain(before).chain(actions[0]).chain(actions[1]).copied().chain([1.0]);
    numbers.zip(scale).map(|(x, scale)| f64::from(x) / scale).collect()
}
