//! One attempt, looked at closely: what was planned, what was imagined, what came of it.

use super::act::Actor;
use super::evaluate::{Evaluation, FILE};
use super::imagined::imagined;
use super::{Recordings, Run};
use crate::error::usage;
use crate::settings::Flavour;
use anyhow::Result;
use serde::Serialize;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::PathBuf;
use terrella_agent::play;
use terrella_core::{AnySim, Env, Goal, GoalWorld, Image, Key, Many, Plan, Policy, Rule, Table, Verdict};
use terrella_eval::{Filmstrip, Judged, Report, StripRow, percent};

/// Which attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanConfig {
    /// Episode of the recordings.
    pub episode: usize,
    /// Row to start from.
    pub start: usize,
    /// Row to bring about; the protocol's offset after the start if absent.
    pub goal_row: Option<usize>,
    /// Who acts.
    pub policy: Flavour,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// What was asked.
    pub config: PlanConfig,
    /// Whether anything was learned from this episode.
    pub trained_on: bool,
    /// The goal state.
    pub goal: Vec<f32>,
    /// States, actions, and when each rule was fulfilled.
    pub verdict: Verdict,
    /// Distance of each part to the goal at the end: name, number, unit.
    pub left: Vec<(String, f64, String)>,
    /// What there is to tell of how the recordings were held out.
    pub notes: Vec<String>,
    /// The plans, in order.
    pub plans: Vec<Plan>,
    /// The page with the filmstrip.
    pub page: PathBuf,
}

/// Side of the pictures of a filmstrip.
const SIZE: usize = 96;

/// What the onlooker noted: each plan, and the pictures imagined for it.
type Noted = Vec<(Plan, Option<Vec<Image>>)>;

/// Makes one attempt and writes its filmstrip into the run directory.
///
/// # Errors
/// If there is no such episode or row, or the policy fails.
pub fn plan(run: &Run, actor: &Actor, recordings: &Recordings, config: &PlanConfig) -> Result<Attempt> {
    let world = recordings.world()?;
    let (dataset, eval) = (&recordings.dataset, &run.settings.eval);
    let Some(log) = dataset.episodes.get(config.episode) else {
        return Err(usage(format!(
            "there is no episode {}; the recordings have {}",
            config.episode,
            dataset.episodes.len()
        )));
    };
    let goal_row = config.goal_row.unwrap_or(config.start + eval.offset);
    if config.start >= log.len() || goal_row >= log.len() {
        return Err(usage(format!(
            "episode {} has {} rows, so it cannot start at row {} with a goal at row {goal_row}",
            config.episode,
            log.len(),
            config.start
        )));
    }
    let (start, goal) = (log.states.row(config.start), log.states.row(goal_row));
    let mut judge = world.boxed_clone();
    judge.set_logged(goal)?;
    let observation = actor.view().observe(&*judge);
    let mut env = Many::new(&AnySim::from(world), 1);
    env.set_logged(&[0], &Table::from_data(start.len(), start.to_vec()))?;
    let noted: RefCell<Noted> = RefCell::default();
    let drawn_in = AnySim::from(world);
    let mut policy = actor.policy(config.policy)?.on_plan(|state, _, plans| {
        let images = imagined(&actor.saved.world, &drawn_in, (state, plans), SIZE).map(|mut all| all.swap_remove(0));
        noted.borrow_mut().push((plans[0].clone(), images));
    });
    let asked = Goal { observation, steps: goal_row - config.start.min(goal_row) };
    policy.begin(&[0], &[asked], &[Key::new(run.settings.seed)])?;
    let mut judged = Judged::new(&eval.rules);
    let played = play(&mut env, &mut policy, (&[0], actor.view()), eval.budget, |now| {
        match judged.note(&eval.rules, now.number, |rule| judge.reached(rule, now.state, goal)) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?
    .swap_remove(0);
    let reached = judged.reached;
    drop(policy);
    let (episode, start, seed) = (config.episode, config.start, run.settings.seed);
    let last = played.states.row(played.states.len() - 1).to_vec();
    let verdict =
        Verdict { episode, start, seed, reached, states: played.states, actions: played.actions, goal: goal.to_vec() };
    let parts = world.spec().parts();
    let left = parts.iter().map(|p| (p.name.to_string(), p.error(&last, goal), p.error_unit().to_owned())).collect();
    let noted = noted.into_inner();
    let name = format!("plan-{}-{}-{}.html", config.policy.name(), config.episode, config.start);
    let skip = actor.saved.world.frame_skip();
    let strips = strips(&mut *judge, &verdict, &noted, skip)?;
    let mut report = Report::new(&format!("One attempt: {} in {}", config.policy.name(), world.spec().id));
    report.done.push(format!(
        "The model was shown how the world looks in row {goal_row} of episode {episode} and put where row {start} was. Below: what \
         really happened, and what it imagined each time it planned."
    ));
    report.attempts = strips;
    let trained_on = recordings.split.train.contains(&episode);
    report.limits.push(origin(trained_on).to_owned());
    report.limits.extend(recordings.notes.iter().cloned());
    let undrawn = noted.iter().filter(|(_, images)| images.is_none()).count();
    if undrawn > 0 {
        report.limits.push(format!(
            "{undrawn} of {} plans are not drawn: the model can neither draw them nor tell states that the world can be in.",
            noted.len()
        ));
    }
    report.limits.push(measured(run, config.policy)?);
    report.commands.push(run.about.command.clone());
    run.dir().write(&name, report.to_html().as_bytes())?;
    Ok(Attempt {
        config: PlanConfig { goal_row: Some(goal_row), ..config.clone() },
        trained_on,
        notes: recordings.notes.clone(),
        goal: goal.to_vec(),
        verdict,
        left,
        plans: noted.into_iter().map(|(plan, _)| plan).collect(),
        page: run.file(&name),
    })
}

/// What many attempts of this policy came to, if they were made.
pub(super) fn measured(run: &Run, policy: Flavour) -> Result<String> {
    let evaluation: Option<Evaluation> = run.json(FILE)?;
    let card = evaluation.iter().flat_map(|all| &all.scorecards).find(|card| card.policy() == policy.name());
    Ok(match card {
        None => "One attempt is an example, not a measurement; `terrella eval` measures.".to_owned(),
        Some(card) => {
            let scores: Vec<String> = card
                .scores()
                .iter()
                .map(|s| format!("{}: {}", s.rule().name(), percent(s.rate(), s.interval())))
                .collect();
            format!(
                "One attempt is an example, not a measurement. Over {} attempts from {} held-out episodes this policy reached its goal so often: {} (95 % intervals by episode).",
                card.protocol().pairs * card.protocol().seeds.len(),
                card.episodes().0,
                scores.join("; ")
            )
        }
    })
}

/// What an attempt in an episode is worth.
pub fn origin(trained_on: bool) -> &'static str {
    if trained_on {
        "The model learned from this episode, so this does not show what it can do with others."
    } else {
        "This episode was put aside for judging."
    }
}

/// What happened, block by block, and below it each plan as it was imagined.
fn strips(env: &mut dyn GoalWorld, verdict: &Verdict, noted: &Noted, skip: usize) -> Result<Vec<Filmstrip>> {
    let mut draw = |state: &[f32]| -> Result<Option<Image>> {
        env.set_logged(state)?;
        Ok(Some(env.draw(SIZE)))
    };
    let n = verdict.states.len();
    let columns: Vec<usize> = (0..n).step_by(skip).collect();
    let mut steps: Vec<String> = columns.iter().map(|s| format!("step {s}")).collect();
    let mut executed = columns.iter().map(|s| draw(verdict.states.row(*s))).collect::<Result<Vec<_>>>()?;
    steps.push("goal".to_owned());
    executed.push(draw(&verdict.goal)?);
    let mut rows = vec![StripRow { label: "happened".to_owned(), frames: executed }];
    for (i, (plan, images)) in noted.iter().enumerate() {
        let Some(images) = images else { continue };
        let mut frames: Vec<Option<Image>> = vec![None; columns.len()];
        for (k, image) in images.iter().enumerate().take_while(|(k, _)| i + k < columns.len()) {
            frames[i + k] = Some(image.clone());
        }
        frames.push(None);
        rows.push(StripRow { label: format!("imagined, plan {}, cost {:.2}", i + 1, plan.cost), frames });
    }
    let outcome = |rule: Rule| match verdict.reached.get(rule.name()) {
        Some(Some(step)) => format!("{}: reached at step {step}", rule.name()),
        Some(None) => format!("{}: not reached in {} steps", rule.name(), verdict.actions.len()),
        None => String::new(),
    };
    let caption = Rule::ALL.map(outcome).into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join("; ");
    Ok(vec![Filmstrip {
        title: format!("Episode {} from row {}", verdict.episode, verdict.start),
        caption: format!(
            "{caption}. A row of a plan begins where it was made; its first picture is what the model made of what it saw."
        ),
        steps,
        rows,
    }])
}
