//! Trains a world model of any family in a run directory, so that it can be stopped and resumed anywhere.

use super::worth::check;
use super::{Recordings, Run, finish};
use crate::error::{Interrupted, usage};
use crate::watch::Watch;
use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use terrella_core::Key;
use terrella_data::{Prefetch, Sampler};
use terrella_model::{Interface, Learned, LearnedParameter, Monitor, Progress, Registered, Saved, Trainer, Visitor};

/// Batches prepared ahead.
pub(super) const AHEAD: usize = 2;
/// Time between checkpoints; where they fall changes no number.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);
/// Losses by step, one JSON record a line.
pub(super) const LOG: &str = "train.jsonl";

/// What training came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Training {
    /// Optimiser steps.
    pub steps: u64,
    /// Windows there are to learn from.
    pub clips: u64,
    /// Times each was seen.
    pub epochs: f64,
    /// Numbers that were learned.
    pub parameters: usize,
    /// Milliseconds a step, over the steps of this process.
    pub ms_per_step: f64,
    /// The last logged step.
    pub last: Option<Progress>,
    /// Parameters of equations that the model knows, beside their priors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equations: Vec<LearnedParameter>,
}

/// Trains the model of the settings, whatever its family, with all that is learned after it, and saves it; first things are found
/// in pictures, where the settings ask for it.
///
/// # Errors
/// As [`train`], [`finish`] and [`Recordings::find_things`].
pub fn train_whole(
    run: &Run,
    recordings: &mut Recordings,
    device: &Device,
    watch: &Watch,
) -> Result<(Saved, Training)> {
    recordings.find_things(run, watch)?;
    struct Train<'a>(&'a Run, &'a Recordings, &'a Device, &'a Watch);
    impl Visitor for Train<'_> {
        type Output = Result<(Saved, Training)>;
        fn visit<F: Registered>(self, family: F) -> Self::Output {
            let Self(run, recordings, device, watch) = self;
            let (trainer, mut training) = train(family, run, recordings, device, watch)?;
            let saved = finish(run, &trainer, recordings, device, watch)?;
            if !saved.world.parameters().is_empty() {
                training.equations = saved.world.parameters().to_vec();
                run.write_json("training.json", &training)?;
            }
            Ok((saved, training))
        }
    }
    run.settings.model.clone().visit(Train(run, recordings, device, watch))
}

/// Trains a model of any family from the newest checkpoint of the run, or from the start.
///
/// # Errors
/// If data and model do not fit, training collapses, the disk refuses, or somebody asked to stop.
pub fn train<F: Registered>(
    family: F,
    run: &Run,
    recordings: &Recordings,
    device: &Device,
    watch: &Watch,
) -> Result<(Trainer<F>, Training)> {
    let fresh = recordings.interface()?;
    let learned = fresh.learned.clone();
    let mut trainer = match Trainer::<F>::resume(run.path(), device)? {
        Some(trainer) => trainer,
        None => {
            worth_training(&family, run, recordings, &fresh)?;
            Trainer::new(family, fresh, recordings.train_config(&run.settings)?, device)
        }
    };
    if trainer.interface.data_hash != recordings.dataset.hash {
        bail!(
            "{} was begun on recordings with hash {:.12}, these have {:.12}; point data.path to the former, or start a new run",
            run.path().display(),
            trainer.interface.data_hash,
            recordings.dataset.hash
        );
    }
    let other = |begun: &Learned| learned.as_ref().is_none_or(|learned| learned.episodes != begun.episodes);
    if trainer.interface.learned.as_ref().is_some_and(other) {
        bail!(
            "{} was begun on another split of these recordings; keep data.split_seed and data.held_out as they were",
            run.path().display()
        );
    }
    let config = trainer.config.clone();
    keep_log_up_to(run, trainer.step())?;
    let sampler = sampler(&trainer, recordings)?;
    let (clips, epochs) = (sampler.n_clips(), config.steps as f64 / sampler.batches_per_epoch());
    let batches = Prefetch::new(Arc::new(sampler), trainer.step(), AHEAD)?;
    let first = trainer.step();
    let started = Instant::now();
    let last = steps(run, &mut trainer, batches, watch)?;
    trainer.save(run.path())?;
    let n = trainer.step() - first;
    let training = Training {
        steps: trainer.step(),
        clips,
        epochs,
        parameters: burn::module::Module::num_params(&trainer.model()),
        ms_per_step: started.elapsed().as_secs_f64() * 1e3 / n.max(1) as f64,
        last,
        equations: Vec::new(),
    };
    run.write_json("training.json", &training)?;
    Ok((trainer, training))
}

/// Refuses what training would come to nothing with, before a step is made.
pub(super) fn worth_training<F: Registered>(
    family: &F,
    run: &Run,
    recordings: &Recordings,
    interface: &Interface,
) -> Result<()> {
    family.check()?;
    family.fits(interface).map_err(|error| usage(error.to_string()))?;
    if run.settings.train.symmetry.is_some() && !family.turns() {
        return Err(usage(format!(
            "train.symmetry is of no use to a model of kind {:?}, which learns from recordings as they are; leave it out",
            run.settings.model.kind()
        )));
    }
    let acts = recordings.world.is_some();
    check((recordings.taught(), &recordings.split.train), interface, (acts, family.wants()))
}

/// The clips that a model learns from, in an order that hangs on its seed.
pub(super) fn sampler<F: Registered>(trainer: &Trainer<F>, recordings: &Recordings) -> Result<Sampler> {
    let config = &trainer.config;
    let window = trainer.model_config.window(config.n_frames);
    let seed = Key::new(config.seed).with("clips").seed();
    Ok(Sampler::new(recordings.taught().clone(), &recordings.split.train, window, config.batch_size, seed)?)
}

fn steps<F: Registered>(
    run: &Run,
    trainer: &mut Trainer<F>,
    mut batches: Prefetch,
    watch: &Watch,
) -> Result<Option<Progress>> {
    let (steps, every) = (trainer.config.steps, trainer.config.log_every.max(1));
    let stage = watch.stage("train", steps);
    let mut monitor = Monitor::default();
    let mut saved = Instant::now();
    let mut last = None;
    while trainer.step() < steps {
        let batch = batches.next().context("the loader thread died; run again with RUST_BACKTRACE=1")?;
        let at = trainer.step() + 1;
        let progress = trainer.advance(&batch, at == 1 || at.is_multiple_of(every) || at == steps)?;
        if let Some(progress) = progress {
            run.dir().append(LOG, &serde_json::to_string(&progress)?)?;
            stage.at(progress.step, &word(&progress));
            if let Some(reason) = monitor.look(&progress) {
                trainer.save(run.path())?;
                bail!("training stopped at step {}: {reason}", progress.step);
            }
            last = Some(progress);
        } else {
            stage.at(at, "");
        }
        if watch.stopped() && trainer.step() < steps {
            trainer.save(run.path())?;
            return Err(Interrupted { resume: Some(run.resume_command()) }.into());
        }
        if saved.elapsed() > CHECKPOINT_EVERY {
            trainer.save(run.path())?;
            saved = Instant::now();
        }
    }
    Ok(last)
}

/// The losses that a family has, in a line.
fn word(progress: &Progress) -> String {
    const SHOWN: [(&str, &str); 5] = [
        ("total", "loss"),
        ("predict", "prediction"),
        ("copy_last", "copying"),
        ("standing_still", "standing still"),
        ("effective_rank", "rank"),
    ];
    let losses = &progress.losses;
    let told = SHOWN.iter().map(|(name, word)| (losses.get(name), word)).filter(|(x, _)| x.is_finite());
    told.map(|(x, word)| format!("{word} {x:.4}")).collect::<Vec<_>>().join(", ")
}

/// Drops what was logged after the checkpoint that training goes on from.
fn keep_log_up_to(run: &Run, step: u64) -> Result<()> {
    let kept: Vec<String> =
        log(run)?.iter().filter(|p| p.step <= step).map(serde_json::to_string).collect::<serde_json::Result<_>>()?;
    let text = kept.iter().map(|line| line.clone() + "\n").collect::<String>();
    Ok(run.dir().write(LOG, text.as_bytes())?)
}

/// The logged steps of a run; a last line that was cut off by a kill is left out.
///
/// # Errors
/// If another line is damaged.
pub(super) fn log(run: &Run) -> Result<Vec<Progress>> {
    if !run.file(LOG).is_file() {
        return Ok(Vec::new());
    }
    let text = run.dir().read(LOG)?;
    // Whole lines end with a newline.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let read = |(at, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| {
            format!("line {} of {} is damaged; remove the line to go on", at + 1, run.file(LOG).display())
        })
    };
    whole.lines().enumerate().map(read).collect()
}
