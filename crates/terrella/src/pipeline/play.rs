//! A stage to drive on: a learned world as many dreams, with the real one beside it where it is one of ours, and recordings that
//! nothing was learned from to start in.
//!
//! Where recordings name no world, dreams begin in their rows, and what may be done is what was done there and a little more.

use super::Recordings;
use super::act::view;
use super::films::logged_spec;
use crate::error::usage;
use anyhow::Result;
use std::sync::Arc;
use terrella_agent::Dream;
use terrella_core::{
    Actions, AnySim, Dataset, Env, EnvSpec, Error, Key, Many, Observation, Result as CoreResult, Space, Stats, View,
};
use terrella_eval::recorded;
use terrella_model::AnyWorld;
use terrella_play::{About, Stage, Starts};

/// Futures that a session may have at a time.
const LANES: usize = 2;
/// Side of pictures of a model that sees none itself.
const SIDE: usize = 96;
/// How far beyond what was recorded a number of an action may go on either side, as a share of its range: whoever drives does not
/// hit the very ends, and a model has seen nothing far beyond them.
const MARGIN: f32 = 0.1;

/// A stage for so many sessions, and what a page is told of it. With no `world`, dreams are all there is, and begin in the recordings.
///
/// # Errors
/// If there is neither a world nor a recording to begin in, or of the model's dreams nothing could be seen.
pub fn stage(
    model: AnyWorld,
    recordings: Option<&Recordings>,
    world: Option<&AnySim>,
    sessions: usize,
) -> Result<(Stage, About)> {
    let (seen, size, n) = (view(&model), model.wants().picture.unwrap_or(SIDE), LANES * sessions);
    let mut words = model.config().words()[1].clone();
    if model.frame_skip() > 1 {
        words.push_str(&format!(" It moves once in {} steps.", model.frame_skip()));
    }
    let held_out = |shown: View| {
        let recordings = recordings?;
        let (dataset, episodes) = (Arc::clone(&recordings.dataset), recordings.split.held_out.clone());
        Some(Arc::new(HeldOut { dataset, episodes, shown }))
    };
    let (stage, starts) = if let Some(world) = world {
        let dream = Dream::new(Arc::new(model), world.clone(), seen, n)?;
        let real: Box<dyn Env + Send> = Box::new(Many::new(world, n));
        let starts = held_out(View { picture: None, state: true });
        let starts = starts.filter(|starts| !starts.dataset.signature.state.is_empty());
        (Stage::new(Box::new(dream), Some(real), size)?, starts)
    } else {
        let (Some(recordings), Some(starts)) = (recordings, held_out(seen)) else {
            return Err(usage("there is neither a world nor a recording that a dream could begin in"));
        };
        let spec = dreamt_spec(logged_spec(recordings), &model.interface().action_stats);
        words.push_str(&alone(recordings, starts.episodes.len()));
        let drawn = Arc::clone(&starts);
        let dream = Dream::of_recordings(Arc::new(model), spec, move |seed| drawn.draw(seed), n)?;
        (Stage::new(Box::new(dream), None, size)?, Some(starts))
    };
    let stage = match starts {
        Some(starts) => stage.with_starts(Box::new(Shared(starts))),
        None => stage,
    };
    let about = About::new(&stage, words);
    Ok((stage, about))
}

/// What is to be known of dreams that have no world beside them.
fn alone(recordings: &Recordings, n: usize) -> String {
    let margin = 100.0 * MARGIN;
    let told = format!(
        " These recordings are of no world that could be run beside it: a dream begins in a row of one of {n} that it did not learn from, and each number of an action may go {margin:.0} % of its recorded range beyond it."
    );
    if recordings.dataset.signature.acted() {
        return told;
    }
    told + " Nothing was commanded in them, so what is done here changes nothing that it knows of."
}

/// What recordings declare, with actions in the ranges that were learned from, and a margin.
fn dreamt_spec(spec: EnvSpec, actions: &Stats) -> EnvSpec {
    let (mut low, mut high) = (actions.min.clone(), actions.max.clone());
    for (low, high) in low.iter_mut().zip(&mut high) {
        // What never changed could still be a little more or less.
        let range = if *high > *low { *high - *low } else { high.abs().max(1.0) };
        (*low, *high) = (*low - MARGIN * range, *high + MARGIN * range);
    }
    let names = spec.actions.space().names;
    EnvSpec { actions: Actions::Box(Space { names, low, high, whole: false }), ..spec }
}

/// Episodes that nothing was learned from, and what is shown of their rows.
struct HeldOut {
    dataset: Arc<Dataset>,
    episodes: Vec<usize>,
    shown: View,
}

impl HeldOut {
    fn rows(&self) -> Vec<usize> {
        self.episodes.iter().map(|&e| self.dataset.episodes[e].len()).collect()
    }

    fn at(&self, episode: usize, row: usize) -> CoreResult<Observation> {
        let Some(&e) = self.episodes.get(episode) else {
            return Err(Error::Invalid(format!("there is no episode {episode}; there are {}", self.episodes.len())));
        };
        let rows = self.dataset.episodes[e].len();
        if row >= rows {
            return Err(Error::Invalid(format!("episode {episode} has {rows} rows, and none {row}")));
        }
        recorded(&self.dataset, (e, row), self.shown)
    }

    /// Any row, drawn from a seed.
    fn draw(&self, seed: u64) -> CoreResult<Observation> {
        let rows = self.rows();
        let all: usize = rows.iter().sum();
        if all == 0 {
            return Err(Error::Invalid("no row of a recording is held out to begin in".to_owned()));
        }
        let mut row = Key::new(seed).with("dream start").stream().below(all);
        let mut episode = 0;
        while row >= rows[episode] {
            row -= rows[episode];
            episode += 1;
        }
        self.at(episode, row)
    }
}

/// The same, shared with a dream that draws from them.
struct Shared(Arc<HeldOut>);

impl Starts for Shared {
    fn episodes(&self) -> Vec<usize> {
        self.0.rows()
    }

    fn start(&self, episode: usize, row: usize) -> CoreResult<Observation> {
        self.0.at(episode, row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Episode, Table};

    #[test]
    fn actions_may_go_a_little_beyond_what_was_recorded() {
        let stats = Stats { min: vec![-1.0, 3.0, 0.0], max: vec![3.0, 3.0, 0.0], ..Stats::default() };
        let names: Vec<String> = ["steer", "gear", "horn"].map(str::to_owned).to_vec();
        let unbounded = Space { names, low: vec![f32::NEG_INFINITY; 3], high: vec![f32::INFINITY; 3], whole: false };
        let spec = EnvSpec { actions: Actions::Box(unbounded), ..EnvSpec::default() };
        let space = dreamt_spec(spec, &stats).actions.space();
        assert_eq!(space.names, ["steer", "gear", "horn"]);
        let near = |told: &[f32], wanted: [f32; 3]| told.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&space.low, [-1.4, 2.7, -0.1]) && near(&space.high, [3.4, 3.3, 0.1]), "{space:?}");
    }

    #[test]
    fn a_seed_draws_any_row_that_is_held_out_and_no_other() {
        let episode = |index: usize, rows: usize| Episode {
            index,
            states: Table::from_data(1, (0..rows).map(|row| (10 * index + row) as f32).collect()),
            actions: Table::from_data(1, vec![0.0; rows]),
            ..Episode::default()
        };
        let dataset = Arc::new(Dataset {
            signature: terrella_core::Signature::default(),
            episodes: vec![episode(0, 3), episode(1, 2), episode(2, 4)],
            state_stats: Stats::default(),
            action_stats: Stats::default(),
            hash: String::new(),
            notes: Vec::new(),
        });
        let held_out = HeldOut { dataset, episodes: vec![1, 2], shown: View { picture: None, state: true } };
        let drawn = |seed: u64| held_out.draw(seed).expect("a row").state[0];
        let mut all: Vec<f32> = (0..200).map(drawn).collect();
        assert!(all[7].to_bits() == drawn(7).to_bits(), "a seed draws one row");
        all.sort_by(f32::total_cmp);
        all.dedup();
        assert_eq!(all, [10.0, 11.0, 20.0, 21.0, 22.0, 23.0]);
        assert_eq!(Shared(Arc::new(HeldOut { episodes: vec![1, 2], ..held_out })).episodes(), [2, 4]);
    }
}
