//! Fitting the model of a run to a machine that is not quite the one it learned: `terrella adapt`.
//!
//! The first rows of new recordings move a small residual; the episodes that no row came from judge it, beside the model as it was and
//! beside one that is trained on the same rows alone. What was made is a run of its own, whose model says that it learned from both.

use super::Run;
use super::lookout::{can_watch, open_stream};
use crate::error::{Interrupted, usage};
use crate::watch::Watch;
use anyhow::{Context, Result};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Dataset, Episode, Table, View};
use terrella_data::Sampler;
use terrella_eval::{Forecaster, OpenLoop, model_forecast, open_loop};
use terrella_model::{
    AnyWorld, EnsembleConfig, Finished, Interface, MovedBy, Registered, Saved, TrainConfig, Trainer, adapt, fingerprint,
};

/// Where what was done is kept in the new run.
const FILE: &str = "adapt.json";

/// After how many rows it is judged, beside the number that was asked for.
const AFTER: [usize; 3] = [5, 50, 500];

/// Rows in a clip of what is trained anew, where one is to come of as few rows as two.
const FRAMES: usize = 2;

/// What came of it, and from what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdaptReport {
    /// The run whose model was adapted.
    pub from: PathBuf,
    /// By what that model is known.
    pub from_model: String,
    /// The recordings that it was adapted to.
    pub to: PathBuf,
    /// Their hash.
    pub data_hash: String,
    /// The episodes that rows came from, which count as learned from.
    pub episodes: Vec<usize>,
    /// Numbers that are told: of the state, and the reward, if there is one.
    pub names: Vec<String>,
    /// By how much the model moved after so many rows; the last is the one that was kept.
    pub moved: Vec<MovedBy>,
    /// Open-loop errors on episodes that no row came from; nothing where there are none.
    pub errors: Option<OpenLoop>,
}

impl AdaptReport {
    /// What is told in a terminal.
    pub fn words(&self) -> String {
        let mut text = String::new();
        for moved in &self.moved {
            let each = self.names.iter().zip(&moved.outputs).map(|(name, by)| format!("{name} {by:.3}"));
            let each = each.collect::<Vec<_>>().join(", ");
            let (rows, weights) = (moved.rows, 100.0 * moved.weights);
            // Nothing is lost where a text cannot be written to.
            let _ = writeln!(
                text,
                "{rows} rows moved what is foretold of each rate, in recorded deviations: {each}; weights of the last layer by {weights:.2} %"
            );
        }
        match &self.errors {
            Some(errors) => {
                let _ = write!(
                    text,
                    "Errors on episodes that no row came from, root mean square; “anew” was trained on the same rows alone, the ARX fitted on all rows of the episodes that they came from:\n{errors}"
                );
            }
            None => text.push_str("No episode is left to judge it on: give more recordings, or fewer --rows."),
        }
        text
    }
}

/// Adapts the model of a run to the first rows of recordings, and makes a run of what came of it.
///
/// # Errors
/// If the model is no ensemble of states, the recordings are of something else or have too few rows, the disk refuses, or somebody asked
/// to stop.
pub fn adapt_run(
    run: &Run,
    (to, rows): (&Path, usize),
    out: Option<&Path>,
    device: &Device,
    watch: &Watch,
) -> Result<(Run, AdaptReport)> {
    let path = run.file("model");
    let saved = Saved::load(&path, device)?;
    can_watch(&saved.world)?;
    let model = Finished::<EnsembleConfig>::open(&path, device)
        .map_err(|error| usage(format!("only an ensemble can be adapted: {error}")))?;
    let data = open_stream(to, &run.settings, &saved.world, watch)?;
    let chosen = first_rows(&data, rows)?;
    let mut sizes: Vec<usize> = AFTER.into_iter().filter(|&n| n < rows).collect();
    sizes.push(rows);
    let touched: Vec<usize> = (0..=chosen.last().map_or(0, |(episode, _)| *episode)).collect();
    let learned = model.interface.learned.as_ref().map(|learned| learned.recognise(&data.episodes));
    let is_known = |e: usize| learned.as_ref().is_some_and(|known| known[e]);
    let rest: Vec<usize> = (touched.len()..data.episodes.len()).filter(|&e| !is_known(e)).collect();

    let stage = watch.stage("adapt", sizes.len() as u64);
    let mut worlds: Vec<(String, AnyWorld)> = vec![("not adapted".to_owned(), saved.world.clone())];
    let (mut moved, mut made) = (Vec::new(), None);
    for (at, &n) in sizes.iter().enumerate() {
        let (fitted, by) = adapt(&model, &data, &chosen[..n])?;
        worlds.push((format!("adapted, {n} rows"), fitted.world(device)));
        if !rest.is_empty() {
            worlds.push((format!("anew, {n} rows"), anew(&model, &data, (&chosen[..n], run), (device, watch))?));
        }
        moved.push(by);
        made = Some(fitted);
        stage.at(at as u64 + 1, "");
    }
    drop(stage);
    let view = View { picture: None, state: true };
    let forecasts: Vec<_> = worlds.iter().map(|(name, world)| (name, model_forecast(world, &data, view))).collect();
    let forecasters: Vec<(&str, &Forecaster<'_>)> =
        forecasts.iter().map(|(name, forecast)| (name.as_str(), forecast as &Forecaster<'_>)).collect();
    let judged = |rest: &[usize]| open_loop((&data, &touched, rest), &forecasters, &run.settings.eval.open_loop);
    let errors = if rest.is_empty() { None } else { Some(judged(&rest)?) };

    let mut settings = run.settings.clone();
    (settings.data.path, settings.data.also) = (Some(to.to_path_buf()), Vec::new());
    let mut new = Run::create("adapt", out, settings)?;
    new.about.data_hash.clone_from(&data.hash);
    new.record()?;
    let signature = &model.interface.signature;
    let mut names = signature.state.clone();
    names.extend(model.interface.reward_stats.iter().map(|_| "reward".to_owned()));
    let report = AdaptReport {
        from: run.path().to_path_buf(),
        from_model: fingerprint(&path)?,
        to: to.to_path_buf(),
        data_hash: data.hash.clone(),
        episodes: touched,
        names,
        moved,
        errors,
    };
    new.write_json(FILE, &report)?;
    // Last, so that a run with a model is whole.
    made.context("there is at least one number of rows")?.save(&new.file("model"))?;
    Ok((new, report))
}

/// The first rows that something follows, in order.
fn first_rows(data: &Dataset, rows: usize) -> Result<Vec<(usize, usize)>> {
    let all =
        data.episodes.iter().enumerate().flat_map(|(e, log)| (0..log.len().saturating_sub(1)).map(move |row| (e, row)));
    let chosen: Vec<(usize, usize)> = all.take(rows).collect();
    if rows == 0 || chosen.len() < rows {
        return Err(usage(format!(
            "--rows {rows}: the recordings have {} rows that something follows; give a number from 1 to that",
            chosen.len()
        )));
    }
    Ok(chosen)
}

/// A model of the same size, trained on nothing but these rows in as many steps.
fn anew(
    model: &Finished<EnsembleConfig>,
    data: &Dataset,
    (rows, run): (&[(usize, usize)], &Run),
    (device, watch): (&Device, &Watch),
) -> Result<AnyWorld> {
    let few = Arc::new(cut(data, rows));
    let all: Vec<usize> = (0..few.episodes.len()).collect();
    let interface = Interface::of(&few, &all, &model.interface.angles)?;
    let train = TrainConfig { n_frames: FRAMES, steps: run.settings.train.steps, ..model.train.clone() };
    let mut trainer = Trainer::new(model.family.clone(), interface, train, device);
    let window = window(&trainer);
    let sampler = Sampler::new(few, &all, window, trainer.config.batch_size, trainer.config.seed)?;
    while trainer.step() < trainer.config.steps {
        trainer.advance(&sampler.batch(trainer.step()), false)?;
        if watch.stopped() {
            return Err(Interrupted { resume: None }.into());
        }
    }
    Ok(Saved::of(&trainer, device).world)
}

fn window<F: Registered>(trainer: &Trainer<F>) -> terrella_core::Window {
    trainer.model_config.window(trainer.config.n_frames)
}

/// The recordings up to these rows and those that follow them.
fn cut(data: &Dataset, rows: &[(usize, usize)]) -> Dataset {
    let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
    for &(episode, row) in rows {
        let end = ends.entry(episode).or_default();
        *end = (*end).max(row + 2);
    }
    let some = |table: &Table, n: usize| Table { width: table.width, data: table.data[..n * table.width].to_vec() };
    let part = |(index, (&e, &n)): (usize, (&usize, &usize))| {
        let log = &data.episodes[e];
        let up_to = |len: usize| n.min(len);
        Episode {
            index,
            task: log.task.clone(),
            states: some(&log.states, n),
            actions: some(&log.actions, n),
            frames: None,
            times: log.times[..up_to(log.times.len())].to_vec(),
            rewards: log.rewards[..up_to(log.rewards.len())].to_vec(),
            terminated: log.terminated[..up_to(log.terminated.len())].to_vec(),
            truncated: log.truncated[..up_to(log.truncated.len())].to_vec(),
        }
    };
    let episodes: Vec<Episode> = ends.iter().enumerate().map(part).collect();
    Dataset { episodes, ..data.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Signature, Stats};

    fn three() -> Dataset {
        let episode = |index: usize| Episode {
            index,
            states: Table::from_data(1, (0..4).map(|row| (10 * index + row) as f32).collect()),
            actions: Table::from_data(1, vec![0.0; 4]),
            rewards: vec![1.0; 4],
            ..Episode::default()
        };
        Dataset {
            signature: Signature {
                fps: 10.0,
                state: vec!["x".into()],
                action: vec!["u".into()],
                ..Signature::default()
            },
            episodes: (0..3).map(episode).collect(),
            state_stats: Stats::default(),
            action_stats: Stats::default(),
            hash: String::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_first_rows_are_those_that_something_follows_and_no_more_is_learned_from() {
        let data = three();
        let rows = first_rows(&data, 5).expect("there are nine");
        assert_eq!(rows, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)], "in order");
        let few = cut(&data, &rows);
        let lengths: Vec<usize> = few.episodes.iter().map(Episode::len).collect();
        assert_eq!((lengths, few.episodes[1].states.data.last()), (vec![4, 3], Some(&12.0)), "with what follows");
        assert_eq!(few.episodes[1].rewards.len(), 3, "all of a row");
        let told = first_rows(&data, 10).expect_err("too many").to_string();
        assert!(told.contains("--rows 10") && told.contains("9 rows"), "{told}");
    }
}
