//! Judging a model on recordings of which no live world exists, such as logs of hardware: how far
//! ahead it foretells them, in the units of the log, beside predictors that need no model, a plain
//! regression that is trained for the comparison, and equations alone where the model knows some.

use super::act::view;
use super::analytic::{self, Analytic, equations, fit_beside};
use super::evaluate::{Evaluation, FILE};
use super::report::{PAGE, curves, given, made};
use super::train::{Training, log, sampler};
use super::trust::bands;
use super::{Recordings, Run, rewards};
use crate::error::Interrupted;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use burn::tensor::Device;
use std::path::PathBuf;
use terrella_eval::{Forecaster, Report, model_forecast, open_loop};
use terrella_model::{AnyWorld, EnsembleConfig, Interface, Trainer, load_any, save_world};

/// A plain regression, trained beside a model of states to be compared with.
const REGRESSION: &str = "regression";

/// Trains the plain regression beside a model of states that will be judged by what it foretells, and fits the equations of a model that has some.
///
/// # Errors
/// If the disk refuses, or somebody asked to stop.
pub fn train_beside(
    run: &Run,
    model: &AnyWorld,
    recordings: &Recordings,
    device: &Device,
    watch: &Watch,
) -> Result<()> {
    let judged = !recordings.has_goals() && model.wants().picture.is_none();
    if judged && !run.file(REGRESSION).exists() {
        regression(run, recordings, (model.interface().clone(), device), watch)?;
    }
    fit_beside(run, model, recordings, watch)
}

/// One network of the ensemble's size, by squared error, without resampling, in as many steps.
fn regression(
    run: &Run,
    recordings: &Recordings,
    (interface, device): (Interface, &Device),
    watch: &Watch,
) -> Result<()> {
    let size = run.settings.model.family::<EnsembleConfig>("size").unwrap_or_default();
    let plain = EnsembleConfig { members: 1, bootstrap: false, variance: false, ..size };
    let mut trainer = Trainer::new(plain, interface, recordings.train_config(&run.settings)?, device);
    let sampler = sampler(&trainer, recordings)?;
    let steps = trainer.config.steps;
    let stage = watch.stage(REGRESSION, steps);
    while trainer.step() < steps {
        trainer.advance(&sampler.batch(trainer.step()), false)?;
        stage.at(trainer.step(), "");
        if watch.stopped() {
            return Err(crate::error::Interrupted { resume: Some(run.resume_command()) }.into());
        }
    }
    Ok(save_world(&trainer, &run.file(REGRESSION))?)
}

/// Measures open-loop errors and keeps them in the run directory.
///
/// # Errors
/// If the model cannot tell states, or no held-out episode is long enough.
pub fn evaluate_logs(
    run: &Run,
    model: &AnyWorld,
    recordings: &Recordings,
    device: &Device,
    watch: &Watch,
) -> Result<Evaluation> {
    let stage = watch.stage("foretell", 1);
    let data = &*recordings.dataset;
    let sides = (data, &recordings.split.train[..], &recordings.split.held_out[..]);
    let path = run.file(REGRESSION);
    let plain = path.is_dir().then(|| load_any(&path, device)).transpose();
    let plain = plain.with_context(|| format!("{} cannot be read; remove it to go on without", path.display()))?;
    let told = model_forecast(model, data, view(model));
    let mlp = plain.as_ref().map(|world| model_forecast(world, data, view(world)));
    let beside: Option<Analytic> = run.json(analytic::FILE)?;
    let alone = beside.as_ref().zip(equations(model));
    let alone = alone.map(|(beside, config)| beside.forecaster(&config, data)).transpose()?;
    let mut forecasters: Vec<(&str, &Forecaster<'_>)> = vec![("model", &told)];
    forecasters.extend(mlp.as_ref().map(|mlp| ("MLP", mlp as &Forecaster<'_>)));
    forecasters.extend(alone.iter().map(|alone| ("analytic", &**alone as &Forecaster<'_>)));
    let mut table = open_loop(sides, &forecasters, &run.settings.eval.open_loop)?;
    table.provenance = Some(run.provenance(&recordings.split_words, Vec::new()));
    let (trust, no_bands) = bands(run, model, recordings)?;
    no_bands.iter().for_each(|why| watch.say(why));
    stage.at(1, "");
    drop(stage);
    let mut notes = recordings.notes.clone();
    notes.extend(beside.iter().flat_map(Analytic::words));
    let mut evaluation = Evaluation { open_loop: Some(table), trust, no_bands, notes, ..Evaluation::default() };
    if let Some(world) = recordings.rewarding() {
        match rewards::returns(run, model, (world, recordings), watch) {
            Ok(returns) => evaluation.returns = Some(returns),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                evaluation.notes.push(format!("Returns are left out: {error:#}."));
                evaluation.notes.last().iter().for_each(|note| watch.say(note));
            }
        }
    }
    run.write_json(FILE, &evaluation)?;
    Ok(evaluation)
}

/// Whether a run was judged this way.
///
/// # Errors
/// If its evaluation is damaged.
pub fn foretold(run: &Run) -> Result<bool> {
    Ok(run.json::<Evaluation>(FILE)?.is_some_and(|evaluation| evaluation.open_loop.is_some()))
}

/// The page about a run that is judged this way.
///
/// # Errors
/// If a file of the run is damaged.
pub fn report_of_logs(run: &Run, recordings: Option<&Recordings>) -> Result<Report> {
    let Settings { model, train, .. } = &run.settings;
    let [name, what] = model.words();
    let of = recordings.and_then(Recordings::spec).map_or("recordings".into(), |spec| spec.id.clone());
    let mut report = Report::new(&format!("{name} of {of}"));
    let training: Option<Training> = run.json("training.json")?;
    if let Some(recordings) = recordings {
        let data = &recordings.dataset;
        report.done.push(format!(
            "{} The state is {}; actions are {}.",
            given(recordings),
            data.signature.state.join(", "),
            data.signature.action.join(", "),
        ));
    }
    if let Some(training) = &training {
        report.done.push(format!(
            "{} It has {:.2} million parameters and learned in {} steps of {} clips. “MLP” is a plain regression by squared error, trained in \
             as many steps.",
            what,
            training.parameters as f64 / 1e6,
            training.steps,
            train.batch_size
        ));
    }
    report.facts = made(run, training.as_ref());
    report.facts.extend(run.json::<Analytic>(analytic::FILE)?.iter().flat_map(Analytic::facts));
    report.curves = curves(&log(run)?, model.charts());
    if let Some(evaluation) = run.json::<Evaluation>(FILE)? {
        report.open_loop = evaluation.open_loop;
        report.trust = evaluation.trust;
        report.limits.extend(evaluation.no_bands);
        report.returns = evaluation.returns;
        report.limits.extend(evaluation.notes);
    }
    if report.open_loop.is_none() {
        report.limits.push("Nothing was measured yet: `terrella eval` does that.".to_owned());
    }
    report.commands.push(run.about.command.clone());
    let judged = report.open_loop.as_ref().and_then(|table| table.provenance.as_ref()).map(|p| p.command.clone());
    report.commands.extend(judged.filter(|command| *command != run.about.command));
    Ok(report)
}

/// Builds that page and writes it.
///
/// # Errors
/// As [`report_of_logs`], or if the disk refuses.
pub fn write_logs_report(run: &Run, recordings: Option<&Recordings>) -> Result<PathBuf> {
    let html = report_of_logs(run, recordings)?.to_html();
    run.dir().write(PAGE, html.as_bytes()).context("cannot write the report")?;
    Ok(run.file(PAGE))
}
