//! What a session has to do with a planner: a goal, who drives each future, and what is shown of plans.

use super::Session;
use crate::flight::Aim;
use crate::messages::{Origin, Say};
use crate::outlet::Once;
use crate::pilot::{Act, Due};
use crate::stage::Stage;
use terrella_core::{Error, Result};

impl Session {
    /// What the planner is asked: futures that it drives.
    pub(crate) fn due(&self) -> impl Iterator<Item = Due<'_>> {
        let goal = self.goal.as_ref().map(|goal| &goal.state[..]);
        self.lanes.iter().filter_map(move |lane| lane.flight.due(lane.row, goal))
    }

    /// Takes what the planner does in those futures, in their order, all of which took so many milliseconds.
    pub(crate) fn piloted(&mut self, acts: &mut impl Iterator<Item = Act>, took_ms: f64) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.flight.is_piloted()) {
            if let Some(act) = acts.next() {
                lane.place.held = lane.flight.piloted(act, lane.place.step, took_ms);
            }
        }
    }

    /// The planner cannot go on: a person drives all that it drove.
    pub(crate) fn hand_back(&mut self, stage: &Stage) {
        self.lanes.iter_mut().filter(|lane| lane.flight.is_piloted()).for_each(|lane| lane.hand_back(stage));
    }

    /// Whether the planner drives any of its futures.
    pub(crate) fn is_piloted(&self) -> bool {
        self.lanes.iter().any(|lane| lane.flight.is_piloted())
    }

    /// Who drives each future.
    pub(crate) fn drivers(&self) -> Vec<&'static str> {
        self.lanes.iter().map(|lane| lane.flight.driver()).collect()
    }

    /// Pictures that its page has not been shown yet, and is shown once: of a goal that was set, and of plans that were made.
    pub(crate) fn unseen(&mut self) -> Vec<Once> {
        let goal = self.goal.as_mut().filter(|goal| goal.fresh).map(|goal| {
            goal.fresh = false;
            Once { name: "goal".to_owned(), pictures: goal.picture.clone() }
        });
        let ghosts = self
            .lanes
            .iter_mut()
            .enumerate()
            .filter_map(|(at, lane)| Some(Once { name: format!("ghost:{at}"), pictures: lane.flight.ghosts()? }));
        goal.into_iter().chain(ghosts).collect()
    }

    /// Sets what is to be brought about. Whoever drives goes on driving.
    pub(super) fn aim(&mut self, origin: &Origin, stage: &mut Stage) -> Result<()> {
        let ((state, picture), words) = match *origin {
            Origin::Seed { seed } => (stage.goal_of_seed(seed)?, format!("drawn from seed {seed}")),
            Origin::Episode { episode, row } => {
                (stage.goal_of_row(episode, row)?, format!("row {row} of episode {episode}"))
            }
        };
        self.goal = Some(Aim { state, picture: [picture].into(), words, fresh: true });
        self.lanes.iter_mut().for_each(|lane| lane.flight.jumped());
        Ok(())
    }

    /// Hands the driven future over to the planner, or takes it back.
    pub(super) fn hand(&mut self, on: bool, stage: &Stage) -> Result<Option<Say>> {
        let seeks = !stage.rules()?.is_empty();
        let lane = &mut self.lanes[self.driven];
        match (on, lane.flight.is_piloted()) {
            (true, true) => Ok(Some(Say::note("the planner drives already"))),
            (false, false) => Ok(Some(Say::note("you drive already"))),
            (false, true) => {
                lane.hand_back(stage);
                Ok(None)
            }
            (true, false) if seeks && self.goal.is_none() => Err(Error::Invalid(
                "the planner needs a goal; say one first, such as {\"do\":\"goal\",\"seed\":1}".to_owned(),
            )),
            (true, false) => {
                lane.flight.hand_over();
                Ok(None)
            }
        }
    }

    /// Says which futures have reached the goal by a rule just now. Where all rules are fulfilled, the planner has no more to do.
    pub(super) fn judge(&mut self, stage: &Stage) -> Vec<Say> {
        let (Some(goal), Ok(rules)) = (&self.goal, stage.rules()) else { return Vec::new() };
        let mut say = Vec::new();
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            let state = stage.told(lane.row);
            if state.is_empty() {
                continue;
            }
            let now = lane.flight.judge(rules, |rule| stage.reached(rule, &state, &goal.state));
            if now.is_empty() {
                continue;
            }
            let names: Vec<&str> = now.iter().map(|rule| rule.name()).collect();
            let mut text = format!(
                "future {} has reached the goal by rule {}, step {}",
                at + 1,
                names.join(" and "),
                lane.place.step
            );
            if lane.flight.is_piloted() && lane.flight.reached().len() == rules.len() {
                lane.hand_back(stage);
                text += "; the planner is done, and you drive";
            }
            say.push(Say::note(text));
        }
        say
    }
}
