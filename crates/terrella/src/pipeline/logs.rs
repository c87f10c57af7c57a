//! Judging a model on recordings of which no live world exists, such as logs of hardware: how far
//! ahead it foretells them, in the units of the log, beside predictors that need no model. Families
//! that have no heads of their own are trained here, with a plain regression beside them.

use super::evaluate::{Evaluation, FILE};
use super::report::PAGE;
use super::train::{Training, log, sampler, train};
use super::{Recordings, Run};
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use burn::tensor::Device;
use std::path::PathBuf;
use terrella_agent::View;
use terrella_core::Dataset;
use terrella_eval::{Block, Chart, Forecaster, Report, model_forecast, open_loop};
use terrella_model::{AnyWorld, EnsembleConfig, Interface, Registered, Trainer, Visitor, load_any, save_world};

/// A plain regression, trained beside a model of states to be compared with.
const REGRESSION: &str = "regression";

/// Trains a model that needs no heads, and the plain regression beside it where the state is all
/// that it sees; saves both.
///
/// # Errors
/// As [`train`].
pub fn train_plain(run: &Run, recordings: &Recordings, device: &Device, watch: &Watch) -> Result<Training> {
    struct Train<'a>(&'a Run, &'a Recordings, &'a Device, &'a Watch);
    impl Visitor for Train<'_> {
        type Output = Result<(Training, Interface)>;
        fn visit<F: Registered>(self, family: F) -> Self::Output {
            let Self(run, recordings, device, watch) = self;
            let (trainer, training) = train(family, run, recordings, device, watch)?;
            save_world(&trainer, &run.file("model"))?;
            Ok((training, trainer.interface))
        }
    }
    let (training, interface) = run.settings.model.clone().visit(Train(run, recordings, device, watch))?;
    if run.settings.model.wants().picture.is_none() && !run.file(REGRESSION).exists() {
        regression(run, recordings, (interface, device), watch)?;
    }
    Ok(training)
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
    let mut trainer = Trainer::new(plain, interface, recordings.train_config(&run.settings), device);
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
    model: &dyn AnyWorld,
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
    let told = |world: &dyn AnyWorld, starts: &[(usize, usize)], steps: usize| told(world, data, starts, steps);
    let model = |starts: &[(usize, usize)], steps: usize| told(model, starts, steps);
    let mlp = plain.map(|world| move |starts: &[(usize, usize)], steps: usize| told(&*world, starts, steps));
    let mut forecasters: Vec<(&str, &Forecaster<'_>)> = vec![("model", &model)];
    forecasters.extend(mlp.as_ref().map(|mlp| ("MLP", mlp as &Forecaster<'_>)));
    let table = open_loop(sides, &forecasters, &run.settings.eval.open_loop)?;
    stage.at(1, "");
    drop(stage);
    let evaluation = Evaluation { open_loop: Some(table), notes: recordings.notes.clone(), ..Evaluation::default() };
    run.write_json(FILE, &evaluation)?;
    Ok(evaluation)
}

/// What a model tells of the states `steps` rows after these.
fn told(
    world: &dyn AnyWorld,
    data: &Dataset,
    starts: &[(usize, usize)],
    steps: usize,
) -> terrella_core::Result<Option<terrella_core::Table>> {
    let wants = world.wants();
    let view = View { picture: wants.picture, state: wants.picture.is_none() };
    let foretell =
        |seen: &[terrella_core::Observation], blocks: &mut dyn Iterator<Item = Block>| world.foretell(seen, blocks);
    model_forecast(&foretell, data, (view, world.block_width()))(starts, steps)
}

/// The page about a run that is judged this way.
///
/// # Errors
/// If a file of the run is damaged.
pub fn report_of_logs(run: &Run, recordings: Option<&Recordings>) -> Result<Report> {
    let Settings { model, train, .. } = &run.settings;
    let [name, what] = model.words();
    let mut report = Report::new(&format!("{name} of recordings"));
    let training: Option<Training> = run.json("training.json")?;
    if let Some(recordings) = recordings {
        let data = &recordings.dataset;
        report.done.push(format!(
            "{} recorded episodes were given: {} rows, {:.1} minutes at {} rows a second. {} episodes were learned from, {} were put \
             aside for judging ({}). The state is {}; actions are {}.",
            data.episodes.len(),
            data.n_rows(),
            data.n_rows() as f64 / data.signature.fps / 60.0,
            data.signature.fps,
            recordings.split.train.len(),
            recordings.split.held_out.len(),
            recordings.split_words,
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
        report.facts.push(("parameters".to_owned(), training.parameters.to_string()));
        report
            .facts
            .push(("training".to_owned(), format!("{} steps, {:.1} ms a step", training.steps, training.ms_per_step)));
    }
    report.facts.push(("training seed".to_owned(), train.seed.to_string()));
    report.facts.push(("machine".to_owned(), run.about.machine()));
    report.facts.push(("revision".to_owned(), run.about.revision()));
    let log = log(run)?;
    if log.len() > 1 && log.iter().all(|p| p.losses.get("standing_still").is_finite()) {
        let line = |name: &str| -> Vec<[f64; 2]> {
            log.iter().map(|p| [p.step as f64, f64::from(p.losses.get(name))]).collect()
        };
        let mut error = Chart::new("Predicting the change of the next row", "training steps", "mean squared error");
        error.note = "In deviations of the recorded rates. Below “standing still”, the model knows more than that nothing changes.".to_owned();
        error.log_y = true;
        report.curves.push(error.line("model", line("predict")).line("standing still", line("standing_still")));
        let told = Chart::new("Surprise at the recordings", "training steps", "negative log-likelihood");
        report.curves.push(told.line("model", line("likelihood")));
    }
    if let Some(evaluation) = run.json::<Evaluation>(FILE)? {
        report.open_loop = evaluation.open_loop;
        report.limits.extend(evaluation.notes);
    }
    if report.open_loop.is_none() {
        report.limits.push("Nothing was measured yet: `terrella eval` does that.".to_owned());
    }
    report.commands.push(run.about.command.clone());
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
