//! How long a run will take on this machine, measured before it begins; and steps that fit into the minutes that were asked for.
//!
//! A few steps of everything that is trained, a few rows seen and a few attempts are timed with a model that has learned nothing:
//! how long a step takes does not hang on that. Steps are fixed before the schedule of learning rates begins and written into
//! `run.toml`, so that a run with the same steps, wherever, comes to the same numbers.

use super::act::Actor;
use super::evaluate::{arena, attempt_all};
use super::heads_timed::{Trained, time_heads};
use super::train::{AHEAD, sampler, worth_training};
use super::{Recordings, Run};
use crate::error::usage;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use terrella_core::time;
use terrella_data::Prefetch;
use terrella_eval::{Protocol, floors};
use terrella_model::{Registered, Saved, Trainer, Visitor};

/// Where it is kept in a run directory.
pub(super) const FILE: &str = "pace.json";
/// Steps that are not counted, and that are.
const STEPS: [u64; 2] = [3, 8];
/// Steps of an attempt that is timed.
const BUDGET: usize = 10;
/// Attempts end when their goal is reached: the share of a budget that is reckoned with.
const USED: f64 = 0.6;
/// Share of the time that is kept for pages, and for a machine that has other things to do.
const SPARE: f64 = 0.07;
/// Share of the time that judging takes where there is no world to act in: it is not measured.
const FORETELLING: f64 = 0.15;

/// What a run takes here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Minutes that were asked for.
    pub asked: Option<f64>,
    /// What is trained.
    pub trained: Vec<Trained>,
    /// Seconds that went before: recordings, things found in them, and this measurement.
    pub gone: f64,
    /// Seconds of seeing all recordings for what is trained after the model.
    pub seeing: f64,
    /// Seconds of judging; nothing where it was not measured.
    pub judging: Option<f64>,
}

impl Pace {
    fn training(&self) -> f64 {
        self.trained.iter().map(|t| t.steps as f64 * t.ms / 1e3).sum()
    }

    /// Seconds that all of it takes.
    pub fn seconds(&self) -> f64 {
        let known = self.gone + self.seeing + self.training() + self.judging.unwrap_or(0.0);
        known / (1.0 - SPARE - if self.judging.is_none() { FORETELLING } else { 0.0 })
    }

    /// The same with so many steps of everything that all ends within these minutes.
    ///
    /// # Errors
    /// If what is not training takes longer by itself.
    fn within(mut self, minutes: f64) -> Result<Self> {
        self.asked = Some(minutes);
        let idle = Self { trained: Vec::new(), ..self.clone() }.seconds();
        let factor = (60.0 * minutes - idle) / (self.seconds() - idle);
        if factor.is_nan() || factor * self.trained.first().map_or(0.0, |t| t.steps as f64) < 1.0 {
            return Err(usage(format!(
                "{minutes} minutes are too few here: recordings, judging and pages alone take {}; ask for at least {}, or for fewer attempts (--set eval.pairs=50)",
                time::minutes(idle),
                time::minutes((1.5 * idle).max(6.0))
            )));
        }
        self.trained.iter_mut().for_each(|t| t.steps = ((t.steps as f64 * factor) as u64).max(1));
        Ok(self)
    }

    /// Writes the steps into settings.
    fn fix(&self, settings: &mut Settings) {
        for Trained { name, steps, .. } in &self.trained {
            match name.as_str() {
                "train" => settings.train.steps = *steps,
                "reacher" => settings.reacher.steps = *steps,
                "steps_to_go" => settings.steps_to_go.steps = *steps,
                _ => settings.decoder.steps = *steps,
            }
        }
    }

    /// The settings that fix the steps, as they are typed.
    pub fn typed(&self) -> String {
        self.trained.iter().map(|t| format!("--set {}.steps={}", t.name, t.steps)).collect::<Vec<_>>().join(" ")
    }

    /// What it means, in a sentence.
    pub fn words(&self) -> String {
        let trained = self
            .trained
            .iter()
            .map(|t| format!("{} {}", t.name, time::minutes(t.steps as f64 * t.ms / 1e3)))
            .collect::<Vec<_>>();
        let judging = self.judging.map_or_else(String::new, |s| format!(", judging {}", time::minutes(s)));
        let all = format!("{}, seeing {}{judging}", trained.join(", "), time::minutes(self.seeing));
        let total = time::minutes(self.seconds());
        match self.asked {
            Some(asked) => format!(
                "for {asked} minutes, steps are fixed at {} (as measured here, minutes: {all}); with these in place of --minutes the same comes of it anywhere",
                self.typed()
            ),
            None => format!("this will take about {total} minutes here ({all}); --minutes sets another time"),
        }
    }
}

/// Measures what is left to do where that is worth it, says so, and fixes steps where minutes were asked for.
///
/// # Errors
/// If the minutes are too few, or as training and judging.
pub(super) fn set_pace(
    run: &mut Run,
    recordings: &mut Recordings,
    (began, device): (Instant, &Device),
    watch: &Watch,
) -> Result<()> {
    /// Steps that are over before they would be measured.
    const FEW: u64 = 500;
    let asked = run.settings.minutes;
    let done = run.file("model").exists() || run.file(FILE).is_file();
    if done || begun(run)? || (asked.is_none() && run.settings.train.steps < FEW) {
        return Ok(());
    }
    recordings.find_things(run, watch)?;
    let measured = measure(run, recordings, device)?;
    let measured = Pace { gone: began.elapsed().as_secs_f64(), ..measured };
    let pace = match asked {
        Some(minutes) => measured.within(minutes)?,
        None => measured,
    };
    watch.say(&pace.words());
    if asked.is_some() {
        pace.fix(&mut run.settings);
        run.record()?;
    }
    run.write_json(FILE, &pace)
}

/// Whether a run has checkpoints to go on from: its schedule is fixed.
fn begun(run: &Run) -> Result<bool> {
    let entries = std::fs::read_dir(run.path()).with_context(|| format!("cannot list {}", run.path().display()))?;
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("checkpoint-")))
}

fn measure(run: &Run, recordings: &Recordings, device: &Device) -> Result<Pace> {
    struct Measure<'a>(&'a Run, &'a Recordings, &'a Device);
    impl Visitor for Measure<'_> {
        type Output = Result<Pace>;
        fn visit<F: Registered>(self, family: F) -> Self::Output {
            let Self(run, recordings, device) = self;
            let config = recordings.train_config(&run.settings)?;
            let (steps, latent) = (config.steps, family.latent().is_some());
            let interface = recordings.interface()?;
            worth_training(&family, run, recordings, &interface)?;
            let mut trainer = Trainer::new(family, interface, config, device);
            let mut batches = Prefetch::new(Arc::new(sampler(&trainer, recordings)?), 0, AHEAD)?;
            let mut began = Instant::now();
            for step in 0..STEPS[0] + STEPS[1] {
                if step == STEPS[0] {
                    began = Instant::now();
                }
                let batch = batches.next().context("the loader thread died; run again with RUST_BACKTRACE=1")?;
                trainer.advance(&batch, false)?;
            }
            drop(batches);
            let ms = began.elapsed().as_secs_f64() * 1e3 / STEPS[1] as f64;
            let mut pace = Pace::default();
            pace.trained.push(Trained { name: "train".to_owned(), steps, ms });
            let mut saved = Saved::of(&trainer, device);
            saved.world = recordings.lent(saved.world);
            if latent {
                let (seeing, heads) = time_heads(run, &mut saved, recordings, device)?;
                pace.seeing = seeing;
                pace.trained.extend(heads);
            }
            if recordings.acts(&run.settings.model) {
                pace.judging = Some(judging(run, saved, recordings)?);
            }
            Ok(pace)
        }
    }
    run.settings.model.clone().visit(Measure(run, recordings, device))
}

/// Seconds that all attempts of all policies take.
fn judging(run: &Run, saved: Saved, recordings: &Recordings) -> Result<f64> {
    let (actor, eval) = (Actor::new(run, saved, recordings)?, &run.settings.eval);
    let whole = eval.protocol();
    let pairs = (eval.threads() * eval.rows).min(whole.pairs).max(1);
    let budget = BUDGET.min(whole.budget).max(1);
    let seeds = whole.seeds.first().copied().into_iter().collect();
    let few = Protocol { pairs, budget, seeds, ..whole.clone() };
    let world = recordings.world()?;
    let arena = arena(eval, &actor, (world, &recordings.dataset, &recordings.split.held_out), &few);
    let spec = world.spec();
    let began = Instant::now();
    floors(&arena, &recordings.split.train, &|state: &[f32]| spec.hold(state))?;
    for flavour in actor.able(&eval.policies) {
        attempt_all(&arena, &actor, flavour, &Watch::silent())?;
    }
    let all = (whole.pairs * whole.seeds.len()) as f64 / pairs as f64;
    Ok(began.elapsed().as_secs_f64() * all * (whole.budget as f64 / budget as f64) * USED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        let trained = |name: &str, steps, ms| Trained { name: name.to_owned(), steps, ms };
        let trained = vec![trained("train", 3600, 150.0), trained("reacher", 11_000, 10.0)];
        Pace { asked: None, trained, gone: 40.0, seeing: 30.0, judging: Some(120.0) }
    }

    #[test]
    fn steps_of_everything_shrink_alike_until_all_fits() {
        let whole = pace();
        assert!((whole.seconds() - (190.0 + 540.0 + 110.0) / (1.0 - SPARE)).abs() < 1e-9, "{}", whole.seconds());
        for minutes in [4.0, 10.0, 60.0] {
            let fitted = whole.clone().within(minutes).expect("it fits");
            assert!(fitted.seconds() <= 60.0 * minutes && fitted.seconds() > 60.0 * minutes - 2.0, "{fitted:?}");
            let share = |at: usize| fitted.trained[at].steps as f64 / whole.trained[at].steps as f64;
            assert!((share(0) - share(1)).abs() < 1e-3, "{fitted:?}");
            let mut settings = Settings::default();
            fitted.fix(&mut settings);
            assert_eq!(
                (settings.train.steps, settings.reacher.steps),
                (fitted.trained[0].steps, fitted.trained[1].steps)
            );
        }
        let refused = whole.clone().within(3.0).expect_err("judging alone takes longer").to_string();
        let least: f64 =
            refused.split("at least ").nth(1).and_then(|t| t.split(',').next()?.parse().ok()).expect("a number");
        assert!(whole.within(least).is_ok(), "what it advises fits: {refused}");
    }

    #[test]
    fn where_judging_is_not_measured_a_share_is_kept_for_it() {
        let logs = Pace { judging: None, ..pace() }.within(10.0).expect("it fits");
        let known = logs.gone + logs.seeing + logs.training();
        assert!(known < 600.0 * (1.0 - SPARE - FORETELLING) && known > 440.0, "{known}");
    }
}
