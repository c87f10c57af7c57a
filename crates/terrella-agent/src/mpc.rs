//! Model-predictive control: look, plan a few blocks, execute the first, look again.
//!
//! The policy turns an observation into a state, asks the planner, and executes the answer step by
//! step; what was not executed seeds the next search. After each block the model is shown what came
//! of it ([`Dynamics::track`]), so that a model that looks back has its past. The horizon never reaches far beyond the
//! moment at which the demonstrator had reached the goal: a cost at the end of the plan would
//! otherwise ask the agent to be early, or to arrive and then stay.

use crate::{PriorRule, SamplingPlanner, shift};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;
use terrella_core::{Dynamics, Error, Goal, Key, Objective, Observation, Plan, Policy, Problem, Result, Space, Table};

/// When to plan and how far ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MpcConfig {
    /// Blocks in a plan, at most.
    pub horizon: usize,
    /// Blocks executed before planning again.
    pub replan_blocks: usize,
    /// Whether the rest of the last plan seeds the next search.
    pub warm_start: bool,
    /// Blocks allowed beyond the demonstrator's remaining time; without it plans are always
    /// `horizon` long.
    pub slack_blocks: Option<usize>,
    /// Time for one plan; the answer is then the best so far and depends on the machine.
    pub deadline_ms: Option<u64>,
}

impl Default for MpcConfig {
    fn default() -> Self {
        Self { horizon: 5, replan_blocks: 1, warm_start: true, slack_blocks: Some(1), deadline_ms: None }
    }
}

/// What lies ahead when a proposal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Blocks in the plan.
    pub blocks: usize,
    /// Environment steps until the demonstrator was at the goal, and never less than one block.
    pub steps_left: usize,
}

/// A learned planner: action sequences (`[blocks, block_width]`) worth trying from a state.
pub type Propose<'a, S> = Box<dyn Fn(&S, Ahead) -> Vec<Table> + 'a>;

/// What a goal means to a model: the cost of a rollout, and sequences worth trying.
pub struct Aim<'a, S, O> {
    /// Cost of a rollout.
    pub objective: O,
    /// The learned half of the hybrid, if there is one.
    pub propose: Option<Propose<'a, S>>,
}

type AimAt<'a, S, O> = Box<dyn Fn(&Goal) -> Result<Aim<'a, S, O>> + 'a>;
type StartAction<'a, S> = Box<dyn Fn(&S) -> Option<Vec<f32>> + 'a>;
type OnPlan<'a, S> = Box<dyn FnMut(&S, &Plan) + 'a>;

/// Plans with a model and acts.
pub struct MpcPolicy<'a, D: Dynamics, O> {
    dynamics: &'a D,
    planner: SamplingPlanner,
    config: MpcConfig,
    prior: PriorRule,
    action: Space,
    block: Space,
    aim_at: AimAt<'a, D::State, O>,
    start_action: Option<StartAction<'a, D::State>>,
    on_plan: Option<OnPlan<'a, D::State>>,
    attempt: Option<Attempt<'a, D::State, O>>,
}

/// What is forgotten at the next [`Policy::begin`].
struct Attempt<'a, S, O> {
    aim: Aim<'a, S, O>,
    goal_steps: usize,
    key: Key,
    n_plans: u64,
    n_steps: usize,
    queue: VecDeque<Vec<f32>>,
    /// The state at the last block boundary, and the actions since.
    state: Option<S>,
    since: Vec<f32>,
    last: Option<Vec<f32>>,
    kept: Table,
}

impl<'a, D: Dynamics, O: Objective<D::State>> MpcPolicy<'a, D, O> {
    /// A policy for a world with these actions. `aim_at` says what a goal means to the model
    /// (which cost, and which proposals); it is asked once an attempt.
    ///
    /// # Errors
    /// If the model's block is not a whole number of actions, or a setting makes no sense.
    pub fn new(
        dynamics: &'a D,
        action: Space,
        planner: SamplingPlanner,
        (config, prior): (MpcConfig, PriorRule),
        aim_at: impl Fn(&Goal) -> Result<Aim<'a, D::State, O>> + 'a,
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
        Ok(Self {
            dynamics,
            planner,
            config,
            prior,
            action,
            block,
            aim_at,
            start_action: None,
            on_plan: None,
            attempt: None,
        })
    }

    /// Says which action stands for "the last one" before there is any, from the first state: for
    /// targets, where the agent is. Without it, it is the middle of the space; where it says nothing
    /// although the prior holds the last action, the attempt fails.
    #[must_use]
    pub fn with_start_action(mut self, start_action: impl Fn(&D::State) -> Option<Vec<f32>> + 'a) -> Self {
        self.start_action = Some(Box::new(start_action));
        self
    }

    /// Shows each plan, and the state it begins in, to an onlooker such as a report.
    #[must_use]
    pub fn on_plan(mut self, on_plan: impl FnMut(&D::State, &Plan) + 'a) -> Self {
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

    fn replan(&self, attempt: &Attempt<'a, D::State, O>, state: &D::State) -> Result<Plan> {
        let ahead = self.ahead(attempt.goal_steps, attempt.n_steps);
        let last = match &attempt.last {
            Some(last) => last.clone(),
            None => self.first_action(state)?,
        };
        let prior = self.prior.prior(&attempt.kept, &last, ahead.blocks, self.skip());
        let proposals = attempt.aim.propose.as_ref().map_or_else(Vec::new, |propose| propose(state, ahead));
        for proposal in &proposals {
            Error::check("numbers a block of a proposal", self.block.width(), proposal.width)?;
        }
        let problem = Problem {
            dynamics: self.dynamics,
            start: state,
            objective: &attempt.aim.objective,
            space: &self.block,
            prior: &prior,
            deadline: self.config.deadline_ms.map(Duration::from_millis),
        };
        Ok(self.planner.search(&problem, &proposals, attempt.key.at(attempt.n_plans)))
    }

    /// Whether a look is due: the first, or the one after a whole block. Between block boundaries the
    /// queue is never empty, so nobody needs one there.
    fn is_due(&self, attempt: &Attempt<'a, D::State, O>) -> bool {
        attempt.state.is_none() || attempt.since.len() == self.block.width()
    }

    /// The state now, where a look is due.
    fn look(&self, attempt: &Attempt<'a, D::State, O>, now: &Observation) -> Result<Option<D::State>> {
        if !self.is_due(attempt) {
            return Ok(None);
        }
        let seen = std::slice::from_ref(now);
        let state = match &attempt.state {
            None => self.dynamics.observe(seen),
            Some(before) => self.dynamics.track(before, &attempt.since, seen),
        };
        state.map(Some)
    }

    fn first_action(&self, state: &D::State) -> Result<Vec<f32>> {
        let middle = || self.action.low.iter().zip(&self.action.high).map(|(l, h)| (l + h) / 2.0).collect();
        let mut action = match (&self.start_action, &self.prior) {
            // Nobody holds what was last done, so anything may stand for it.
            (None, _) | (_, PriorRule::Fixed { .. }) => middle(),
            (Some(start), PriorRule::HoldLast { .. }) => start(state).ok_or_else(|| {
                Error::Invalid(
                    "the search is to begin with the action that stays, and the model cannot tell which one that is; use --set prior.kind=fixed, or recordings with states".to_owned(),
                )
            })?,
        };
        Error::check("starting action", self.action.width(), action.len())?;
        self.action.clamp(&mut action);
        Ok(action)
    }
}

impl<D: Dynamics, O: Objective<D::State>> Policy for MpcPolicy<'_, D, O> {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        self.attempt = Some(Attempt {
            aim: (self.aim_at)(goal)?,
            goal_steps: goal.steps,
            key: key.with("plan"),
            n_plans: 0,
            n_steps: 0,
            queue: VecDeque::new(),
            state: None,
            since: Vec::with_capacity(self.block.width()),
            last: None,
            kept: Table::new(self.block.width()),
        });
        Ok(())
    }

    fn looks(&self) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| self.is_due(attempt))
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let no_goal = || Error::Invalid("the policy has no goal yet; call begin before act".to_owned());
        let mut attempt = self.attempt.take().ok_or_else(no_goal)?;
        if let Some(state) = self.look(&attempt, now)? {
            attempt.state = Some(state);
            attempt.since.clear();
        }
        if let Some(state) = attempt.state.as_ref().filter(|_| attempt.queue.is_empty()) {
            let plan = self.replan(&attempt, state)?;
            let executed = self.config.replan_blocks.min(plan.blocks.len());
            let actions = plan.blocks.data[..executed * plan.blocks.width].chunks_exact(self.action.width());
            attempt.queue.extend(actions.map(<[f32]>::to_vec));
            attempt.n_plans += 1;
            if self.config.warm_start {
                attempt.kept = shift(&plan, executed);
            }
            if let Some(on_plan) = &mut self.on_plan {
                on_plan(state, &plan);
            }
        }
        let action = attempt.queue.pop_front().unwrap_or_default();
        attempt.n_steps += 1;
        attempt.since.extend_from_slice(&action);
        attempt.last = Some(action.clone());
        self.attempt = Some(attempt);
        Ok(action)
    }
}
