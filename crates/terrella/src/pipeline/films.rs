//! Judging a model that paints: how its dreams look so far ahead, beside predictors that need no model, and whether they do what is
//! done. It needs no world to act in; where there is one, the very same actions are also run in it.

use super::act::view;
use super::evaluate::{Evaluation, FILE};
use super::report::{PAGE, curves, dreams, given, made};
use super::train::{Training, log};
use super::{Recordings, Run};
use crate::watch::Watch;
use anyhow::{Context, Result};
use std::path::PathBuf;
use terrella_core::{Actions, Coordinate, EnvSpec, Space};
use terrella_eval::{Report, faithful, rollout_error};
use terrella_model::AnyWorld;

/// Measures dreams of held-out episodes, and keeps what came of it in the run directory.
///
/// # Errors
/// If no held-out episode is long enough, or the disk refuses.
pub fn evaluate_films(run: &Run, model: &AnyWorld, recordings: &Recordings, watch: &Watch) -> Result<Evaluation> {
    let stage = watch.stage("dream", 2);
    let (data, eval) = (&*recordings.dataset, &run.settings.eval);
    let (train, held_out) = (&recordings.split.train[..], &recordings.split.held_out[..]);
    let spec = recordings.spec().cloned().unwrap_or_else(|| logged_spec(recordings));
    let rollout = rollout_error(model, &spec, (data, train, held_out), view(model), &eval.rollout)?;
    stage.at(1, "");
    let world = recordings.world.as_ref().filter(|_| !data.signature.state.is_empty());
    let faithful = faithful(model, (&spec, world), (data, held_out), view(model), &eval.faithful)?;
    stage.at(2, "");
    drop(stage);
    let evaluation = Evaluation {
        rollout: Some(rollout),
        faithful: Some(faithful),
        notes: recordings.notes.clone(),
        ..Evaluation::default()
    };
    run.write_json(FILE, &evaluation)?;
    Ok(evaluation)
}

/// What recordings of no known world declare of themselves: numbers in the units that they tell, and actions that are displacements.
pub(super) fn logged_spec(recordings: &Recordings) -> EnvSpec {
    let signature = &recordings.dataset.signature;
    let coordinate = |(at, name): (usize, &String)| Coordinate::new(name.clone(), signature.unit(at).to_owned());
    let n = signature.action.len();
    let (names, low, high) = (signature.action.clone(), vec![f32::NEG_INFINITY; n], vec![f32::INFINITY; n]);
    EnvSpec {
        id: "recordings".into(),
        dt: 1.0 / signature.fps,
        state: signature.state.iter().enumerate().map(coordinate).collect(),
        actions: Actions::Box(Space { names, low, high, whole: false }),
        ..EnvSpec::default()
    }
}

/// The page about such a run. With a model and its recordings at hand it also shows films.
///
/// # Errors
/// If a file of the run is damaged.
pub fn report_of_films(run: &Run, loaded: Option<(&AnyWorld, &Recordings)>) -> Result<Report> {
    let model = &run.settings.model;
    let [name, what] = model.words();
    let of = loaded.and_then(|(_, recordings)| recordings.spec()).map_or("recordings".into(), |spec| spec.id.clone());
    let mut report = Report::new(&format!("{name} of {of}"));
    if let Some((world, recordings)) = loaded {
        report.done.extend(recordings.spec().map(|spec| spec.rules.to_string()).filter(|rules| !rules.is_empty()));
        report.done.push(given(recordings));
        let (films, missing) = dreams((run, recordings), (world, None), run.settings.eval.rollout.horizon);
        report.dreams = films;
        report.limits.extend(missing);
    }
    let training: Option<Training> = run.json("training.json")?;
    if let Some(training) = &training {
        report.done.push(format!(
            "{what} It has {:.2} million parameters and learned in {} steps of {} clips.",
            training.parameters as f64 / 1e6,
            training.steps,
            run.settings.train.batch_size
        ));
    }
    report.facts = made(run, training.as_ref());
    report.curves = curves(&log(run)?, model.charts());
    match run.json::<Evaluation>(FILE)? {
        Some(evaluation) => {
            report.rollout = evaluation.rollout;
            report.faithful = evaluation.faithful;
            report.limits.extend(evaluation.notes);
        }
        None => report.limits.push("Nothing was measured yet: `terrella eval` does that.".to_owned()),
    }
    report.commands.push(run.about.command.clone());
    Ok(report)
}

/// Builds that page and writes it.
///
/// # Errors
/// As [`report_of_films`], or if the disk refuses.
pub fn write_films_report(run: &Run, loaded: Option<(&AnyWorld, &Recordings)>) -> Result<PathBuf> {
    let html = report_of_films(run, loaded)?.to_html();
    run.dir().write(PAGE, html.as_bytes()).context("cannot write the report")?;
    Ok(run.file(PAGE))
}
