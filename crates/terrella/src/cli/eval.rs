//! `terrella eval`.

use super::SettingOptions;
use super::shared::{data_of, device};
use crate::error::usage;
use crate::out;
use crate::pipeline::{
    About, Actor, EVALUATION, Evaluation, Recordings, Run, evaluate, evaluate_films, evaluate_logs, judge_on,
    measure_doubts, try_shifts, write_films_report, write_logs_report, write_report,
};
use crate::settings::Flavour;
use crate::watch::Watch;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use terrella_data::check_compatible;
use terrella_eval::{Elsewhere, Estimate};
use terrella_model::{Saved, describe, load_any};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory with a trained model
    run: PathBuf,
    /// Who acts; the first one is the headline
    #[arg(long, value_delimiter = ',')]
    policy: Vec<Flavour>,
    /// Pairs of start and goal for each seed
    #[arg(long)]
    pairs: Option<usize>,
    /// Also tries the headline policy in scenes that look otherwise: colours, ground, light, view, noise
    #[arg(long)]
    shift: bool,
    /// Also learns what is unusual to ask the model about, and how well that tells worlds that were changed: friction, mass, delay, looks
    #[arg(long)]
    doubt: bool,
    #[command(flatten)]
    settings: SettingOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(mut self) -> Result<()> {
        let watch = super::shared::watch();
        let mut sets = self.settings.sets_of_data();
        let others = if sets.is_empty() { Vec::new() } else { sets.split_off(1) };
        // The first one is what the rest of the page is about.
        self.settings.data = sets.pop();
        let mut places = Vec::new();
        for other in others.into_iter().rev() {
            let settings = SettingOptions { data: Some(other), ..self.settings.clone() };
            let (run, recordings) = self.opened(&settings, &watch)?;
            if !recordings.acts(&run.settings.model) {
                return Err(usage(
                    "several sets of recordings are judged side by side where a model acts and there are goals to reach; give these one at a time",
                ));
            }
            places.push(judge_on(&run, &actor(&run, &recordings)?, &recordings, &watch)?.0);
        }
        let policies_told = !self.policy.is_empty();
        let (run, recordings) = self.opened(&self.settings, &watch)?;
        let (evaluation, page) = if recordings.acts(&run.settings.model) {
            let actor = actor(&run, &recordings)?;
            // First what may be refused.
            let shifts = self.shift.then(|| try_shifts(&run, &actor, &recordings, &watch)).transpose()?;
            let doubt =
                self.doubt.then(|| measure_doubts(&run, &actor.saved.world, &recordings, &watch)).transpose()?;
            let mut evaluation = if places.is_empty() {
                evaluate(&run, &actor, &recordings, &watch)?
            } else {
                let (place, evaluation) = judge_on(&run, &actor, &recordings, &watch)?;
                places.push(place);
                places.reverse();
                Evaluation { elsewhere: Some(Elsewhere(places)), ..evaluation }
            };
            (evaluation.shifts, evaluation.doubt) = (shifts, doubt);
            run.write_json(EVALUATION, &evaluation)?;
            (evaluation, write_report(&run, Some((&actor, &recordings)))?)
        } else {
            let told = [("--policy", policies_told), ("--pairs", self.pairs.is_some()), ("--shift", self.shift)];
            if let Some((option, _)) = told.into_iter().find(|(_, told)| *told) {
                let why = match (run.settings.model.paints(), recordings.rewarding()) {
                    (true, _) => "a model that paints is judged by its dreams and reaches none",
                    (false, Some(_)) => "these recordings have none: they are foretold, and rewards are collected",
                    (false, None) => "these recordings have none: they are foretold",
                };
                return Err(usage(format!("{option} is about goals to reach, and {why}; leave it out")));
            }
            let model = load_any(&run.file("model"), &device())?;
            if run.settings.model.paints() {
                if self.doubt {
                    return Err(usage(
                        "--doubt compares what a model foretells with what it is shown next, and one that paints draws its futures at random; leave it out",
                    ));
                }
                let evaluation = evaluate_films(&run, &model, &recordings, &watch)?;
                (evaluation, write_films_report(&run, Some((&model, &recordings)))?)
            } else {
                // Without a world there is nothing to act in, but much to foretell.
                let doubt = self.doubt.then(|| measure_doubts(&run, &model, &recordings, &watch)).transpose()?;
                let mut evaluation = evaluate_logs(&run, &model, &recordings, &device(), &watch)?;
                if doubt.is_some() {
                    evaluation.doubt = doubt;
                    run.write_json(EVALUATION, &evaluation)?;
                }
                (evaluation, write_logs_report(&run, Some(&recordings))?)
            }
        };
        if self.json {
            return out::json(&evaluation);
        }
        print(&evaluation)?;
        out::line(&format!("report: {}", page.display()))
    }

    /// The run and one set of recordings, with what is asked of the evaluation.
    fn opened(&self, settings: &SettingOptions, watch: &Watch) -> Result<(Run, Recordings)> {
        let (mut run, recordings) = load_recordings(&self.run, settings, watch)?;
        if !self.policy.is_empty() {
            run.settings.eval.policies.clone_from(&self.policy);
        }
        if let Some(pairs) = self.pairs {
            run.settings.eval.pairs = pairs;
        }
        run.about = About { data_hash: recordings.dataset.hash.clone(), ..About::now("eval") };
        Ok((run, recordings))
    }
}

/// The lines that say how good a model is.
pub(super) fn print(evaluation: &Evaluation) -> Result<()> {
    for card in &evaluation.scorecards {
        out::line(&card.to_string())?;
    }
    if let Some(returns) = &evaluation.returns {
        out::line(&returns.to_string())?;
    }
    if let Some(table) = &evaluation.open_loop {
        out::line(&format!("{}\n{table}", table.words()))?;
    }
    if let Some(trust) = &evaluation.trust {
        out::line(&format!("{}\n{trust}", trust.words()))?;
    }
    if let Some(elsewhere) = &evaluation.elsewhere {
        out::line(&format!("{}\n{elsewhere}", elsewhere.words()))?;
    }
    if let Some(shifts) = &evaluation.shifts {
        out::line(&format!("{}\n{shifts}", shifts.words()))?;
    }
    if let Some(doubt) = &evaluation.doubt {
        out::line(&format!("{}\n{doubt}", doubt.words()))?;
    }
    if let Some(faithful) = &evaluation.faithful {
        out::line(&format!("{}\n{faithful}", faithful.words()))?;
    }
    let Some(rollout) = &evaluation.rollout else { return Ok(()) };
    for quantity in rollout.quantities.iter().filter(|q| !q.higher_is_better || evaluation.faithful.is_some()) {
        let [model, copy] = ["model", "copy-last"].map(|name| quantity.last(name));
        let (Some(Estimate { mean: model, .. }), Some(Estimate { mean: copy, .. })) = (model, copy) else { continue };
        let steps = rollout.frame_skip * (quantity.curves[0].points.len() - 1);
        let unit = if quantity.unit == "°" { "degrees" } else { quantity.unit.as_str() };
        out::line(&format!(
            "imagined {steps} steps ahead, {}: {model:.3} {unit} (copy-last {copy:.3})",
            quantity.name
        ))?;
    }
    Ok(())
}

/// A run with a model that can act, and its recordings; settings may be overridden.
pub(super) fn load(path: &Path, options: &SettingOptions, watch: &Watch) -> Result<(Run, Actor, Recordings)> {
    let (run, recordings) = load_recordings(path, options, watch)?;
    let actor = actor(&run, &recordings)?;
    Ok((run, actor, recordings))
}

/// The model of a run, ready to act.
pub(super) fn actor(run: &Run, recordings: &Recordings) -> Result<Actor> {
    Actor::new(run, Saved::load(&run.file("model"), &device())?, recordings)
}

/// A run with a model of any family, and recordings of which those are put aside that it never saw; settings
/// may be overridden.
pub(super) fn load_recordings(path: &Path, options: &SettingOptions, watch: &Watch) -> Result<(Run, Recordings)> {
    let mut run = Run::open(path)?;
    let model = run.file("model");
    if !model.is_dir() {
        anyhow::bail!("{} has no trained model yet; go on with: {}", path.display(), run.resume_command());
    }
    let (config, interface) = describe(&model)?;
    let trained = run.settings.data.split();
    run.settings = options.resolve_over(&run.settings)?;
    // What the model is, is no longer a matter of settings.
    run.settings.model = config;
    let mut recordings = Recordings::open(&data_of(&run), &run.settings, watch)?;
    check_compatible(&recordings.dataset.signature, &interface.signature)?;
    recordings.judge(&interface, trained)?;
    recordings.notes.iter().for_each(|line| watch.say(line));
    Ok((run, recordings))
}
