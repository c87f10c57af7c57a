//! Model-predictive control: look, plan a few blocks, execute the first, look again.
//!
//! The policy turns observations into states, asks the planner, and executes the answers step by
//! step; what was not executed seeds the next search. Rows that began together are looked at, searched for and
//! moved on together. After each block the model is shown what came
//! of it ([`Dynamics::track`]), so that a model that looks back has its past. The horizon never reaches far beyond the
//! moment at which the demonstrator had reached the goal: a cost at the end of the plan would
//! otherwise ask the agent to be early, or to arrive and then stay.

use crate::mpc_config::MpcConfig;
use crate::together::{Attempt, Together};
use crate::{Ahead, Aim, FollowConfig, PlannerConfig, PriorRule, SamplingPlanner, shift};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use terrella_core::{
    Acts, Dynamics, Error, Goal, Key, Objective, Observation, Plan, Planner, Policy, Problem, Problems, Result, Space,
    Table,
};

type AimAt<'a, S, O> = Box<dyn Fn(&[Goal]) -> Result<Aim<'a, S, O>> + 'a>;
/// An action for each row of a batch of states, if the model can tell.
type OnStates<'a, S> = Box<dyn Fn(&S) -> Option<Table> + 'a>;
/// Told of states, the rows of the world that they are of, and their plans.
type OnPlan<'a, S> = Box<dyn FnMut(&S, &[usize], &[Plan]) + 'a>;

/// Plans with a model and acts.
pub struct MpcPolicy<'a, D: Dynamics, O> {
    dynamics: &'a D,
    planner: SamplingPlanner,
    /// Does what is proposed first.
    follower: SamplingPlanner,
    config: MpcConfig,
    prior: PriorRule,
    action: Space,
    block: Space,
    aim_at: AimAt<'a, D::State, O>,
    start_action: Option<OnStates<'a, D::State>>,
    /// Where the agent is, as an action, and what a look errs by.
    whereabouts: Option<(OnStates<'a, D::State>, Vec<f32>)>,
    on_plan: Option<OnPlan<'a, D::State>>,
    together: Vec<Together<'a, D::State, O>>,
}

impl<'a, D: Dynamics, O: Objective<D::State>> MpcPolicy<'a, D, O> {
    /// A policy for worlds with these actions. `aim_at` says what goals mean to the model
    /// (which cost, and which proposals); it is asked once for all rows that begin together.
    ///
    /// # Errors
    /// If the model's block is not a whole number of actions, or a setting makes no sense.
    pub fn new(
        dynamics: &'a D,
        action: Space,
        planner: SamplingPlanner,
        (config, prior): (MpcConfig, PriorRule),
        aim_at: impl Fn(&[Goal]) -> Result<Aim<'a, D::State, O>> + 'a,
    ) -> Result<Self> {
        let (width, block_width) = (action.width(), dynamics.block_width());
        if width == 0 || block_width == 0 || !block_width.is_multiple_of(width) {
            return Err(Error::Invalid(format!(
                "the model takes blocks of {block_width} numbers, which is not a whole number of the world's actions of {width}; use a model trained on this world's actions"
            )));
        }
        Error::check("action size of the planner", width, planner.action_width)?;
        prior.check(&action)?;
        if config.horizon == 0 || config.replan_blocks == 0 {
            let (horizon, replan) = (config.horizon, config.replan_blocks);
            return Err(Error::Invalid(format!(
                "horizon {horizon} and replan_blocks {replan}: both must be at least 1"
            )));
        }
        let block = action.block(block_width / width);
        let aim_at = Box::new(aim_at);
        let follower = PlannerConfig::Follow(FollowConfig {}).build(width)?;
        Ok(Self {
            dynamics,
            planner,
            follower,
            config,
            prior,
            action,
            block,
            aim_at,
            start_action: None,
            whereabouts: None,
            on_plan: None,
            together: Vec::new(),
        })
    }

    /// Says which action stands for "the last one" before there is any, from the first states, a row each: for
    /// targets, where the agent is. Without it, it is the middle of the space; where it says nothing
    /// although the prior holds the last action, the attempt fails.
    #[must_use]
    pub fn with_start_action(mut self, start_action: impl Fn(&D::State) -> Option<Table> + 'a) -> Self {
        self.start_action = Some(Box::new(start_action));
        self
    }

    /// Where actions are places: says where the agent is, as an action, a row each, so that an attempt learns where its
    /// camera stands ([`MpcConfig::calibrate`]). Without it, places are as they are seen.
    #[must_use]
    pub fn with_whereabouts(mut self, whereabouts: impl Fn(&D::State) -> Option<Table> + 'a) -> Self {
        let noise =
            self.action.low.iter().zip(&self.action.high).map(|(low, high)| self.config.calibrate * (high - low));
        let noise: Vec<f32> = noise.collect();
        self.whereabouts = (self.config.calibrate > 0.0).then(|| (Box::new(whereabouts) as OnStates<'a, _>, noise));
        self
    }

    /// Learns where cameras stand from where agents were to be after what was done, and are seen.
    fn calibrate(&self, attempts: &mut [Attempt], (before, since): (&D::State, &[f32]), seen: &D::State) -> Result<()> {
        let Some((whereabouts, noise)) = &self.whereabouts else { return Ok(()) };
        let tell = |state: &D::State| {
            whereabouts(state).ok_or_else(|| {
                Error::Invalid(
                    "mpc.calibrate asks where the agent is seen, and the model cannot tell; use --set mpc.calibrate=0"
                        .to_owned(),
                )
            })
        };
        let (foretold, seen) = (tell(&self.dynamics.step(before, Acts::of(since)))?, tell(seen)?);
        for (attempt, (foretold, seen)) in attempts.iter_mut().zip(foretold.rows().zip(seen.rows())) {
            attempt.camera.learn(&attempt.camera.moved(noise), foretold, seen);
        }
        Ok(())
    }

    /// Shows plans, the rows that they are for, and the states they begin in, to an onlooker such as a report.
    #[must_use]
    pub fn on_plan(mut self, on_plan: impl FnMut(&D::State, &[usize], &[Plan]) + 'a) -> Self {
        self.on_plan = Some(Box::new(on_plan));
        self
    }

    fn skip(&self) -> usize {
        self.block.width() / self.action.width()
    }

    /// How far to look, `n_steps` into an attempt at a goal `goal_steps` away (0 if unknown).
    fn ahead(&self, goal_steps: usize, n_steps: usize) -> Ahead {
        let (skip, horizon) = (self.skip(), self.config.horizon);
        if goal_steps == 0 {
            return Ahead { blocks: horizon, steps_left: horizon * skip };
        }
        let left = goal_steps.saturating_sub(n_steps);
        let blocks = match self.config.slack_blocks {
            Some(slack) => (left.div_ceil(skip) + slack).clamp(1, horizon),
            None => horizon,
        };
        Ahead { blocks, steps_left: left.max(skip) }
    }

    /// New plans for those of some attempts that have nothing left to do.
    fn replan(&mut self, together: &mut Together<'a, D::State, O>) -> Result<()> {
        let Some(state) = &together.state else { return Ok(()) };
        // A batch of rollouts has one length.
        let mut horizons: BTreeMap<(usize, bool), Vec<(usize, Ahead)>> = BTreeMap::new();
        let within = if self.config.within == 0 { usize::MAX } else { self.config.within };
        for (at, attempt) in together.attempts.iter().enumerate().filter(|(_, attempt)| attempt.queue.is_empty()) {
            let ahead = self.ahead(attempt.goal_steps, attempt.n_steps);
            let far = attempt.goal_steps.saturating_sub(attempt.n_steps) > within && together.aim.propose.is_some();
            horizons.entry((ahead.blocks, far)).or_default().push((at, ahead));
        }
        for ((blocks, far), due) in horizons {
            let (at, ahead): (Vec<usize>, Vec<Ahead>) = due.into_iter().unzip();
            let some = (at.len() < together.attempts.len()).then(|| self.dynamics.take(state, &at));
            let state = some.as_ref().unwrap_or(state);
            let attempts: Vec<&Attempt> = at.iter().map(|&at| &together.attempts[at]).collect();
            let goals: Vec<usize> = attempts.iter().map(|attempt| attempt.goal).collect();
            let mut proposals = match &together.aim.propose {
                Some(propose) => propose(state, &goals, &ahead),
                None => vec![Vec::new(); at.len()],
            };
            for proposal in proposals.iter().flatten() {
                Error::check("numbers a block of a proposal", self.block.width(), proposal.width)?;
            }
            Error::check("lists of proposals, one a row", at.len(), proposals.len())?;
            let first = match attempts.iter().any(|attempt| attempt.last.is_none()) {
                true => Some(self.first_actions(state, at.len())?),
                false => None,
            };
            let problem = |(i, attempt): (usize, &&Attempt)| {
                let first = first.as_ref().map(|first| first.row(i));
                let last = attempt.last.as_deref().or(first).unwrap_or_default();
                let prior = self.prior.prior(&attempt.kept, last, blocks, self.skip());
                let (proposals, key) = (std::mem::take(&mut proposals[i]), attempt.key.at(attempt.n_plans));
                Problem { goal: attempt.goal, prior, proposals, key }
            };
            let each: Vec<Problem> = attempts.iter().enumerate().map(problem).collect();
            let planner = if far { &self.follower } else { &self.planner };
            let plans = planner.plan(&Problems {
                dynamics: self.dynamics,
                start: state,
                objective: &together.aim.objective,
                space: &self.block,
                each: &each,
                deadline: self.config.deadline_ms.map(Duration::from_millis),
                margin: self.config.margin,
            });
            for (&at, plan) in at.iter().zip(&plans) {
                let attempt = &mut together.attempts[at];
                let executed = self.config.replan_blocks.min(plan.blocks.len());
                let actions = plan.blocks.data[..executed * plan.blocks.width].chunks_exact(self.action.width());
                attempt.queue.extend(actions.map(<[f32]>::to_vec));
                attempt.n_plans += 1;
                if self.config.warm_start {
                    attempt.kept = shift(plan, executed);
                }
            }
            if let Some(on_plan) = &mut self.on_plan {
                let rows: Vec<usize> = at.iter().map(|&at| together.attempts[at].row).collect();
                on_plan(state, &rows, &plans);
            }
        }
        Ok(())
    }

    /// Looks where a look is due, and knows the states then.
    fn look(&self, together: &mut Together<'a, D::State, O>, seen: &[Observation]) -> Result<()> {
        if !self.is_due(together) {
            return Ok(());
        }
        let since: Vec<f32> = together.attempts.iter().flat_map(|attempt| attempt.since.iter().copied()).collect();
        together.state = Some(match &together.state {
            None => self.dynamics.observe(seen)?,
            Some(before) => {
                let now = self.dynamics.track(before, &since, seen)?;
                self.calibrate(&mut together.attempts, (before, &since), &now)?;
                now
            }
        });
        together.attempts.iter_mut().for_each(|attempt| attempt.since.clear());
        Ok(())
    }

    /// Whether a look is due: the first, or the one after a whole block. Between block boundaries no
    /// queue is ever empty, so nobody needs one there.
    fn is_due(&self, together: &Together<'a, D::State, O>) -> bool {
        let whole = |attempt: &Attempt| attempt.since.len() == self.block.width();
        together.state.is_none() || together.attempts.first().is_some_and(whole)
    }

    fn first_actions(&self, state: &D::State, n: usize) -> Result<Table> {
        let middle = || {
            let middle: Vec<f32> = self.action.low.iter().zip(&self.action.high).map(|(l, h)| (l + h) / 2.0).collect();
            Table::from_data(middle.len(), middle.repeat(n))
        };
        let mut actions = match (&self.start_action, &self.prior) {
            // Nobody holds what was last done, so anything may stand for it.
            (None, _) | (_, PriorRule::Fixed { .. }) => middle(),
            (Some(start), PriorRule::HoldLast { .. }) => start(state).ok_or_else(|| {
                Error::Invalid(
                    "the search is to begin with the action that stays, and the model cannot tell which one that is; use --set prior.kind=fixed, or recordings with states".to_owned(),
                )
            })?,
        };
        Error::check("starting action", self.action.width(), actions.width)?;
        Error::check("starting actions, one a row", n, actions.len())?;
        self.action.clamp(&mut actions.data);
        Ok(actions)
    }
}

impl<D: Dynamics, O: Objective<D::State>> Policy for MpcPolicy<'_, D, O> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        Error::check("goals of rows that begin", rows.len(), goals.len())?;
        Error::check("keys of rows that begin", rows.len(), keys.len())?;
        let mut before = std::mem::take(&mut self.together);
        before.iter_mut().for_each(|together| drop(together.part(self.dynamics, |row| !rows.contains(&row))));
        before.retain(|together| !together.attempts.is_empty());
        let attempt = |(goal, (&row, (asked, key))): (usize, (&usize, (&Goal, &Key)))| {
            Attempt::new((row, goal), asked.steps, key.with("plan"), self.block.width())
        };
        let attempts = rows.iter().zip(goals.iter().zip(keys)).enumerate().map(attempt).collect();
        before.push(Together { aim: Rc::new((self.aim_at)(goals)?), state: None, attempts });
        self.together = before;
        Ok(())
    }

    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        let due = |row: &usize| {
            let has = |together: &&Together<'_, D::State, O>| together.attempts.iter().any(|a| a.row == *row);
            self.together.iter().find(has).is_some_and(|together| self.is_due(together))
        };
        rows.iter().copied().filter(due).collect()
    }

    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        let place: BTreeMap<usize, usize> = rows.iter().enumerate().map(|(at, &row)| (row, at)).collect();
        let mut actions: Vec<Option<Vec<f32>>> = vec![None; rows.len()];
        let mut all = Vec::with_capacity(self.together.len());
        for mut together in std::mem::take(&mut self.together) {
            // Those that are not asked wait by themselves.
            all.extend(together.part(self.dynamics, |row| place.contains_key(&row)));
            if together.attempts.is_empty() {
                continue;
            }
            let seen: Vec<Observation> = together.attempts.iter().map(|a| seen[place[&a.row]].clone()).collect();
            self.look(&mut together, &seen)?;
            self.replan(&mut together)?;
            for attempt in &mut together.attempts {
                let mut action = attempt.queue.pop_front().unwrap_or_default();
                let mut seen = action.clone();
                if let Some((_, noise)) = &self.whereabouts {
                    let moved = attempt.camera.moved(noise);
                    action.iter_mut().zip(&moved).for_each(|(place, moved)| *place -= moved);
                    self.action.clamp(&mut action);
                    seen = action.iter().zip(&moved).map(|(place, moved)| place + moved).collect();
                }
                attempt.n_steps += 1;
                attempt.since.extend_from_slice(&seen);
                attempt.last = Some(seen);
                actions[place[&attempt.row]] = Some(action);
            }
            all.push(together);
        }
        self.together = all;
        let mut table = Table::new(self.action.width());
        for (row, action) in rows.iter().zip(actions) {
            let no_goal = || Error::Invalid(format!("row {row} has no goal yet; call begin before act"));
            table.push(&action.ok_or_else(no_goal)?);
        }
        Ok(table)
    }
}
