//! The planner of a run as somebody who drives in `terrella play`: the very policy that `eval` judges and `plan` shows, told the
//! same things, so that it does the same from the same start.
//!
//! A policy borrows the model that it plans with, and stays in one thread. So both live in a thread of their own, which is asked and
//! answers. Where a goal is not reached by the demonstrator's clock (`eval.offset` steps), as many are given again.

use super::act::{Actor, view};
use super::collect::draw_goal;
use super::imagined::imagined;
use super::plan::measured;
use super::rewards::planner;
use super::{Recordings, Run};
use crate::settings::{Flavour, Settings};
use anyhow::{Context, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use terrella_core::{
    AnySim, Env, Error, Goal, GoalWorld, Image, Key, Observation, Plan, Policy, Rule, Sim, Space, Table, View,
};
use terrella_model::{AnyState, AnyWorld, Saved};
use terrella_play::{Act, Due, Foreseen, Pilot};

/// Pictures that are shown of a plan beside the first: more would hide each other.
const GHOSTS: usize = 6;

/// The planner of a run, for a page; or why there is none, and what would help.
///
/// # Errors
/// If the model reaches no goals and foretells no rewards where it comes from.
pub fn pilot(run: &Run, saved: Saved, recordings: &Recordings) -> Result<Box<dyn Pilot>, String> {
    if run.settings.model.paints() {
        return Err(format!(
            "this model paints and cannot be planned with; train one that acts on the same recordings, and play that: terrella train --preset quickstart --data {} --out runs/planner",
            run.settings.data.path.clone().unwrap_or_else(|| run.file("data")).display()
        ));
    }
    let driver = if recordings.has_goals() {
        Driver::for_goals(run, saved, recordings)
    } else {
        Driver::for_rewards(run, saved, recordings)
    };
    driver.map(|driver| Box::new(driver) as Box<dyn Pilot>).map_err(|error| format!("{error:#}"))
}

/// Somebody who drives: what is asked of the thread that plans, and what is known without it.
struct Driver {
    words: String,
    view: View,
    rules: Vec<Rule>,
    /// The world, to draw goals in and to judge; nothing where there are none.
    world: Option<Box<dyn GoalWorld>>,
    /// Steps that each attempt at a goal is given.
    steps: usize,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is asked, and where the answer goes.
enum Job {
    /// Begins attempts, and says which of these rows look at a picture next.
    Look { begin: Vec<(usize, Goal)>, rows: Vec<usize>, answer: Sender<terrella_core::Result<Vec<usize>>> },
    /// Acts in these rows.
    Act { rows: Vec<usize>, seen: Vec<Observation>, size: usize, answer: Sender<terrella_core::Result<Vec<Act>>> },
}

impl Driver {
    fn for_goals(run: &Run, saved: Saved, recordings: &Recordings) -> Result<Self> {
        let world = recordings.world()?;
        let actor = Actor::new(run, saved, recordings)?;
        let eval = &run.settings.eval;
        let flavour = *actor.able(&eval.policies).first().context(
            "eval.policies names only those that need an amortised planner, and this model has none; use --set eval.policies='[\"search\"]'",
        )?;
        let words = format!(
            "The planner drives as policy {} of `terrella eval`, and is given {} steps at a time. {}",
            flavour.name(),
            eval.offset,
            measured(run, flavour)?
        );
        let (view, steps, rules) = (actor.view(), eval.offset, eval.rules.clone());
        let mind = Mind::Goals(Box::new(actor), flavour);
        let driver = Self { words, view, rules, world: Some(world.boxed_clone()), steps, jobs: None, thread: None };
        driver.with(mind, AnySim::from(world), Key::new(run.settings.seed))
    }

    fn for_rewards(run: &Run, saved: Saved, recordings: &Recordings) -> Result<Self> {
        let world = recordings.rewarding().context(
            "these recordings name no world to act in; import them with --env (see `terrella envs`), and train on that",
        )?;
        let model = saved.world;
        let (view, settings) = (view(&model), run.settings.clone());
        let words =
            "The planner goes for the most reward that the model foretells, as `terrella eval` judges it.".to_owned();
        let spec = world.spec();
        let mind = Mind::Rewards(Box::new(model), Box::new(settings), (spec.actions.space(), spec.state.len()));
        let driver = Self { words, view, rules: Vec::new(), world: None, steps: 0, jobs: None, thread: None };
        driver.with(mind, world.clone(), Key::new(run.settings.seed))
    }

    /// Starts the thread.
    fn with(mut self, mind: Mind, world: AnySim, key: Key) -> Result<Self> {
        // Whatever is wrong with the settings is said now.
        mind.policy(&Noted::default())?;
        let (jobs, asked) = channel();
        let work = move || work(&mind, world, key, &asked);
        let thread = std::thread::Builder::new().name("terrella-planner".to_owned()).spawn(work);
        (self.jobs, self.thread) = (Some(jobs), Some(thread.context("cannot start a thread for the planner")?));
        Ok(self)
    }

    fn ask<T>(&self, job: impl FnOnce(Sender<terrella_core::Result<T>>) -> Job) -> terrella_core::Result<T> {
        let gone = || Error::Invalid("the planner's thread has ended, which is a bug; drive by hand".to_owned());
        let (answer, answers) = channel();
        self.jobs.as_ref().ok_or_else(gone)?.send(job(answer)).map_err(|_| gone())?;
        answers.recv().map_err(|_| gone())?
    }

    /// A goal as the policy is told it.
    fn goal_of(&mut self, goal: Option<&[f32]>) -> terrella_core::Result<Goal> {
        let Some(world) = &mut self.world else { return Ok(Goal::default()) };
        let none = || Error::Invalid("the planner needs a goal in this world".to_owned());
        world.set_logged(goal.ok_or_else(none)?)?;
        Ok(Goal { observation: self.view.observe(&**world), steps: self.steps })
    }
}

impl Pilot for Driver {
    fn words(&self) -> String {
        self.words.clone()
    }

    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn goal(&mut self, seed: u64) -> terrella_core::Result<Vec<f32>> {
        let none =
            || Error::Invalid("this world has rewards and no goals; let the planner drive without one".to_owned());
        Ok(draw_goal(&**self.world.as_ref().ok_or_else(none)?, Key::new(seed).with("goal")))
    }

    fn picture(&mut self, goal: &[f32], size: usize) -> terrella_core::Result<Image> {
        let none = || Error::Invalid("there are no goals in this world".to_owned());
        let world = self.world.as_mut().ok_or_else(none)?;
        world.set_logged(goal)?;
        Ok(world.draw(size))
    }

    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        self.world.as_ref().is_some_and(|world| world.reached(rule, state, goal))
    }

    fn act(&mut self, due: &[Due<'_>], world: &dyn Env, size: usize) -> terrella_core::Result<Vec<Act>> {
        let rows: Vec<usize> = due.iter().map(|due| due.row).collect();
        let mut begin = Vec::new();
        for due in due.iter().filter(|due| due.begins) {
            begin.push((due.row, self.goal_of(due.goal)?));
        }
        let looks = self.ask(|answer| Job::Look { begin, rows: rows.clone(), answer })?;
        let states = if self.view.state { world.logged(&rows) } else { Table::default() };
        let shown = |at: usize| Observation { image: None, state: states.row(at).to_vec() };
        let mut seen: Vec<Observation> = (0..rows.len()).map(shown).collect();
        // A picture is dear to draw, so only those are drawn that the policy looks at.
        if let Some(side) = self.view.picture {
            let mut images = world.draw(&looks, side).into_iter();
            let looking = rows.iter().zip(&mut seen).filter(|(row, _)| looks.contains(row));
            looking.for_each(|(_, seen)| seen.image = images.next());
        }
        self.ask(|answer| Job::Act { rows, seen, size, answer })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Without jobs to come the thread ends; one that panicked has been told of by then.
        self.jobs = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// What the thread plans with.
enum Mind {
    Goals(Box<Actor>, Flavour),
    /// Model and settings, with the space of actions and the numbers of a state.
    Rewards(Box<AnyWorld>, Box<Settings>, (Space, usize)),
}

/// Plans that a policy made since it was asked, the rows that they are for, and the states that they begin in.
type Noted = RefCell<Vec<(AnyState, Vec<usize>, Vec<Plan>)>>;

impl Mind {
    fn model(&self) -> &AnyWorld {
        match self {
            Self::Goals(actor, _) => &actor.saved.world,
            Self::Rewards(model, ..) => model,
        }
    }

    /// The policy, whose plans are noted.
    fn policy<'a>(&'a self, noted: &'a Noted) -> Result<Box<dyn Policy + 'a>> {
        let note = move |state: &AnyState, rows: &[usize], plans: &[Plan]| {
            noted.borrow_mut().push((state.clone(), rows.to_vec(), plans.to_vec()));
        };
        let policy: Box<dyn Policy + 'a> = match self {
            Self::Goals(actor, flavour) => Box::new(actor.policy(*flavour)?.on_plan(note)),
            Self::Rewards(model, settings, sizes) => {
                Box::new(planner(&**model, sizes.clone(), settings)?.on_plan(note))
            }
        };
        Ok(policy)
    }
}

/// Answers until nobody asks any more.
fn work(mind: &Mind, world: AnySim, key: Key, asked: &Receiver<Job>) {
    let noted = Noted::default();
    // It was made once before this thread began; where that is no longer so, who asks is told that nobody answers.
    let Ok(policy) = mind.policy(&noted) else { return };
    let mut worker = Worker { policy, noted: &noted, model: mind.model(), world, key, attempts: BTreeMap::new() };
    for job in asked {
        // Who asked waits for the answer, or is gone.
        let _ = match job {
            Job::Look { begin, rows, answer } => answer.send(worker.look(begin, &rows)).map_err(drop),
            Job::Act { rows, seen, size, answer } => answer.send(worker.act(&rows, &seen, size)).map_err(drop),
        };
    }
}

struct Worker<'a> {
    policy: Box<dyn Policy + 'a>,
    noted: &'a Noted,
    model: &'a AnyWorld,
    world: AnySim,
    key: Key,
    attempts: BTreeMap<usize, Attempt>,
}

/// An attempt at a goal, and how often it was begun again because time was up.
struct Attempt {
    goal: Goal,
    steps: usize,
    again: u64,
}

impl Worker<'_> {
    fn look(&mut self, begin: Vec<(usize, Goal)>, rows: &[usize]) -> terrella_core::Result<Vec<usize>> {
        let mut begun: Vec<usize> = begin.iter().map(|(row, _)| *row).collect();
        self.attempts.extend(begin.into_iter().map(|(row, goal)| (row, Attempt { goal, steps: 0, again: 0 })));
        let skip = self.model.frame_skip().max(1);
        for &row in rows {
            if let Some(attempt) = self.attempts.get_mut(&row)
                && attempt.goal.steps > 0
                && attempt.steps >= attempt.goal.steps
                && attempt.steps.is_multiple_of(skip)
            {
                (attempt.steps, attempt.again) = (0, attempt.again + 1);
                begun.push(row);
            }
        }
        if !begun.is_empty() {
            let attempts: Vec<&Attempt> = begun.iter().filter_map(|row| self.attempts.get(row)).collect();
            let goals: Vec<Goal> = attempts.iter().map(|attempt| attempt.goal.clone()).collect();
            let key = |again: u64| if again == 0 { self.key } else { self.key.with("again").at(again) };
            let keys: Vec<Key> = attempts.iter().map(|attempt| key(attempt.again)).collect();
            self.policy.begin(&begun, &goals, &keys)?;
        }
        Ok(self.policy.looks(rows))
    }

    fn act(&mut self, rows: &[usize], seen: &[Observation], size: usize) -> terrella_core::Result<Vec<Act>> {
        self.noted.borrow_mut().clear();
        let actions = self.policy.act(rows, seen)?;
        let mut acts: Vec<Act> = actions.rows().map(|action| Act { action: action.to_vec(), plan: None }).collect();
        for row in rows {
            if let Some(attempt) = self.attempts.get_mut(row) {
                attempt.steps += 1;
            }
        }
        for (state, planned, plans) in self.noted.take() {
            let pictures = imagined(self.model, &self.world, (&state, &plans[..]), size);
            // Where nobody can draw what is imagined, there is a plan all the same.
            let mut pictures = pictures.unwrap_or_default().into_iter();
            for (row, plan) in planned.iter().zip(&plans) {
                let (pictures, stride) = thinned(pictures.next().unwrap_or_default());
                let every = stride * self.model.frame_skip();
                if let Some(at) = rows.iter().position(|other| other == row) {
                    acts[at].plan = Some(Foreseen { pictures, every, cost: plan.cost });
                }
            }
        }
        Ok(acts)
    }
}

/// The first of some pictures and, as evenly as can be, at most so many after it that they can be told apart; and how many
/// lie from one to the next.
fn thinned(pictures: Vec<Image>) -> (Vec<Image>, usize) {
    let stride = pictures.len().saturating_sub(1).div_ceil(GHOSTS).max(1);
    (pictures.into_iter().step_by(stride).collect(), stride)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_plans_are_shown_by_moments_that_lie_equally_far_apart() {
        let pictures = |n: usize| (0..n).map(|at| Image::filled(1, 1, [at as u8; 3])).collect::<Vec<_>>();
        let shown = |n: usize| {
            let (pictures, stride) = thinned(pictures(n));
            (pictures.iter().map(|image| image.data[0]).collect::<Vec<_>>(), stride)
        };
        assert_eq!(shown(0), (vec![], 1), "nobody could draw them");
        assert_eq!(shown(6), (vec![0, 1, 2, 3, 4, 5], 1));
        assert_eq!(shown(7), (vec![0, 1, 2, 3, 4, 5, 6], 1));
        assert_eq!(shown(11), (vec![0, 2, 4, 6, 8, 10], 2));
    }
}
