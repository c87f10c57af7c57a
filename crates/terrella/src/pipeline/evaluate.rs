//! How good a model is: goals reached from held-out episodes, against floors on the same pairs, and
//! how far its imagination carries.

use super::act::{Actor, Stoppable};
use super::trust::bands;
use super::{Recordings, Run};
use crate::error::{Interrupted, usage};
use crate::settings::{CostKind, EvalSettings, Flavour};
use crate::watch::Watch;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};
use terrella_core::{ActionsAre, Dataset, EnvSpec, GoalWorld, Key, Plan, Policy, Rule, Verdict};
use terrella_eval::{
    Arena, Attempts, DoubtTable, Elsewhere, Failures, Faithful, OpenLoop, Pair, Paired, Protocol, Returns,
    RolloutTable, Scorecard, Shifts, Trust, compare, failures, floors, rollout_error,
};
use terrella_model::AnyState;

/// Where it is kept in a run directory.
pub const FILE: &str = "eval.json";

/// Everything that was measured about a model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Evaluation {
    /// One card a policy; the first is the headline.
    pub scorecards: Vec<Scorecard>,
    /// The headline against the others: names, rule, comparison.
    pub comparisons: Vec<(String, String, Rule, Paired)>,
    /// Failed attempts by reason.
    pub failures: Vec<Failures>,
    /// Open-loop errors.
    pub rollout: Option<RolloutTable>,
    /// Whether dreams do what is done, of a model that paints.
    pub faithful: Option<Faithful>,
    /// Open-loop errors in units of the log, where there is no world to act in.
    pub open_loop: Option<OpenLoop>,
    /// Bands around what is foretold, calibrated and judged on held-out episodes.
    pub trust: Option<Trust>,
    /// Why there are none.
    pub no_bands: Option<String>,
    /// Rewards that planning in the model collects, where the world has rewards.
    pub returns: Option<Returns>,
    /// The headline policy in scenes that look otherwise, where that was asked for.
    pub shifts: Option<Shifts>,
    /// How well its doubts tell changed worlds, where that was asked for.
    pub doubt: Option<DoubtTable>,
    /// Several sets of recordings side by side, where that was asked for.
    pub elsewhere: Option<Elsewhere>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Tries all policies of the settings on the same pairs, and measures open-loop errors.
///
/// # Errors
/// If recordings, world and model do not fit together, or somebody asked to stop.
pub fn evaluate(run: &Run, actor: &Actor, recordings: &Recordings, watch: &Watch) -> Result<Evaluation> {
    let (settings, world) = (&run.settings.eval, recordings.world()?);
    let protocol = settings.protocol();
    // What is judged was told when it was chosen.
    let mut notes = recordings.notes.clone();
    let stage = watch.stage("imagine", 1);
    let sides = (&*recordings.dataset, &recordings.split.train[..], &recordings.split.held_out[..]);
    let rollout = rollout_error(&actor.saved.world, world.spec(), sides, actor.view(), &settings.rollout);
    let rollout = match rollout {
        Ok(table) => Some(table),
        Err(error) => {
            notes.push(format!("Open-loop errors are left out: {error}."));
            None
        }
    };
    let (trust, no_bands) = bands(run, &actor.saved.world, recordings)?;
    no_bands.iter().for_each(|why| watch.say(why));
    if recordings.split.train.is_empty() {
        notes.push(
            "None of the recorded episodes was learned from, so no average of training recordings stands beside the open-loop errors.".to_owned(),
        );
    }
    let able = actor.able(&settings.policies);
    let left: Vec<&str> = settings.policies.iter().filter(|p| !able.contains(p)).map(|p| p.name()).collect();
    if able.is_empty() {
        return Err(usage(format!(
            "{} cannot be tried without an amortised planner, and this model has none; use --policy search",
            left.join(", ")
        )));
    }
    if !left.is_empty() {
        notes.push(format!("Not tried, as this model has no amortised planner: {}.", left.join(", ")));
    }
    notes.extend(actor.beyond(protocol.offset));
    notes[recordings.notes.len()..].iter().for_each(|note| watch.say(note));
    stage.at(1, "");
    drop(stage);
    let held_out = &recordings.split.held_out[..];
    let arena = arena(settings, actor, (world, &recordings.dataset, held_out), &protocol);
    let stage = watch.stage("floors", 1);
    let spec = world.spec();
    let floors = floors(&arena, &recordings.split.train, &|state: &[f32]| spec.hold(state))?;
    stage.at(1, "");
    drop(stage);
    let provenance = run.provenance(&recordings.split_words, told(run, actor, spec));
    let mut all: Vec<Attempts> = Vec::new();
    for flavour in able {
        let (attempts, left_out) = attempt_all(&arena, actor, flavour, watch)?;
        if left_out > 0 {
            let name = flavour.name();
            notes.push(format!("{left_out} proposals to {name} held what is no finite number, and were left out."));
            notes.last().iter().for_each(|note| watch.say(note));
        }
        run.dir().write(&format!("attempts-{}.jsonl", flavour.name()), attempts.to_json_lines()?.as_bytes())?;
        all.push(attempts);
    }
    let scorecards = all
        .iter()
        .map(|a| Scorecard::new(a, &floors, provenance.clone()))
        .collect::<terrella_core::Result<Vec<_>>>()?;
    let failures = all.iter().flat_map(|a| protocol.rules.iter().map(|&rule| failures(world, a, rule))).collect();
    let evaluation = Evaluation {
        scorecards,
        comparisons: against_first(&all, &protocol),
        failures,
        rollout,
        trust,
        no_bands,
        notes,
        ..Evaluation::default()
    };
    run.write_json(FILE, &evaluation)?;
    Ok(evaluation)
}

/// Where policies are tried: in a world, on these episodes of these recordings.
pub(super) fn arena<'a>(
    settings: &EvalSettings,
    actor: &Actor,
    (env, dataset, held_out): (&'a dyn GoalWorld, &'a Dataset, &'a [usize]),
    protocol: &'a Protocol,
) -> Arena<'a> {
    let (view, threads, rows) = (actor.view(), settings.threads(), settings.rows);
    Arena { env, dataset, held_out, protocol, view, threads, rows, progress: None }
}

/// Everything the policies are told beside what they see.
pub(super) fn told(run: &Run, actor: &Actor, spec: &EnvSpec) -> Vec<String> {
    let settings = &run.settings;
    let wants = actor.saved.world.wants();
    let mut told = vec![format!(
        "The demonstrator's clock: the goal comes with the number of steps after which the recording was there ({}).{}{}",
        settings.eval.offset,
        settings
            .mpc
            .slack_blocks
            .map_or_else(String::new, |slack| format!(" Plans reach at most {slack} blocks beyond it.")),
        match actor.saved.reacher {
            Some(_) => " The amortised planner is asked to arrive in the time left of it.",
            None => "",
        }
    )];
    if settings.mpc.margin >= 1.0 && actor.saved.reacher.is_some() {
        told.push("Whom to trust: the model only chooses among what is proposed; nothing is searched for.".to_owned());
    } else if settings.mpc.margin > 0.0 && actor.saved.reacher.is_some() {
        told.push(format!(
            "Whom to trust: what the search finds is done only where it promises to cost less than the cheapest proposal by {:.0} % at least.",
            100.0 * settings.mpc.margin
        ));
    }
    if settings.cost.consistency > 0.0 {
        told.push(format!(
            "Doubt: a plan costs {} times as much again for each deviation between what it does and what the amortised planner says leads from one imagined block to the next.",
            settings.cost.consistency
        ));
    }
    told.extend(settings.cost.doubts_told());
    if settings.mpc.within > 0 && settings.eval.offset > settings.mpc.within && actor.saved.reacher.is_some() {
        told.push(format!(
            "Goals farther than {} steps are gone to as the amortised planner proposes; nearer ones are searched for.",
            settings.mpc.within
        ));
    }
    if actor.saved.world.looks_twice() {
        told.push("How things and what stands still looked in the recordings that it learned from: pictures are laid back where the camera was moved, and things are looked for in them.".to_owned());
    }
    if actor.calibrates() {
        told.push("Where the camera stands, as each attempt finds it: from where the agent is seen after it was told where to go.".to_owned());
    }
    if settings.cost.kind == CostKind::State {
        let numbers: Vec<String> = actor
            .tolerance
            .iter()
            .map(|x| format!("{x:.3}").trim_end_matches('0').trim_end_matches('.').replace("inf", "any"))
            .collect();
        told.push(format!(
            "The cost of a plan: distance of the state to the goal's in units of {} ({}).",
            match (&settings.cost.tolerance, settings.cost.rule) {
                (Some(_), _) => "tolerances given in the settings",
                (None, Rule::Strict) => "the judge's own tolerances, those of the world's Strict rule where it asks",
                (None, _) => "the judge's own tolerances, those of the world's Moderate rule",
            },
            numbers.join(", ")
        ));
    }
    match (wants.picture, wants.state) {
        (None, _) => told.push("The true state of the world, now and at the goal.".to_owned()),
        (Some(_), true) if !actor.saved.world.interface().things.is_empty() => told.push(format!(
            "In training and in acting nothing but pictures and what was done. The state that it was taught are places of {} things that were found in the pictures.",
            actor.saved.world.interface().things.len()
        )),
        (Some(_), true) => told.push(
            "In training the logged state, which is privileged: it taught the model to tell states from pictures. In acting only pictures."
                .to_owned(),
        ),
        (Some(_), false) => {}
    }
    // Earlier versions noted the symmetry for families, too, that made no use of it.
    if actor.saved.train.symmetry.is_some() && actor.saved.world.config().turns() {
        told.push(format!(
            "The world's symmetry: recordings were mirrored and turned in training; in acting the model looks from {} side(s).",
            actor.sides()
        ));
    }
    let varied = actor.saved.train.augment.words();
    if !varied.is_empty() {
        told.push(format!("In training, recordings were varied at random: {varied}."));
    }
    told.push(format!(
        "What an action means: {}, within the world's bounds. Searches begin with the spread of the training episodes' actions.",
        match spec.actions_are {
            ActionsAre::Targets => "a place to go to",
            ActionsAre::Displacements => "a displacement or force, zero for none",
        }
    ));
    told
}

/// The attempts of a policy that a run kept, if it did.
///
/// # Errors
/// If they are damaged.
pub(super) fn verdicts(run: &Run, policy: &str) -> Result<Option<Vec<Verdict>>> {
    let name = format!("attempts-{policy}.jsonl");
    if !run.file(&name).is_file() {
        return Ok(None);
    }
    let read = run.dir().read(&name)?.lines().map(serde_json::from_str).collect::<serde_json::Result<Vec<Verdict>>>();
    read.map(Some).with_context(|| format!("{} is damaged; run `terrella eval` again", run.file(&name).display()))
}

/// All attempts of a policy, and how many proposals its searches could not use.
pub(super) fn attempt_all(
    arena: &Arena<'_>,
    actor: &Actor,
    flavour: Flavour,
    watch: &Watch,
) -> Result<(Attempts, usize)> {
    let left_out = AtomicUsize::new(0);
    let count = |_: &AnyState, _: &[usize], plans: &[Plan]| {
        left_out.fetch_add(plans.iter().map(|plan| plan.left_out).sum(), Ordering::Relaxed);
    };
    let n = arena.protocol.pairs * arena.protocol.seeds.len();
    let stage = watch.stage(flavour.name(), n as u64);
    let progress = |done: usize, _: usize| stage.at(done as u64, "");
    let arena = Arena { progress: Some(&progress), ..*arena };
    let make = |_: &[Pair]| -> terrella_core::Result<Box<dyn Policy + '_>> {
        let policy = actor.policy(flavour).map_err(|error| terrella_core::Error::Invalid(format!("{error:#}")))?;
        Ok(Box::new(Stoppable { policy: policy.on_plan(count), watch }))
    };
    let attempts = terrella_eval::evaluate(&arena, flavour.name(), &make);
    if watch.stopped() {
        return Err(Interrupted { resume: None }.into());
    }
    Ok((attempts?, left_out.into_inner()))
}

fn against_first(all: &[Attempts], protocol: &Protocol) -> Vec<(String, String, Rule, Paired)> {
    let wins = |a: &Attempts, rule| a.verdicts().iter().map(|v| v.success(rule)).collect::<Vec<_>>();
    let Some((first, others)) = all.split_first() else { return Vec::new() };
    let pairs = others.iter().flat_map(|other| protocol.rules.iter().map(move |&rule| (other, rule)));
    pairs
        .map(|(other, rule)| {
            let paired =
                compare((&wins(first, rule), &wins(other, rule)), &first.episodes(), Key::new(0).with("compare"));
            (first.policy().to_owned(), other.policy().to_owned(), rule, paired)
        })
        .collect()
}
