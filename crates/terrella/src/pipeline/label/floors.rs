//! What can be said of an action without any network: the mean, what was done where it looked alike, and, where an action is a
//! place to go to, where the agent then was. Where a state is logged, what a linear regression makes of it around a row: it is told
//! what no film tells, and so is no floor but a measure.

use crate::pipeline::Recordings;
use anyhow::Result;
use terrella_core::{ActionsAre, Dataset, EnvSpec, Episode, Observation, Ridge, Stats, Table, View};
use terrella_eval::Memory;
use terrella_model::InverseConfig;

/// Side at which pictures are remembered; what is compared is smaller still.
const SIDE: usize = 96;
/// Ridge of the regression, per row: enough for rows that are alike.
const RIDGE: f64 = 1e-6;

/// Predictors that stand beside a labeller.
pub(super) struct LabelFloors<'a> {
    mean: Vec<f32>,
    memory: Memory<'a>,
    /// Numbers of the state that say where the agent is.
    place: Option<usize>,
    /// Weights of the states around a row and of 1, `[inputs, action]`; nothing without a logged state.
    linear: Option<Vec<f64>>,
    shown: InverseConfig,
}

impl<'a> LabelFloors<'a> {
    /// From the episodes that the labeller learned from, of recordings with pictures.
    pub(super) fn new(recordings: &'a Recordings, episodes: &[usize], shown: &InverseConfig) -> Result<Self> {
        let dataset: &Dataset = &recordings.dataset;
        let view = View { picture: Some(SIDE), state: false };
        let (_, Stats { mean, .. }) = dataset.stats_of(episodes);
        let places = recordings.spec().filter(|spec| spec.actions_are == ActionsAre::Targets);
        let place = places.map(|_| mean.len()).filter(|width| *width <= dataset.signature.state.len());
        let memory = Memory::new((dataset, episodes), &EnvSpec::default(), (view, 1))?;
        let width = shown.shown() * dataset.signature.state.len() + 1;
        let linear = (width > 1).then(|| {
            let mut ridge = Ridge::new(width, mean.len());
            for episode in episodes.iter().map(|&e| &dataset.episodes[e]) {
                for (row, action) in episode.actions.rows().enumerate() {
                    let action: Vec<f64> = action.iter().map(|x| f64::from(*x)).collect();
                    ridge.add(&around(episode, row, shown), &action);
                }
            }
            ridge.solve(RIDGE, width - 1)
        });
        Ok(Self { mean, memory, place, linear, shown: shown.clone() })
    }

    /// What was left out to be quick, in words.
    pub(super) fn note(&self) -> Option<String> {
        self.memory.note()
    }

    /// What each says of all rows of an episode.
    pub(super) fn tell(&self, episode: &Episode) -> Result<Vec<(&'static str, Table)>> {
        let (n, width) = (episode.len(), self.mean.len());
        let frames = episode.frames.as_ref().expect("the labeller looked at them");
        let features =
            (0..n).map(|row| self.memory.features(&Observation { image: Some(frames.image(row)), state: Vec::new() }));
        let features = features.collect::<terrella_core::Result<Vec<_>>>()?;
        let alike = (0..n).flat_map(|row| {
            let later = &features[(row + 1).min(n - 1)];
            let (moment, _) = self.memory.nearest(&features[row], Some(later), 1)[0];
            self.memory.action(moment, 0).iter().copied()
        });
        let mut told = vec![
            ("the mean", Table { width, data: self.mean.repeat(n) }),
            ("nearest pair of pictures", Table { width, data: alike.collect() }),
        ];
        if let Some(place) = self.place.filter(|place| episode.states.width >= *place) {
            let next = (0..n).flat_map(|row| episode.states.row((row + 1).min(n - 1))[..place].iter().copied());
            told.push(("the agent's next place", Table { width, data: next.collect() }));
        }
        let inputs = self.shown.shown() * episode.states.width + 1;
        if let Some(weights) = self.linear.as_ref().filter(|weights| weights.len() == inputs * width) {
            let of = |row: usize| {
                let x = around(episode, row, &self.shown);
                (0..width)
                    .map(move |at| x.iter().enumerate().map(|(i, x)| x * weights[i * width + at]).sum::<f64>() as f32)
            };
            told.push(("linear, of logged states", Table { width, data: (0..n).flat_map(of).collect() }));
        }
        Ok(told)
    }
}

/// The states that are logged around a row, and 1.
fn around(episode: &Episode, row: usize, shown: &InverseConfig) -> Vec<f64> {
    let rows = shown.rows(row, episode.len()).flat_map(|row| episode.states.row(row));
    rows.map(|x| f64::from(*x)).chain([1.0]).collect()
}
