//! The whole thread in one call: record or open, train, judge, plan, report.
//!
//! Each step leaves a file in the run directory and is skipped when its file is there, so that an
//! interrupted run goes on where it stopped.

use super::act::Actor;
use super::evaluate::{Evaluation, FILE};
use super::pace::set_pace;
use super::plan::{PlanConfig, plan};
use super::{
    CollectConfig, Live, Recordings, Run, collect, evaluate, evaluate_films, evaluate_logs, train_beside, train_whole,
    write_films_report, write_logs_report, write_report,
};
use crate::error::Interrupted;
use crate::settings::Flavour;
use crate::watch::Watch;
use anyhow::Result;
use burn::tensor::Device;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;
use terrella_model::{Saved, load_any};

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The run directory.
    pub run: PathBuf,
    /// Scores and open-loop errors.
    pub evaluation: Evaluation,
    /// The page.
    pub report: PathBuf,
    /// The page of one plan, where there is a world to plan in.
    pub plan: Option<PathBuf>,
    /// Seconds of each step.
    pub timings: Vec<(String, f64)>,
    /// The command that does it again.
    pub command: String,
}

/// Runs the thread, or what is left of it.
///
/// # Errors
/// If a step fails or somebody asked to stop; what was done is kept.
pub fn quickstart(mut run: Run, device: &Device, watch: &Watch) -> Result<Outcome> {
    let resumable = |error: anyhow::Error, run: &Run| match error.downcast_ref::<Interrupted>() {
        Some(_) => Interrupted { resume: Some(run.resume_command()) }.into(),
        None => error,
    };
    steps(&mut run, device, watch).map_err(|error| resumable(error, &run))
}

fn steps(run: &mut Run, device: &Device, watch: &Watch) -> Result<Outcome> {
    let began = Instant::now();
    let mut recordings = open_or_collect(run, watch)?;
    set_pace(run, &mut recordings, (began, device), watch)?;
    let run = &*run;
    Live::of(run, &recordings, watch).shows(|watch| {
        if run.settings.model.paints() {
            paint(run, recordings, device, watch)
        } else if recordings.has_goals() {
            reach(run, recordings, device, watch)
        } else {
            foretell(run, recordings, device, watch)
        }
    })
}

/// What is left of the thread where there are goals to reach.
fn reach(run: &Run, mut recordings: Recordings, device: &Device, watch: &Watch) -> Result<Outcome> {
    let saved = train_or_load(run, &mut recordings, device, watch)?;
    recordings.judge(saved.world.interface(), run.settings.data.split())?;
    recordings.notes.iter().for_each(|line| watch.say(line));
    let actor = Actor::new(run, saved, &recordings)?;
    let evaluation = match run.json::<Evaluation>(FILE)? {
        Some(evaluation) => evaluation,
        None => evaluate(run, &actor, &recordings, watch)?,
    };
    let page = show_one(run, &actor, &recordings)?;
    let timings = timed(run, watch)?;
    let report = write_report(run, Some((&actor, &recordings)))?;
    let path = run.path().to_path_buf();
    let command = run.about.command.clone();
    Ok(Outcome { run: path, evaluation, report, plan: Some(page), timings, command })
}

/// What is left of the thread with a model that paints: its dreams are judged, and nothing acts in them.
fn paint(run: &Run, mut recordings: Recordings, device: &Device, watch: &Watch) -> Result<Outcome> {
    let model = train_or_load(run, &mut recordings, device, watch)?.world;
    recordings.judge(model.interface(), run.settings.data.split())?;
    recordings.notes.iter().for_each(|line| watch.say(line));
    let evaluation = match run.json::<Evaluation>(FILE)? {
        Some(evaluation) => evaluation,
        None => evaluate_films(run, &model, &recordings, watch)?,
    };
    let timings = timed(run, watch)?;
    let report = write_films_report(run, Some((&model, &recordings)))?;
    let (path, command) = (run.path().to_path_buf(), run.about.command.clone());
    Ok(Outcome { run: path, evaluation, report, plan: None, timings, command })
}

/// What is left of the thread where there are no goals to reach: what a model foretells, and the rewards that planning in it
/// collects, if there are any.
fn foretell(run: &Run, mut recordings: Recordings, device: &Device, watch: &Watch) -> Result<Outcome> {
    if recordings.rewarding().is_none() {
        watch.say(
            "these recordings name no world, so the model is judged by what it foretells; where one can replay them, import them with --env",
        );
    }
    if !run.file("model").exists() {
        train_whole(run, &mut recordings, device, watch)?;
    }
    let model = load_any(&run.file("model"), device)?;
    train_beside(run, &model, &recordings, device, watch)?;
    recordings.judge(model.interface(), run.settings.data.split())?;
    recordings.notes.iter().for_each(|line| watch.say(line));
    let evaluation = match run.json::<Evaluation>(FILE)? {
        Some(evaluation) => evaluation,
        None => evaluate_logs(run, &model, &recordings, device, watch)?,
    };
    let timings = timed(run, watch)?;
    let report = write_logs_report(run, Some(&recordings))?;
    let (path, command) = (run.path().to_path_buf(), run.about.command.clone());
    Ok(Outcome { run: path, evaluation, report, plan: None, timings, command })
}

/// Seconds of each step, those before an interruption among them, kept in the run.
fn timed(run: &Run, watch: &Watch) -> Result<Vec<(String, f64)>> {
    let mut timings: Vec<(String, f64)> = run.json("timings.json")?.unwrap_or_default();
    timings.extend(watch.timings());
    run.write_json("timings.json", &timings)?;
    Ok(timings)
}

fn open_or_collect(run: &mut Run, watch: &Watch) -> Result<Recordings> {
    let settings = &run.settings;
    let path = match &settings.data.path {
        Some(path) => path.clone(),
        None => {
            let path = run.file("data");
            if !path.exists() {
                collect(&path, &CollectConfig::of(settings, settings.data.episodes, settings.seed), watch)?;
            }
            path
        }
    };
    let recordings = Recordings::open(&path, settings, watch)?;
    run.about.data_hash = recordings.dataset.hash.clone();
    run.record()?;
    Ok(recordings)
}

fn train_or_load(run: &Run, recordings: &mut Recordings, device: &Device, watch: &Watch) -> Result<Saved> {
    if run.file("model").exists() {
        return Ok(Saved::load(&run.file("model"), device)?);
    }
    Ok(train_whole(run, recordings, device, watch)?.0)
}

/// One plan of the headline policy, from the first held-out episode that is long enough.
fn show_one(run: &Run, actor: &Actor, recordings: &Recordings) -> Result<PathBuf> {
    let policy = actor.able(&run.settings.eval.policies).first().copied().unwrap_or(Flavour::Search);
    let length = |e: &usize| recordings.dataset.episodes[*e].len();
    let offset = run.settings.eval.offset;
    let held_out = recordings.split.held_out.iter().copied();
    let episode = held_out.clone().find(|e| length(e) > offset).or_else(|| held_out.clone().next()).unwrap_or(0);
    let start = length(&episode).saturating_sub(offset + 1) / 2;
    let config = PlanConfig { episode, start, goal_row: Some((start + offset).min(length(&episode) - 1)), policy };
    Ok(plan(run, actor, recordings, &config)?.page)
}
