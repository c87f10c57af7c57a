//! What a page says to the server and the server to the page, as JSON texts; what cannot be read is answered with what is right.

use crate::key::Scope;
use serde::{Deserialize, Serialize};

/// What a page asks for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields, expecting = "an object with \"do\"")]
pub(crate) enum Ask {
    /// The action from now on; `at` is the page's clock, which comes back with the first frame that shows it.
    Drive {
        action: Vec<f64>,
        #[serde(default)]
        at: Option<f64>,
    },
    Pause,
    Go,
    /// One step of a session that is paused.
    Step,
    /// So many times real time; 0 is as fast as it can.
    Speed {
        times: f64,
    },
    Reset(Origin),
    /// What is to be brought about, by whoever drives.
    Goal(Origin),
    /// Whether the planner drives in a person's place.
    Pilot {
        on: bool,
    },
    Rewind {
        steps: usize,
    },
    /// A second future begins beside the first.
    Branch,
    /// This one of two is driven.
    Lane {
        lane: usize,
    },
    /// The one that is driven goes on alone.
    Join,
    Save {
        name: String,
    },
    Load {
        name: String,
    },
    Record {
        on: bool,
    },
    /// The learned world looks at the real one again.
    Anchor,
    /// The numbers of this moment.
    Read,
}

/// Where to begin anew, or where to go.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "reset and goal take \"seed\", or \"episode\" and \"row\", which count from 0")]
pub(crate) enum Origin {
    Seed { seed: u64 },
    Episode { episode: usize, row: usize },
}

/// Longest name of a saved state.
const NAME: usize = 40;
/// Speeds that a person can ask for, beside 0.
const SPEEDS: [f64; 2] = [0.1, 16.0];

impl Ask {
    /// Reads a message.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let ask: Self = serde_json::from_str(text)
            .map_err(|error| format!("{error}; say one JSON object, such as {{\"do\":\"pause\"}}"))?;
        match &ask {
            Self::Drive { action, at } => {
                let finite = |x: &f64| (*x as f32).is_finite();
                if let Some(at) = action.iter().position(|x| !finite(x)) {
                    return Err(format!("number {at} of the action is {}; say a finite one", action[at]));
                }
                if at.is_some_and(|at| !at.is_finite()) {
                    return Err("\"at\" is no finite number; say your clock in milliseconds".to_owned());
                }
            }
            Self::Speed { times } if *times != 0.0 && !(SPEEDS[0]..=SPEEDS[1]).contains(times) => {
                let [low, high] = SPEEDS;
                return Err(format!("speed {times}; say {low} to {high}, or 0 for as fast as it can"));
            }
            Self::Rewind { steps: 0 } => return Err("0 steps to rewind; say at least 1".to_owned()),
            Self::Save { name } | Self::Load { name } => check_name(name)?,
            _ => {}
        }
        Ok(ask)
    }

    /// What somebody must be allowed to do for it.
    pub(crate) fn needs(&self) -> Scope {
        match self {
            Self::Read => Scope::Read,
            Self::Record { .. } => Scope::Record,
            _ => Scope::Step,
        }
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let known = |c: char| c.is_ascii_alphanumeric() || " _-".contains(c);
    if name.is_empty() || name.len() > NAME || !name.chars().all(known) {
        return Err(format!("a name has 1 to {NAME} letters, digits, spaces, _ and -; choose such a one"));
    }
    Ok(())
}

/// What the server tells a page in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "say", rename_all = "lowercase")]
pub(crate) enum Say {
    Note { text: String },
    Error { text: String },
    State { lane: usize, step: usize, learned: Option<Vec<f32>>, real: Option<Vec<f32>>, names: Vec<String> },
    Saved { names: Vec<String> },
    Recorded { path: String, rows: usize },
    Closing { text: String },
}

impl Say {
    pub(crate) fn note(text: impl Into<String>) -> Self {
        Self::Note { text: text.into() }
    }

    pub(crate) fn error(text: impl ToString) -> Self {
        Self::Error { text: text.to_string() }
    }

    pub(crate) fn closing(text: impl Into<String>) -> Self {
        Self::Closing { text: text.into() }
    }

    /// As JSON.
    pub(crate) fn json(&self) -> String {
        // Texts, counts and lists of numbers always have one.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_may_say_is_understood() {
        let read = |text: &str| Ask::read(text).expect(text);
        let drive = Ask::Drive { action: vec![1.0, -0.5], at: Some(12.5) };
        assert_eq!(read(r#"{"do":"drive","action":[1,-0.5],"at":12.5}"#), drive);
        assert_eq!(read(r#"{"do":"drive","action":[]}"#), Ask::Drive { action: vec![], at: None });
        assert_eq!(read(r#"{"do":"speed","times":0}"#), Ask::Speed { times: 0.0 });
        assert_eq!(read(r#"{"do":"reset","seed":7}"#), Ask::Reset(Origin::Seed { seed: 7 }));
        let origin = Origin::Episode { episode: 3, row: 20 };
        assert_eq!(read(r#"{"do":"reset","episode":3,"row":20}"#), Ask::Reset(origin));
        assert_eq!(read(r#"{"do":"goal","seed":7}"#), Ask::Goal(Origin::Seed { seed: 7 }));
        let origin = Origin::Episode { episode: 1, row: 2 };
        assert_eq!(read(r#"{"do":"goal","episode":1,"row":2}"#), Ask::Goal(origin));
        assert_eq!(read(r#"{"do":"pilot","on":true}"#), Ask::Pilot { on: true });
        assert_eq!(Ask::Pilot { on: false }.needs(), Scope::Step);
        assert_eq!(read(r#"{"do":"rewind","steps":10}"#), Ask::Rewind { steps: 10 });
        assert_eq!(read(r#"{"do":"save","name":"by the wall-2"}"#), Ask::Save { name: "by the wall-2".into() });
        let plain = [("pause", Ask::Pause), ("go", Ask::Go), ("step", Ask::Step), ("branch", Ask::Branch)];
        let more = [("join", Ask::Join), ("anchor", Ask::Anchor), ("read", Ask::Read)];
        for (word, ask) in plain.into_iter().chain(more) {
            assert_eq!(read(&format!(r#"{{"do":"{word}"}}"#)), ask);
        }
        assert_eq!(read(r#"{"do":"lane","lane":1}"#), Ask::Lane { lane: 1 });
        assert_eq!(read(r#"{"do":"record","on":true}"#).needs(), Scope::Record);
        assert_eq!([Ask::Read.needs(), Ask::Pause.needs()], [Scope::Read, Scope::Step]);
    }

    #[test]
    fn what_cannot_be_read_is_answered_with_what_is_right() {
        for (text, told) in [
            ("", "JSON object"),
            ("{\"do\":\"drive\"", "JSON object"),
            ("7", "an object with"),
            (r#"{"do":"fly"}"#, "expected one of `drive`"),
            (r#"{"do":"drive"}"#, "`action`"),
            (r#"{"do":"drive","action":[NaN]}"#, "JSON object"),
            (r#"{"do":"drive","action":[1e60]}"#, "finite"),
            (r#"{"do":"drive","action":[1e999]}"#, "out of range"),
            (r#"{"do":"drive","action":["left"]}"#, "invalid type"),
            (r#"{"do":"drive","action":[1],"force":2}"#, "`force`"),
            (r#"{"do":"speed","times":17}"#, "0.1 to 16"),
            (r#"{"do":"speed","times":-1}"#, "0.1 to 16"),
            (r#"{"do":"rewind","steps":0}"#, "at least 1"),
            (r#"{"do":"rewind","steps":1.5}"#, "usize"),
            (r#"{"do":"reset"}"#, "\"episode\" and \"row\""),
            (r#"{"do":"reset","episode":3}"#, "\"episode\" and \"row\""),
            (r#"{"do":"goal"}"#, "\"episode\" and \"row\""),
            (r#"{"do":"pilot"}"#, "`on`"),
            (r#"{"do":"pilot","on":1}"#, "invalid type"),
            (r#"{"do":"save","name":"../a"}"#, "1 to 40"),
            (r#"{"do":"load","name":""}"#, "1 to 40"),
        ] {
            let error = Ask::read(text).expect_err(text);
            assert!(error.contains(told), "{text} is answered with {error}");
        }
    }

    #[test]
    fn answers_say_what_they_are() {
        let read = |say: &Say| serde_json::from_str::<serde_json::Value>(&say.json()).expect("JSON");
        let names = vec!["x".to_owned()];
        let state = read(&Say::State { lane: 0, step: 3, learned: None, real: Some(vec![0.5]), names });
        assert_eq!(
            state,
            serde_json::json!({"say":"state","lane":0,"step":3,"learned":null,"real":[0.5],"names":["x"]})
        );
        assert_eq!(read(&Say::closing("bye")), serde_json::json!({"say":"closing","text":"bye"}));
        assert_eq!(
            read(&Say::Recorded { path: "a".into(), rows: 2 }),
            serde_json::json!({"say":"recorded","path":"a","rows":2})
        );
    }
}
