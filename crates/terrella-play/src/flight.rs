//! Who drives a future, what was planned for it, and how near it is to what is wanted there.

use crate::pilot::{Act, Due};
use serde::Serialize;
use std::sync::Arc;
use terrella_core::{Image, Rule};

/// What a session wants brought about.
pub(crate) struct Aim {
    /// As a logged state.
    pub(crate) state: Vec<f32>,
    /// How it looks.
    pub(crate) picture: Arc<[Image]>,
    /// Where it is from, in words.
    pub(crate) words: String,
    /// Its page has not been shown it yet.
    pub(crate) fresh: bool,
}

/// How one future is driven. By hand, unless it was handed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flight {
    piloted: bool,
    /// The pilot has to begin anew.
    begins: bool,
    plan: Option<Plan>,
    /// For each rule, steps in a row that fulfilled it.
    streaks: Vec<usize>,
    /// Rules by which the goal was reached, in the order in which it was.
    reached: Vec<Rule>,
}

/// A plan as it is followed.
#[derive(Clone, Debug)]
struct Plan {
    is: PlanIs,
    pictures: Arc<[Image]>,
    /// Its page has not been shown it yet.
    fresh: bool,
}

/// What a page is told of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct PlanIs {
    /// The step at which it was made.
    pub(crate) step: usize,
    /// Steps from each of its pictures to the next.
    pub(crate) every: usize,
    /// What it is foretold to cost.
    pub(crate) cost: f32,
    /// Milliseconds that all who were due together were planned for.
    pub(crate) took_ms: f64,
}

impl Flight {
    /// A future that a pilot drives from here on, or nobody but a person.
    pub(crate) fn new(piloted: bool) -> Self {
        Self { piloted, begins: piloted, ..Self::default() }
    }

    /// Whether the pilot drives.
    pub(crate) fn is_piloted(&self) -> bool {
        self.piloted
    }

    /// Who drives, as a page is told it.
    pub(crate) fn driver(&self) -> &'static str {
        if self.piloted { "planner" } else { "hand" }
    }

    /// The pilot drives from here on.
    pub(crate) fn hand_over(&mut self) {
        (self.piloted, self.begins) = (true, true);
    }

    /// A person drives from here on.
    pub(crate) fn hand_back(&mut self) {
        (self.piloted, self.begins, self.plan) = (false, false, None);
    }

    /// The world jumped, or the goal is another one: what was planned and reached is so no longer.
    pub(crate) fn jumped(&mut self) {
        *self = Self::new(self.piloted);
    }

    /// What the pilot is asked for this row, if it drives there.
    pub(crate) fn due<'a>(&self, row: usize, goal: Option<&'a [f32]>) -> Option<Due<'a>> {
        self.piloted.then_some(Due { row, goal, begins: self.begins })
    }

    /// Takes note of what the pilot does at a step, which took so long, and gives the action.
    pub(crate) fn piloted(&mut self, act: Act, step: usize, took_ms: f64) -> Vec<f32> {
        self.begins = false;
        if let Some(plan) = act.plan {
            let is = PlanIs { step, every: plan.every, cost: plan.cost, took_ms };
            self.plan = Some(Plan { is, pictures: plan.pictures.into(), fresh: true });
        }
        act.action
    }

    /// Takes note of a step, after which these rules are fulfilled or not. Tells by which the goal is reached now for the first time.
    pub(crate) fn judge(&mut self, rules: &[Rule], fulfilled: impl Fn(Rule) -> bool) -> Vec<Rule> {
        self.streaks.resize(rules.len(), 0);
        let mut now = Vec::new();
        for (&rule, streak) in rules.iter().zip(&mut self.streaks) {
            *streak = if fulfilled(rule) { *streak + 1 } else { 0 };
            if *streak >= rule.hold() && !self.reached.contains(&rule) {
                now.push(rule);
            }
        }
        self.reached.extend(&now);
        now
    }

    /// Rules by which the goal was reached since it was set or the world jumped.
    pub(crate) fn reached(&self) -> &[Rule] {
        &self.reached
    }

    /// The plan that is followed.
    pub(crate) fn plan(&self) -> Option<PlanIs> {
        self.plan.as_ref().map(|plan| plan.is)
    }

    /// What was imagined, if its page has not been shown it yet; it counts as shown then.
    pub(crate) fn ghosts(&mut self) -> Option<Arc<[Image]>> {
        let plan = self.plan.as_mut().filter(|plan| plan.fresh)?;
        plan.fresh = false;
        Some(Arc::clone(&plan.pictures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pilot::Foreseen;

    #[test]
    fn a_goal_is_reached_by_a_rule_once_and_only_where_it_holds_as_long_as_the_rule_asks() {
        let mut flight = Flight::default();
        let rules = [Rule::Moderate, Rule::Strict];
        let mut judge = |moderate: bool, strict: bool| {
            flight.judge(&rules, |rule| if rule == Rule::Strict { strict } else { moderate })
        };
        assert!(judge(false, false).is_empty() && judge(true, true) == [Rule::Moderate]);
        assert!(judge(true, true).is_empty() && judge(true, false).is_empty(), "two steps, and then not");
        assert!(judge(true, true).is_empty() && judge(true, true).is_empty());
        assert_eq!(judge(false, true), [Rule::Strict], "the third in a row");
        assert_eq!(flight.reached(), rules);
        flight.jumped();
        assert!(flight.reached().is_empty(), "elsewhere it is to be reached again");
    }

    #[test]
    fn a_pilot_begins_where_it_is_handed_over_and_where_the_world_jumps() {
        let mut flight = Flight::default();
        assert!(flight.due(3, None).is_none(), "a person drives");
        flight.hand_over();
        assert!(flight.due(3, None).is_some_and(|due| due.begins && due.row == 3));
        let plan = Foreseen { pictures: vec![Image::filled(1, 1, [7; 3])], every: 5, cost: 0.5 };
        let act = Act { action: vec![1.0], plan: Some(plan) };
        assert_eq!(flight.piloted(act, 8, 2.5), [1.0]);
        assert_eq!(flight.plan(), Some(PlanIs { step: 8, every: 5, cost: 0.5, took_ms: 2.5 }));
        assert!(flight.ghosts().is_some_and(|ghosts| ghosts.len() == 1) && flight.ghosts().is_none(), "shown once");
        assert!(flight.due(3, None).is_some_and(|due| !due.begins), "it goes on");
        flight.piloted(Act { action: vec![2.0], plan: None }, 9, 0.0);
        assert!(flight.plan().is_some_and(|plan| plan.step == 8), "the same plan");
        flight.jumped();
        assert!(flight.due(3, None).is_some_and(|due| due.begins) && flight.plan().is_none());
        flight.hand_back();
        assert!(flight.due(3, None).is_none() && flight.driver() == "hand");
    }
}
