//! What a page is told before it begins: the world, the model in a sentence, and what can be done.

use crate::pilot::Planning;
use crate::stage::Stage;
use serde::Serialize;
use std::path::PathBuf;
use terrella_core::{Actions, ActionsAre, Coordinate};

/// The answer to `/about`.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// Name of the world.
    pub world: String,
    /// What the model is and how good it is, in a sentence.
    pub model: String,
    /// Seconds in a step.
    pub dt: f64,
    /// Steps a second at speed 1.
    pub rate: f64,
    /// Side of the pictures.
    pub picture: usize,
    /// What can be done.
    pub actions: Does,
    /// The numbers of a state.
    pub state: Vec<Number>,
    /// Whether the real world is beside the learned one.
    pub real: bool,
    /// Recordings to start in.
    pub episodes: Vec<Rows>,
    /// Where recordings go, if they are kept.
    pub record: Option<PathBuf>,
    /// Whether a planner can drive; the server fills this in.
    pub planner: Planning,
    /// Whether there are recordings and runs to look through; the server fills this in.
    pub library: bool,
    /// Sessions at a time; the server fills this in.
    pub sessions_most: usize,
    /// What the keyboard does, in a sentence.
    pub keys: String,
}

/// What can be done, as a page needs it to offer it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Does {
    /// Numbers in a box.
    Box {
        /// One name a number.
        names: Vec<String>,
        /// Lower bounds.
        low: Vec<f32>,
        /// Upper bounds.
        high: Vec<f32>,
        /// Whether they are places or displacements.
        are: ActionsAre,
    },
    /// One of these; the action is its index.
    Choice {
        /// What they are called.
        names: Vec<String>,
    },
}

/// A number of a state or an action.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Number {
    /// Its name.
    pub name: String,
    /// Its unit; empty if it is not known.
    pub unit: String,
}

/// A recording to start in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rows {
    /// Its rows.
    pub rows: usize,
}

impl About {
    /// What a stage says of itself, and a sentence about its model. Where recordings go and what the keyboard does may be filled in.
    pub fn new(stage: &Stage, model: impl Into<String>) -> Self {
        let spec = stage.spec();
        let number = |c: &Coordinate| Number { name: c.name.to_string(), unit: c.unit.to_string() };
        let (actions, keys) = match &spec.actions {
            Actions::Box(space) => (
                Does::Box {
                    names: space.names.clone(),
                    low: space.low.clone(),
                    high: space.high.clone(),
                    are: spec.actions_are,
                },
                "arrow keys drive the first two numbers of the action",
            ),
            Actions::Choice(names) => (Does::Choice { names: names.clone() }, "arrow keys choose the action"),
        };
        Self {
            world: spec.id.to_string(),
            model: model.into(),
            dt: spec.dt,
            rate: spec.fps(),
            picture: stage.size(),
            actions,
            state: spec.state.iter().map(number).collect(),
            real: stage.is_real(),
            episodes: stage.episodes().into_iter().map(|rows| Rows { rows }).collect(),
            record: None,
            planner: stage.planner(),
            library: false,
            sessions_most: 0,
            keys: keys.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{piloted, stage};
    use serde_json::json;

    #[test]
    fn a_page_is_told_what_it_needs() {
        let about = serde_json::to_value(About::new(&stage(2, true), "a toy")).expect("JSON");
        let actions = json!({"kind":"box","names":["x","y"],"low":[-1.0,-1.0],"high":[1.0,1.0],"are":"displacements"});
        assert_eq!(about["actions"], actions);
        assert_eq!(about["state"], json!([{"name":"dot.x","unit":"m"},{"name":"dot.y","unit":"m"}]));
        assert_eq!(about["episodes"], json!([{"rows":3},{"rows":1}]));
        assert_eq!(about["planner"]["ready"], json!(false));
        assert!(about["planner"]["words"].as_str().is_some_and(|words| words.contains("without a planner")));
        let about = serde_json::to_value(About::new(&piloted(2).0, "a toy")).expect("JSON");
        assert_eq!(
            (&about["planner"]["ready"], &about["planner"]["rules"]),
            (&json!(true), &json!(["moderate", "strict"]))
        );
        assert_eq!(
            [&about["world"], &about["real"], &about["picture"], &about["record"]],
            [&json!("dot"), &json!(true), &json!(8), &json!(null)]
        );
    }
}
